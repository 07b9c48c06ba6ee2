//! Uploads an image to a new disk, downloads it again, and compares.

use clap::Parser;
use examples::{Engine, EngineOptions, ImageTransfer, Outcome, Result, first_data_domain, progress_bar, sha256, wait_for_disk};
use indicatif::{HumanBytes, HumanDuration, ProgressBar};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::types::{Disk, DiskFormat, ImageTransferDirection, StorageDomain};

/// Uploads a raw image to a new disk, downloads it again, and compares the two.
#[derive(Parser)]
struct Options {
    /// Raw image to upload; without it a sparse one of 64 MiB is made
    #[arg(long)]
    image: Option<PathBuf>,
    /// Storage domain for the disk; without it the first active data domain
    #[arg(long)]
    storage_domain: Option<String>,
    #[command(flatten)]
    engine: EngineOptions,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match run(Options::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let image = match options.image {
        Some(image) => image,
        None => make_image(folder.path())?,
    };
    let engine = Engine::open(options.engine).await?;
    let result = tokio::select! {
        result = upload_and_download(&engine, &image, options.storage_domain, folder.path()) => result,
        _ = tokio::signal::ctrl_c() => Err("interrupted; a transfer that was under way is left to the engine, which ends it".into()),
    };
    engine.close().await?;
    result
}

/// A sparse image with some data at both ends and in the middle.
fn make_image(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("image.raw");
    let mut file = File::create(&path)?;
    let size = 64 << 20;
    file.set_len(size)?;
    for start in [0, size / 2, size - 4096] {
        file.seek(SeekFrom::Start(start))?;
        file.write_all(&(0..=255).cycle().take(4096).collect::<Vec<u8>>())?;
    }
    Ok(path)
}

async fn upload_and_download(engine: &Engine, image: &Path, storage_domain: Option<String>, folder: &Path) -> Result<()> {
    let mut source = File::open(image).map_err(|error| format!("{} cannot be read: {error}", image.display()))?;
    let size = source.metadata()?.len();
    if size == 0 || size % 512 != 0 {
        return Err(format!("{} has {size} bytes; a disk has a multiple of 512", image.display()).into());
    }
    let started = Instant::now();
    let storage_domain = match storage_domain {
        Some(name) => name,
        None => first_data_domain(&engine.connection).await?,
    };
    let disk_id = add_disk(&engine.connection, &storage_domain, size).await?;
    println!("Disk {disk_id} of {} on {storage_domain}", HumanBytes(size));

    let transfer = ImageTransfer::start(&engine.connection, &engine.http, &disk_id, ImageTransferDirection::Upload).await?;
    let bar = progress_bar("Upload", size);
    let sent = transfer.upload(&mut source, size, |bytes| bar.inc(bytes)).await;
    end(transfer, sent, &bar).await?;

    let transfer = ImageTransfer::start(&engine.connection, &engine.http, &disk_id, ImageTransferDirection::Download).await?;
    let copy = folder.join("copy.raw");
    let bar = progress_bar("Download", size);
    let received = transfer.download(&mut File::create(&copy)?, size, |bytes| bar.inc(bytes)).await;
    end(transfer, received, &bar).await?;

    engine.connection.system_service().disks_service().disk_service(&disk_id).remove().send().await?;
    let (before, after) = (sha256(image)?, sha256(&copy)?);
    println!("SHA-256 of the image: {before}");
    println!("SHA-256 of the copy:  {after}");
    if before != after {
        return Err("the copy differs from the image".into());
    }
    let elapsed = started.elapsed();
    println!("Equal: {} up and down in {} ({:.1} s).", HumanBytes(size), HumanDuration(elapsed), elapsed.as_secs_f64());
    Ok(())
}

/// Finalizes a transfer whose data went through, and cancels one whose data did not.
async fn end(transfer: ImageTransfer, data: Result<()>, bar: &ProgressBar) -> Result<()> {
    match data {
        Ok(()) => {
            bar.finish();
            match transfer.finalize().await? {
                Outcome::Success => Ok(()),
                Outcome::Failure => Err("the engine did not accept the image; its events say why".into()),
            }
        }
        Err(error) => {
            bar.abandon();
            transfer.cancel().await?;
            Err(error)
        }
    }
}

/// Adds a thin raw disk, and waits until it is ready.
async fn add_disk(connection: &Connection, storage_domain: &str, size: u64) -> Result<String> {
    let disks = connection.system_service().disks_service();
    let disk = Disk::new()
        .name("quickstart")
        .format(DiskFormat::Raw)
        .sparse(true)
        .provisioned_size(i64::try_from(size)?)
        .storage_domains([StorageDomain::new().name(storage_domain)]);
    let id = disks.add().disk(disk).send().await?.id.ok_or("the engine added a disk without telling its id")?;
    wait_for_disk(connection, &id).await?;
    Ok(id)
}
