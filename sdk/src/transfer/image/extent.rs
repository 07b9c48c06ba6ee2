/// A part of a disk, in bytes, that is all of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Where it starts, in bytes from the start of the disk.
    pub start: u64,
    /// How long it is, in bytes; never 0 in a map.
    pub length: u64,
    /// What is there.
    pub kind: ExtentKind,
    /// Whether the data is stored compressed, so that reading it costs CPU time. Only data can be.
    pub compressed: bool,
}

/// What is in an [`Extent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtentKind {
    /// There is data, which may still happen to be zeros.
    Data,
    /// Reads as zeros, whatever a backing file holds.
    Zero,
    /// Nothing is there: a backing file shows through. Reads as zeros if there is none.
    Hole,
}

impl Extent {
    /// An extent that is not compressed.
    pub const fn new(start: u64, length: u64, kind: ExtentKind) -> Self {
        Self { start, length, kind, compressed: false }
    }

    /// The byte after the last one.
    pub const fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }

    /// Whether `next` goes on where this one ends and differs in nothing else.
    pub(crate) fn joins(&self, next: &Self) -> bool {
        self.end() == next.start && self.kind == next.kind && self.compressed == next.compressed
    }
}
