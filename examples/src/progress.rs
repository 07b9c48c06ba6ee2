use indicatif::{ProgressBar, ProgressStyle};

/// A bar of so many bytes.
pub fn progress_bar(what: &'static str, size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    if let Ok(style) = ProgressStyle::with_template("{prefix:9} {bar:40} {bytes}/{total_bytes} {bytes_per_sec} {msg}") {
        bar.set_style(style);
    }
    bar.with_prefix(what)
}
