//! What a transfer has done, in a file, so that a later one can go on there.

use super::lock::lock;
use super::ranges::Ranges;
use super::source::{Identity, wrong};
use crate::core::error::{Error, Result};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Version of the format.
const VERSION: u64 = 1;

/// What is kept of a transfer. There is no secret in it: the engine tells the address anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) disk: String,
    /// Whether the disk was made for the transfer.
    pub(super) is_new: bool,
    /// The transfer that is still open at the engine; a download starts a new one.
    pub(super) transfer: Option<String>,
    /// The local file that is uploaded.
    pub(super) source: Option<Identity>,
    pub(super) size: u64,
    /// What the image was made of, where it is downloaded.
    pub(super) extents: Option<String>,
    /// What will not be lost.
    pub(super) done: Ranges,
}

impl Entry {
    pub(super) fn new(disk: &str, size: u64) -> Self {
        Self { disk: disk.to_owned(), is_new: false, transfer: None, source: None, size, extents: None, done: Ranges::default() }
    }

    fn write(&self) -> Value {
        let source = self
            .source
            .as_ref()
            .map(|source| json!({ "path": source.path.to_string_lossy(), "length": source.length, "modified": source.modified }));
        json!({
            "version": VERSION,
            "disk": self.disk,
            "is_new": self.is_new,
            "transfer": self.transfer,
            "source": source,
            "size": self.size,
            "extents": self.extents,
            "done": Vec::from(self.done.clone()),
        })
    }

    /// `None` if it is something else.
    fn read(json: &Value) -> Option<Self> {
        let text = |name: &str| json.get(name)?.as_str().map(str::to_owned);
        let source = json.get("source").filter(|source| !source.is_null()).map(|source| {
            let number = |name: &str| source.get(name)?.as_u64();
            Some(Identity {
                path: source.get("path")?.as_str()?.into(),
                length: number("length")?,
                modified: number("modified")?,
            })
        });
        let pair = |pair: &Value| Some((pair.get(0)?.as_u64()?, pair.get(1)?.as_u64()?));
        let done: Option<Vec<_>> = json.get("done")?.as_array()?.iter().map(pair).collect();
        (json.get("version")?.as_u64()? == VERSION).then_some(())?;
        Some(Self {
            disk: text("disk")?,
            is_new: json.get("is_new")?.as_bool()?,
            transfer: text("transfer"),
            source: match source {
                Some(source) => Some(source?),
                None => None,
            },
            size: json.get("size")?.as_u64()?,
            extents: text("extents"),
            done: done?.into(),
        })
    }
}

/// The file, and what is in it.
pub(super) struct Journal {
    path: PathBuf,
    entry: Mutex<Entry>,
}

impl Journal {
    /// Reads what an earlier transfer left; `None` if there is nothing.
    ///
    /// # Errors
    ///
    /// `Image`, if the file cannot be read, or is something else.
    pub(super) fn read(path: &Path) -> Result<Option<Entry>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(path, "cannot be read", error)),
        };
        let entry = serde_json::from_slice(&text).ok().as_ref().and_then(Entry::read).ok_or_else(|| {
            let hint = "is not what a transfer of this version left there; give another file, or remove this one to start anew";
            wrong(format!("{} {hint}", path.display()))
        })?;
        Ok(Some(entry))
    }

    /// Finds out whether it can be kept in a file, before there is anything to keep.
    ///
    /// # Errors
    ///
    /// `Image`, if it cannot be written.
    pub(super) fn check(path: &Path) -> Result<()> {
        let new = new_name(path);
        let write = || File::create(&new).and_then(|_| fs::remove_file(&new));
        write().map_err(|error| unusable(path, "cannot be written", error))
    }

    /// Starts to keep it in a file.
    ///
    /// # Errors
    ///
    /// `Image`, if it cannot be written.
    pub(super) fn write(path: &Path, entry: Entry) -> Result<Self> {
        let journal = Self { path: path.to_owned(), entry: Mutex::new(entry) };
        journal.save()?;
        Ok(journal)
    }

    /// Takes in what will not be lost any more.
    ///
    /// # Errors
    ///
    /// `Image`, if it cannot be written.
    pub(super) fn keep(&self, done: Ranges) -> Result<()> {
        lock(&self.entry).done = done;
        self.save()
    }

    /// Removes the file: there is nothing to go on with.
    pub(super) fn remove(&self) {
        // If it stays, a later transfer finds that it does not fit.
        let _ = fs::remove_file(&self.path);
    }

    fn save(&self) -> Result<()> {
        let entry = lock(&self.entry);
        let new = new_name(&self.path);
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(entry.write().to_string().as_bytes())?;
            file.sync_all()?;
            // Whoever reads it finds the one before, or this one, and no half of any.
            fs::rename(&new, &self.path)
        };
        write().map_err(|error| unusable(&self.path, "cannot be written", error))
    }
}

/// Name of the file while it is being written.
fn new_name(path: &Path) -> PathBuf {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    new.into()
}

fn unusable(path: &Path, doing: &str, error: io::Error) -> Error {
    wrong(format!("{} {doing}: {error}", path.display())).with_source(error)
}
