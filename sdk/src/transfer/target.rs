//! The local image that a download makes.

use super::direct_file::DirectFile;
use super::image::bytes::narrow;
use super::image::qcow2::{Layout, Writer};
use super::image::{ReadAt, WriteAt, local};
use super::source::{failed, wrong};
use crate::core::error::{Error, Result};
use std::fs::{self, File};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// Blocks of zeros of so many bytes are not written: what is not written is zero.
const ZERO_BLOCK: NonZeroU64 = NonZeroU64::new(64 << 10).expect("it is not 0");

/// A new image, under another name until it is whole.
pub(super) struct Target {
    path: PathBuf,
    partial: PathBuf,
    content: Content,
    /// Whether what is not written is zeros.
    is_empty: bool,
}

enum Content {
    Raw(DirectFile),
    Qcow2(Writer<DirectFile>),
}

/// Name that an image has until it is whole.
pub(super) fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

impl Target {
    /// Makes a raw image of so many bytes, or goes on with one.
    pub(super) fn raw(path: &Path, size: u64) -> Result<Self> {
        let (partial, file, is_empty) = Self::open(path)?;
        file.set_size(size).map_err(|error| unwritable(&partial, error))?;
        Ok(Self { path: path.to_owned(), partial, content: Content::Raw(file), is_empty })
    }

    /// Makes a qcow2 image with that layout, or goes on with one.
    pub(super) fn qcow2(path: &Path, layout: Layout) -> Result<Self> {
        let (partial, file, is_empty) = Self::open(path)?;
        let writer = Writer::new(file, &partial.display().to_string(), layout).map_err(failed)?;
        Ok(Self { path: path.to_owned(), partial, content: Content::Qcow2(writer), is_empty })
    }

    /// Finds out whether an image can be made there, before there is any data.
    pub(super) fn check(path: &Path) -> Result<()> {
        if path.exists() && !path.is_file() {
            let problem = format!("{} is there and is no file; give another name, or write to it by `to_writer`", path.display());
            return Err(wrong(problem));
        }
        let partial = partial(path);
        let was_there = partial.exists();
        File::options().append(true).create(true).open(&partial).map_err(|error| unwritable(&partial, error))?;
        if !was_there {
            Self::discard(path);
        }
        Ok(())
    }

    /// Removes what an earlier download left.
    pub(super) fn discard(path: &Path) {
        let _ = fs::remove_file(partial(path));
    }

    fn open(path: &Path) -> Result<(PathBuf, DirectFile, bool)> {
        let partial = partial(path);
        let file = DirectFile::create(&partial).map_err(|error| unwritable(&partial, error))?;
        let is_empty = file.size().map_err(|error| unwritable(&partial, error))? == 0;
        Ok((partial, file, is_empty))
    }

    /// Writes data that is at `offset` on the disk, but for zeros where there are zeros.
    pub(super) fn write(&self, data: &[u8], offset: u64) -> Result<()> {
        for part in local::split_zeros(data, offset, ZERO_BLOCK) {
            if part.kind != super::image::ExtentKind::Data && self.is_empty {
                continue;
            }
            let from = narrow(part.start - offset);
            let length = narrow(part.length);
            let bytes = data.get(from..from.saturating_add(length)).unwrap_or_default();
            match &self.content {
                Content::Raw(file) => file.write_all_at(bytes, part.start).map_err(|error| unwritable(&self.partial, error))?,
                Content::Qcow2(writer) => writer.write_at(bytes, part.start).map_err(failed)?,
            }
        }
        Ok(())
    }

    /// Reads data that was written.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        match &self.content {
            Content::Raw(file) => file.read_exact_at(buf, offset),
            Content::Qcow2(writer) => writer.read_at(buf, offset),
        }
        .map_err(|error| wrong(format!("{} cannot be read: {error}", self.partial.display())).with_source(error))
    }

    /// Makes everything last that was written so far.
    pub(super) fn sync(&self) -> Result<()> {
        let file = match &self.content {
            Content::Raw(file) => file,
            Content::Qcow2(writer) => writer.target(),
        };
        file.sync().map_err(|error| unwritable(&self.partial, error))
    }

    /// Completes the image, makes it last, and gives it its name. A file that has the name is replaced.
    pub(super) fn finish(self) -> Result<()> {
        let Self { path, partial, content, .. } = self;
        let file = match content {
            Content::Raw(file) => file,
            Content::Qcow2(writer) => writer.finish().map_err(failed)?,
        };
        file.sync().map_err(|error| unwritable(&partial, error))?;
        fs::rename(&partial, &path).map_err(|error| {
            wrong(format!("{} is whole but cannot be renamed to {}: {error}", partial.display(), path.display()))
                .with_source(error)
        })
    }
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    wrong(format!("{} cannot be written: {error}", path.display())).with_source(error)
}
