//! The program `image`: disk images to and from an engine, for people and for scripts.
//!
//! It exits with
//!
//! | code | when |
//! |---|---|
//! | 0 | it is done |
//! | 1 | it failed |
//! | 2 | the arguments or the settings are wrong |
//! | 3 | what interrupted it passes: the same command, with the same `--resume`, goes on where it stopped |
//! | 130, 143 | SIGINT (Ctrl-C) or SIGTERM called it off, and it has cleaned up; a second signal ends it at once |
//!
//! Only the result goes to standard output, or, with `--output json`, one JSON object a line, of which the last one is
//! the result, or the error. Where the image itself goes there, these go to standard error.

mod arguments;
mod connect;
mod download;
mod failure;
mod info;
mod log;
mod moved;
mod place;
mod report;
mod section;
mod signals;
mod upload;

pub use arguments::Arguments;

use arguments::{Command, TransferCommand};
use connect::Access;
use failure::{CODE_FAILED, Failure};
use moved::Moved;
use report::Report;
use section::Section;
use signals::Signals;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use virt_sdk::ovirt::Connection;
use virt_sdk::transfer::Progress;

/// What every transfer needs.
struct Context {
    connection: Connection,
    report: Arc<Report>,
    signals: Signals,
    /// How long the engine may take to get the disk ready, where that is said.
    disk_timeout: Option<Duration>,
}

impl Context {
    /// What to call when there is progress.
    fn on_progress(&self) -> impl Fn(&Progress) + Send + Sync + 'static {
        let report = self.report.clone();
        move |progress| report.progress(progress)
    }

    /// Ends when the transfer is to end.
    fn called_off(&self) -> impl Future<Output = ()> + Send + 'static {
        let (report, first) = (self.report.clone(), self.signals.first());
        async move {
            first.await;
            report.note("called off; wait until it is cleaned up, or press Ctrl-C once more to leave everything as it is");
        }
    }
}

/// Does what the arguments say, and tells how that went. Returns the exit code.
pub fn run(arguments: Arguments) -> ExitCode {
    let (report, result) = match arguments.command {
        Command::Transfer(command) => {
            let report = Arc::new(Report::of(&command));
            let result = in_runtime(command, &report).map(|moved| report.result(&moved));
            (report, result)
        }
        Command::Info(arguments) => {
            let report = Arc::new(Report::new(arguments.output));
            let result = info::look_at(&arguments).map(|found| report.result(&found));
            (report, result)
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report.failure(&failure);
            ExitCode::from(failure.code)
        }
    }
}

fn in_runtime(command: TransferCommand, report: &Arc<Report>) -> Result<Moved, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::io("the program cannot start", &error))?;
    let result = runtime.block_on(transfer(command, report));
    // A thread may still wait for standard input, which need not end.
    runtime.shutdown_background();
    result
}

async fn transfer(command: TransferCommand, report: &Arc<Report>) -> Result<Moved, Failure> {
    let common = command.common();
    let section = common.access.config.as_deref().map(Section::read).transpose()?.unwrap_or_default();
    if let Some(description) = common.shown.description.as_ref().or(section.description.as_ref()) {
        report.describe(description);
    }
    log::start(&common.shown, &section)?;
    let signals = Signals::listen().map_err(|error| Failure::io("signals cannot be caught", &error))?;
    let disk_timeout = section.disk_timeout;
    let access = common.access.clone();
    let access = tokio::task::spawn_blocking(move || Access::new(access, section)).await;
    if signals.caught().is_some() {
        // It asked for the password until now.
        let failure = Failure::new(CODE_FAILED, "cancelled", "it was called off before anything was done");
        return Err(signals.judge(failure));
    }
    let access = access.map_err(|error| Failure::new(CODE_FAILED, "internal", error.to_string()))??;
    let context = Context { connection: access.connect()?, report: report.clone(), signals, disk_timeout };
    let result = match &command {
        TransferCommand::Upload(arguments) => upload::upload(arguments, &context).await,
        TransferCommand::Download(arguments) => download::download(arguments, &context).await,
    };
    if let Err(error) = context.connection.close().await {
        // What counts is the transfer; the session expires.
        tracing::warn!("the session could not be ended: {error}");
    }
    let result = result.map_err(|failure| context.signals.judge(failure));
    match &result {
        Ok(moved) => tracing::info!(transfer = moved.transfer_id, "done"),
        Err(failure) => tracing::error!(kind = failure.kind, "{}", failure.line()),
    }
    result
}
