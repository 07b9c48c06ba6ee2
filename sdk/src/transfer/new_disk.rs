//! The disk that is made for an image.

use super::engine_version::EngineVersion;
use super::image::qcow2;
use super::image::{Extent, ExtentKind, Format};
use super::source::{Opened, failed};
use crate::core::error::{Error, ErrorKind, Result};
use crate::ovirt::Connection;
use crate::ovirt::types::{Disk, DiskBackup, DiskContentType, DiskFormat, StorageDomain, StorageType};
use std::hash::{BuildHasher, RandomState};

/// What is known of an image that a disk is made for.
pub(super) struct Known {
    pub(super) name: Option<String>,
    pub(super) format: Format,
    /// Size of the disk, in bytes.
    pub(super) size: u64,
    /// How large a qcow2 image with this content can get, in bytes.
    pub(super) required: Option<u64>,
}

impl Known {
    /// Looks at a source. This blocks.
    pub(super) fn of(source: &Opened) -> Result<Self> {
        let (name, required) = match source {
            Opened::Disk(disk) => (disk.file_stem(), Some(disk.survey()?.1)),
            Opened::Stream(stream) => {
                // It may turn out to be full of data.
                let all = [Extent::new(0, stream.size, ExtentKind::Data)];
                let required = qcow2::measure(source.size(), all, qcow2::DEFAULT_CLUSTER_SIZE).map_err(failed)?;
                (None, Some(required))
            }
        };
        Ok(Self { name, format: source.format(), size: source.size(), required })
    }
}

/// Completes what the caller says of a disk.
///
/// # Errors
///
/// `Request`, if there is no storage domain, or the image does not fit.
pub(super) async fn described(connection: &Connection, version: EngineVersion, disk: Disk, known: &Known) -> Result<Disk> {
    let is_iso = known.format == Format::Iso;
    let format = disk.format.clone().unwrap_or(if known.format == Format::Qcow2 { DiskFormat::Cow } else { DiskFormat::Raw });
    let is_cow = format == DiskFormat::Cow;
    check_format(version, &format, known)?;
    let sparse = match disk.sparse {
        Some(sparse) => sparse,
        None if is_cow => true,
        None => !is_iso && !is_block_storage(connection, &disk).await?,
    };
    let size = i64::try_from(known.size).map_err(|_| request(format!("{} bytes are more than any disk has", known.size)))?;
    if let Some(given) = disk.provisioned_size.filter(|given| *given < size) {
        return Err(request(format!("the image is of a disk of {size} bytes, which does not fit into {given}")));
    }
    if disk.storage_domains.is_none() && disk.storage_domain.is_none() {
        return Err(request(
            "a new disk needs a storage domain: `Disk::new().storage_domains([StorageDomain::new().name(\"…\")])`",
        ));
    }
    let mut complete = disk.format(format).sparse(sparse);
    complete.id.get_or_insert_with(random_id);
    if complete.name.is_none() && complete.alias.is_none() {
        complete.name = known.name.clone();
    }
    complete.provisioned_size.get_or_insert(size);
    if is_iso {
        complete.content_type.get_or_insert(DiskContentType::Iso);
    }
    if is_cow && sparse && complete.initial_size.is_none() {
        complete.initial_size = known.required.and_then(|required| i64::try_from(required).ok());
    }
    if is_cow && version.knows_incremental_backup() {
        complete.backup.get_or_insert(DiskBackup::Incremental);
    }
    Ok(complete)
}

/// Checks that an engine that converts nothing has nothing to convert.
///
/// # Errors
///
/// `Request`, if it had.
pub(super) fn check_format(version: EngineVersion, disk: &DiskFormat, known: &Known) -> Result<()> {
    let is_same = (*disk == DiskFormat::Cow) == (known.format == Format::Qcow2);
    if is_same || version.converts() {
        return Ok(());
    }
    Err(request(format!(
        "engine {version} converts nothing: an image in the format {} cannot go to a disk in {disk}",
        known.format
    )))
}

/// Whether a disk will be in block storage, where raw disks take their whole size from the start.
async fn is_block_storage(connection: &Connection, disk: &Disk) -> Result<bool> {
    let listed = disk.storage_domains.as_ref().and_then(|domains| domains.first());
    let given = listed.or(disk.storage_domain.as_ref().and_then(|domain| domain.get()));
    let id = given
        .and_then(|domain| domain.id.clone())
        .or(disk.storage_domain.as_ref().and_then(|domain| domain.id().map(str::to_owned)));
    let domains = connection.system_service().storage_domains_service();
    let found: Option<StorageDomain> = match (id, given.and_then(|domain| domain.name.as_deref())) {
        (Some(id), _) => Some(domains.storage_domain_service(&id).get().send().await?),
        (None, Some(name)) => domains.list().search(format!("name={name}")).send().await?.into_iter().next(),
        (None, None) => None,
    };
    let storage = found.and_then(|domain| domain.storage).and_then(|storage| storage.r#type);
    Ok(matches!(storage, Some(StorageType::Iscsi | StorageType::Fcp)))
}

/// A random identifier. With it, what the engine makes can be found again even if its answer is lost.
fn random_id() -> String {
    let (high, low) = (RandomState::new().hash_one(0_u64), RandomState::new().hash_one(1_u64));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48) & 0x3fff,
        low & 0xffff_ffff_ffff
    )
}

pub(super) fn request(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Request, message)
}

#[cfg(test)]
mod tests {
    use super::random_id;

    #[test]
    fn identifiers_are_of_the_fourth_version_and_differ() {
        let (one, other) = (random_id(), random_id());
        assert_ne!(one, other);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes().get(14), Some(&b'4'), "{one}");
        assert!(one.as_bytes().get(19).is_some_and(|digit| b"89ab".contains(digit)), "{one}");
    }
}
