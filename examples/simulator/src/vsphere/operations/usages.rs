//! `content.library.usages`.

use super::{Operations, new_id};
use crate::vsphere::argument::Arguments;
use crate::vsphere::clock::written;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::Members;
use crate::vsphere::state::Vcenter;
use serde_json::{Value, json};

pub(super) const OPERATIONS: Operations = &[("add", add), ("get", get), ("list", list), ("remove", remove)];

fn add(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let now = vcenter.now();
    let library = vcenter.library_mut(arguments.id("library"))?;
    let urn = arguments.spec("spec")?.text("resource_urn").unwrap_or_default();
    let parts: Vec<&str> = urn.splitn(4, ':').collect();
    if parts.len() < 4 || parts.iter().any(|part| part.is_empty()) {
        return Err(Fault::invalid_argument(format!(
            "'spec.resource_urn' is '{urn}', not of the form scheme:namespace:type:id."
        )));
    }
    if library.usages.values().any(|(known, _)| known == urn) {
        return Err(Fault::already_exists(format!("'{urn}' is recorded as a usage already.")));
    }
    let id = new_id();
    library.usages.insert(id.clone(), (urn.to_owned(), now));
    Ok(Value::String(id))
}

fn remove(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("usage");
    match vcenter.library_mut(arguments.id("library"))?.usages.shift_remove(id) {
        Some(_) => Ok(Value::Null),
        None => Err(Fault::not_found("usage", id)),
    }
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("usage");
    let usage = vcenter.library(arguments.id("library"))?.usages.get(id);
    let (urn, added) = usage.ok_or_else(|| Fault::not_found("usage", id))?;
    Ok(json!({ "usage": id, "resource_urn": urn, "addition_time": written(*added) }))
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let usages = vcenter.library(arguments.id("library"))?.usages.iter();
    let all: Value = usages.map(|(id, (urn, _))| json!({ "usage": id, "resource_urn": urn })).collect();
    Ok(json!({ "library_usage_list": all }))
}
