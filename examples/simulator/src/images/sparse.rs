//! File of a disk: as large as the disk, and no larger on the real disk than its data.

use super::lock;
use super::map::{CHUNK, Extent, Map};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Mutex;

/// Bytes of a disk. Chunks outside the map read as zero, whatever the file holds there.
#[derive(Debug)]
pub(crate) struct SparseFile {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Made when the first data comes.
    file: Option<File>,
    map: Map,
    /// Size of the disk.
    size: u64,
    /// Size that may be written, which for the bytes of a file can be more.
    limit: u64,
    /// End of what was written.
    end: u64,
}

impl SparseFile {
    /// An empty file.
    pub(crate) fn new(path: PathBuf, size: u64) -> Self {
        SparseFile { path, inner: Mutex::new(Inner { file: None, map: Map::default(), size, limit: size, end: 0 }) }
    }

    /// Gives the disk another size.
    pub(crate) fn resize(&self, size: u64) {
        let mut inner = lock(&self.inner);
        inner.size = size;
        inner.limit = inner.limit.max(size);
    }

    /// Allows writing up to a size.
    pub(crate) fn allow(&self, size: u64) {
        let mut inner = lock(&self.inner);
        inner.limit = inner.limit.max(size);
    }

    /// Bytes that the data takes.
    pub(crate) fn used(&self) -> u64 {
        lock(&self.inner).map.used()
    }

    /// End of what was written.
    pub(crate) fn end(&self) -> u64 {
        lock(&self.inner).end
    }

    /// Stretches of data and zero up to `size`.
    pub(super) fn extents(&self, size: u64) -> Vec<Extent> {
        lock(&self.inner).map.extents(size)
    }

    /// Removes the file.
    pub(crate) fn delete(&self) {
        let mut inner = lock(&self.inner);
        inner.map = Map::default();
        if inner.file.take().is_some() {
            // What cannot be removed now goes with its folder.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// Reads bytes.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut inner = lock(&self.inner);
        let mut position = offset;
        for piece in Pieces::new(offset, &mut bytes) {
            let (chunk, piece) = piece;
            let advance = wide(piece.len());
            if inner.map.holds(chunk)
                && let Some(file) = inner.file.as_mut()
            {
                file.seek(SeekFrom::Start(position))?;
                file.read_exact(piece)?;
            }
            position += advance;
        }
        Ok(bytes)
    }

    /// Writes bytes. Zeros that meet no data take no space.
    ///
    /// # Errors
    ///
    /// That of the file system, or that the bytes lie beyond the end.
    pub(crate) fn write(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let mut inner = lock(&self.inner);
        let end = offset.saturating_add(wide(bytes.len()));
        if end > inner.limit {
            return Err(io::Error::new(io::ErrorKind::WriteZero, "write beyond the end of the image"));
        }
        let mut position = offset;
        for (chunk, piece) in Pieces::new(offset, bytes) {
            let is_zero = is_zero(piece);
            let is_whole = wide(piece.len()) == CHUNK;
            match (is_zero, inner.map.holds(chunk)) {
                (true, true) if is_whole => inner.map.empty(chunk..chunk + 1),
                (true, false) => {}
                (_, known) => self.store(&mut inner, chunk, known, position, piece)?,
            }
            position += wide(piece.len());
        }
        inner.end = inner.end.max(end);
        Ok(())
    }

    /// Makes a stretch read as zero.
    ///
    /// # Errors
    ///
    /// As [`SparseFile::write`].
    pub(crate) fn zero(&self, offset: u64, length: u64) -> io::Result<()> {
        let end = offset.saturating_add(length);
        let first_whole = offset.div_ceil(CHUNK);
        let last_whole = end / CHUNK;
        if first_whole < last_whole {
            lock(&self.inner).map.empty(first_whole..last_whole);
            self.zero_part(offset, first_whole * CHUNK)?;
            self.zero_part(last_whole * CHUNK, end)?;
        } else {
            self.zero_part(offset, end)?;
        }
        let mut inner = lock(&self.inner);
        inner.end = inner.end.max(end);
        Ok(())
    }

    /// Makes everything that was written durable.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn flush(&self) -> io::Result<()> {
        match lock(&self.inner).file.as_mut() {
            Some(file) => file.flush(),
            None => Ok(()),
        }
    }

