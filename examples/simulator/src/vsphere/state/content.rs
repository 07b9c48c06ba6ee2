//! Bytes of files, in temporary sparse files.

use super::digest::{Algorithm, Checksum, Running};
use crate::images::{SparseFile, lock};
use crate::vsphere::record::wide;
use std::io;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// More than any descriptor, manifest or certificate has.
const LONGEST_TEXT: u64 = 8 << 20;

/// Bytes that are read at a time.
const STEP: u64 = 1 << 20;

/// Folder of all files.
#[derive(Clone, Debug)]
pub(crate) struct Store(Arc<TempDir>);

impl Store {
    /// An empty folder.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Store(Arc::new(tempfile::Builder::new().prefix("virt-simulator-").tempdir()?)))
    }

    /// Begins a new file. `algorithm` is that of its checksum.
    pub(crate) fn begin(&self, algorithm: Algorithm) -> Receiver {
        let path = self.0.path().join(uuid::Uuid::new_v4().simple().to_string());
        let bytes = Bytes { file: SparseFile::new(path, u64::MAX), _folder: Arc::clone(&self.0) };
        let mut digests = vec![algorithm.begin()];
        // What manifests use, so that files need not be read again for them.
        let usual = [Algorithm::Sha1, Algorithm::Sha256];
        digests.extend(usual.into_iter().filter(|usual| *usual != algorithm).map(Algorithm::begin));
        Receiver { bytes, length: 0, digests }
    }

    /// A file with these bytes.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn whole(&self, text: &str) -> io::Result<Content> {
        let mut receiver = self.begin(Algorithm::Sha1);
        receiver.write(&mut text.as_bytes().to_vec())?;
        receiver.finish()
    }
}

/// A sparse file that goes with its last user; the folder stays until all files are gone.
#[derive(Debug)]
struct Bytes {
    file: SparseFile,
    _folder: Arc<TempDir>,
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.file.delete();
    }
}

/// A file that is being written.
pub(crate) struct Receiver {
    bytes: Bytes,
    length: u64,
    digests: Vec<Running>,
}

impl Receiver {
    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn write(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.digests.iter_mut().for_each(|digest| digest.update(bytes));
        self.bytes.file.write(self.length, bytes)?;
        self.length = self.length.saturating_add(wide(bytes.len()));
        Ok(())
    }

    /// Bytes so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn finish(self) -> io::Result<Content> {
        self.bytes.file.flush()?;
        let checksums = self.digests.into_iter().map(Running::end).collect();
        Ok(Content { bytes: self.bytes, length: self.length, checksums: Mutex::new(checksums) })
    }
}

/// A whole file.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Bytes,
    length: u64,
    /// Those that are known; the first is the one that the sender chose.
    checksums: Mutex<Vec<Checksum>>,
}

impl Content {
    /// Size in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// A part of it. Beyond the end there are zeros.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.bytes.file.read(offset, length)
    }

    /// All of it as text, if it is short enough for one. Bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self) -> Option<String> {
        let length = usize::try_from(self.length).ok().filter(|_| self.length <= LONGEST_TEXT)?;
        let bytes = self.read(0, length).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The checksum with the algorithm that the sender chose.
    pub(crate) fn main_checksum(&self) -> Option<Checksum> {
        lock(&self.checksums).first().cloned()
    }

    /// The checksum with an algorithm.
    ///
    /// # Errors
    ///
    /// That of the file system.
    pub(crate) fn checksum(&self, algorithm: Algorithm) -> io::Result<Checksum> {
        let mut checksums = lock(&self.checksums);
        if let Some(known) = checksums.iter().find(|known| known.algorithm == algorithm) {
            return Ok(known.clone());
        }
        let mut running = algorithm.begin();
        let mut position = 0;
        while position < self.length {
            let length = STEP.min(self.length - position);
            running.update(&self.read(position, usize::try_from(length).map_err(io::Error::other)?)?);
            position += length;
        }
        let checksum = running.end();
        checksums.push(checksum.clone());
        Ok(checksum)
    }
}
