//! Files that are read and written past the page cache where that is possible: data that passes once would only push out
//! what is of use there, and costs a copy.

use super::buffer::ALIGNMENT;
use super::image::{ReadAt, Span, WriteAt};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file with a second way to it, past the page cache, that is taken where address, offset and length are aligned.
pub(super) struct DirectFile {
    cached: File,
    direct: Option<File>,
    /// Whether the file system refused a direct request. It then refuses all.
    is_refused: AtomicBool,
}

impl DirectFile {
    /// Opens a file to read it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::new(File::open(path)?, OpenOptions::new().read(true), path))
    }

    /// Opens a file to write it, which is made if it is not there. What it holds stays.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let cached = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Self::new(cached, OpenOptions::new().read(true).write(true), path))
    }

    fn new(cached: File, options: &mut OpenOptions, path: &Path) -> Self {
        Self { cached, direct: direct(options, path), is_refused: AtomicBool::new(false) }
    }

    /// Makes everything that was written last.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.cached.sync_data()
    }

    /// The direct way to so many bytes, if there is one.
    fn direct_for(&self, address: *const u8, length: usize, offset: u64) -> Option<&File> {
        let is_aligned = address.align_offset(ALIGNMENT) == 0 && offset.is_multiple_of(ALIGNMENT as u64) && length >= ALIGNMENT;
        self.direct.as_ref().filter(|_| is_aligned && !self.is_refused.load(Ordering::Relaxed))
    }

    /// Notes that the file system refused, so that nobody asks again.
    fn refused(&self, error: &io::Error) -> bool {
        let is_refusal = matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported);
        if is_refusal {
            self.is_refused.store(true, Ordering::Relaxed);
        }
        is_refusal
    }
}

/// The largest part of a length that is aligned.
fn aligned(length: usize) -> usize {
    length - length % ALIGNMENT
}

impl ReadAt for DirectFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if let Some(direct) = self.direct_for(buf.as_ptr(), buf.len(), offset) {
            if let Some(count) = read_cached(&self.cached, buf, offset) {
                return Ok(count);
            }
            // The file may end within the last page, which a direct read tells by reading less.
            let length = aligned(buf.len());
            match direct.read_at(buf.get_mut(..length).unwrap_or_default(), offset) {
                Err(error) if self.refused(&error) => {}
                result => return result,
            }
        }
        self.cached.read_at(buf, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.cached.size()
    }

    fn span_at(&self, offset: u64, max: u64) -> io::Result<Span> {
        self.cached.span_at(offset, max)
    }
}

impl WriteAt for DirectFile {
    fn write_all_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        let Some(direct) = self.direct_for(data.as_ptr(), data.len(), offset) else {
            return self.cached.write_all_at(data, offset);
        };
        let (body, tail) = data.split_at_checked(aligned(data.len())).unwrap_or((&[], data));
        match direct.write_all_at(body, offset) {
            Err(error) if self.refused(&error) => self.cached.write_all_at(data, offset),
            Ok(()) if !tail.is_empty() => self.cached.write_all_at(tail, offset.saturating_add(body.len() as u64)),
            result => result,
        }
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.cached.set_size(size)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn direct(options: &mut OpenOptions, path: &Path) -> Option<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flag = i32::try_from(OFlags::DIRECT.bits()).ok()?;
    options.custom_flags(flag).open(path).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn direct(_options: &mut OpenOptions, _path: &Path) -> Option<File> {
    None
}

/// Reads what the page cache has, if it has the first page of it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn read_cached(file: &File, buf: &mut [u8], offset: u64) -> Option<usize> {
    use rustix::io::{ReadWriteFlags, preadv2};
    let read = |part: &mut [u8]| {
        let read = preadv2(file, &mut [io::IoSliceMut::new(part)], offset, ReadWriteFlags::NOWAIT);
        read.ok().filter(|count| *count > 0)
    };
    // Asking for all of it would make the kernel read ahead what is not there.
    read(buf.get_mut(..ALIGNMENT)?)?;
    // Only whole pages, so that what follows stays aligned.
    read(buf).map(|count| if count < buf.len() { aligned(count) } else { count }).filter(|count| *count > 0)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn read_cached(_file: &File, _buf: &mut [u8], _offset: u64) -> Option<usize> {
    None
}
