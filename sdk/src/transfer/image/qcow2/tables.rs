//! From an offset on the disk to a place in the file, by way of the tables L1 and L2.

use super::super::error::{ImageError, Result};
use super::super::io::ReadAt;
use super::COPIED;
use super::OFFSET_MASK;
use super::entry::{Entry, PARTS, Place};
use super::header::Header;
use super::slices::Slices;

/// One image file, without what is behind it.
pub(super) struct Tables {
    pub(super) name: String,
    pub(super) source: Box<dyn ReadAt>,
    pub(super) header: Header,
    pub(super) file_size: u64,
    slices: Slices,
}

/// Bytes of the disk that are at one place, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) length: u64,
    pub(super) place: Place,
}

impl Tables {
    pub(super) fn open(name: String, source: Box<dyn ReadAt>) -> Result<Self> {
        let file_size = source.size().map_err(|error| ImageError::io(&name, "has no size", error))?;
        let header = Header::read(&name, &source, file_size)?;
        Ok(Self { name, source, header, file_size, slices: Slices::default() })
    }

    pub(super) fn corrupt(&self, reason: impl Into<String>) -> ImageError {
        ImageError::corrupt(&self.name, reason)
    }

    /// The L2 table for an offset on the disk, and how many bytes of the disk from there on it covers; 0
    /// if there is none, and then for as many bytes as one look at L1 tells.
    fn l2(&self, offset: u64, max: u64) -> Result<(u64, u64)> {
        let header = &self.header;
        let mut number = offset / header.l1_span;
        let slice = self.slices.get(&self.name, &self.source, header.l1_offset, header.l1_entries, number)?;
        let entry = slice.get(number).ok_or_else(|| self.corrupt("its L1 table is too short"))?;
        let mut covered = header.l1_span - offset % header.l1_span;
        if entry & OFFSET_MASK == 0 && entry & !COPIED == 0 {
            number += 1;
            while covered < max && slice.get(number).is_some_and(|entry| entry & !COPIED == 0) {
                covered = covered.saturating_add(header.l1_span);
                number += 1;
            }
            return Ok((0, covered.min(max)));
        }
        let table = entry & OFFSET_MASK;
        let cluster_size = header.info.cluster_size;
        if entry & !(OFFSET_MASK | COPIED) != 0 || !table.is_multiple_of(cluster_size) {
            return Err(self.corrupt(format!("entry {number} of its L1 table, {entry:#x}, is not the place of an L2 table")));
        }
        if table.checked_add(cluster_size).is_none_or(|end| end > self.file_size) {
            return Err(self.past_the_end(offset, table));
        }
        Ok((table, covered.min(max)))
    }

    /// Whether there is an L2 table for an offset on the disk.
    pub(super) fn has_l2(&self, offset: u64) -> Result<bool> {
        self.l2(offset, 1).map(|(table, _)| table != 0)
    }

    /// Where the disk from `offset` on is, for as many bytes as are at one place, and `max` at most.
    /// There must be as many up to the end of the disk, and at least one.
    pub(super) fn run(&self, offset: u64, max: u64) -> Result<Run> {
        let (table, max) = self.l2(offset, max)?;
        if table == 0 {
            return Ok(Run { length: max, place: Place::Hole });
        }
        let header = &self.header;
        let cluster_size = header.info.cluster_size;
        let words = if header.info.extended_l2 { 2 } else { 1 };
        let word_at = |at: u64| at % header.l1_span / cluster_size * words;
        let slice = self.slices.get(&self.name, &self.source, table, cluster_size / 8, word_at(offset))?;

        let mut run: Option<Run> = None;
        let (mut at, end) = (offset, offset.saturating_add(max));
        while at < end {
            let Some(word) = slice.get(word_at(at)) else { break };
            let bitmap = if words == 2 { slice.get(word_at(at) + 1) } else { None };
            let next = match (self.unit(at, end, Entry { word, bitmap }), &run) {
                (Ok(next), _) => next,
                (Err(error), None) => return Err(error),
                // What is before the damage can be used.
                (Err(_), Some(_)) => break,
            };
            match &mut run {
                None => run = Some(next),
                Some(run) if run.continues(&next) => run.length += next.length,
                Some(_) => break,
            }
            at = at.saturating_add(next.length);
        }
        run.ok_or_else(|| self.corrupt("its L2 table is too short"))
    }

    /// The rest of the cluster, or of the part of it that is allocated for itself, from `at` on.
    fn unit(&self, at: u64, end: u64, entry: Entry) -> Result<Run> {
        let header = &self.header;
        let cluster_size = header.info.cluster_size;
        let unit = if entry.bitmap.is_some() && !entry.is_compressed() { cluster_size / PARTS } else { cluster_size };
        let within = at % cluster_size;
        let length = (unit - within % unit).min(end - at);
        let place = entry
            .place(within / unit, header.cluster_bits, header.info.version)
            .map_err(|reason| self.corrupt(format!("the L2 entry for {at} on the disk, {:#x}, {reason}", entry.word)))?;
        let place = match place {
            Place::Data(cluster) => {
                let place = cluster + within;
                if place.checked_add(length).is_none_or(|end| end > self.file_size) {
                    return Err(self.past_the_end(at, place));
                }
                Place::Data(place)
            }
            Place::Compressed(packed) if packed.offset >= self.file_size => return Err(self.past_the_end(at, packed.offset)),
            other => other,
        };
        Ok(Run { length, place })
    }

    fn past_the_end(&self, at: u64, place: u64) -> ImageError {
        self.corrupt(format!(
            "what is at {at} on the disk should be at {place} in the file, but that has only {} bytes; was it copied in full?",
            self.file_size
        ))
    }
}

impl Run {
    fn continues(&self, next: &Self) -> bool {
        match (self.place, next.place) {
            (Place::Data(place), Place::Data(next)) => place.checked_add(self.length) == Some(next),
            // Each compressed cluster is read for itself.
            (Place::Compressed(_), _) => false,
            (place, next) => place == next,
        }
    }
}
