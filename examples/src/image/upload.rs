//! The command `upload`.

use super::Context;
use super::arguments::UploadArguments;
use super::failure::{CODE_RESUMABLE, Failure, passes};
use super::moved::Moved;
use super::place::Place;
use virt_sdk::ovirt::types::{Disk, StorageDomain};
use virt_sdk::transfer::image::qcow2::Backing;
use virt_sdk::transfer::{self, Source, Uploaded};

pub(super) async fn upload(arguments: &UploadArguments, context: &Context) -> Result<Moved, Failure> {
    let mut upload = transfer::upload(&context.connection, source(arguments))
        .connections(arguments.common.moving.max_workers.into())
        .checksum(arguments.common.moving.verify)
        .on_progress(context.on_progress())
        .cancel_on(context.called_off());
    upload = match &arguments.into {
        Some(id) => upload.disk(id),
        None => upload.new_disk(new_disk(arguments)),
    };
    if let Some(journal) = &arguments.resume {
        upload = upload.resume_from(journal);
    }
    if let Some(timeout) = context.disk_timeout {
        upload = upload.start_timeout(timeout);
    }
    let Uploaded { disk_id, transfer_id, format, size, transferred, checksum, .. } = upload.send().await.map_err(|error| {
        // The one before may have been left paused, and this one have come to nothing.
        let is_kept = arguments.resume.as_ref().is_some_and(|journal| passes(&error) && journal.exists());
        let is_resumable = error.paused_transfer().is_some() || is_kept;
        Failure::from(error).with_code(is_resumable.then_some(CODE_RESUMABLE))
    })?;
    Ok(Moved { disk_id: Some(disk_id), snapshot_id: None, transfer_id, format, size, transferred, checksum })
}

fn source(arguments: &UploadArguments) -> Source {
    let source = match &arguments.file {
        Place::File(path) => Source::file(path),
        Place::Stream => Source::reader(tokio::io::stdin(), arguments.size.unwrap_or_default()),
    };
    let source = match arguments.source_format {
        Some(format) => source.format(format.into()),
        None => source,
    };
    match &arguments.backing_folder {
        Some(folder) => source.backing(Backing::Within(folder.clone())),
        None => source,
    }
}

/// What is said of the new disk; the rest follows from the image.
fn new_disk(arguments: &UploadArguments) -> Disk {
    let mut disk = Disk::new();
    disk.id = arguments.disk_id.map(|id| id.to_string());
    disk.name.clone_from(&arguments.name);
    disk.format = arguments.format.map(Into::into);
    disk.sparse = arguments.preallocated.then_some(false);
    match &arguments.storage_domain {
        Some(name) => disk.storage_domains([StorageDomain::new().name(name)]),
        None => disk,
    }
}
