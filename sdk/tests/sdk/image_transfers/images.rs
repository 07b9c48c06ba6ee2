//! Local images.

use std::fs::File;
use std::path::Path;
use virt_sdk::transfer::image::qcow2::{Layout, NewBacking, NewImage, Writer};
use virt_sdk::transfer::image::{Extent, ExtentKind};

pub(super) const MIB: usize = 1 << 20;

/// Bytes without a zero, which differ from place to place and from seed to seed.
pub(super) fn pattern(length: usize, seed: u64) -> Vec<u8> {
    // Words of random bits, each block with some that tell where it is: to make all of them would take longer than most tests.
    let word = |number: u64| ((number ^ seed << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 0x0101_0101_0101_0101).to_le_bytes();
    let block: Vec<u8> = (1..512).flat_map(word).collect();
    let mut bytes = Vec::with_capacity(length + 4096);
    for number in 0..length.div_ceil(4096) as u64 {
        bytes.extend_from_slice(&word(number << 20));
        bytes.extend_from_slice(&block);
    }
    bytes.truncate(length);
    bytes
}

/// A disk of 9 MiB and a bit more, which is no multiple of a sector, with zeros at its start, amid it and near its end.
pub(super) fn sparse(seed: u64) -> Vec<u8> {
    let mut bytes = pattern(9 * MIB + 700, seed);
    for zeros in [0..MIB, 3 * MIB..6 * MIB, 8 * MIB..9 * MIB] {
        bytes[zeros].fill(0);
    }
    bytes
}

/// What a disk of `size` bytes holds to which these were written.
pub(super) fn padded(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(size.max(bytes.len()), 0);
    bytes
}

/// Makes a qcow2 image of a disk with these bytes, with a backing file if one is named.
pub(super) fn write_qcow2(path: &Path, disk: &[u8], backing: Option<&str>) {
    let backing = backing.map(|file| NewBacking { file: file.to_owned(), format: "raw".to_owned() });
    let zeros = |block: &[u8]| block.iter().all(|byte| *byte == 0);
    let extents = disk.chunks(64 << 10).enumerate().map(|(index, block)| {
        let kind = if zeros(block) { ExtentKind::Zero } else { ExtentKind::Data };
        Extent::new((index as u64) << 16, block.len() as u64, kind)
    });
    let image = NewImage { backing, ..NewImage::new(disk.len() as u64) };
    let layout = Layout::new(image, extents).expect("the extents are right");
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path).expect("there is room");
    let writer = Writer::new(file, "an image", layout).expect("there is room");
    for (index, block) in disk.chunks(64 << 10).enumerate().filter(|(_, block)| !zeros(block)) {
        writer.write_at(block, (index as u64) << 16).expect("there is room");
    }
    writer.finish().expect("there is room");
}

/// Makes bytes look like an ISO, of which they have to be 40 KiB at least.
pub(super) fn into_iso(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes[0x8000..0x8008].copy_from_slice(b"\x01CD001\x01\x00");
    bytes
}
