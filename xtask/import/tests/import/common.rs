//! What the tests share.

use import::api::Api;
use import::source::{Access, load};
use model::Model;
use std::path::{Path, PathBuf};
use std::{fs, io};
use tempfile::TempDir;

/// The published forms of the model that is committed.
pub(crate) const FORMS: &[&str] = &["json", "xml"];

/// Archive with a published form.
pub(crate) fn archive(form: &str) -> String {
    format!("{}/tests/data/model-4.6.1.{form}.zip", env!("CARGO_MANIFEST_DIR"))
}

/// Text of a published form.
pub(crate) fn published(form: &str) -> String {
    load(&archive(form), &Access::default()).expect("the archive is right").document.text
}

/// The committed documents of oVirt.
pub(crate) fn committed() -> PathBuf {
    committed_of(Api::Ovirt)
}

/// The committed documents of an API.
pub(crate) fn committed_of(api: Api) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../model").join(api.name())
}

/// A copy of the committed documents, and a source beside it.
pub(crate) struct Workspace {
    folder: TempDir,
    api: Api,
}

impl Workspace {
    /// One of oVirt.
    pub(crate) fn new() -> Self {
        Self::of(Api::Ovirt)
    }

    pub(crate) fn of(api: Api) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        copy(&committed_of(api), &folder.path().join(api.name())).expect("the documents can be copied");
        Self { folder, api }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn documents(&self) -> PathBuf {
        self.path().join(self.api.name())
    }

    /// Writes a source, and returns its path.
    pub(crate) fn source(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        fs::write(&path, content).expect("a file can be written");
        path.display().to_string()
    }

    /// Imports a source, without its text.
    pub(crate) fn import(&self, source: &str) -> Result<Vec<String>, String> {
        import::import(self.api, &self.documents(), source, &Access::default(), false)
    }

    pub(crate) fn model(&self) -> Model {
        read(&self.documents())
    }

    /// Paths of the documents that are not as committed.
    pub(crate) fn changed(&self) -> Vec<String> {
        let (old, new) = (files(&committed_of(self.api)), files(&self.documents()));
        let mut changed: Vec<String> = old.iter().filter(|file| !new.contains(file)).map(|(path, _)| path.clone()).collect();
        changed.extend(new.iter().filter(|file| !old.contains(file)).map(|(path, _)| path.clone()));
        changed.sort();
        changed.dedup();
        changed
    }
}

pub(crate) fn read(folder: &Path) -> Model {
    model::read_folder(folder).expect("the documents are right")
}

/// Replaces all of what must be there so often.
pub(crate) fn replaced(text: &str, from: &str, to: &str, times: usize) -> String {
    assert_eq!(text.matches(from).count(), times, "{from}");
    text.replace(from, to)
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let documents = import::folder::load(folder).expect("the documents can be read");
    documents.into_iter().map(|document| (document.path, document.text)).collect()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        } else {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
