//! `cargo xtask import`: published descriptions of the oVirt Engine API and of the vSphere API into the
//! documents of `model/ovirt/` and `model/vsphere/`; and `cargo xtask diff`: what changed between two models.
//!
//! A source goes through these steps, and any of them may refuse it with the line and column of what
//! is wrong: [`source`] loads it, [`description::read`] reads JSON or XML of oVirt, [`openapi::read`] JSON
//! or YAML of vSphere, [`fixups`] and [`openapi::fixups`] correct the known defects of the published forms,
//! [`model::published`] merges it with our documents and checks the result, and only then does [`folder`]
//! write the documents that differ.
#![forbid(unsafe_code)]

pub mod api;
pub mod command;
pub mod description;
pub mod diff;
pub mod fixups;
pub mod folder;
mod json_text;
pub mod openapi;
pub mod operand;
pub mod source;

use api::Api;
use model::published::{self, Merged};
use model::{Document, Fault};
use source::{Access, Source};
use std::path::Path;

/// Reads a source and merges it with the documents of a folder, in memory. With `with_text`, descriptions of an
/// engine are taken over where we have none; those of vSphere never are.
///
/// # Errors
///
/// What is wrong with the source or the documents, a line each.
pub fn merged(api: Api, folder: &Path, source: &str, access: &Access, with_text: bool) -> Result<Merged, String> {
    let documents = folder::load(folder)?;
    let merged = match api {
        Api::Ovirt => merged_ovirt(&documents, source, access, with_text)?,
        Api::Vsphere => merged_vsphere(&documents, source, access)?,
    };
    let ours = |path: &str| documents.iter().any(|document| document.path == path);
    merged.map_err(|mut faults| {
        for fault in faults.iter_mut().filter(|fault| ours(&fault.path)) {
            fault.path = folder.join(&fault.path).display().to_string();
        }
        listed(faults)
    })
}

/// What came of merging.
type Outcome = Result<Merged, Vec<Fault>>;

fn merged_ovirt(documents: &[Document], source: &str, access: &Access, with_text: bool) -> Result<Outcome, String> {
    let Source { document, format } = source::load(source, access)?;
    let mut description = description::read(document, format).map_err(listed)?;
    fixups::apply(&mut description, format)?;
    Ok(published::merge(documents, &description, with_text))
}

fn merged_vsphere(documents: &[Document], source: &str, access: &Access) -> Result<Outcome, String> {
    let document = source::load_text(Api::Vsphere, source, access)?;
    let mut description = openapi::read(document).map_err(listed)?;
    openapi::fixups::apply(&mut description)?;
    Ok(published::vsphere::merge(documents, &description))
}

/// Imports a source into the documents of a folder. Returns what was done, a line each.
///
/// # Errors
///
/// What is wrong, a line each; nothing was written then unless a document could not be written.
pub fn import(api: Api, folder: &Path, source: &str, access: &Access, with_text: bool) -> Result<Vec<String>, String> {
    let merged = merged(api, folder, source, access, with_text).map_err(|error| format!("{error}\nnothing was written"))?;
    let mut report = folder::write(folder, &merged.documents)?;
    if report.is_empty() {
        report.push("the documents say the same already; nothing was written".to_owned());
    }
    report.extend(merged.remarks.iter().map(|remark| format!("note: {remark}")));
    Ok(report)
}

/// Faults, a line each.
fn listed(faults: Vec<Fault>) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
