//! `GET …/checksum`: a hash of the hashes of all blocks, which does not depend on sparseness.

use super::super::sparse::SparseFile;
use super::{Access, Failure, JSON};
use crate::net::{Answer, full};
use blake2::digest::consts::U32;
use blake2::digest::{Digest, DynDigest};
use blake2::{Blake2b, Blake2s256};
use serde_json::json;
use sha2::{Sha256, Sha512};
use std::io;
use std::sync::Arc;

/// Maker of a hash function.
type Hasher = fn() -> Box<dyn DynDigest>;

/// Algorithms by name.
const ALGORITHMS: &[(&str, Hasher)] = &[
    ("blake2b", || Box::new(Blake2b::<U32>::new())),
    ("blake2s", || Box::new(Blake2s256::new())),
    ("sha256", || Box::new(Sha256::new())),
    ("sha512", || Box::new(Sha512::new())),
];

const DEFAULT: &str = "blake2b";
const BLOCK: usize = 4 << 20;
const SMALLEST: usize = 1 << 20;
const LARGEST: usize = 16 << 20;
const ALIGNMENT: usize = 4096;

/// Names the algorithms.
pub(super) fn algorithms() -> Answer {
    let names: Vec<&str> = ALGORITHMS.iter().map(|(name, _)| *name).collect();
    full(200, JSON, json!({ "algorithms": names }).to_string())
}

/// Computes the checksum of an image.
pub(super) async fn answer(access: &Access) -> Result<Answer, Failure> {
    let name = access.parameter("algorithm").unwrap_or(DEFAULT).to_owned();
    let known = ALGORITHMS.iter().find(|(known, _)| *known == name);
    let (_, hasher) = known.ok_or_else(|| Failure::bad_request(format!("Unsupported checksum algorithm: '{name}'")))?;
    let block = match access.parameter("block_size").map(str::parse) {
        None => BLOCK,
        Some(Ok(block)) => block,
        Some(Err(_)) => return Err(Failure::bad_request("Invalid block size")),
    };
    if !(SMALLEST..=LARGEST).contains(&block) || block % ALIGNMENT != 0 {
        return Err(Failure::bad_request(format!("Invalid block size: {block}")));
    }
    let (disk, size) = (Arc::clone(access.ticket.disk()), access.ticket.size());
    let summed = tokio::task::spawn_blocking(move || checksum(&disk, size, block, *hasher));
    let checksum = summed.await.map_err(io::Error::other)??;
    Ok(full(200, JSON, json!({ "algorithm": name, "block_size": block, "checksum": checksum }).to_string()))
}

fn checksum(disk: &SparseFile, size: u64, block: usize, hasher: Hasher) -> io::Result<String> {
    let hash = |bytes: &[u8]| {
        let mut hasher = hasher();
        hasher.update(bytes);
        hasher.finalize()
    };
    let zero = hash(&vec![0; block]);
    let mut outer = hasher();
    let wide = block as u64;
    for extent in blocks(disk, size, wide) {
        let (start, length, is_zero) = extent;
        if is_zero && length == wide {
            outer.update(&zero);
        } else {
            let length = usize::try_from(length).map_err(io::Error::other)?;
            outer.update(&hash(&disk.read(start, length)?));
        }
    }
    Ok(outer.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Start and length of each block, and whether it lies in a zero extent.
fn blocks(disk: &SparseFile, size: u64, block: u64) -> impl Iterator<Item = (u64, u64, bool)> {
    let mut extents = disk.extents(size).into_iter().peekable();
    (0..size.div_ceil(block)).map(move |number| {
        let start = number * block;
        let end = start.saturating_add(block).min(size);
        while extents.peek().is_some_and(|extent| extent.start + extent.length <= start) {
            extents.next();
        }
        let is_zero = extents.peek().is_some_and(|extent| extent.zero && extent.start + extent.length >= end);
        (start, end - start, is_zero)
    })
}
