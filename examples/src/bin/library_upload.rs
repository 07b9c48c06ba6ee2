//! Puts a file into an item of a content library.

use clap::Parser;
use examples::{LibraryUpload, Result, Source, Vcenter, VcenterOptions, create_item, find_item, find_library};
use std::path::PathBuf;

/// Puts a file into an item of a content library: one that is here, or one that the server fetches.
#[derive(Parser)]
struct Options {
    /// File to send; without it and without --pull one of 8 MiB is made
    file: Option<PathBuf>,
    /// URL that the server fetches the file from
    #[arg(long, conflicts_with = "file")]
    pull: Option<String>,
    /// SHA-256 of the certificate at that URL, which the server then trusts
    #[arg(long, requires = "pull")]
    thumbprint: Option<String>,
    /// Name of the library
    #[arg(long, default_value = "examples")]
    library: String,
    /// Name of the item; one that is not there is made
    #[arg(long, default_value = "uploaded")]
    item: String,
    /// Take content whose certificate raises warnings
    #[arg(long)]
    ignore_warnings: bool,
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
    let made = tempfile::tempdir()?;
    let source = source(&options, made.path().join("made.bin"))?;
    let vcenter = Vcenter::open(options.vcenter).await?;
    let result = upload(&vcenter, &options.library, &options.item, source, options.ignore_warnings).await;
    let closed = vcenter.close().await;
    // What went wrong first counts.
    result?;
    closed
}

/// What to upload, under which name.
fn source(options: &Options, made: PathBuf) -> Result<Source> {
    if let Some(url) = &options.pull {
        let path = reqwest::Url::parse(url).map_err(|error| format!("`{url}` is no URL: {error}"))?.path().to_owned();
        let name = path.rsplit('/').next().filter(|name| !name.is_empty()).ok_or("the URL does not end with a file name")?;
        return Ok(Source::pull(url, options.thumbprint.clone(), name));
    }
    let path = match &options.file {
        Some(path) => path.clone(),
        None => {
            std::fs::write(&made, (0..=255).cycle().take(8 << 20).collect::<Vec<u8>>())?;
            made
        }
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| format!("{} is no file", path.display()))?;
    Source::push(path, &name)
}

async fn upload(vcenter: &Vcenter, library: &str, name: &str, source: Source, ignore_warnings: bool) -> Result<()> {
    let session = &vcenter.session;
    let library = find_library(session, library).await?;
    let (item, is_new) = match find_item(session, &library, name).await? {
        Some(item) => (item, false),
        None => (create_item(session, &library, name).await?, true),
    };
    let result = match LibraryUpload::start(session, &item).await {
        Ok(upload) => upload.run(source, ignore_warnings).await,
        Err(error) => Err(error),
    };
    if let (Err(error), true) = (&result, is_new) {
        // An item without files would only be in the way of the next attempt.
        if let Err(other) = session.content().library().item().delete(&item).send().await {
            eprintln!("the new item is still there: {other}; it was made for what failed: {error}");
        }
    }
    result?;
    for file in session.content().library().item().file().list(&item).send().await? {
        println!("{} has {} bytes", file.name.unwrap_or_default(), file.size.unwrap_or_default());
    }
    println!("Uploaded to {name}, version {}", version(vcenter, &item).await?);
    Ok(())
}

async fn version(vcenter: &Vcenter, item: &virt_sdk::vsphere::ids::ItemId) -> Result<String> {
    let found = vcenter.session.content().library().item().get(item).send().await?;
    Ok(found.content_version.map_or_else(|| "unknown".to_owned(), |version| version.to_string()))
}
