//! Whether the files of an update session make a package.

use super::{Descriptor, is_certificate, is_descriptor, is_manifest, manifest};
use crate::vsphere::state::{Checksum, Content, Item, UpdateSession, Vcenter};
use std::sync::Arc;

/// What is wrong with a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A file that the descriptor refers to was not added.
    Missing(String),
    /// A file, and why it is invalid.
    Invalid(String, String),
}

/// Checks the files of a session, where its item is a package. Files that are still on their way are
/// not looked at.
pub(crate) fn check(vcenter: &Vcenter, session: &UpdateSession) -> Vec<Finding> {
    let Some(item) = vcenter.items.get(&session.lease.item).filter(|item| item.is_ovf()) else { return Vec::new() };
    let mut findings = Vec::new();
    for (name, file) in &session.files {
        let Some(content) = &file.content else { continue };
        if is_descriptor(name) {
            references(session, item, name, content, &mut findings);
        } else if is_manifest(name) {
            digests(session, name, content, &mut findings);
        }
    }
    findings
}

fn references(session: &UpdateSession, item: &Item, name: &str, content: &Content, findings: &mut Vec<Finding>) {
    let descriptor = content.text().ok_or_else(|| "it is too long".to_owned()).and_then(|text| Descriptor::read(&text));
    match descriptor {
        Err(problem) => findings.push(Finding::Invalid(name.to_owned(), problem)),
        Ok(descriptor) => {
            let stays = |file: &String| item.files.contains_key(file) && !session.removed.contains(file);
            let missing = descriptor.references.into_iter().filter(|file| !session.files.contains_key(file) && !stays(file));
            findings.extend(missing.map(Finding::Missing));
        }
    }
}

fn digests(session: &UpdateSession, name: &str, content: &Content, findings: &mut Vec<Finding>) {
    let Some(text) = content.text() else {
        findings.push(Finding::Invalid(name.to_owned(), "it is too long for a manifest".to_owned()));
        return;
    };
    for (file, wanted) in manifest::read(&text) {
        if is_certificate(&file) {
            continue;
        }
        let Some(content) = session.files.get(&file).and_then(|file| file.content.clone()) else { continue };
        if let Some(problem) = difference(&content, &wanted) {
            findings.push(Finding::Invalid(file, format!("{problem}, as the manifest '{name}' says")));
        }
    }
}

fn difference(content: &Arc<Content>, wanted: &Checksum) -> Option<String> {
    match content.checksum(wanted.algorithm) {
        Ok(actual) if actual == *wanted => None,
        Ok(actual) => Some(format!("its {} checksum is {}, not {}", actual.algorithm.name(), actual.digits, wanted.digits)),
        Err(error) => Some(format!("it cannot be read again: {error}")),
    }
}
