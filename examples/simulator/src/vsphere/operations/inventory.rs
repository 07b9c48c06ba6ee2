//! The few objects of the inventory that the Content Library refers to.

use crate::vsphere::fault::Fault;
use crate::vsphere::record::Record;
use serde_json::Value;

/// Datastore that libraries can lie on.
pub(crate) const DATASTORE: &str = "datastore-11";

/// Another one, to migrate to.
pub(super) const OTHER_DATASTORE: &str = "datastore-12";

/// Resource pool that machines can be deployed to.
pub(crate) const RESOURCE_POOL: &str = "resgroup-8";

/// Virtual machine that exists from the start.
pub(crate) const VIRTUAL_MACHINE: &str = "vm-21";

const HOSTS: &[&str] = &["host-9"];
const FOLDERS: &[&str] = &["group-v3"];

/// Checks that a datastore exists.
///
/// # Errors
///
/// That it does not, as an invalid argument.
pub(super) fn check_datastore(id: &str) -> Result<(), Fault> {
    if [DATASTORE, OTHER_DATASTORE].contains(&id) {
        return Ok(());
    }
    Err(Fault::invalid_argument(format!("There is no datastore '{id}'; there are {DATASTORE} and {OTHER_DATASTORE}.")))
}

/// Checks that a resource pool exists.
///
/// # Errors
///
/// That it does not.
pub(super) fn check_resource_pool(id: &str) -> Result<(), Fault> {
    if id == RESOURCE_POOL { Ok(()) } else { Err(Fault::not_found("resource pool", id)) }
}

/// Checks that the place for a new machine exists.
///
/// # Errors
///
/// That a part of it does not.
pub(super) fn check_target(target: &Record) -> Result<(), Fault> {
    let text = |name: &str| target.get(name).and_then(Value::as_str);
    check_resource_pool(text("resource_pool_id").unwrap_or_default())?;
    for (member, what, known) in [("host_id", "host", HOSTS), ("folder_id", "folder", FOLDERS)] {
        if let Some(id) = text(member).filter(|id| !known.contains(id)) {
            return Err(Fault::not_found(what, id));
        }
    }
    Ok(())
}
