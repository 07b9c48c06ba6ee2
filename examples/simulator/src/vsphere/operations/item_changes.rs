//! `content.library.item.changes`.

use super::Operations;
use crate::vsphere::argument::Arguments;
use crate::vsphere::clock::written;
use crate::vsphere::fault::Fault;
use crate::vsphere::state::{Change, Vcenter};
use serde_json::{Value, json};

pub(super) const OPERATIONS: Operations = &[("get", get), ("list", list)];

/// Longest message of a summary, in characters.
const SHORT: usize = 80;

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let summary = |change: &Change| {
        let short: String = change.message.lines().next().unwrap_or_default().chars().take(SHORT).collect();
        json!({
            "version": change.version.to_string(),
            "time": written(change.time),
            "user": change.user,
            "short_message": short,
        })
    };
    Ok(vcenter.item(arguments.id("library_item"))?.changes.iter().map(summary).collect())
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let version = arguments.id("version");
    let changes = &vcenter.item(arguments.id("library_item"))?.changes;
    let change = changes.iter().find(|change| change.version.to_string() == version);
    let change = change.ok_or_else(|| Fault::not_found("version of the item", version))?;
    Ok(json!({ "time": written(change.time), "user": change.user, "message": change.message }))
}
