//! The import of vSphere, and `diff` of two vSphere models.
//!
//! What is imported is the committed model, rendered as VMware publishes its own.

mod additions;
mod diff;
mod document;
mod imports;
mod names;
mod operations;
mod recovery;
mod refusals;
mod schemas;
mod writer;

use crate::common::{Workspace, committed_of, read};
use document::Doc;
use import::api::Api;

/// The committed model as VMware would publish it.
fn published() -> Doc {
    writer::document(&read(&committed_of(Api::Vsphere)))
}

/// Imports a document in a form. Returns the report, and the paths of the documents that are not as committed.
fn import(form: &str, document: &Doc) -> (Workspace, Vec<String>, Vec<String>) {
    let workspace = Workspace::of(Api::Vsphere);
    let text = if form == "json" { document.json() } else { document.yaml() };
    let source = workspace.source(&format!("vcenter.{form}"), text);
    let report = workspace.import(&source).unwrap_or_else(|message| panic!("{message}"));
    let changed = workspace.changed();
    (workspace, report, changed)
}
