use super::super::bytes::{narrow, wide};
use super::super::error::{ImageError, Result};
use super::super::io::ReadAt;
use super::backing::{Backing, open_chain, open_one};
use super::entry::Place;
use super::header::Info;
use super::layer::Layer;
use super::map::Map;
use std::path::Path;

/// A qcow2 image that is open for reading, with its backing files if they are allowed.
///
/// Threads can share it. The files must not be changed meanwhile.
pub struct Image {
    /// From the top; never empty, and the first is qcow2.
    layers: Vec<Layer>,
    info: Info,
    /// The backing file that is left alone.
    left: Option<String>,
}

impl Image {
    /// Opens an image file.
    ///
    /// # Errors
    /// [`ImageError::Io`] if a file cannot be opened or read, [`ImageError::Unsupported`] if it is not qcow2
    /// or uses what cannot be read here, [`ImageError::Corrupt`] if it contradicts itself, and
    /// [`ImageError::Backing`] if a backing file is not allowed or not usable.
    pub fn open(path: impl AsRef<Path>, backing: &Backing) -> Result<Self> {
        let path = path.as_ref();
        Self::new(&path.display().to_string(), open_chain(path, backing)?)
    }

    /// Opens an image that is not, or not known as, a file with a path; `name` is for errors. No other
    /// file can be opened, so that an image with a backing file is an error unless that is
    /// [left alone](Backing::Leave).
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn from_source(source: impl ReadAt + 'static, name: &str, backing: &Backing) -> Result<Self> {
        Self::new(name, open_one(name, Box::new(source), backing)?)
    }

    fn new(name: &str, layers: Vec<Layer>) -> Result<Self> {
        let Some(Layer::Qcow2(top)) = layers.first() else {
            return Err(ImageError::unsupported(name, "it is not a qcow2 image"));
        };
        let info = top.tables.header.info.clone();
        let left = info.backing_file.clone().filter(|_| layers.len() == 1);
        Ok(Self { layers, info, left })
    }

    /// What the header of the image says; not those of its backing files.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Size of the disk, in bytes.
    pub fn size(&self) -> u64 {
        self.info.virtual_size
    }

    /// What the disk has from `start` for `length` bytes, as far as that is within the disk, through all
    /// files of the chain: a [hole](super::super::ExtentKind::Hole) is what none of them has, and reads as
    /// zeros unless the backing file is [left alone](Backing::Leave).
    ///
    /// The number of steps depends on what is allocated, not on the size of the disk.
    pub fn map(&self, start: u64, length: u64) -> Map<'_> {
        self.map_layers(&self.layers, start, length)
    }

    /// As [`map`](Self::map), but only what the image itself has: a [hole](super::super::ExtentKind::Hole)
    /// is where its backing file shows through.
    pub fn map_layer(&self, start: u64, length: u64) -> Map<'_> {
        self.map_layers(self.layers.get(..1).unwrap_or_default(), start, length)
    }

    fn map_layers<'a>(&self, layers: &'a [Layer], start: u64, length: u64) -> Map<'a> {
        let end = start.saturating_add(length).min(self.size());
        Map::new(layers, start.min(end), end)
    }

    /// Fills `buf` with what a guest would read from `offset` on, in bytes.
    ///
    /// # Errors
    /// [`ImageError::Argument`] if that is past the end of the disk, [`ImageError::Backing`] if it is in a
    /// backing file that was left alone, [`ImageError::Corrupt`] or [`ImageError::Io`] if a file is damaged or
    /// cannot be read. Then `buf` may be filled in part.
    pub fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        if offset.checked_add(wide(buf.len())).is_none_or(|end| end > self.size()) {
            return Err(ImageError::argument(format!(
                "{} bytes at {offset} cannot be read from a disk of {} bytes",
                buf.len(),
                self.size()
            )));
        }
        self.read_layers(&self.layers, buf, offset)
    }

    /// There are 16 layers at most, so that this cannot call itself too often.
    fn read_layers(&self, layers: &[Layer], buf: &mut [u8], offset: u64) -> Result<()> {
        let (mut buf, mut offset) = (buf, offset);
        let Some((layer, behind)) = layers.split_first() else {
            buf.fill(0);
            return Ok(());
        };
        while !buf.is_empty() {
            let max = layer.size().saturating_sub(offset).min(wide(buf.len()));
            if max == 0 {
                // A backing file may be shorter than what is in front of it.
                buf.fill(0);
                return Ok(());
            }
            let run = layer.run(offset, max)?;
            let count = narrow(run.length).min(buf.len());
            let (part, rest) = std::mem::take(&mut buf).split_at_mut(count);
            match (run.place, &self.left) {
                (Place::Hole, Some(left)) => return Err(self.left_alone(offset, left)),
                (Place::Hole, None) => self.read_layers(behind, part, offset)?,
                (place, _) => layer.read(offset, place, part)?,
            }
            buf = rest;
            offset = offset.saturating_add(run.length);
        }
        Ok(())
    }

    fn left_alone(&self, offset: u64, left: &str) -> ImageError {
        let name = match self.layers.first() {
            Some(Layer::Qcow2(top)) => &top.tables.name,
            _ => "the image",
        };
        ImageError::backing(
            name,
            format!(
                "what is at {offset} on the disk is in the backing file {left:?}, which was left alone; allow its folder by `Backing::Within` to read it"
            ),
        )
    }
}
