use super::super::bytes::{narrow, wide};
use super::super::error::{ImageError, Result};
use super::super::io::{ReadAt, WriteAt};
use super::layout::Layout;

/// Writes a new qcow2 image: the data in any order, then all the rest.
///
/// Threads can share it. The target must be new: what is not written in a cluster with data is taken to be
/// zeros already, as in a file that was empty. Until [`finish`](Self::finish), the file is no image, so that
/// nobody takes one that is not complete for one that is.
pub struct Writer<W> {
    target: W,
    name: String,
    layout: Layout,
}

impl<W: WriteAt> Writer<W> {
    /// Starts an image in `target`, which is made as long as it will be; `name` is for errors.
    ///
    /// # Errors
    /// [`ImageError::Io`] if the target cannot be made that long.
    pub fn new(target: W, name: &str, layout: Layout) -> Result<Self> {
        let writer = Self { target, name: name.to_owned(), layout };
        writer.target.set_size(writer.layout.file_size()).map_err(|error| writer.failed(error))?;
        Ok(writer)
    }

    /// The layout that the image has.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Writes what is at `offset` on the disk, in bytes. It may start and end anywhere in clusters with
    /// data.
    ///
    /// # Errors
    /// [`ImageError::Argument`] if the layout has no room for some of it, because it is past the end of the disk
    /// or in no extent with data; [`ImageError::Io`] if the target cannot be written. Some of the data may be
    /// written then.
    pub fn write_at(&self, data: &[u8], offset: u64) -> Result<()> {
        let (mut data, mut offset) = (data, offset);
        while !data.is_empty() {
            let Some((host, room)) = self.layout.host_offset(offset) else {
                return Err(ImageError::argument(format!(
                    "{}: the layout has no room for data at {offset} on the disk; was it made from other extents?",
                    self.name
                )));
            };
            let (part, rest) = data.split_at_checked(narrow(room)).unwrap_or((data, &[]));
            self.target.write_all_at(part, host).map_err(|error| self.failed(error))?;
            offset = offset.saturating_add(wide(part.len()));
            data = rest;
        }
        Ok(())
    }

    /// What the image is written to.
    pub fn target(&self) -> &W {
        &self.target
    }

    /// Reads what was written at `offset` on the disk, in bytes: zeros where nothing was.
    ///
    /// # Errors
    /// Those of reading the target.
    pub fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<()>
    where
        W: ReadAt,
    {
        let (mut buf, mut offset) = (buf, offset);
        while !buf.is_empty() {
            let next = self.layout.next_host_offset(offset);
            let (host, room) = next.unwrap_or((None, u64::MAX));
            let count = narrow(room).min(buf.len());
            let (part, rest) = std::mem::take(&mut buf).split_at_mut(count);
            match host {
                Some(host) => self.target.read_exact_at(part, host)?,
                None => part.fill(0),
            }
            buf = rest;
            offset = offset.saturating_add(wide(count));
        }
        Ok(())
    }

    /// Writes the metadata, the header last, and gives back the target, which is not flushed to the disk.
    ///
    /// # Errors
    /// [`ImageError::Io`] if the target cannot be written.
    pub fn finish(self) -> Result<W> {
        for (offset, bytes) in self.layout.metadata() {
            self.target.write_all_at(&bytes, offset).map_err(|error| self.failed(error))?;
        }
        self.target.write_all_at(&self.layout.header(), 0).map_err(|error| self.failed(error))?;
        Ok(self.target)
    }

    fn failed(&self, error: std::io::Error) -> ImageError {
        ImageError::io(&self.name, "cannot be written", error)
    }
}
