//! Reading and writing at an offset, which threads can do side by side on one file.

use std::fs::File;
use std::io;
use std::sync::Arc;

/// What an image can be read from.
pub trait ReadAt: Send + Sync {
    /// Reads at `offset`, in bytes, as many bytes as there are at once but not more than `buf` takes.
    /// 0 means that there are none.
    ///
    /// # Errors
    /// Whatever the system says.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// How many bytes there are.
    ///
    /// # Errors
    /// Whatever the system says.
    fn size(&self) -> io::Result<u64>;

    /// Whether the bytes from `offset` on are stored, or a hole that reads as zeros; and how many more
    /// are alike, `max` at most. A source that cannot tell says that all are stored.
    ///
    /// # Errors
    /// Whatever the system says.
    fn span_at(&self, _offset: u64, max: u64) -> io::Result<Span> {
        Ok(Span { length: max, stored: true })
    }

    /// Fills `buf` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when there are not as many bytes; else whatever the system says.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let (mut buf, mut offset) = (buf, offset);
        while !buf.is_empty() {
            match self.read_at(buf, offset) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends too early")),
                Ok(count) => {
                    buf = buf.get_mut(count..).unwrap_or_default();
                    offset = offset.saturating_add(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A part of a file that is stored, or a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many bytes; never 0.
    pub length: u64,
    /// `false` for a hole, which reads as zeros.
    pub stored: bool,
}

/// What an image can be written to.
pub trait WriteAt: Send + Sync {
    /// Writes all of `data` at `offset`, in bytes.
    ///
    /// # Errors
    /// Whatever the system says. Some of the data may be written then.
    fn write_all_at(&self, data: &[u8], offset: u64) -> io::Result<()>;

    /// Makes the target `size` bytes long. What was not written reads as zeros.
    ///
    /// # Errors
    /// Whatever the system says.
    fn set_size(&self, size: u64) -> io::Result<()>;
}

impl ReadAt for File {
    #[cfg(unix)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buf, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buf, offset)
    }

    fn size(&self) -> io::Result<u64> {
        let metadata = self.metadata()?;
        if metadata.is_file() {
            return Ok(metadata.len());
        }
        // A block device has a size, but its metadata says 0.
        io::Seek::seek(&mut &*self, io::SeekFrom::End(0))
    }

    fn span_at(&self, offset: u64, max: u64) -> io::Result<Span> {
        super::local::span_at(self, offset, max)
    }
}

impl WriteAt for File {
    #[cfg(unix)]
    fn write_all_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, data, offset)
    }

    #[cfg(windows)]
    fn write_all_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        let (mut data, mut offset) = (data, offset);
        while !data.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(self, data, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    data = data.get(count..).unwrap_or_default();
                    offset = offset.saturating_add(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }
}

impl ReadAt for [u8] {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        io::Read::read(&mut &*rest, buf)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(buf, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.as_slice().size()
    }
}

/// What is behind a pointer reads as itself.
macro_rules! read_through {
    ($($pointer:ty),*) => {$(
        impl<T: ReadAt + ?Sized> ReadAt for $pointer {
            fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
                (**self).read_at(buf, offset)
            }

            fn size(&self) -> io::Result<u64> {
                (**self).size()
            }

            fn span_at(&self, offset: u64, max: u64) -> io::Result<Span> {
                (**self).span_at(offset, max)
            }
        }
    )*};
}
read_through!(&T, Box<T>, Arc<T>);
