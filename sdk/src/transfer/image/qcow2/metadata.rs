//! The tables of a new image, one piece after the other, so that they are never all in memory.

use super::super::bytes::wide;
use super::layout::{ClusterRun, Layout};
use super::{COPIED, ZERO};

/// Entries that a piece of a table has, about: 1 MiB of them.
const PIECE: u64 = (1 << 20) / 8;

/// The pieces, each with its offset in the file.
pub(super) fn pieces(layout: &Layout) -> impl Iterator<Item = (u64, Vec<u8>)> + '_ {
    let tables = layout.tables;
    let size = layout.image.cluster_size;
    // An entry of the refcount table for each block.
    let table = cut(tables.refcount_blocks, tables.refcount_table() * size, 8, move |number, bytes| {
        bytes.extend(((tables.first_refcount_block() + number) * size).to_be_bytes());
    });
    // Every cluster of the file is in use, once.
    let counts = cut(tables.all(), tables.first_refcount_block() * size, 2, |_, bytes| bytes.extend(1_u16.to_be_bytes()));
    l1(layout).chain(table).chain(counts).chain(l2(layout))
}

/// Cuts a table of entries of `width` bytes into pieces.
fn cut(entries: u64, offset: u64, width: u64, entry: impl Fn(u64, &mut Vec<u8>)) -> impl Iterator<Item = (u64, Vec<u8>)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = next;
        next = entries.min(first + PIECE);
        let mut bytes = Vec::new();
        (first..next).for_each(|number| entry(number, &mut bytes));
        (first < next).then_some((offset + first * width, bytes))
    })
}

/// Entries of an L2 table, which is a cluster.
fn span(layout: &Layout) -> u64 {
    layout.image.cluster_size / 8
}

/// L1 as a whole, which is of 32 MiB at most.
fn l1(layout: &Layout) -> impl Iterator<Item = (u64, Vec<u8>)> + '_ {
    let size = layout.image.cluster_size;
    let mut numbers = l2_numbers(layout).zip(layout.tables.first_l2()..).peekable();
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = next;
        next = layout.tables.l1_entries.min(first + PIECE);
        let mut bytes = Vec::new();
        for number in first..next {
            let entry = numbers.next_if(|(l1, _)| *l1 == number).map_or(0, |(_, cluster)| COPIED | (cluster * size));
            bytes.extend(entry.to_be_bytes());
        }
        (first < next).then_some((size + first * 8, bytes))
    })
}

/// The entries of L1 that have an L2 table.
fn l2_numbers(layout: &Layout) -> impl Iterator<Item = u64> + '_ {
    let span = span(layout);
    let mut next = 0;
    layout.runs.iter().flat_map(move |run| {
        let numbers = (run.first / span).max(next)..(run.first + run.count).div_ceil(span);
        next = numbers.end;
        numbers
    })
}

/// L2 tables, as many together as make a piece.
fn l2(layout: &Layout) -> impl Iterator<Item = (u64, Vec<u8>)> + '_ {
    let size = layout.image.cluster_size;
    let span = span(layout);
    let mut numbers = l2_numbers(layout);
    let mut runs = layout.runs.as_slice();
    let mut offset = layout.tables.first_l2() * size;
    std::iter::from_fn(move || {
        let mut bytes = Vec::new();
        while wide(bytes.len()) < PIECE * 8
            && let Some(number) = numbers.next()
        {
            let (first, end) = (number * span, (number + 1) * span);
            let mut next = first;
            while let Some((run, rest)) = runs.split_first()
                && run.first < end
            {
                for _ in next..run.first {
                    bytes.extend([0; 8]);
                }
                next = end.min(run.first + run.count);
                for cluster in run.first.max(first)..next {
                    bytes.extend(l2_entry(run, cluster, size).to_be_bytes());
                }
                if run.first + run.count > end {
                    break;
                }
                runs = rest;
            }
            for _ in next..end {
                bytes.extend([0; 8]);
            }
        }
        let at = offset;
        offset += wide(bytes.len());
        (!bytes.is_empty()).then_some((at, bytes))
    })
}

fn l2_entry(run: &ClusterRun, cluster: u64, size: u64) -> u64 {
    match run.host {
        Some(host) => COPIED | ((host + cluster - run.first) * size),
        None => ZERO,
    }
}
