//! Whether a file is in the page cache.

use crate::Result;
use crate::cells::Cache;
use crate::images::Image;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use std::fs::File;
use std::path::Path;

/// Brings an image there, or out of there.
pub(crate) fn prepare(image: &Image, cache: Cache) -> Result<()> {
    match cache {
        Cache::Warm => image.read(),
        Cache::Cold => {
            let file = File::open(&image.path)?;
            // What is not on the disk yet would stay.
            file.sync_all()?;
            Ok(posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?)
        }
    }
}

/// Checks that files in a folder are on a disk, and not in memory whatever happens.
pub(crate) fn check(folder: &Path) -> Result<()> {
    if statfs(folder)?.filesystem_type() == TMPFS_MAGIC {
        return Err(format!("{} is in memory; give a --folder that is on a disk", folder.display()).into());
    }
    Ok(())
}
