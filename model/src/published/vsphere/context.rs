//! What all merging looks at and adds to.

use super::names::Names;
use super::{Description, Versions};
use crate::fault::Fault;
use crate::ir::Notes;
use crate::published::Text;
use std::collections::BTreeSet;

pub(super) struct Context<'a> {
    pub(super) description: &'a Description,
    pub(super) names: Names,
    /// Names of the enums that the source has, which are ours.
    pub(super) enums: BTreeSet<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) remarks: Vec<String>,
}

impl Context<'_> {
    pub(super) fn fault(&mut self, at: usize, message: impl Into<String>) {
        self.faults.push(self.description.fault(at, message));
    }

    pub(super) fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// Says that something is new.
    pub(super) fn is_new(&mut self, what: &str) {
        self.remark(format!("{what} is new; describe it in our own words"));
    }

    /// Says which of ours the source no longer has.
    pub(super) fn gone<'n>(&mut self, owner: &str, ours: impl Iterator<Item = &'n str>, kept: &[&str]) {
        for name in ours.filter(|name| !kept.contains(name)) {
            self.remark(format!("`{owner}.{name}` is gone"));
        }
    }

    pub(super) fn unique<'n>(&mut self, names: impl Iterator<Item = &'n Text>, owner: &str, what: &str) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(&name.text) {
                self.fault(name.at, format!("{owner} has two {what} `{}`; names must differ", name.text));
            }
        }
    }
}

/// The versions of the source, with our description. It does not always tell the first version of an
/// item, nor that newer ones dropped it: then ours stay.
pub(super) fn notes(source: &Versions, ours: Option<&Notes>) -> Notes {
    Notes {
        doc: ours.map(|ours| ours.doc.clone()).unwrap_or_default(),
        since: source.since.clone().or_else(|| ours?.since.clone()),
        deprecated: source.deprecated.clone(),
        removed: source.removed.clone().or_else(|| ours?.removed.clone()),
    }
}
