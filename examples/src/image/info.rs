//! The command `info`.

use super::arguments::InfoArguments;
use super::failure::{CODE_FAILED, Failure};
use super::moved::bytes;
use super::report::Shown;
use serde_json::{Value, json};
use std::fs::File;
use std::io;
use std::path::Path;
use virt_sdk::transfer::image::qcow2::{self, Backing, Compression, Image};
use virt_sdk::transfer::image::{Extent, ExtentKind, Format, ImageError, ReadAt, detect, local};

/// Size of a sector, in bytes: a disk has whole ones.
const SECTOR: u64 = 512;

/// What a local image is.
pub(super) struct Found {
    file: String,
    format: Format,
    /// Size of the disk in it, in bytes; not known of what cannot be a disk as it is.
    virtual_size: Option<u64>,
    file_size: u64,
    /// Bytes of the file that are not holes.
    allocated: u64,
    /// What a qcow2 image with this content takes at most, in bytes; not known where a backing file was left alone.
    required_size: Option<u64>,
    qcow2: Option<qcow2::Info>,
}

/// Looks at an image. This blocks.
pub(super) fn look_at(arguments: &InfoArguments) -> Result<Found, Failure> {
    let path = &arguments.file;
    let name = path.display().to_string();
    let file = open(path).map_err(|error| unreadable(&name, &error))?;
    let file_size = file.size().map_err(|error| unreadable(&name, &error))?;
    let format = detect(&file, &name)?;
    let extents: Vec<Extent> = local::extents(&file, &name)?.collect::<Result<_, _>>()?;
    let allocated = extents.iter().filter(|extent| extent.kind == ExtentKind::Data).map(|extent| extent.length).sum();
    let mut found = Found { file: name, format, virtual_size: None, file_size, allocated, required_size: None, qcow2: None };
    match format {
        Format::Qcow2 => found.add_qcow2(path, arguments.backing_folder.as_deref())?,
        _ if format.refusal().is_none() => {
            let size = file_size.checked_next_multiple_of(SECTOR).unwrap_or(file_size);
            found.virtual_size = Some(size);
            found.required_size = Some(qcow2::measure(size, extents, qcow2::DEFAULT_CLUSTER_SIZE)?);
        }
        _ => {}
    }
    Ok(found)
}

/// Opens what can be read at any offset: to open a pipe would wait for a writer.
fn open(path: &Path) -> io::Result<File> {
    let kind = std::fs::metadata(path)?.file_type();
    #[cfg(unix)]
    let is_device = std::os::unix::fs::FileTypeExt::is_block_device(&kind);
    #[cfg(not(unix))]
    let is_device = false;
    if kind.is_file() || is_device { File::open(path) } else { Err(io::Error::other("it is neither a file nor a block device")) }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(CODE_FAILED, "image", format!("{name} cannot be read: {error}"))
}

impl Found {
    fn add_qcow2(&mut self, path: &Path, folder: Option<&Path>) -> Result<(), Failure> {
        let backing = folder.map_or(Backing::Leave, |folder| Backing::Within(folder.to_owned()));
        let image = Image::open(path, &backing)?;
        let info = image.info().clone();
        self.virtual_size = Some(info.virtual_size);
        if info.backing_file.is_none() || folder.is_some() {
            self.required_size = Some(required(&image)?);
        }
        self.qcow2 = Some(info);
        Ok(())
    }
}

fn required(image: &Image) -> Result<u64, ImageError> {
    let extents: Vec<Extent> = image.map(0, image.size()).collect::<Result<_, _>>()?;
    qcow2::measure(image.size(), extents, qcow2::DEFAULT_CLUSTER_SIZE)
}

fn compression(info: &qcow2::Info) -> &'static str {
    match info.compression {
        Compression::Zlib => "zlib",
        Compression::Zstd => "zstd",
        _ => "unknown",
    }
}

impl Shown for Found {
    fn json(&self) -> Value {
        let qcow2 = self.qcow2.as_ref().map(|info| {
            json!({
                "version": info.version,
                "cluster_size": info.cluster_size,
                "compression": compression(info),
                "extended_l2": info.extended_l2,
                "backing_file": info.backing_file,
                "backing_format": info.backing_format,
                "snapshots": info.snapshots,
                "bitmaps": info.bitmaps,
                "dirty": info.dirty,
            })
        });
        json!({
            "file": self.file,
            "format": self.format.to_string(),
            "virtual_size": self.virtual_size,
            "file_size": self.file_size,
            "allocated": self.allocated,
            "required_size": self.required_size,
            "refusal": self.format.refusal(),
            "qcow2": qcow2,
        })
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("file", self.file.clone()), ("format", self.format.to_string())];
        lines.extend(self.virtual_size.map(|size| ("virtual size", bytes(size))));
        lines.push(("file size", bytes(self.file_size)));
        lines.push(("allocated", bytes(self.allocated)));
        if self.virtual_size.is_some() {
            let unknown = || "not known without the backing file; see --backing-folder".to_owned();
            lines.push(("required for qcow2", self.required_size.map_or_else(unknown, bytes)));
        }
        lines.extend(self.format.refusal().map(|refusal| ("cannot be uploaded", refusal.to_owned())));
        let Some(info) = &self.qcow2 else { return lines };
        lines.push(("qcow2 version", info.version.to_string()));
        lines.push(("cluster size", bytes(info.cluster_size)));
        lines.push(("compression", compression(info).to_owned()));
        lines.push(("extended L2", if info.extended_l2 { "yes" } else { "no" }.to_owned()));
        if let Some(backing) = &info.backing_file {
            let format = info.backing_format.as_deref().unwrap_or("format not said");
            // Whoever made the image chose the name.
            lines.push(("backing file", format!("{} ({})", backing.escape_debug(), format.escape_debug())));
        }
        lines.extend((info.snapshots > 0).then(|| ("snapshots", info.snapshots.to_string())));
        lines.extend((info.bitmaps > 0).then(|| ("bitmaps", info.bitmaps.to_string())));
        lines.extend(info.dirty.then(|| ("not closed", "its reference counts may be wrong".to_owned())));
        lines
    }
}
