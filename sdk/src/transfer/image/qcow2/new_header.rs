//! The header of a new image.

use super::super::bytes::wide;
use super::layout::{NewImage, Tables};
use super::{BACKING_FORMAT, MAGIC, MAX_BACKING_NAME};

/// Length of the header proper, with the type of compression and what fills it up.
const HEADER: u64 = 112;
/// Extension that only ends the extensions.
const END: u64 = 8;

/// Length of the extension for the format of the backing file.
fn format_length(image: &NewImage) -> u64 {
    image.backing.as_ref().map_or(0, |backing| 8 + wide(backing.format.len()).next_multiple_of(8))
}

/// Length of the whole; `None` if the backing file has no name, or one that is too long, or no format.
pub(super) fn header_length(image: &NewImage) -> Option<u64> {
    let mut length = HEADER + END;
    if let Some(backing) = &image.backing {
        let name = wide(backing.file.len());
        if !(1..=MAX_BACKING_NAME).contains(&name) || backing.format.is_empty() {
            return None;
        }
        length += format_length(image) + name;
    }
    Some(length)
}

/// The header with all that belongs to it.
pub(super) fn header(image: &NewImage, tables: &Tables) -> Vec<u8> {
    let size = image.cluster_size;
    let (name_offset, name_length) = match &image.backing {
        Some(backing) => (HEADER + END + format_length(image), backing.file.len()),
        None => (0, 0),
    };
    let mut bytes = Vec::new();
    bytes.extend(MAGIC);
    put32(&mut bytes, 3);
    put64(&mut bytes, name_offset);
    put32(&mut bytes, low(wide(name_length)));
    put32(&mut bytes, size.trailing_zeros());
    put64(&mut bytes, image.virtual_size);
    put32(&mut bytes, 0); // not encrypted
    put32(&mut bytes, low(tables.l1_entries));
    put64(&mut bytes, size); // L1
    put64(&mut bytes, tables.refcount_table() * size);
    put32(&mut bytes, low(tables.refcount_table_clusters));
    put32(&mut bytes, 0); // snapshots
    put64(&mut bytes, 0); // where they are
    put64(&mut bytes, 0); // incompatible features
    put64(&mut bytes, 0); // compatible features
    put64(&mut bytes, 0); // autoclear features
    put32(&mut bytes, 4); // 2^4 bits for each refcount
    put32(&mut bytes, low(HEADER));
    put64(&mut bytes, 0); // type of compression, and filler
    if let Some(backing) = &image.backing {
        put32(&mut bytes, BACKING_FORMAT);
        put32(&mut bytes, low(wide(backing.format.len())));
        bytes.extend(backing.format.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    put64(&mut bytes, 0); // end of the extensions
    if let Some(backing) = &image.backing {
        bytes.extend(backing.file.as_bytes());
    }
    bytes
}

fn put32(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend(number.to_be_bytes());
}

fn put64(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend(number.to_be_bytes());
}

/// A number that the checks of the layout keep small.
fn low(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
