//! Records in files.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of records, one for each API.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    ovirt: Option<PathBuf>,
    vsphere: Option<PathBuf>,
}

/// What a folder of the engine's API may hold.
const OVIRT: &[&str] = &["requests.jsonl", "types", "cases", "connection.jsonl"];

/// What a folder of the vSphere API may hold.
const VSPHERE: &[&str] = &["requests.jsonl", "responses.jsonl"];

/// A record, or why it is none, with the place where it stands.
#[derive(Debug)]
pub(crate) struct Line<T> {
    /// File and line.
    pub(crate) place: String,
    /// The record.
    pub(crate) row: Result<T, String>,
}

impl Folder {
    /// Opens a folder that must hold at least one part of one API, itself or in the folder of that API.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let holds = |folder: &Path, parts: &[&str]| parts.iter().any(|part| folder.join(part).exists());
        let below = |name: &str, parts: &[&str]| Some(path.join(name)).filter(|folder| holds(folder, parts));
        let mut folder = Self { ovirt: below("ovirt", OVIRT), vsphere: below("vsphere", VSPHERE) };
        if is_vsphere(path)? {
            folder.vsphere = Some(path.to_owned());
        } else if holds(path, OVIRT) {
            folder.ovirt = Some(path.to_owned());
        }
        match folder {
            Self { ovirt: None, vsphere: None } => {
                let parts = [OVIRT, &VSPHERE[1..]].concat().join(", ");
                Err(format!("{} holds no records: none of {parts} is there", path.display()))
            }
            found => Ok(found),
        }
    }

    /// The records of the vSphere API in a file with one in each line; none when there is no such file.
    pub(crate) fn vsphere_lines<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<Line<T>>, String> {
        self.vsphere.as_ref().map_or_else(|| Ok(Vec::new()), |folder| lines(&folder.join(name)))
    }

    /// The records of a file with one in each line; none when there is no such file.
    pub(crate) fn lines<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<Line<T>>, String> {
        self.ovirt.as_ref().map_or_else(|| Ok(Vec::new()), |folder| lines(&folder.join(name)))
    }

    /// Names, without ending, of the records below a folder; none when there is no such folder.
    pub(crate) fn names(&self, folder: &str) -> Result<Vec<String>, String> {
        let Some(path) = self.ovirt.as_ref().map(|ovirt| ovirt.join(folder)).filter(|path| path.exists()) else {
            return Ok(Vec::new());
        };
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
        let path = self.path(name);
        serde_json::from_str(&read(&path)?).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Content of a file of text.
    pub(crate) fn text(&self, name: &str) -> Result<String, String> {
        read(&self.path(name))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.ovirt.as_deref().unwrap_or(Path::new("")).join(name)
    }
}

/// Whether a folder itself holds records of the vSphere API. Those of requests tell by what they expect.
fn is_vsphere(path: &Path) -> Result<bool, String> {
    let requests = path.join("requests.jsonl");
    if !requests.exists() {
        return Ok(path.join("responses.jsonl").exists());
    }
    let text = read(&requests)?;
    Ok(text.lines().next().is_some_and(|line| line.contains("\"expect_api\"")))
}

/// The records of a file with one in each line; none when there is no such file.
fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<Line<T>>, String> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    Ok(lines
        .map(|(index, line)| {
            let place = format!("{}:{}", path.display(), index + 1);
            let row = serde_json::from_str(line).map_err(|error| format!("{place}:{}: {error}", error.column()));
            Line { place, row }
        })
        .collect())
}

pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// The beginning of a value, enough to find it.
pub(crate) fn excerpt(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
