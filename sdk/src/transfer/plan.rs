//! What is to be done with which part of a disk, as a pure function of its extents.

use super::image::{Extent, ExtentKind};

/// Data that an upload reads at a time, in bytes: the block of the server's checksum.
pub(super) const UPLOAD_UNIT: u64 = 4 << 20;

/// Data that a download asks for at a time, in bytes; a multiple of the block of the checksum.
pub(super) const DOWNLOAD_UNIT: u64 = 16 << 20;

/// The longest part without data that is sent as zeros because it is between data, in bytes: less than a cluster of the target,
/// which is allocated anyway.
pub(super) const UPLOAD_GAP: u64 = 32 << 10;

/// The longest part without data that is received because it is between data, in bytes: a request of its own costs the server
/// as much as several times so many bytes.
pub(super) const DOWNLOAD_GAP: u64 = 64 << 10;

/// The longest part that one request makes zero, in bytes, so that it ends in time and progress shows.
pub(super) const LONGEST_ZERO: u64 = 2 << 30;

/// How many parts without data are made zero one by one. Where there are more, the disk is made zero as a whole first.
const FEW_ZEROS: u64 = 64;

/// A piece of the plan: aligned to units, each as long as one, or a run of units without data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: u64,
    pub(super) length: u64,
    /// What is there, in order and without gaps.
    pub(super) parts: Vec<Extent>,
}

