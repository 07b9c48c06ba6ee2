//! The log file.

use super::arguments::ReportArguments;
use super::failure::Failure;
use super::section::Section;
use clap::ValueEnum;
use std::fs::OpenOptions;
use std::sync::Arc;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    Error,
    #[value(alias = "warn")]
    Warning,
    Info,
    Debug,
    /// What goes over the wire, too
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warning => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// Logs to the file that is asked for, if any: what the SDK and this program do, which holds no secrets.
pub(super) fn start(arguments: &ReportArguments, section: &Section) -> Result<(), Failure> {
    let Some(path) = arguments.log_file.as_ref().or(section.log_file.as_ref()) else { return Ok(()) };
    let level = LevelFilter::from(arguments.log_level.or(section.log_level).unwrap_or(Level::Info));
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| Failure::settings(format!("the log file {} cannot be written: {error}", path.display())))?;
    // Others are not known to keep secrets.
    let told = Targets::new().with_target("virt_sdk", level).with_target("examples", level);
    let subscriber = tracing_subscriber::registry().with(layer().with_writer(Arc::new(file)).with_ansi(false)).with(told);
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Failure::settings(format!("the log cannot be started: {error}")))
}
