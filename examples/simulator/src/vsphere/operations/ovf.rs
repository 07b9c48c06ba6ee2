//! `vcenter.ovf.library_item`: machines from templates, and templates from machines.

use super::inventory::{check_datastore, check_target};
use super::{Operations, item_spec, new_id};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::{Fault, message};
use crate::vsphere::ovf::{self, Descriptor};
use crate::vsphere::record::{Members, present};
use crate::vsphere::state::{Item, Naming, StoredFile, Vcenter};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) const OPERATIONS: Operations = &[("create", create), ("deploy", deploy), ("filter", filter)];

/// Resource type of virtual machines.
const MACHINE: &str = "VirtualMachine";

/// The descriptor of an item.
fn descriptor(vcenter: &Vcenter, id: &str) -> Result<Descriptor, Fault> {
    let item = vcenter.item(id)?;
    let file = item.files.iter().find(|(name, _)| ovf::is_descriptor(name));
    let (name, file) = file.ok_or_else(|| Fault::invalid_argument(format!("The item '{id}' holds no OVF descriptor.")))?;
    let missing = || Fault::inaccessible(format!("The content of the file '{name}' is not here; synchronize the item first."));
    let text = file.content.as_ref().and_then(|content| content.text()).ok_or_else(missing)?;
    Descriptor::read(&text).map_err(|problem| Fault::invalid_argument(format!("The descriptor '{name}' is bad: {problem}")))
}

fn filter(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let descriptor = descriptor(vcenter, arguments.id("ovf_library_item_id"))?;
    check_target(arguments.spec("target")?)?;
    Ok(descriptor.summary())
}

fn deploy(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let descriptor = descriptor(vcenter, arguments.id("ovf_library_item_id"))?;
    let (target, spec) = (arguments.spec("target")?, arguments.spec("deployment_spec")?);
    check_target(target)?;
    if let Some(datastore) = spec.text("default_datastore_id") {
        check_datastore(datastore)?;
    }
    if spec.flag("accept_all_EULA") != Some(true) && !descriptor.eulas.is_empty() {
        let text = "The package has license agreements that were not accepted.";
        let error = json!({
            "category": "INPUT",
            "name": "accept_all_EULA",
            "value": "false",
            "message": message("eula", text, &[]),
        });
        return Ok(json!({ "succeeded": false, "error": result_info(vec![error], Vec::new()) }));
    }
    let unknown = spec.record("network_mappings").into_iter().flatten().map(|(name, _)| name);
    let warnings = unknown.filter(|name| !descriptor.networks.contains(name)).map(|name| {
        let text = format!("The descriptor has no network '{name}'.");
        json!({ "category": "INPUT", "name": "network_mappings", "value": name, "message": message("network", &text, &[]) })
    });
    let warnings: Vec<Value> = warnings.collect();
    let name = spec.text("name").map(str::to_owned).or(descriptor.name).unwrap_or_else(|| "machine".to_owned());
    let id = format!("vm-{}", 100 + vcenter.machines.len());
    vcenter.machines.insert(id.clone(), name);
    let error = if warnings.is_empty() { Value::Null } else { result_info(Vec::new(), warnings) };
    Ok(present(json!({ "succeeded": true, "resource_id": { "type": MACHINE, "id": id }, "error": error })))
}

fn result_info(errors: Vec<Value>, warnings: Vec<Value>) -> Value {
    json!({ "errors": errors, "warnings": warnings, "information": [] })
}

fn create(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (source, target, spec) = (arguments.spec("source")?, arguments.spec("target")?, arguments.spec("create_spec")?);
    let kind = source.text("type").unwrap_or_default();
    if kind != MACHINE {
        return Err(Fault::invalid_argument(format!("'source.type' is '{kind}'; the simulator captures only {MACHINE}.")));
    }
    let machine = source.text("id").unwrap_or_default();
    let known = vcenter.machines.get(machine).cloned().ok_or_else(|| Fault::not_found("virtual machine", machine))?;
    let missing = || Fault::invalid_argument("'target.library_id' is missing.");
    let library = target.text("library_id").ok_or_else(missing)?;
    item_spec::check_target(vcenter, library)?;
    let name = spec.text("name").unwrap_or(&known).to_owned();
    let description = spec.text("description").unwrap_or_default().to_owned();
    let id = match target.text("library_item_id") {
        Some(id) => {
            let item = vcenter.item(id)?;
            if item.library != library {
                return Err(Fault::invalid_argument(format!("The item '{id}' is not in the library '{library}'.")));
            }
            id.to_owned()
        }
        None => {
            item_spec::check_free(vcenter, library, &name, "")?;
            let id = new_id();
            let naming = Naming { name: name.clone(), description: description.clone(), kind: Some("ovf".to_owned()) };
            let source = spec.text("library_item_source_id").map(str::to_owned);
            vcenter.items.insert(id.clone(), Item::new(library, naming, source, vcenter.now()));
            id
        }
    };
    let text = ovf::written(&name, &description);
    let content =
        vcenter.store.whole(&text).map_err(|error| Fault::internal(format!("Cannot store the descriptor: {error}.")))?;
    let now = vcenter.now();
    let item = vcenter.item_mut(&id)?;
    let file = format!("{name}.ovf").replace(['/', '\\'], "_");
    let version = item.files.get(&file).map_or(1, |known| known.version + 1);
    item.files.clear();
    item.files.insert(file, StoredFile::new(Arc::new(content), version));
    item.content_changed(now, &arguments.user, format!("Captured from '{machine}'."));
    Ok(json!({ "succeeded": true, "ovf_library_item_id": id }))
}
