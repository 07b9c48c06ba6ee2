//! A cache of pieces of tables, so that neither large tables nor many of them fill the memory.

use super::super::bytes::{Bytes, narrow};
use super::super::error::{ImageError, Result};
use super::super::io::ReadAt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most entries of a piece: 64 KiB, which is a whole L2 table if clusters are not larger than that.
pub(super) const SLICE: u64 = 8192;
/// Most pieces that are kept: 4 MiB in all.
const KEPT: usize = 64;

/// A piece of a table.
pub(super) struct Slice {
    /// Number of its first entry in the table.
    pub(super) first: u64,
    entries: Vec<u64>,
}

impl Slice {
    /// An entry, by its number in the table; `None` past the end of this piece.
    pub(super) fn get(&self, number: u64) -> Option<u64> {
        self.entries.get(narrow(number.checked_sub(self.first)?)).copied()
    }
}

#[derive(Default)]
pub(super) struct Slices(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// By offset in the file and length; the number tells when it was last used.
    slices: HashMap<(u64, u64), (u64, Arc<Slice>)>,
    used: u64,
}

impl Slices {
    /// The piece with entry `number` of the table at `offset` in the file, which is of `entries` entries
    /// and within the file.
    pub(super) fn get(&self, image: &str, source: &dyn ReadAt, offset: u64, entries: u64, number: u64) -> Result<Arc<Slice>> {
        let first = number - number % SLICE;
        let length = entries.saturating_sub(first).min(SLICE);
        let offset = offset.saturating_add(first * 8);
        let key = (offset, length);
        if let Some(slice) = self.kept(|kept| kept.find(key)) {
            return Ok(slice);
        }
        // Other threads can go on meanwhile. Two may read the same piece, which does no harm.
        let mut bytes = vec![0; narrow(length * 8)];
        source.read_exact_at(&mut bytes, offset).map_err(|error| ImageError::io(image, "cannot be read", error))?;
        let entries = bytes.chunks_exact(8).map(|entry| Bytes(entry).u64(0).unwrap_or_default()).collect();
        let slice = Arc::new(Slice { first, entries });
        self.kept(|kept| kept.keep(key, &slice));
        Ok(slice)
    }

    fn kept<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        // Nothing is left half done where a thread could have panicked.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn find(&mut self, key: (u64, u64)) -> Option<Arc<Slice>> {
        self.used += 1;
        let (used, slice) = self.slices.get_mut(&key)?;
        *used = self.used;
        Some(slice.clone())
    }

    fn keep(&mut self, key: (u64, u64), slice: &Arc<Slice>) {
        if self.slices.len() >= KEPT {
            let oldest = self.slices.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
            oldest.and_then(|oldest| self.slices.remove(&oldest));
        }
        self.slices.insert(key, (self.used, slice.clone()));
    }
}
