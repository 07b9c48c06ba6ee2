//! Records in files.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of records.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

/// A record, or why it is none, with the place where it stands.
#[derive(Debug)]
pub(crate) struct Line<T> {
    /// File and line.
    pub(crate) place: String,
    /// The record.
    pub(crate) row: Result<T, String>,
}

impl Folder {
    /// Opens a folder that must hold at least one part, itself or in its folder `ovirt`.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let parts = ["requests.jsonl", "types", "cases", "connection.jsonl"];
        let of_api = path.join("ovirt");
        if let Some(found) = [path, &of_api].into_iter().find(|folder| parts.iter().any(|part| folder.join(part).exists())) {
            return Ok(Self(found.to_owned()));
        }
        Err(format!("{} holds no records: none of {} is there", path.display(), parts.join(", ")))
    }

    /// The records of a file with one in each line; none when there is no such file.
    pub(crate) fn lines<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<Line<T>>, String> {
        let path = self.0.join(name);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = read(&path)?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        Ok(lines
            .map(|(index, line)| {
                let place = format!("{}:{}", path.display(), index + 1);
                let row = serde_json::from_str(line).map_err(|error| format!("{place}:{}: {error}", error.column()));
                Line { place, row }
            })
            .collect())
    }

    /// Names, without ending, of the records below a folder; none when there is no such folder.
    pub(crate) fn names(&self, folder: &str) -> Result<Vec<String>, String> {
        let path = self.0.join(folder);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let unreadable = |error| format!("{} cannot be read: {error}", path.display());
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            let name = name.to_string_lossy();
            names.extend(name.strip_suffix(".json").filter(|name| !name.ends_with(".read")).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    /// Content of a file of JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        let path = self.0.join(name);
        serde_json::from_str(&read(&path)?).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Content of a file of text.
    pub(crate) fn text(&self, name: &str) -> Result<String, String> {
        read(&self.0.join(name))
    }
}

pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// The beginning of a value, enough to find it.
pub(crate) fn excerpt(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
