use super::super::error::{ImageError, Result};
use super::super::io::ReadAt;
use super::backing_name::{find, identity};
use super::layer::{Layer, Qcow2, Raw};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Most files of a chain.
const MAX_LAYERS: usize = 16;

/// What to do about the backing file that an image names.
///
/// The name comes from the image. If that comes from somebody else, it may name any file that this program
/// can read, whose content would then become part of the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backing {
    /// Open no image that has one.
    #[default]
    Refuse,
    /// Leave it alone: maps are those of the one file, and reading where it has nothing is an error.
    Leave,
    /// Open it, and those behind it, if they are in this folder or below it after all symbolic links are
    /// resolved. Images in that folder should not be changed by others meanwhile.
    Within(PathBuf),
}

/// Opens an image and what is behind it: the layers, from the top.
pub(super) fn open_chain(path: &Path, backing: &Backing) -> Result<Vec<Layer>> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| ImageError::io(&name, "cannot be opened", error))?;
    let mut identities = vec![identity(&file, path).map_err(|error| ImageError::io(&name, "cannot be looked at", error))?];
    let mut layers = vec![Layer::Qcow2(Box::new(Qcow2::open(name, Box::new(file))?))];
    let mut path = path.to_owned();
    while let Some(Layer::Qcow2(top)) = layers.last()
        && let Some(next) = top.tables.header.info.backing_file.clone()
    {
        let image = &top.tables.name;
        let folder = match backing {
            Backing::Refuse => {
                return Err(not_allowed(image, &next, "allow its folder by `Backing::Within`"));
            }
            Backing::Leave => break,
            Backing::Within(folder) => folder,
        };
        if layers.len() >= MAX_LAYERS {
            return Err(ImageError::backing(
                image,
                format!(
                    "it is the last of {MAX_LAYERS} files that may form a chain, but has the backing file {next:?}; make the chain shorter: qemu-img convert -O qcow2"
                ),
            ));
        }
        let raw = is_raw(image, &next, top.tables.header.info.backing_format.as_deref())?;
        let found = find(&path, &next, folder)?;
        if identities.contains(&found.identity) {
            return Err(ImageError::backing(
                image,
                format!(
                    "its backing file {next:?} is in the chain already, which makes a loop; correct the name: qemu-img rebase -u"
                ),
            ));
        }
        identities.push(found.identity);
        path = found.path;
        let name = path.display().to_string();
        layers.push(if raw {
            let size = found.file.size().map_err(|error| ImageError::io(&name, "has no size", error))?;
            Layer::Raw(Raw { name, source: Box::new(found.file), size })
        } else {
            Layer::Qcow2(Box::new(Qcow2::open(name, Box::new(found.file))?))
        });
    }
    Ok(layers)
}

/// A chain of one image that is not a file, or not known as one, so that no other file can be found.
pub(super) fn open_one(name: &str, source: Box<dyn ReadAt>, backing: &Backing) -> Result<Vec<Layer>> {
    let qcow2 = Qcow2::open(name.to_owned(), source)?;
    match (&qcow2.tables.header.info.backing_file, backing) {
        (Some(next), Backing::Refuse) => {
            Err(not_allowed(name, next, "open it by its path and allow the folder by `Backing::Within`"))
        }
        (Some(next), Backing::Within(_)) => {
            Err(not_allowed(name, next, "open it by its path, so that it is known where to look"))
        }
        _ => Ok(vec![Layer::Qcow2(Box::new(qcow2))]),
    }
}

fn not_allowed(image: &str, next: &str, what_to_do: &str) -> ImageError {
    ImageError::backing(
        image,
        format!(
            "it has the backing file {next:?}, which is not opened unless you allow it; if you trust the image, {what_to_do}, or bring both into one file: qemu-img convert -O qcow2"
        ),
    )
}

/// Whether a backing file is raw, else it is qcow2. Its content is not asked: a guest that has a raw disk can
/// write the header of an image to it, with a backing file of its choice.
fn is_raw(image: &str, next: &str, format: Option<&str>) -> Result<bool> {
    match format {
        Some("raw") => Ok(true),
        Some("qcow2") => Ok(false),
        Some(other) => Err(ImageError::backing(
            image,
            format!(
                "its backing file {next:?} is of the format {other:?}, but only raw and qcow2 are supported; convert it: qemu-img convert -O qcow2"
            ),
        )),
        None => Err(ImageError::backing(
            image,
            format!(
                "it does not say of which format its backing file {next:?} is; say it: qemu-img rebase -u -F qcow2 -b {next:?}, or -F raw"
            ),
        )),
    }
}
