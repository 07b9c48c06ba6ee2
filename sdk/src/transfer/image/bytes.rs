//! Numbers out of bytes, and between widths, without a way to panic or to lose bits.

/// The bytes of a structure in a file, whose numbers are big-endian.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn part(self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(length)?)
    }

    pub(crate) fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.part(at, N)?.try_into().ok()
    }

    pub(crate) fn u8(self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    pub(crate) fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    pub(crate) fn u64(self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_be_bytes)
    }
}

/// A length in memory, as a length in a file. No target has a `usize` of more than 64 bits.
pub(crate) const fn wide(length: usize) -> u64 {
    length as u64
}

/// A length in a file, as one in memory. One that does not fit cannot be in memory, so that the largest
/// one stands for it.
pub(crate) fn narrow(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
