//! Which parts of a disk are done.

use std::collections::BTreeMap;

/// Ranges of bytes that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(
    /// Starts, and the bytes after the last ones.
    BTreeMap<u64, u64>,
);

impl Ranges {
    /// Adds a range, which may overlap others.
    pub(super) fn insert(&mut self, start: u64, length: u64) {
        let (mut start, mut end) = (start, start.saturating_add(length));
        if start == end {
            return;
        }
        while let Some((&other, &other_end)) = self.0.range(..=end).next_back().filter(|(_, other_end)| **other_end >= start) {
            self.0.remove(&other);
            (start, end) = (start.min(other), end.max(other_end));
        }
        self.0.insert(start, end);
    }

    /// Whether all bytes of a range are in here.
    pub(super) fn contains(&self, start: u64, length: u64) -> bool {
        let before = self.0.range(..=start).next_back();
        length == 0 || before.is_some_and(|(_, end)| *end >= start.saturating_add(length))
    }

    /// How many bytes they are.
    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }
}

impl From<Vec<(u64, u64)>> for Ranges {
    fn from(pairs: Vec<(u64, u64)>) -> Self {
        let mut ranges = Self::default();
        for (start, end) in pairs {
            ranges.insert(start, end.saturating_sub(start));
        }
        ranges
    }
}

impl From<Ranges> for Vec<(u64, u64)> {
    fn from(ranges: Ranges) -> Self {
        ranges.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_hold_what_was_inserted(inserted in prop::collection::vec((0_u64..200, 0_u64..40), 0..40), at in 0_u64..250, length in 0_u64..20) {
            let mut bytes = [false; 300];
            let mut ranges = Ranges::default();
            for (start, length) in inserted {
                ranges.insert(start, length);
                bytes[start as usize..(start + length) as usize].fill(true);
            }
            let there = bytes[at as usize..(at + length) as usize].iter().all(|is_there| *is_there);
            prop_assert_eq!(ranges.contains(at, length), there);
            prop_assert_eq!(ranges.total(), bytes.iter().filter(|is_there| **is_there).count() as u64);
            let pairs = Vec::from(ranges.clone());
            prop_assert!(pairs.windows(2).all(|pair| pair[0].1 < pair[1].0), "{:?}", pairs);
            prop_assert_eq!(Ranges::from(pairs), ranges);
        }
    }
}
