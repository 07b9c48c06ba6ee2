//! Map of the chunks of a file that hold data.

use std::collections::BTreeSet;

/// Granularity of sparseness.
pub(super) const CHUNK: u64 = 64 * 1024;

/// Stretch of bytes that is all data or all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// First byte.
    pub(super) start: u64,
    /// Number of bytes.
    pub(super) length: u64,
    /// Whether it reads as zero.
    pub(super) zero: bool,
}

/// Numbers of the chunks that hold data; all others read as zero.
#[derive(Debug, Default)]
pub(super) struct Map(BTreeSet<u64>);

impl Map {
    /// Whether a chunk holds data.
    pub(super) fn holds(&self, chunk: u64) -> bool {
        self.0.contains(&chunk)
    }

    /// Marks a chunk as data.
    pub(super) fn fill(&mut self, chunk: u64) {
        self.0.insert(chunk);
    }

    /// Marks chunks as zero.
    pub(super) fn empty(&mut self, chunks: std::ops::Range<u64>) {
        let gone: Vec<u64> = if chunks.is_empty() { Vec::new() } else { self.0.range(chunks).copied().collect() };
        for chunk in gone {
            self.0.remove(&chunk);
        }
    }

    /// Bytes that the data takes.
    pub(super) fn used(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX).saturating_mul(CHUNK)
    }

    /// Stretches of data and zero from the first byte to `size`, without gaps.
    pub(super) fn extents(&self, size: u64) -> Vec<Extent> {
        let mut extents: Vec<Extent> = Vec::new();
        let mut push = |start: u64, end: u64, zero: bool| match extents.last_mut() {
            _ if start >= end => {}
            Some(last) if last.zero == zero => last.length += end - start,
            _ => extents.push(Extent { start, length: end - start, zero }),
        };
        let mut position = 0;
        for chunk in &self.0 {
            let start = chunk.saturating_mul(CHUNK).min(size);
            let end = start.saturating_add(CHUNK).min(size);
            push(position, start, true);
            push(start, end, false);
            position = end;
        }
        push(position, size, true);
        extents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extents(chunks: &[u64], size: u64) -> Vec<(u64, u64, bool)> {
        let mut map = Map::default();
        chunks.iter().for_each(|chunk| map.fill(*chunk));
        map.extents(size).into_iter().map(|extent| (extent.start, extent.length, extent.zero)).collect()
    }

    #[test]
    fn an_empty_file_is_one_zero_extent() {
        assert_eq!(extents(&[], 10 * CHUNK), [(0, 10 * CHUNK, true)]);
        assert_eq!(extents(&[], 0), []);
    }

    #[test]
    fn neighbours_are_one_extent() {
        let found = extents(&[1, 2, 5], 6 * CHUNK);
        assert_eq!(found, [(0, CHUNK, true), (CHUNK, 2 * CHUNK, false), (3 * CHUNK, 2 * CHUNK, true), (5 * CHUNK, CHUNK, false)]);
    }

    #[test]
    fn the_last_chunk_may_be_short() {
        assert_eq!(extents(&[1], CHUNK + 10), [(0, CHUNK, true), (CHUNK, 10, false)]);
        assert_eq!(extents(&[3], CHUNK), [(0, CHUNK, true)]);
    }

    #[test]
    fn emptied_chunks_read_as_zero() {
        let mut map = Map::default();
        (0..4).for_each(|chunk| map.fill(chunk));
        map.empty(1..3);
        assert_eq!((0..4).filter(|chunk| map.holds(*chunk)).collect::<Vec<_>>(), [0, 3]);
        assert_eq!(map.used(), 2 * CHUNK);
        map.empty(std::ops::Range { start: 3, end: 1 });
        assert!(map.holds(3));
    }
}