impl Piece {
    /// What all of it is, where that is no data.
    pub(super) fn without_data(&self) -> Option<ExtentKind> {
        match self.parts.as_slice() {
            [part] if part.kind != ExtentKind::Data => Some(part.kind),
            _ => None,
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// Cuts extents, which are in order and without gaps, into pieces of `unit` bytes. Runs of units without data are one piece.
pub(super) fn pieces<E>(extents: impl Iterator<Item = Result<Extent, E>>, unit: u64) -> impl Iterator<Item = Result<Piece, E>> {
    let mut extents = joined(extents);
    let mut rest: Option<Extent> = None;
    std::iter::from_fn(move || {
        let mut piece: Option<Piece> = None;
        loop {
            let extent = match rest.take().map_or_else(|| extents.next(), |extent| Some(Ok(extent))) {
                Some(Ok(extent)) => extent,
                Some(Err(error)) => return Some(Err(error)),
                None => return piece.take().map(Ok),
            };
            let whole = extent.length - extent.length % unit;
            let length = match &piece {
                Some(piece) => extent.length.min(unit - piece.length),
                None if extent.kind != ExtentKind::Data && whole > 0 && extent.start.is_multiple_of(unit) => {
                    whole.min(LONGEST_ZERO)
                }
                None => extent.length.min(unit - extent.start % unit),
            };
            if length < extent.length {
                rest = Some(Extent { start: extent.start + length, length: extent.length - length, ..extent });
            }
            let part = Extent { length, ..extent };
            let piece_so_far = piece.get_or_insert_with(|| Piece { start: part.start, length: 0, parts: Vec::new() });
            piece_so_far.length += length;
            piece_so_far.parts.push(part);
            if piece_so_far.end().is_multiple_of(unit) {
                return piece.take().map(Ok);
            }
        }
    })
}

/// Extents with those joined that go on where the one before ends, and are of the same kind.
fn joined<E>(mut extents: impl Iterator<Item = Result<Extent, E>>) -> impl Iterator<Item = Result<Extent, E>> {
    let mut ahead: Option<Result<Extent, E>> = None;
    std::iter::from_fn(move || {
        let mut extent = match ahead.take().or_else(|| extents.next())? {
            Ok(extent) => extent,
            error => return Some(error),
        };
        loop {
            match extents.next() {
                Some(Ok(next)) if next.kind == extent.kind && next.start == extent.end() => extent.length += next.length,
                next => {
                    ahead = next;
                    return Some(Ok(extent));
                }
            }
        }
    })
}

/// The parts of a piece that are moved as data, each in one go: those with data, and what is between two of them where that is
/// `gap` bytes at most.
pub(super) fn moved(parts: &[Extent], gap: u64) -> Vec<Extent> {
    let mut moved: Vec<Extent> = Vec::new();
    for part in parts.iter().filter(|part| part.kind == ExtentKind::Data && part.length > 0) {
        match moved.last_mut() {
            Some(last) if part.start.saturating_sub(last.end()) <= gap => last.length = part.end() - last.start,
            _ => moved.push(*part),
        }
    }
    moved
}

/// What is between the parts that are moved, from `start` to `end`.
pub(super) fn between(moved: &[Extent], start: u64, end: u64) -> Vec<(u64, u64)> {
    let starts = moved.iter().map(|part| part.start).chain([end]);
    let ends = [start].into_iter().chain(moved.iter().map(Extent::end));
    ends.zip(starts).filter(|(from, to)| from < to).map(|(from, to)| (from, to - from)).collect()
}

/// What the whole disk is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Bytes of data.
    pub(super) data: u64,
    /// Parts without data that are not sent as data.
    pub(super) zeros: u64,
}

impl Survey {
    pub(super) fn add(&mut self, extent: &Extent) {
        match extent.kind {
            ExtentKind::Data => self.data += extent.length,
            _ if extent.length > UPLOAD_GAP => self.zeros += 1,
            _ => {}
        }
    }

    /// Whether it costs less to make the whole disk zero at once than part by part.
    pub(super) fn is_fragmented(&self) -> bool {
        self.zeros > FEW_ZEROS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    const UNIT: u64 = 64;

    fn extents() -> impl Strategy<Value = Vec<Extent>> {
        let kinds = prop_oneof![Just(ExtentKind::Data), Just(ExtentKind::Zero), Just(ExtentKind::Hole)];
        prop::collection::vec((1_u64..300, kinds), 0..30).prop_map(|parts| {
            let mut start = 0;
            let place = |(length, kind)| {
                let extent = Extent::new(start, length, kind);
                start += length;
                extent
            };
            parts.into_iter().map(place).collect()
        })
    }

    fn planned(extents: &[Extent]) -> Vec<Piece> {
        pieces(extents.iter().map(|extent| Ok::<_, Infallible>(*extent)), UNIT).map(|piece| piece.expect("no error")).collect()
    }

    proptest! {
        #[test]
        fn pieces_are_aligned_and_lose_nothing(extents in extents()) {
            let planned = planned(&extents);
            let mut position = 0;
            for piece in &planned {
                prop_assert_eq!(piece.start, position);
                prop_assert!(piece.start.is_multiple_of(UNIT));
                prop_assert!(piece.length <= UNIT || piece.without_data().is_some());
                let mut inner = piece.start;
                for part in &piece.parts {
                    prop_assert_eq!(part.start, inner);
                    prop_assert!(part.length > 0);
                    inner = part.end();
                }
                prop_assert_eq!(inner, piece.end());
                position = inner;
            }
            prop_assert_eq!(position, extents.last().map_or(0, Extent::end));
            let kinds = |extents: &mut dyn Iterator<Item = Extent>| -> Vec<ExtentKind> {
                extents.flat_map(|extent| std::iter::repeat_n(extent.kind, extent.length as usize)).collect()
            };
            let found = kinds(&mut planned.iter().flat_map(|piece| piece.parts.iter().copied()));
            prop_assert_eq!(found, kinds(&mut extents.iter().copied()));
        }

        #[test]
        fn whole_units_without_data_are_one_piece(before in 0_u64..5, empty in 1_u64..50, after in 0_u64..5) {
            let parts = [(before, ExtentKind::Data), (empty, ExtentKind::Zero), (after, ExtentKind::Data)];
            let mut start = 0;
            let mut extents = Vec::new();
            for (units, kind) in parts.into_iter().filter(|(units, _)| *units > 0) {
                extents.push(Extent::new(start, units * UNIT, kind));
                start += units * UNIT;
            }
            prop_assert_eq!(planned(&extents).len() as u64, before + 1 + after);
        }

        #[test]
        fn data_is_moved_and_larger_gaps_are_not(extents in extents(), gap in 0_u64..80) {
            for piece in planned(&extents) {
                let moved = moved(&piece.parts, gap);
                for part in &piece.parts {
                    let inside = moved.iter().any(|range| range.start <= part.start && part.end() <= range.end());
                    if part.kind == ExtentKind::Data {
                        prop_assert!(inside);
                    }
                }
                prop_assert!(moved.windows(2).all(|pair| pair[1].start - pair[0].end() > gap));
                let left = between(&moved, piece.start, piece.end());
                let bytes: u64 = moved.iter().map(|range| range.length).chain(left.iter().map(|(_, length)| *length)).sum();
                prop_assert_eq!(bytes, piece.length);
            }
        }
    }

    #[test]
    fn an_error_comes_through() {
        let extents = [Ok(Extent::new(0, 10, ExtentKind::Data)), Err("no")];
        let planned: Vec<_> = pieces(extents.into_iter(), UNIT).collect();
        assert!(planned.contains(&Err("no")));
    }

    #[test]
    fn few_zeros_are_no_reason_to_make_all_zero() {
        let mut survey = Survey::default();
        for index in 0..FEW_ZEROS {
            survey.add(&Extent::new(index * 1000, UPLOAD_GAP + 1, ExtentKind::Zero));
            survey.add(&Extent::new(index * 1000, UPLOAD_GAP, ExtentKind::Hole));
        }
        assert!(!survey.is_fragmented());
        survey.add(&Extent::new(0, 1 << 20, ExtentKind::Hole));
        assert!(survey.is_fragmented());
    }
}
