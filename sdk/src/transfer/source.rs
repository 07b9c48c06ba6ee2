//! What is uploaded: a file, or whatever else can be read.

use super::direct_file::DirectFile;
use super::image::bytes::narrow;
use super::image::qcow2::{self, Backing};
use super::image::{Extent, ExtentKind, Format, ImageError, ReadAt, detect};
use super::plan::Survey;
use crate::core::error::{Error, ErrorKind, Result};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::AsyncRead;

/// How much of a disk is looked at at once to find its extents, in bytes. It bounds the memory that they take.
const SPAN: u64 = 256 << 20;

/// Size of a sector, in bytes: disks are made of whole ones.
const SECTOR: u64 = 512;

/// What is uploaded.
///
/// ```
/// use virt_sdk::transfer::Source;
///
/// let file = Source::from("fedora.qcow2");
/// let stream = Source::reader(tokio::io::repeat(7), 1 << 20);
/// ```
pub struct Source {
    kind: Kind,
    format: Option<Format>,
    backing: Backing,
}

enum Kind {
    File(PathBuf),
    ReadAt(Arc<dyn ReadAt>, String),
    Reader(Box<dyn AsyncRead + Send + Unpin>, u64),
}

impl Source {
    /// A file or block device.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Kind::File(path.into()))
    }

    /// Whatever can be read at any offset, such as the member of an archive; `name` is for errors. It is read by several
    /// threads.
    pub fn read_at(source: impl ReadAt + 'static, name: impl Into<String>) -> Self {
        Self::new(Kind::ReadAt(Arc::new(source), name.into()))
    }

    /// The next `size` bytes of a reader, which are a raw image: a disk as it is, or an ISO. Nothing else can be read from
    /// its start to its end.
    pub fn reader(reader: impl AsyncRead + Send + Unpin + 'static, size: u64) -> Self {
        Self::new(Kind::Reader(Box::new(reader), size))
    }

    /// Says what format it is in, instead of finding out: a guest can write to a raw disk what makes it look like qcow2.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// What to do about the backing file of a qcow2 image. Default: [`Backing::Refuse`].
    pub fn backing(mut self, backing: Backing) -> Self {
        self.backing = backing;
        self
    }

    fn new(kind: Kind) -> Self {
        Self { kind, format: None, backing: Backing::default() }
    }

    /// Opens it. This blocks.
    pub(super) fn open(self) -> Result<Opened> {
        let disk = |disk: Disk| Ok(Opened::Disk(Arc::new(disk)));
        match self.kind {
            Kind::Reader(reader, size) => {
                let format = self.format.unwrap_or(Format::Raw);
                accept("the reader", format)?;
                if format == Format::Qcow2 {
                    return Err(wrong("a qcow2 image cannot be read from a stream; store it in a file, and upload that"));
                }
                Ok(Opened::Stream(Stream { reader, size, format }))
            }
            Kind::File(path) => disk(Disk::open(&path, self.format, &self.backing)?),
            Kind::ReadAt(source, name) => {
                let format = format_of(&source, &name, self.format)?;
                if format == Format::Qcow2 {
                    let image = qcow2::Image::from_source(source, &name, &self.backing).map_err(failed)?;
                    return disk(Disk { name, format, content: Content::Qcow2(image), identity: None });
                }
                let length = source.size().map_err(|error| wrong(format!("{name} has no size: {error}")).with_source(error))?;
                disk(Disk { name, format, content: Content::Raw(source, length), identity: None })
            }
        }
    }
}

impl<T: Into<PathBuf>> From<T> for Source {
    fn from(path: T) -> Self {
        Self::file(path)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.kind {
            Kind::File(path) => path.display().to_string(),
            Kind::ReadAt(_, name) => name.clone(),
            Kind::Reader(_, size) => format!("a reader of {size} bytes"),
        };
        f.debug_struct("Source").field("name", &name).field("format", &self.format).finish_non_exhaustive()
    }
}

/// A source that is open.
pub(super) enum Opened {
    Disk(Arc<Disk>),
    Stream(Stream),
}

impl Opened {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Disk(disk) => disk.format,
            Self::Stream(stream) => stream.format,
        }
    }

    /// The bytes of the file, instead of the disk in it. This blocks.
    pub(super) fn into_bytes(self) -> Result<Self> {
        match &self {
            Self::Disk(disk) => match &disk.identity {
                Some(identity) => Ok(Self::Disk(Arc::new(Disk::open(&identity.path, Some(Format::Raw), &Backing::Refuse)?))),
                None => Err(wrong(format!("{} cannot be converted by this engine; upload a file", disk.name))),
            },
            Self::Stream(_) => Ok(self),
        }
    }

    /// Size of the disk, in bytes: whole sectors.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Disk(disk) => disk.size(),
            Self::Stream(stream) => sectors(stream.size),
        }
    }
}

/// Bytes that come one after the other.
pub(super) struct Stream {
    pub(super) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) size: u64,
    format: Format,
}

/// A disk in a local image, which several threads can read.
pub(super) struct Disk {
    name: String,
    format: Format,
    content: Content,
    /// What tells whether the file is still the same.
    identity: Option<Identity>,
}

enum Content {
    /// With the length of what it holds.
    Raw(Arc<dyn ReadAt>, u64),
    Qcow2(qcow2::Image),
}

/// What tells whether a file is still the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) path: PathBuf,
    pub(super) length: u64,
    /// Milliseconds since the epoch.
    pub(super) modified: u64,
}

