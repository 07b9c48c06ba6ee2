//! What `diff` compares: a folder of documents, a git revision, or a published description.

use crate::api::Api;
use crate::source::{Access, is_address};
use crate::{listed, merged};
use model::{Document, Model};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The API of the first folder of model documents among operands, as its `model.xml` tells.
pub fn api_of(operands: &[&str]) -> Option<Api> {
    operands.iter().find_map(|operand| {
        let header = std::fs::read_to_string(Path::new(operand).join("model.xml")).ok()?;
        let name = roxmltree::Document::parse(&header).ok()?.root_element().attribute("name").map(str::to_owned)?;
        Api::named(&name)
    })
}

/// Reads a model. `folder` holds the documents of this workspace: what a revision has there is read, and
/// a published description is merged with what it holds.
///
/// # Errors
///
/// What cannot be read, or is wrong in it.
pub fn load(api: Api, operand: &str, folder: &Path, access: &Access) -> Result<Model, String> {
    let path = Path::new(operand);
    if path.is_dir() {
        return model::read_folder(path).map_err(listed);
    }
    if is_address(operand) || path.is_file() {
        return model::read(&merged(api, folder, operand, access, true)?.documents).map_err(listed);
    }
    model::read(&revision(operand, folder)?).map_err(listed)
}

/// The documents that a revision has in a folder.
fn revision(revision: &str, folder: &Path) -> Result<Vec<Document>, String> {
    let unknown = |why: &str| {
        format!("`{revision}` is no folder, file or address, and as a git revision cannot be read: {why}; give one of the four")
    };
    if revision.starts_with('-') {
        return Err(unknown("it starts with `-`"));
    }
    let listing = git(folder, &["ls-tree", "-r", "-z", revision, "."], Vec::new()).map_err(|error| unknown(&error))?;
    let listing = String::from_utf8(listing).map_err(|_| unknown("a path in it is not UTF-8"))?;
    let mut names = Vec::new();
    for entry in listing.split_terminator('\0') {
        // Mode, kind and object, then a tab and the path.
        let object = entry.split_once('\t').and_then(|(object, path)| Some((object.rsplit(' ').next()?, path)));
        let Some((object, path)) = object else { return Err(unknown("git lists it in an unknown form")) };
        if path.ends_with(".xml") {
            names.push((object.to_owned(), format!("{revision}:{path}")));
        }
    }
    if names.is_empty() {
        return Err(unknown("it has no model documents"));
    }
    let objects: String = names.iter().map(|(object, _)| format!("{object}\n")).collect();
    let content = git(folder, &["cat-file", "--batch"], objects.into_bytes())?;
    let mut rest = content.as_slice();
    let mut documents = Vec::new();
    for (_, path) in names {
        let text = next_object(&mut rest).ok_or_else(|| format!("git does not give {path}"))?;
        documents.push(Document { path, text });
    }
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(documents)
}

/// Text of the next object: its header ends with the length, and a line end follows it.
fn next_object(rest: &mut &[u8]) -> Option<String> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let length: usize = std::str::from_utf8(rest.get(..end)?).ok()?.rsplit(' ').next()?.parse().ok()?;
    let start = end + 1;
    let text = String::from_utf8(rest.get(start..start.checked_add(length)?)?.to_vec()).ok()?;
    *rest = rest.get(start + length + 1..)?;
    Some(text)
}

/// What git prints.
fn git(folder: &Path, arguments: &[&str], input: Vec<u8>) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("git cannot be run: {error}");
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    // Git starts to answer before it has read everything.
    let writer = std::thread::spawn(move || stdin.map_or(Ok(()), |mut stdin| stdin.write_all(&input)));
    let output = child.wait_with_output().map_err(failed)?;
    // That git stopped reading shows in its status.
    let _ = writer.join();
    if output.status.success() { Ok(output.stdout) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}
