//! Where a description comes from: a file, an archive, or an address.

mod archive;
mod download;

use crate::api::Api;
use model::Document;
use model::published::fault_at;
use std::fmt;
use std::path::{Path, PathBuf};

/// Longest text that is read, in bytes; what is published is below 10 MB.
const LONGEST: u64 = 100_000_000;

/// A description that was loaded.
#[derive(Clone, Debug)]
pub struct Source {
    /// Text, with the path for messages.
    pub document: Document,
    /// Form it is in.
    pub format: Format,
}

/// Forms that an engine publishes its description in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `model.json`
    Json,
    /// `model.xml`
    Xml,
}

/// What is needed to read from an engine.
#[derive(Clone, Default)]
pub struct Access {
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// File with the certificates to trust, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// Whether any certificate is trusted.
    pub insecure: bool,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("ca_file", &self.ca_file).field("insecure", &self.insecure).finish_non_exhaustive()
    }
}

/// Whether a source is an address rather than a path.
pub fn is_address(source: &str) -> bool {
    source.contains("://")
}

/// Loads the description of an engine.
///
/// # Errors
///
/// What cannot be read, and why; the place if it is neither JSON nor XML.
pub fn load(source: &str, access: &Access) -> Result<Source, String> {
    let document = load_text(Api::Ovirt, source, access)?;
    let format = match document.text.trim_start().chars().next() {
        Some('{') => Format::Json,
        Some('<') => Format::Xml,
        _ => {
            let message = "this is neither JSON nor XML; give a `model.json` or `model.xml` as an engine publishes it";
            return Err(fault_at(&document, 0, message).to_string());
        }
    };
    Ok(Source { document, format })
}

/// Loads a description in whatever form.
///
/// # Errors
///
/// What cannot be read, and why.
pub fn load_text(api: Api, source: &str, access: &Access) -> Result<Document, String> {
    let (path, content) = if is_address(source) { download::get(api, source, access)? } else { file(Path::new(source), api)? };
    let text = String::from_utf8(content).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().get(..valid).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("{path}:{line}:1: bytes that are not UTF-8; the description must be UTF-8 text")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Document { path, text })
}

/// Content of a file, or of the description in it if it is an archive.
fn file(path: &Path, api: Api) -> Result<(String, Vec<u8>), String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > LONGEST {
        return Err(format!("{} has {length} bytes; a description has {LONGEST} at most", path.display()));
    }
    let content = std::fs::read(path).map_err(failed)?;
    let name = path.display().to_string();
    if archive::is_one(&content) { archive::description(&name, &content, api) } else { Ok((name, content)) }
}
