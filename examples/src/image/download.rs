//! The command `download`.

use super::Context;
use super::arguments::DownloadArguments;
use super::failure::{CODE_RESUMABLE, Failure, passes};
use super::moved::Moved;
use super::place::Place;
use std::path::PathBuf;
use virt_sdk::transfer::{self, Downloaded, ImageId};

pub(super) async fn download(arguments: &DownloadArguments, context: &Context) -> Result<Moved, Failure> {
    let id = arguments.disk_id.clone();
    let (disk_id, snapshot_id) = if arguments.snapshot { (None, Some(id.clone())) } else { (Some(id.clone()), None) };
    let image = if arguments.snapshot { ImageId::Snapshot(id) } else { ImageId::Disk(id) };
    let mut download = transfer::download(&context.connection, image)
        .resume(arguments.resume)
        .connections(arguments.common.moving.max_workers.into())
        .checksum(arguments.common.moving.verify)
        .on_progress(context.on_progress())
        .cancel_on(context.called_off());
    download = match &arguments.file {
        Place::File(path) => download.to_file(path),
        Place::Stream => download.to_writer(tokio::io::stdout()),
    };
    if let Some(format) = arguments.format {
        download = download.format(format.into());
    }
    if let Some(timeout) = context.disk_timeout {
        download = download.start_timeout(timeout);
    }
    let Downloaded { transfer_id, format, size, transferred, checksum, .. } = download.send().await.map_err(|error| {
        let is_kept = kept(arguments).is_some_and(|journal| passes(&error) && journal.exists());
        Failure::from(error).with_code(is_kept.then_some(CODE_RESUMABLE))
    })?;
    Ok(Moved { disk_id, snapshot_id, transfer_id, format, size, transferred, checksum })
}

/// The journal that an interrupted download leaves.
fn kept(arguments: &DownloadArguments) -> Option<PathBuf> {
    match &arguments.file {
        Place::File(path) if arguments.resume => {
            let mut name = path.clone().into_os_string();
            name.push(".part.journal");
            Some(name.into())
        }
        _ => None,
    }
}
