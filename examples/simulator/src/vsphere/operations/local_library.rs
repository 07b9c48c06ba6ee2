//! `content.local_library`.

use super::synchronize::{self, Depth};
use super::{Operations, library, library_delete, library_spec, new_id, publishing};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::Members;
use crate::vsphere::state::Vcenter;
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[
    ("create", create),
    ("delete", delete),
    ("force_delete", force_delete),
    ("get", get),
    ("list", list),
    ("publish", publish),
    ("update", update),
];

fn create(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let spec = arguments.spec("create_spec")?;
    if spec.contains_key("subscription_info") {
        return Err(Fault::invalid_argument("'create_spec.subscription_info' is for subscribed libraries."));
    }
    let (id, library) = (new_id(), library_spec::create(vcenter, spec)?);
    vcenter.libraries.insert(id.clone(), library);
    Ok(Value::String(id))
}

/// Checks that a library is a local one.
///
/// # Errors
///
/// That it is not, or that there is none.
pub(super) fn check(vcenter: &Vcenter, id: &str) -> Result<(), Fault> {
    if vcenter.library(id)?.is_subscribed() {
        return Err(Fault::invalid_element_type(format!("The library '{id}' is a subscribed one, not a local one.")));
    }
    Ok(())
}

/// Checks that a library is local and published.
///
/// # Errors
///
/// That it is not, or that there is none.
pub(super) fn check_published(vcenter: &Vcenter, id: &str) -> Result<(), Fault> {
    check(vcenter, id)?;
    if !vcenter.library(id)?.publishing.published {
        return Err(Fault::not_allowed(format!("The library '{id}' is not published.")));
    }
    Ok(())
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    check(vcenter, arguments.id("library_id"))?;
    library::show(vcenter, arguments.id("library_id"))
}

fn list(vcenter: &mut Vcenter, _: &Arguments) -> Result<Value, Fault> {
    Ok(library::ids(vcenter, |library| !library.is_subscribed()))
}

fn delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    check(vcenter, arguments.id("library_id"))?;
    library_delete::delete(vcenter, arguments.id("library_id"), false)
}

fn force_delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    check(vcenter, arguments.id("library_id"))?;
    library_delete::delete(vcenter, arguments.id("library_id"), true)
}

fn update(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now, spec) = (arguments.id("library_id"), vcenter.now(), arguments.spec("update_spec")?);
    check(vcenter, id)?;
    let library = vcenter.library_mut(id)?;
    library_spec::check_version(library.version, spec, Fault::concurrent_change)?;
    let publishing = match spec.record("publish_info") {
        Some(info) if library.publishing.known => Some(publishing::update(&library.publishing, info)?),
        Some(info) => Some(publishing::create(info)?),
        None => None,
    };
    library_spec::update(library, spec)?;
    if let Some(publishing) = publishing {
        library.publishing = publishing;
    }
    library.touch(now);
    Ok(Value::Null)
}

fn publish(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_id");
    check_published(vcenter, id)?;
    for subscriber in synchronize::subscribers(vcenter, id, arguments.list("subscriptions"))? {
        synchronize::library(vcenter, &subscriber, Depth::AsSubscribed)?;
    }
    synchronize::record(vcenter, arguments, ("content.local_library", "publish"), (library::RESOURCE, id));
    Ok(Value::Null)
}