impl Disk {
    /// Opens an image file, of a format that is given or told by its content.
    pub(super) fn open(path: &Path, format: Option<Format>, backing: &Backing) -> Result<Self> {
        let name = path.display().to_string();
        let unreadable = |error: std::io::Error| wrong(format!("{name} cannot be opened: {error}")).with_source(error);
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        // To open a pipe waits for whoever writes to it.
        if !is_image(metadata.file_type()) {
            let hint = "what can only be read from its start to its end is a `Source::reader`";
            return Err(wrong(format!("{name} is neither a file nor a block device; {hint}")));
        }
        let file = DirectFile::open(path).map_err(unreadable)?;
        let length = file.size().map_err(unreadable)?;
        let format = format_of(&file, &name, format)?;
        let modified = metadata.modified().ok();
        let modified = modified
            .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let identity = Some(Identity { path: absolute, length, modified });
        let content = match format {
            Format::Qcow2 => Content::Qcow2(qcow2::Image::open(path, backing).map_err(failed)?),
            _ => Content::Raw(Arc::new(file), length),
        };
        Ok(Self { name, format, content, identity })
    }

    /// Name of the file without what tells its format.
    pub(super) fn file_stem(&self) -> Option<String> {
        Path::new(&self.name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).filter(|stem| !stem.is_empty())
    }

    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    pub(super) fn size(&self) -> u64 {
        match &self.content {
            Content::Raw(_, length) => sectors(*length),
            Content::Qcow2(image) => sectors(image.size()),
        }
    }

    /// What is where, in order and without gaps, up to `size`: what is past the end of the image is zeros.
    pub(super) fn extents(self: &Arc<Self>, size: u64) -> impl Iterator<Item = Result<Extent>> + Send + use<> {
        let disk = self.clone();
        let mut position = 0;
        let mut found = Vec::new().into_iter();
        std::iter::from_fn(move || {
            loop {
                if let Some(extent) = found.next() {
                    return Some(Ok(extent));
                }
                if position >= size {
                    return None;
                }
                let length = SPAN.min(size - position);
                match disk.extents_within(position, length) {
                    Ok(extents) => found = extents.into_iter(),
                    Err(error) => {
                        position = size;
                        return Some(Err(error));
                    }
                }
                position += length;
            }
        })
    }

    fn extents_within(&self, start: u64, length: u64) -> Result<Vec<Extent>> {
        let mut extents = Vec::new();
        let mut position = start;
        let end = start.saturating_add(length);
        match &self.content {
            Content::Raw(source, size) => {
                while position < end.min(*size) {
                    let span = source.span_at(position, end.min(*size) - position);
                    let span = span.map_err(|error| self.unreadable(error))?;
                    let kind = if span.stored { ExtentKind::Data } else { ExtentKind::Zero };
                    let length = span.length.clamp(1, end.min(*size) - position);
                    extents.push(Extent::new(position, length, kind));
                    position += length;
                }
            }
            Content::Qcow2(image) => {
                for extent in image.map(start, length) {
                    let extent = extent.map_err(failed)?;
                    position = extent.end();
                    extents.push(extent);
                }
            }
        }
        if position < end {
            extents.push(Extent::new(position, end - position, ExtentKind::Zero));
        }
        Ok(extents)
    }

    /// What the whole disk is made of, and how large a qcow2 image with it can get, in bytes.
    pub(super) fn survey(self: &Arc<Self>) -> Result<(Survey, u64)> {
        let mut survey = Survey::default();
        let mut failure = None;
        let extents = self.extents(self.size()).map_while(|extent| match extent {
            Ok(extent) => {
                survey.add(&extent);
                Some(extent)
            }
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        let required = qcow2::measure(self.size(), extents, qcow2::DEFAULT_CLUSTER_SIZE);
        match failure {
            Some(error) => Err(error),
            None => Ok((survey, required.map_err(failed)?)),
        }
    }

    /// Reads what a guest would read there.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        match &self.content {
            Content::Raw(source, size) => {
                let stored = narrow(size.saturating_sub(offset)).min(buf.len());
                let (stored, past) = buf.split_at_mut(stored);
                past.fill(0);
                source.read_exact_at(stored, offset).map_err(|error| self.unreadable(error))
            }
            Content::Qcow2(image) => {
                let stored = narrow(image.size().saturating_sub(offset)).min(buf.len());
                let (stored, past) = buf.split_at_mut(stored);
                past.fill(0);
                image.read_at(stored, offset).map_err(failed)
            }
        }
    }

    fn unreadable(&self, error: std::io::Error) -> Error {
        wrong(format!("{} cannot be read: {error}", self.name)).with_source(error)
    }
}

/// Whether it can be read at any place.
#[cfg(unix)]
fn is_image(file: std::fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    file.is_file() || file.is_block_device()
}

#[cfg(not(unix))]
fn is_image(file: std::fs::FileType) -> bool {
    !file.is_dir()
}

/// The format that was given, or that the content tells.
fn format_of(source: &dyn ReadAt, name: &str, given: Option<Format>) -> Result<Format> {
    let format = given.map_or_else(|| detect(source, name), Ok).map_err(failed)?;
    accept(name, format)?;
    Ok(format)
}

fn accept(name: &str, format: Format) -> Result<()> {
    match format.refusal() {
        Some(refusal) => Err(wrong(format!("{name} cannot be uploaded: {refusal}"))),
        None => Ok(()),
    }
}

fn sectors(length: u64) -> u64 {
    length.checked_next_multiple_of(SECTOR).unwrap_or(length)
}

pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Image, message)
}

/// An image that cannot be used.
pub(super) fn failed(error: ImageError) -> Error {
    wrong(error.to_string()).with_source(error)
}
