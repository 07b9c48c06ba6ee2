//! What requests say about items.

use super::{library_spec, local_library};
use crate::vsphere::fault::Fault;
use crate::vsphere::record::{Members, Record};
use crate::vsphere::state::{Naming, Vcenter};

/// Name, description and type of a new item.
///
/// # Errors
///
/// That one of them is bad.
pub(super) fn naming(spec: &Record) -> Result<Naming, Fault> {
    let name = library_spec::name(spec)?.unwrap_or_default().to_owned();
    let description = library_spec::description(spec)?.unwrap_or_default().to_owned();
    Ok(Naming { name, description, kind: kind(spec)? })
}

/// Type of an item, if the request gives one.
///
/// # Errors
///
/// That it is empty.
pub(super) fn kind(spec: &Record) -> Result<Option<String>, Fault> {
    match spec.text("type") {
        Some("") => Err(Fault::invalid_argument("'type' is empty; leave it out for an item without type.")),
        kind => Ok(kind.map(str::to_owned)),
    }
}

/// Checks that a library takes new items.
///
/// # Errors
///
/// That it does not, or that there is none.
pub(super) fn check_target(vcenter: &Vcenter, library: &str) -> Result<(), Fault> {
    local_library::check(vcenter, library)?;
    match &vcenter.library(library)?.maintenance {
        Some(reason) => Err(Fault::not_allowed(format!("The library '{library}' is in maintenance: {reason}"))),
        None => Ok(()),
    }
}

/// Checks that no other item of a library has a name.
///
/// # Errors
///
/// That one has.
pub(super) fn check_free(vcenter: &Vcenter, library: &str, name: &str, except: &str) -> Result<(), Fault> {
    let is_taken =
        |(id, item): (&String, &crate::vsphere::state::Item)| id != except && item.library == library && item.name == name;
    if vcenter.items.iter().any(is_taken) {
        return Err(Fault::already_exists(format!("The library '{library}' has an item named '{name}' already.")));
    }
    Ok(())
}
