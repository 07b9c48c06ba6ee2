//! The folder of our documents.

use model::Document;
use std::fs;
use std::path::{Path, PathBuf};

/// Loads all documents, with paths below the folder.
///
/// # Errors
///
/// What cannot be read, and why.
pub fn load(folder: &Path) -> Result<Vec<Document>, String> {
    let mut documents = Vec::new();
    for path in paths(folder)? {
        let text = fs::read_to_string(folder.join(&path))
            .map_err(|error| format!("{} cannot be read: {error}", folder.join(&path).display()))?;
        documents.push(Document { path, text });
    }
    Ok(documents)
}

/// Writes the documents that differ from what is there, and removes those that are not among them.
/// Returns what it did, a line each.
///
/// # Errors
///
/// The first file that cannot be written or removed, and why.
pub fn write(folder: &Path, documents: &[Document]) -> Result<Vec<String>, String> {
    let mut done = Vec::new();
    for Document { path, text } in documents {
        let file = folder.join(path);
        if fs::read_to_string(&file).ok().as_ref() == Some(text) {
            continue;
        }
        let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, text));
        written.map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
        done.push(format!("wrote {path}"));
    }
    for path in paths(folder)? {
        if !documents.iter().any(|document| document.path == path) {
            let file = folder.join(&path);
            fs::remove_file(&file).map_err(|error| format!("{} cannot be removed: {error}", file.display()))?;
            done.push(format!("removed {path}"));
        }
    }
    Ok(done)
}

/// Paths of the documents below a folder, with `/`, sorted.
fn paths(folder: &Path) -> Result<Vec<String>, String> {
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let here = folder.join(&below);
        let failed = |error: std::io::Error| format!("{} cannot be read: {error}", here.display());
        for entry in fs::read_dir(&here).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = below.join(entry.file_name());
            if folder.join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xml") {
                paths.push(path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"));
            }
        }
    }
    paths.sort();
    Ok(paths)
}
