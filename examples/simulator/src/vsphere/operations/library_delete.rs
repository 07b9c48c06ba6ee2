//! Deleting libraries.

use crate::vsphere::fault::Fault;
use crate::vsphere::state::{Stage, Vcenter};
use serde_json::Value;

/// Deletes a library with all that is in it. Usages block that, unless it is forced.
///
/// # Errors
///
/// That there is none, or that it is in use.
pub(super) fn delete(vcenter: &mut Vcenter, id: &str, is_forced: bool) -> Result<Value, Fault> {
    let library = vcenter.library(id)?;
    if !is_forced && !library.usages.is_empty() {
        return Err(Fault::not_allowed(format!("The library '{id}' is in use; remove its usages, or force the deletion.")));
    }
    vcenter.libraries.shift_remove(id);
    for item in vcenter.items_of(id) {
        forget(vcenter, &item);
    }
    for library in vcenter.libraries.values_mut() {
        library.subscribers.retain(|_, subscriber| subscriber.library != id);
    }
    Ok(Value::Null)
}

/// Removes an item, and ends the sessions that work on it.
pub(super) fn forget(vcenter: &mut Vcenter, id: &str) {
    vcenter.items.shift_remove(id);
    let fault = Fault::not_found("library item", id);
    let updates = vcenter.updates.values_mut().map(|session| &mut session.lease);
    let downloads = vcenter.downloads.values_mut().map(|session| &mut session.lease);
    for lease in updates.chain(downloads).filter(|lease| lease.item == id && lease.stage == Stage::Active) {
        lease.fail(fault.message());
    }
}
