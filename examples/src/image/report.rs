//! What the program tells, while it works and in the end.

use super::arguments::{OutputFormat, TransferCommand};
use super::failure::Failure;
use super::place::Place;
use crate::progress_bar;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use virt_sdk::transfer::{Progress, Stage};

/// Time between two lines of progress.
const INTERVAL: Duration = Duration::from_millis(250);

/// Time between two drawings of a bar that nothing moves.
const TICK: Duration = Duration::from_millis(200);

/// A result.
pub(super) trait Shown {
    /// For programs: an object.
    fn json(&self) -> Value;

    /// For people: labels and what is to be said of them.
    fn lines(&self) -> Vec<(&'static str, String)>;
}

/// Tells progress, the result, and errors. Threads share it.
pub(super) struct Report {
    format: OutputFormat,
    /// Whether standard output is for the image.
    is_taken: bool,
    started: Instant,
    description: Mutex<String>,
    last: Mutex<Option<(Progress, Instant)>>,
    bar: ProgressBar,
}

impl Report {
    /// For what shows no progress.
    pub(super) fn new(format: OutputFormat) -> Self {
        Self {
            format,
            is_taken: false,
            started: Instant::now(),
            description: Mutex::default(),
            last: Mutex::default(),
            bar: ProgressBar::hidden(),
        }
    }

    /// For a transfer. Its bar is there on a terminal only.
    pub(super) fn of(command: &TransferCommand) -> Self {
        let (what, is_taken) = match command {
            TransferCommand::Upload(_) => ("upload", false),
            TransferCommand::Download(arguments) => ("download", arguments.file == Place::Stream),
        };
        let format = command.common().shown.output;
        let bar = match format {
            OutputFormat::Text => progress_bar(what, 0),
            OutputFormat::Json => ProgressBar::hidden(),
        };
        Self { is_taken, description: Mutex::new(what.to_owned()), bar, ..Self::new(format) }
    }

    /// Shows this text with the progress.
    pub(super) fn describe(&self, description: &str) {
        description.clone_into(&mut lock(&self.description));
    }

    /// Takes in how far a transfer has come. Threads may come in another order than what they tell.
    pub(super) fn progress(&self, progress: &Progress) {
        let mut last = lock(&self.last);
        let is_new_stage = last.is_none_or(|(last, _)| last.stage != progress.stage);
        if let Some((last, told)) = &*last
            && !is_new_stage
            && (progress.transferred < last.transferred || self.format == OutputFormat::Json && told.elapsed() < INTERVAL)
        {
            return;
        }
        *last = Some((*progress, Instant::now()));
        match self.format {
            OutputFormat::Text => self.draw(progress, is_new_stage),
            OutputFormat::Json => self.line(&json!({
                "transferred": progress.transferred,
                "size": progress.size,
                "done": progress.done,
                "elapsed": (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
                "description": *lock(&self.description),
                "stage": progress.stage.to_string(),
            })),
        }
    }

    fn draw(&self, progress: &Progress, is_new_stage: bool) {
        if self.bar.is_hidden() {
            return;
        }
        if is_new_stage {
            self.bar.set_prefix(lock(&self.description).clone());
            self.bar.set_message(if progress.stage == Stage::Transferring { String::new() } else { progress.stage.to_string() });
            self.bar.enable_steady_tick(TICK);
        }
        self.bar.set_length(progress.size);
        self.bar.set_position(progress.done);
    }

    /// Tells whoever sits at the terminal something, above the bar.
    pub(super) fn note(&self, text: &str) {
        self.bar.println(format!("image: {text}"));
    }

    /// Tells the result.
    pub(super) fn result(&self, result: &impl Shown) {
        self.bar.finish_and_clear();
        match self.format {
            OutputFormat::Json => self.line(&result.json()),
            OutputFormat::Text => {
                let lines = result.lines();
                let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or_default() + 1;
                for (label, text) in lines {
                    self.write(&format!("{:width$} {text}", format!("{label}:")));
                }
            }
        }
    }

    /// Tells why there is no result.
    pub(super) fn failure(&self, failure: &Failure) {
        self.bar.finish_and_clear();
        let line = failure.line();
        // Whoever closed it does not want to know.
        let _ = writeln!(std::io::stderr(), "image: {line}");
        if self.format == OutputFormat::Json {
            self.line(&json!({ "error": line, "kind": failure.kind }));
        }
    }

    fn line(&self, json: &Value) {
        self.write(&json.to_string());
    }

    fn write(&self, line: &str) {
        // If nobody listens any more, the transfer still goes on.
        let _ = match self.is_taken {
            true => writeln!(std::io::stderr(), "{line}"),
            false => writeln!(std::io::stdout(), "{line}"),
        };
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
