//! The checksum that servers compute of an image: a hash of the hashes of its blocks.

use super::image::bytes::narrow;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use std::collections::BTreeMap;

/// Block of the checksum, in bytes.
pub(super) const BLOCK: u64 = 4 << 20;

/// Name of the algorithm.
pub(super) const ALGORITHM: &str = "blake2b";

type Hash = Blake2b<U32>;

/// Hash of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digested([u8; 32]);

/// Hashes one block, in any number of steps.
#[derive(Clone, Default)]
struct BlockHasher {
    hash: Hash,
    /// Zeros at the end that are not hashed yet.
    zeros: u64,
    length: u64,
}

impl BlockHasher {
    fn data(&mut self, bytes: &[u8]) {
        self.write_zeros();
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
    }

    pub(super) fn zeros(&mut self, length: u64) {
        self.zeros += length;
        self.length += length;
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    fn write_zeros(&mut self) {
        const ZEROS: [u8; 4096] = [0; 4096];
        while self.zeros > 0 {
            let count = self.zeros.min(ZEROS.len() as u64);
            self.hash.update(ZEROS.get(..narrow(count)).unwrap_or_default());
            self.zeros -= count;
        }
    }

    pub(super) fn finish(mut self) -> Digested {
        self.write_zeros();
        Digested(self.hash.finalize().into())
    }
}

/// Hashes the blocks of a piece, in their order.
#[derive(Default)]
pub(super) struct Blocks {
    /// Start of the block that is being hashed.
    start: u64,
    /// Where the next byte belongs.
    position: u64,
    hasher: BlockHasher,
}

impl Blocks {
    /// From a block on.
    pub(super) fn starting_at(start: u64) -> Self {
        Self { start, position: start, hasher: BlockHasher::default() }
    }

    /// Where the next byte belongs.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn data(&mut self, bytes: &[u8], done: impl FnMut(u64, Digested)) {
        let mut rest = bytes;
        self.cut(bytes.len() as u64, done, |hasher, count| {
            let (now, later) = rest.split_at_checked(narrow(count)).unwrap_or((rest, &[]));
            hasher.data(now);
            rest = later;
        });
    }

    pub(super) fn zeros(&mut self, length: u64, done: impl FnMut(u64, Digested)) {
        self.cut(length, done, BlockHasher::zeros);
    }

    /// Hashes so many bytes, block by block.
    fn cut(&mut self, length: u64, mut done: impl FnMut(u64, Digested), mut add: impl FnMut(&mut BlockHasher, u64)) {
        let mut left = length;
        while left > 0 {
            let count = left.min(BLOCK - self.hasher.length());
            add(&mut self.hasher, count);
            left -= count;
            self.position += count;
            if self.hasher.length() == BLOCK {
                done(self.start, std::mem::take(&mut self.hasher).finish());
                self.start += BLOCK;
            }
        }
    }

    /// Ends the last block, which may be shorter.
    pub(super) fn finish(self, mut done: impl FnMut(u64, Digested)) {
        if self.hasher.length() > 0 {
            done(self.start, self.hasher.finish());
        }
    }
}

/// Puts the hashes of the blocks together, which may come in any order.
pub(super) struct BlockHash {
    outer: Hash,
    size: u64,
    /// Start of the first block that has not come.
    next: u64,
    /// What came before its turn: starts, and hash or length of zeros.
    early: BTreeMap<u64, Part>,
    zero_block: Digested,
}

enum Part {
    Block(Digested),
    Zeros(u64),
}

impl BlockHash {
    /// Of an image of so many bytes.
    pub(super) fn new(size: u64) -> Self {
        Self { outer: Hash::default(), size, next: 0, early: BTreeMap::new(), zero_block: zeros(BLOCK) }
    }

    /// Takes the hash of the block that starts there.
    pub(super) fn block(&mut self, start: u64, digest: Digested) {
        self.add(start, Part::Block(digest));
    }

    /// Takes blocks that are all zeros; the last one may be shorter, at the end of the image.
    pub(super) fn zeros(&mut self, start: u64, length: u64) {
        self.add(start, Part::Zeros(length));
    }

    fn add(&mut self, start: u64, part: Part) {
        // What comes once more, because it had to be sent again, is known.
        if start >= self.next {
            self.early.insert(start, part);
        }
        while let Some(part) = self.early.remove(&self.next) {
            match part {
                Part::Block(digest) => {
                    self.outer.update(digest.0);
                    self.next = self.next.saturating_add(BLOCK).min(self.size);
                }
                Part::Zeros(length) => {
                    for _ in 0..length / BLOCK {
                        self.outer.update(self.zero_block.0);
                    }
                    if length % BLOCK > 0 {
                        self.outer.update(zeros(length % BLOCK).0);
                    }
                    self.next = self.next.saturating_add(length).min(self.size);
                }
            }
        }
    }

    /// The checksum in hexadecimal digits; `None` if a block is missing.
    pub(super) fn finish(self) -> Option<String> {
        let is_whole = self.next >= self.size && self.early.is_empty();
        let digest = self.outer.finalize();
        is_whole.then(|| digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn zeros(length: u64) -> Digested {
    let mut hasher = BlockHasher::default();
    hasher.zeros(length);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(block: &[u8]) -> Digested {
        let mut hasher = BlockHasher::default();
        hasher.data(block);
        hasher.finish()
    }

    fn whole(size: u64, parts: &[(u64, Option<&[u8]>)]) -> Option<String> {
        let mut hash = BlockHash::new(size);
        for (start, bytes) in parts {
            match bytes {
                Some(bytes) => hash.block(*start, digest(bytes)),
                None => hash.zeros(*start, size.min(start + 2 * BLOCK) - start),
            }
        }
        hash.finish()
    }

    #[test]
    fn the_order_does_not_matter() {
        let (one, two) = (vec![1; BLOCK as usize], vec![2; 100]);
        let size = 3 * BLOCK + 100;
        let (first, middle, last) = ((0, Some(one.as_slice())), (BLOCK, None), (3 * BLOCK, Some(two.as_slice())));
        let expected = whole(size, &[first, middle, last]);
        assert!(expected.is_some());
        assert_eq!(whole(size, &[last, middle, first]), expected);
        assert_eq!(whole(size, &[first, last]), None, "a block is missing");
    }

    #[test]
    fn zeros_are_the_same_however_they_come() {
        let zeros = vec![0; BLOCK as usize];
        let by_block = whole(2 * BLOCK + 5, &[(0, Some(&zeros)), (BLOCK, Some(&zeros)), (2 * BLOCK, Some(&[0; 5]))]);
        let mut hash = BlockHash::new(2 * BLOCK + 5);
        hash.zeros(0, 2 * BLOCK + 5);
        assert_eq!(hash.finish(), by_block);
        let mut hasher = BlockHasher::default();
        hasher.zeros(3);
        hasher.data(&[7]);
        hasher.zeros(1);
        assert_eq!(hasher.length(), 5);
        assert_eq!(hasher.finish(), digest(&[0, 0, 0, 7, 0]));
    }
}
