//! Lists the content libraries of a vCenter.

use clap::Parser;
use examples::{Result, Vcenter, VcenterOptions};
use indicatif::{HumanBytes, ProgressBar};

/// Lists libraries, their items, and the files of these.
#[derive(Parser)]
struct Options {
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
    let result = list(&vcenter).await;
    let closed = vcenter.close().await;
    // What went wrong first counts.
    result?;
    closed
}

async fn list(vcenter: &Vcenter) -> Result<()> {
    let libraries = vcenter.session.content().library();
    let found = libraries.list().send().await?;
    let bar = ProgressBar::new(found.len() as u64);
    let mut lines = Vec::new();
    for id in bar.wrap_iter(found.iter()) {
        let library = libraries.get(id).send().await?;
        let kind = library.r#type.as_ref().map_or("-", |kind| kind.as_str());
        lines.push(format!("{} ({kind})", library.name.as_deref().unwrap_or("-")));
        for id in libraries.item().list(id).send().await? {
            let item = libraries.item().get(&id).send().await?;
            let kind = item.r#type.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("-");
            lines.push(format!("  {} ({kind})", item.name.as_deref().unwrap_or("-")));
            for file in libraries.item().file().list(&id).send().await? {
                let size = file.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
                let cached = if file.cached == Some(false) { ", not on this server" } else { "" };
                lines.push(format!("    {} {}{cached}", file.name.as_deref().unwrap_or("-"), HumanBytes(size)));
            }
        }
    }
    bar.finish_and_clear();
    lines.iter().for_each(|line| println!("{line}"));
    println!("{} libraries", found.len());
    Ok(())
}
