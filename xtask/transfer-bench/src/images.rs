//! The images that are moved.

use crate::Result;
use fastrand::Rng;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A kind of image: stretches of data, evenly spread.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Size of the disk, in bytes.
    size: u64,
    /// Bytes of data at the start of each step.
    stretch: u64,
    /// Bytes from one stretch to the next.
    step: u64,
    /// Whether the data is zeros, which take up room.
    is_zeros: bool,
    /// Whether it is only measured when it is asked for.
    pub(crate) is_extra: bool,
}

pub(crate) const KINDS: [Kind; 4] = [
    Kind { name: "sparse4g", size: 4 << 30, stretch: 16 << 20, step: 64 << 20, is_zeros: false, is_extra: false },
    Kind { name: "rand1g", size: 1 << 30, stretch: 16 << 20, step: 16 << 20, is_zeros: false, is_extra: false },
    Kind { name: "frag1g", size: 1 << 30, stretch: 64 << 10, step: 128 << 10, is_zeros: false, is_extra: false },
    Kind { name: "zeros1g", size: 1 << 30, stretch: 16 << 20, step: 16 << 20, is_zeros: true, is_extra: true },
];

/// An image that was made.
pub(crate) struct Image {
    pub(crate) kind: &'static Kind,
    pub(crate) path: PathBuf,
    /// Size of the disk, in bytes.
    pub(crate) size: u64,
    /// Bytes that it takes up.
    pub(crate) allocation: u64,
}

impl Image {
    /// Makes one in a folder, an Nth of its size if `scale` is N.
    pub(crate) fn make(kind: &'static Kind, folder: &Path, scale: u64) -> Result<Self> {
        let path = folder.join(format!("{}.raw", kind.name));
        let size = (kind.size / scale / kind.step).max(1) * kind.step;
        remove(&path)?;
        let file = File::create(&path)?;
        file.set_len(size)?;
        let image = Self { kind, path, size, allocation: 0 };
        let mut data = vec![0; usize::try_from(kind.stretch)?];
        let mut random = Rng::with_seed(kind.size ^ kind.step);
        for start in image.stretches() {
            if !kind.is_zeros {
                random.fill(&mut data);
            }
            file.write_all_at(&data, start)?;
        }
        file.sync_all()?;
        Ok(Self { allocation: allocation(&image.path)?, ..image })
    }

    /// Where data starts.
    fn stretches(&self) -> impl Iterator<Item = u64> {
        (0..self.size / self.kind.step).map(|index| index * self.kind.step)
    }

    /// Reads all data.
    pub(crate) fn read(&self) -> Result<()> {
        let file = File::open(&self.path)?;
        let mut data = vec![0; usize::try_from(self.kind.stretch)?];
        self.stretches().try_for_each(|start| Ok(file.read_exact_at(&mut data, start)?))
    }
}

/// Makes a file for the server to write to: a hole of that size.
pub(crate) fn make_target(path: &Path, size: u64) -> Result<()> {
    remove(path)?;
    Ok(File::create(path)?.set_len(size)?)
}

/// Bytes that a file takes up.
pub(crate) fn allocation(path: &Path) -> Result<u64> {
    // Blocks are of 512 bytes, whatever those of the file system are.
    Ok(fs::metadata(path)?.blocks() * 512)
}

/// Removes a file, if there is one.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", path.display()).into()),
        _ => Ok(()),
    }
}
