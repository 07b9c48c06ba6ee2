//! One file of a chain: qcow2, or at its end perhaps raw.

use super::super::error::{ImageError, Result};
use super::super::extent::{Extent, ExtentKind};
use super::super::io::{ReadAt, Span};
use super::compressed::Unpackers;
use super::entry::Place;
use super::tables::{Run, Tables};

pub(super) enum Layer {
    Qcow2(Box<Qcow2>),
    Raw(Raw),
}

pub(super) struct Qcow2 {
    pub(super) tables: Tables,
    unpackers: Unpackers,
}

pub(super) struct Raw {
    pub(super) name: String,
    pub(super) source: Box<dyn ReadAt>,
    pub(super) size: u64,
}

impl Qcow2 {
    pub(super) fn open(name: String, source: Box<dyn ReadAt>) -> Result<Self> {
        Ok(Self { tables: Tables::open(name, source)?, unpackers: Unpackers::default() })
    }
}

impl Layer {
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Qcow2(qcow2) => qcow2.tables.header.info.virtual_size,
            Self::Raw(raw) => raw.size,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Qcow2(qcow2) => &qcow2.tables.name,
            Self::Raw(raw) => &raw.name,
        }
    }

    fn source(&self) -> &dyn ReadAt {
        match self {
            Self::Qcow2(qcow2) => &qcow2.tables.source,
            Self::Raw(raw) => &raw.source,
        }
    }

    /// Where the disk from `offset` on is, for `max` bytes at most, which end within this layer.
    pub(super) fn run(&self, offset: u64, max: u64) -> Result<Run> {
        match self {
            Self::Qcow2(qcow2) => qcow2.tables.run(offset, max),
            Self::Raw(_) => Ok(Run { length: max, place: Place::Data(offset) }),
        }
    }

    /// Fills `buf` from a place that [`run`](Self::run) gave for `offset` and at least as many bytes. A
    /// hole reads as zeros here.
    pub(super) fn read(&self, offset: u64, place: Place, buf: &mut [u8]) -> Result<()> {
        match (place, self) {
            (Place::Data(at), _) => {
                self.source().read_exact_at(buf, at).map_err(|error| ImageError::io(self.name(), "cannot be read", error))
            }
            (Place::Compressed(packed), Self::Qcow2(qcow2)) => {
                let within = offset % qcow2.tables.header.info.cluster_size;
                qcow2.unpackers.read(&qcow2.tables, packed, within, buf)
            }
            _ => {
                buf.fill(0);
                Ok(())
            }
        }
    }
}

/// What a walk along a layer remembers.
#[derive(Clone, Default)]
pub(super) struct Walk {
    /// The last extent, of which the part before the place of the walk is over.
    extent: Option<Extent>,
    /// What the file system said last: from, to, whether stored.
    span: Option<(u64, u64, bool)>,
    /// Number of the last L2 table plus 1, and how many there were.
    last_l2: u64,
    l2_tables: u64,
}

impl Walk {
    /// The extent of the layer that starts at `offset`, `max` bytes at most, which end within the layer.
    /// Offsets only grow along a walk.
    pub(super) fn extent(&mut self, layer: &Layer, offset: u64, max: u64) -> Result<Extent> {
        let extent = match self.extent {
            Some(extent) if (extent.start..extent.end()).contains(&offset) => extent,
            _ => {
                self.count_l2(layer, offset)?;
                let run = layer.run(offset, layer.size() - offset)?;
                let extent = self.kind(layer, offset, run)?;
                self.extent = Some(extent);
                extent
            }
        };
        Ok(Extent { start: offset, length: (extent.end() - offset).min(max), ..extent })
    }

    /// L1 can name one L2 table as often as it has entries, so that a small file makes work for days. An
    /// image that is right names each table once, so it has no more of them than clusters.
    fn count_l2(&mut self, layer: &Layer, offset: u64) -> Result<()> {
        let Layer::Qcow2(qcow2) = layer else { return Ok(()) };
        let tables = &qcow2.tables;
        let number = offset / tables.header.l1_span + 1;
        if number != self.last_l2 && tables.has_l2(offset)? {
            self.last_l2 = number;
            self.l2_tables += 1;
            if self.l2_tables > tables.file_size / tables.header.info.cluster_size {
                return Err(tables.corrupt("its L1 table names more L2 tables than there are clusters in the file"));
            }
        }
        Ok(())
    }

    fn kind(&mut self, layer: &Layer, offset: u64, run: Run) -> Result<Extent> {
        let extent = |length, kind| Extent::new(offset, length, kind);
        Ok(match run.place {
            Place::Hole => extent(run.length, ExtentKind::Hole),
            Place::Zero => extent(run.length, ExtentKind::Zero),
            Place::Compressed(_) => Extent { compressed: true, ..extent(run.length, ExtentKind::Data) },
            // Allocated beforehand, and never written.
            Place::Data(at) => {
                let (length, stored) = self.stored(layer, at, run.length)?;
                extent(length, if stored { ExtentKind::Data } else { ExtentKind::Zero })
            }
        })
    }

    /// Whether the file has data at `at` or a hole, for how many bytes, `max` at most.
    fn stored(&mut self, layer: &Layer, at: u64, max: u64) -> Result<(u64, bool)> {
        if let Some((from, to, stored)) = self.span
            && (from..to).contains(&at)
        {
            return Ok(((to - at).min(max), stored));
        }
        // Asking for more than is needed now saves asking again.
        let ask = max.max(1 << 30);
        let span = layer.source().span_at(at, ask);
        let Span { length, stored } =
            span.map_err(|error| ImageError::io(layer.name(), "cannot be asked for its holes", error))?;
        let length = length.max(1);
        self.span = Some((at, at.saturating_add(length), stored));
        Ok((length.min(max), stored))
    }
}
