//! From the name of a backing file to the file, if it may be used.

use super::super::error::{ImageError, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Which file it is, whatever its name.
#[cfg(unix)]
pub(super) type Identity = (u64, u64);
/// Which file it is, whatever its name.
#[cfg(not(unix))]
pub(super) type Identity = PathBuf;

/// An open file, by a name under which other names are looked up.
pub(super) struct Found {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
}

/// Opens the file that `image` names as its backing file, which must be within `folder`.
pub(super) fn find(image: &Path, name: &str, folder: &Path) -> Result<Found> {
    let shown = image.display().to_string();
    let refuse = |reason: String| ImageError::backing(&shown, format!("the backing file {name:?} {reason}"));
    // As QEMU tells a protocol: a colon before the first slash.
    if name.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err(refuse("is not the name of a file but of another source, which is never opened; if you trust the image, bring both into one file: qemu-img convert -O qcow2".to_owned()));
    }
    if name.contains('\0') {
        return Err(refuse("has a byte 0 in its name".to_owned()));
    }
    let path = image.parent().unwrap_or(Path::new("")).join(name);
    let real = path.canonicalize().map_err(|error| refuse(format!("cannot be found: {error}")))?;
    let folder = folder
        .canonicalize()
        .map_err(|error| refuse(format!("is looked for in {}, which cannot be found: {error}", folder.display())))?;
    if !real.starts_with(&folder) {
        return Err(refuse(format!(
            "is {}, which is not within {}; allow another folder if you trust the image",
            real.display(),
            folder.display()
        )));
    }
    // Opening anything else, such as a pipe, could wait for ever.
    let metadata = real.metadata().map_err(|error| refuse(format!("cannot be looked at: {error}")))?;
    if !metadata.is_file() {
        return Err(refuse("is not a regular file".to_owned()));
    }
    let file = File::open(&real).map_err(|error| refuse(format!("cannot be opened: {error}")))?;
    let identity = identity(&file, &real).map_err(|error| refuse(format!("cannot be looked at: {error}")))?;
    Ok(Found { file, path, identity })
}

#[cfg(unix)]
pub(super) fn identity(file: &File, _path: &Path) -> std::io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
pub(super) fn identity(_file: &File, path: &Path) -> std::io::Result<Identity> {
    path.canonicalize()
}
