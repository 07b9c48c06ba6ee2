//! What an entry of an L2 table says of a cluster or of a part of it.

use super::{COPIED, OFFSET_MASK, ZERO};

const COMPRESSED: u64 = 1 << 62;
/// Bits that must be 0 in an entry of a cluster that is not compressed.
const RESERVED: u64 = !(COPIED | COMPRESSED | OFFSET_MASK | ZERO);

/// Number of parts of a cluster that has an extended entry.
pub(super) const PARTS: u64 = 32;

/// Where something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At this offset in the file.
    Data(u64),
    Compressed(Packed),
    Zero,
    /// In the backing file, if there is one.
    Hole,
}

/// A compressed cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) offset: u64,
    /// Most bytes that it may take, up to twice the size of a cluster.
    pub(super) length: u64,
}

/// An entry, with the bitmap that an extended one has.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) word: u64,
    pub(super) bitmap: Option<u64>,
}

impl Entry {
    pub(super) fn is_compressed(self) -> bool {
        self.word & COMPRESSED != 0
    }

    /// The place of the cluster, or of its part `part` if the entry is an extended one. For data it is
    /// where the cluster starts, whichever part it is. The error says what is wrong with the entry.
    pub(super) fn place(self, part: u64, cluster_bits: u32, version: u32) -> Result<Place, &'static str> {
        if self.is_compressed() {
            return Ok(Place::Compressed(self.packed(cluster_bits)));
        }
        if self.word & RESERVED != 0 {
            return Err("has reserved bits set");
        }
        let offset = self.word & OFFSET_MASK;
        if !offset.is_multiple_of(1 << cluster_bits) {
            return Err("does not point to the start of a cluster");
        }
        if let Some(bitmap) = self.bitmap {
            return part_place(offset, bitmap, part);
        }
        match (self.word & ZERO != 0, offset) {
            (true, _) if version < 3 => Err("says that a cluster is zeros, which version 2 cannot say"),
            (true, _) => Ok(Place::Zero),
            (false, 0) => Ok(Place::Hole),
            (false, offset) => Ok(Place::Data(offset)),
        }
    }

    fn packed(self, cluster_bits: u32) -> Packed {
        let offset_bits = 62 - (cluster_bits - 8);
        let offset = self.word & ((1 << offset_bits) - 1);
        let more_sectors = (self.word & (COMPRESSED - 1)) >> offset_bits;
        Packed { offset, length: (more_sectors + 1) * 512 - offset % 512 }
    }
}

fn part_place(offset: u64, bitmap: u64, part: u64) -> Result<Place, &'static str> {
    let (stored, zero) = (bitmap >> part & 1 == 1, bitmap >> (PARTS + part) & 1 == 1);
    match (stored, zero, offset) {
        (true, true, _) => Err("says that a part of a cluster is both stored and zeros"),
        (true, false, 0) => Err("says that a part of a cluster is stored, but not where"),
        (true, false, offset) => Ok(Place::Data(offset)),
        (false, true, _) => Ok(Place::Zero),
        (false, false, _) => Ok(Place::Hole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(word: u64, version: u32) -> Result<Place, &'static str> {
        Entry { word, bitmap: None }.place(0, 16, version)
    }

    #[test]
    fn standard_entries() {
        assert_eq!(plain(0, 3), Ok(Place::Hole));
        assert_eq!(plain(COPIED | 0x5_0000, 3), Ok(Place::Data(0x5_0000)));
        assert_eq!(plain(0x5_0000, 2), Ok(Place::Data(0x5_0000)));
        assert_eq!(plain(0x5_0001, 3), Ok(Place::Zero));
        assert_eq!(plain(1, 3), Ok(Place::Zero));
        assert!(plain(1, 2).unwrap_err().contains("version 2"));
        assert!(plain(0x5_0200, 3).unwrap_err().contains("start of a cluster"));
        assert!(plain(0x5_0000 | 1 << 56, 3).unwrap_err().contains("reserved"));
    }

    #[test]
    fn a_compressed_entry_gives_offset_and_length_at_any_size_of_clusters() {
        for bits in 9..=21 {
            let offset_bits = 70 - bits;
            let most = (1_u64 << (bits - 8)) - 1;
            let word = COMPRESSED | most << offset_bits | 0x1234;
            let place = Entry { word, bitmap: None }.place(0, bits, 2);
            assert_eq!(place, Ok(Place::Compressed(Packed { offset: 0x1234, length: (2 << bits) - 0x34 })));
        }
    }

    #[test]
    fn parts_of_an_extended_entry() {
        let entry = Entry { word: COPIED | 0x5_0000, bitmap: Some(1 | 1 << 33 | 1 << 31) };
        assert_eq!(entry.place(0, 16, 3), Ok(Place::Data(0x5_0000)));
        assert_eq!(entry.place(1, 16, 3), Ok(Place::Zero));
        assert_eq!(entry.place(2, 16, 3), Ok(Place::Hole));
        assert_eq!(entry.place(31, 16, 3), Ok(Place::Data(0x5_0000)));
        let both = Entry { word: 0x5_0000, bitmap: Some(1 | 1 << 32) };
        assert!(both.place(0, 16, 3).unwrap_err().contains("both"));
        assert!(Entry { word: 0, bitmap: Some(1) }.place(0, 16, 3).unwrap_err().contains("not where"));
    }
}
