//! Fetches the files of an item of a content library.

use clap::Parser;
use examples::{LibraryDownload, Result, Vcenter, VcenterOptions, find_item, find_library};
use std::path::{Path, PathBuf};

/// Fetches the files of an item of a content library, and checks them.
#[derive(Parser)]
struct Options {
    /// Name of the library
    #[arg(long, default_value = "examples")]
    library: String,
    /// Name of the item
    #[arg(long, default_value = "sample")]
    item: String,
    /// Folder to put them into
    #[arg(long, default_value = ".")]
    to: PathBuf,
    #[command(flatten)]
    vcenter: VcenterOptions,
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
    let vcenter = Vcenter::open(options.vcenter).await?;
    let result = download(&vcenter, &options.library, &options.item, &options.to).await;
    let closed = vcenter.close().await;
    // What went wrong first counts.
    result?;
    closed
}

async fn download(vcenter: &Vcenter, library: &str, item: &str, folder: &Path) -> Result<()> {
    let library = find_library(&vcenter.session, library).await?;
    let item = find_item(&vcenter.session, &library, item).await?.ok_or_else(|| format!("there is no item `{item}`"))?;
    let files = LibraryDownload::start(&vcenter.session, &item).await?.run(folder).await?;
    for file in &files {
        println!("{} has {} bytes", file.display(), std::fs::metadata(file)?.len());
    }
    println!("Downloaded {} files", files.len());
    Ok(())
}