    /// Takes over the data of another file.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn copy_from(&self, other: &SparseFile) -> io::Result<()> {
        let (size, end) = {
            let inner = lock(&other.inner);
            (inner.limit, inner.end)
        };
        self.allow(size);
        for extent in other.extents(size).into_iter().filter(|extent| !extent.zero) {
            let mut position = extent.start;
            while position < extent.start + extent.length {
                let length = CHUNK.min(extent.start + extent.length - position);
                let mut bytes = other.read(position, usize::try_from(length).unwrap_or_default())?;
                self.write(position, &mut bytes)?;
                position += length;
            }
        }
        lock(&self.inner).end = end;
        Ok(())
    }

    /// Writes zeros within a chunk or two.
    fn zero_part(&self, from: u64, to: u64) -> io::Result<()> {
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or_default();
        if length == 0 { Ok(()) } else { self.write(from, &mut vec![0; length]) }
    }

    fn store(&self, inner: &mut Inner, chunk: u64, known: bool, position: u64, piece: &[u8]) -> io::Result<()> {
        if inner.file.is_none() {
            let made = File::options().read(true).write(true).create(true).truncate(true).open(&self.path)?;
            inner.file = Some(made);
        }
        let Some(file) = inner.file.as_mut() else { return Ok(()) };
        let start = chunk * CHUNK;
        // The file may be shorter than the chunk, or hold what was there before the chunk was emptied.
        if !known && wide(piece.len()) < CHUNK {
            file.seek(SeekFrom::Start(start))?;
            file.write_all(&vec![0; usize::try_from(CHUNK).unwrap_or_default()])?;
        }
        file.seek(SeekFrom::Start(position))?;
        file.write_all(piece)?;
        inner.map.fill(chunk);
        Ok(())
    }
}

/// Parts of a buffer, cut at the borders of chunks, with the number of the chunk of each.
struct Pieces<'a> {
    position: u64,
    rest: &'a mut [u8],
}

impl<'a> Pieces<'a> {
    fn new(position: u64, rest: &'a mut [u8]) -> Self {
        Pieces { position, rest }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (u64, &'a mut [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let chunk = self.position / CHUNK;
        let room = usize::try_from(CHUNK - self.position % CHUNK).unwrap_or(usize::MAX);
        let rest = std::mem::take(&mut self.rest);
        let (piece, rest) = rest.split_at_mut(room.min(rest.len()));
        self.rest = rest;
        self.position += wide(piece.len());
        Some((chunk, piece))
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<16>();
    words.iter().all(|word| u128::from_ne_bytes(*word) == 0) && rest.iter().all(|byte| *byte == 0)
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: u64) -> (tempfile::TempDir, SparseFile) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = SparseFile::new(folder.path().join("disk"), size);
        (folder, file)
    }

    #[test]
    fn zeros_take_no_space() {
        let (folder, file) = file(1 << 40);
        file.write(0, &mut vec![0; 1 << 20]).expect("written");
        assert_eq!(file.used(), 0);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        assert_eq!(file.read((1 << 40) - 4, 4).expect("read"), [0; 4]);
    }

    #[test]
    fn data_comes_back_across_chunks() {
        let (_folder, file) = file(4 * CHUNK);
        file.write(CHUNK - 2, &mut [1, 2, 3, 4]).expect("written");
        assert_eq!(file.read(CHUNK - 3, 6).expect("read"), [0, 1, 2, 3, 4, 0]);
        assert_eq!(file.used(), 2 * CHUNK);
        assert_eq!(file.end(), CHUNK + 2);
    }

    #[test]
    fn a_chunk_that_was_emptied_starts_again_with_zeros() {
        let (_folder, file) = file(2 * CHUNK);
        file.write(0, &mut vec![7; 2 * usize::try_from(CHUNK).expect("small")]).expect("written");
        file.zero(0, CHUNK).expect("zeroed");
        assert_eq!(file.used(), CHUNK);
        file.write(10, &mut [9]).expect("written");
        assert_eq!(file.read(9, 3).expect("read"), [0, 9, 0]);
        file.zero(CHUNK + 1, 2).expect("zeroed");
        assert_eq!(file.read(CHUNK, 4).expect("read"), [7, 0, 0, 7]);
    }

    #[test]
    fn nothing_is_written_beyond_the_end() {
        let (_folder, file) = file(10);
        assert!(file.write(8, &mut [1, 2, 3]).is_err());
        file.allow(11);
        assert!(file.write(8, &mut [1, 2, 3]).is_ok());
    }
}
