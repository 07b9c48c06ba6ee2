//! Uploads an image to a new disk, downloads it again, and compares.

use clap::Parser;
use examples::{Engine, EngineOptions, Result, first_data_domain, progress_bar, sha256};
use indicatif::{HumanBytes, HumanDuration, ProgressBar};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use virt_sdk::ovirt::types::{Disk, StorageDomain};
use virt_sdk::transfer::image::Format;
use virt_sdk::transfer::{self, ImageId, Progress, Source};

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
    let result = upload_and_download(&engine, &image, options.storage_domain, folder.path()).await;
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
    let metadata = std::fs::metadata(image).map_err(|error| format!("{} cannot be read: {error}", image.display()))?;
    let size = metadata.len();
    if size == 0 || size % 512 != 0 {
        return Err(format!("{} has {size} bytes; a disk has a multiple of 512", image.display()).into());
    }
    let started = Instant::now();
    let storage_domain = match storage_domain {
        Some(name) => name,
        None => first_data_domain(&engine.connection).await?,
    };
    let disk = Disk::new().name("quickstart").storage_domains([StorageDomain::new().name(&storage_domain)]);
    // Whatever a guest wrote there, it is raw.
    let source = Source::file(image).format(Format::Raw);
    let bar = progress_bar("Upload", size);
    let upload = transfer::upload(&engine.connection, source).new_disk(disk);
    let uploaded = upload.on_progress(moves(&bar)).cancel_on(interrupted()).send().await?;
    bar.finish();
    println!("Disk {} of {} on {storage_domain}", uploaded.disk_id, HumanBytes(uploaded.size));

    let copy = folder.join("copy.raw");
    let bar = progress_bar("Download", size);
    let download = transfer::download(&engine.connection, ImageId::Disk(uploaded.disk_id.clone())).to_file(&copy);
    download.on_progress(moves(&bar)).cancel_on(interrupted()).send().await?;
    bar.finish();

    engine.connection.system_service().disks_service().disk_service(&uploaded.disk_id).remove().send().await?;
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

/// Moves a bar as a transfer goes on.
fn moves(bar: &ProgressBar) -> impl Fn(&Progress) + Send + Sync + 'static {
    let bar = bar.clone();
    move |progress| bar.set_position(progress.done)
}

/// Ends with Ctrl-C, which calls a transfer off; it then cleans up.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
