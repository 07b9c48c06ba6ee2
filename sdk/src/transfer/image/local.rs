//! Where the data is in a local file.

use super::bytes::{narrow, wide};
use super::error::{ImageError, Result};
use super::extent::{Extent, ExtentKind};
use super::io::{ReadAt, Span};
use std::fs::File;
use std::io;
use std::num::NonZeroU64;

/// The data and the holes of a file that is a raw image, in order and without gaps. Holes are
/// [`Zero`](ExtentKind::Zero): a raw image has nothing behind it that could show through.
///
/// The file system tells the holes; where it cannot, or on a system other than Linux, all is data. The
/// iterator ends after the first error.
///
/// # Errors
/// [`ImageError::Io`], with `name` in its text, if the system cannot tell the size of the file, or, from
/// the iterator, if it cannot tell the next extent.
pub fn extents<'a>(source: &'a dyn ReadAt, name: &'a str) -> Result<impl Iterator<Item = Result<Extent>> + 'a> {
    let size = source.size().map_err(|error| ImageError::io(name, "has no size", error))?;
    let mut start = 0;
    Ok(std::iter::from_fn(move || {
        if start >= size {
            return None;
        }
        match source.span_at(start, size - start) {
            Ok(span) => {
                let kind = if span.stored { ExtentKind::Data } else { ExtentKind::Zero };
                let extent = Extent::new(start, span.length.max(1), kind);
                start = extent.end();
                Some(Ok(extent))
            }
            Err(error) => {
                start = size;
                Some(Err(ImageError::io(name, "cannot be asked for its holes", error)))
            }
        }
    }))
}

/// Whether all bytes are zeros.
///
/// It looks at 128 bytes at a time without a branch, which the compiler turns into vector instructions,
/// and stops at the first 128 that are not all zeros.
pub fn is_zero(bytes: &[u8]) -> bool {
    let mut chunks = bytes.chunks_exact(128);
    chunks.by_ref().all(|chunk| chunk.iter().fold(0, |bits, byte| bits | byte) == 0)
        && chunks.remainder().iter().all(|byte| *byte == 0)
}

/// Splits bytes that will be at `start` of a disk into data and zeros, in blocks of `block` bytes that
/// are aligned on the disk: a block that is all zeros is [`Zero`](ExtentKind::Zero). Blocks of one kind
/// come as one extent.
pub fn split_zeros(bytes: &[u8], start: u64, block: NonZeroU64) -> impl Iterator<Item = Extent> + '_ {
    let kind_at = move |at: usize| -> Option<Extent> {
        let offset = start.checked_add(wide(at))?;
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let length = (block.get() - offset % block).min(wide(rest.len()));
        let part = rest.get(..narrow(length))?;
        let kind = if is_zero(part) { ExtentKind::Zero } else { ExtentKind::Data };
        Some(Extent::new(offset, length, kind))
    };
    let mut next = kind_at(0);
    std::iter::from_fn(move || {
        let mut extent = next.take()?;
        loop {
            next = kind_at(narrow(extent.end() - start));
            match next {
                Some(more) if extent.joins(&more) => extent.length += more.length,
                _ => return Some(extent),
            }
        }
    })
}

/// What the file system says of a part of a file.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn span_at(file: &File, offset: u64, max: u64) -> io::Result<Span> {
    use rustix::fs::{SeekFrom, seek};
    use rustix::io::Errno;
    let all = Ok(Span { length: max, stored: true });
    let to = |end: u64, stored| Ok(Span { length: end.saturating_sub(offset).clamp(1, max.max(1)), stored });
    // This moves the position of the file, which nothing here uses.
    match seek(file, SeekFrom::Data(offset)) {
        Ok(data) if data > offset => to(data, false),
        Ok(_) => match seek(file, SeekFrom::Hole(offset)) {
            Ok(hole) if hole > offset => to(hole, true),
            _ => all,
        },
        // No data up to the end of the file, past which there is nothing to say.
        Err(Errno::NXIO) if file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() > offset) => {
            to(offset.saturating_add(max), false)
        }
        // This file system or device cannot tell.
        Err(_) => all,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn span_at(_file: &File, _offset: u64, max: u64) -> io::Result<Span> {
    Ok(Span { length: max, stored: true })
}
