//! `content.library`: what applies to libraries of every type.

use super::{Operations, library_delete, library_spec};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::{Members, Record};
use crate::vsphere::state::{Effect, Library, Status, Task, Vcenter};
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[
    ("convert", convert),
    ("delete", delete),
    ("enter_maintenance", enter_maintenance),
    ("exit_maintenance", exit_maintenance),
    ("find", find),
    ("force_delete", force_delete),
    ("get", get),
    ("list", list),
    ("migrate", migrate),
    ("update", update),
];

/// Resource type of libraries.
pub(super) const RESOURCE: &str = "com.vmware.content.Library";

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    show(vcenter, arguments.id("library_id"))
}

/// A library as the API has it.
///
/// # Errors
///
/// That there is none.
pub(super) fn show(vcenter: &Vcenter, id: &str) -> Result<Value, Fault> {
    Ok(vcenter.library(id)?.value(id, &vcenter.publish_url(id)))
}

/// Identifiers of the libraries for which a test holds.
pub(super) fn ids(vcenter: &Vcenter, test: impl Fn(&Library) -> bool) -> Value {
    vcenter.libraries.iter().filter(|(_, library)| test(library)).map(|(id, _)| Value::String(id.clone())).collect()
}

fn list(vcenter: &mut Vcenter, _: &Arguments) -> Result<Value, Fault> {
    Ok(ids(vcenter, |_| true))
}

fn find(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let spec = arguments.spec("spec")?;
    if spec.is_empty() {
        return Err(Fault::invalid_argument("'spec' sets no property to find libraries by."));
    }
    Ok(ids(vcenter, |library| {
        let fits_name = spec.text("name").is_none_or(|name| name.to_lowercase() == library.name.to_lowercase());
        let fits_type = spec.text("type").is_none_or(|kind| (kind == "SUBSCRIBED") == library.is_subscribed());
        let backing = spec.record("storage_backing");
        fits_name && fits_type && backing.is_none_or(|wanted| library.storage_backings.iter().any(|known| is_part(wanted, known)))
    }))
}

fn is_part(wanted: &Record, known: &Value) -> bool {
    wanted.iter().all(|(name, value)| known.get(name) == Some(value))
}

fn update(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (now, spec) = (vcenter.now(), arguments.spec("update_spec")?);
    let library = vcenter.library_mut(arguments.id("library_id"))?;
    library_spec::check_version(library.version, spec, Fault::invalid_argument)?;
    library_spec::update(library, spec)?;
    library.touch(now);
    Ok(Value::Null)
}

fn delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    library_delete::delete(vcenter, arguments.id("library_id"), false)
}

fn force_delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    library_delete::delete(vcenter, arguments.id("library_id"), true)
}

fn enter_maintenance(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let library = vcenter.library_mut(arguments.id("library_id"))?;
    if library.maintenance.is_some() {
        return Err(Fault::not_allowed("The library is in maintenance already."));
    }
    library.maintenance = Some(format!("{} put the library into maintenance.", arguments.user));
    Ok(Value::Null)
}

fn exit_maintenance(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let library = vcenter.library_mut(arguments.id("library_id"))?;
    match library.maintenance.take() {
        Some(_) => Ok(Value::Null),
        None => Err(Fault::not_allowed("The library is not in maintenance.")),
    }
}

fn migrate(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now, ends) = (arguments.id("library_id"), vcenter.now(), vcenter.after_transition());
    let target = library_spec::storage_backings(arguments.spec("migrate_spec")?)?;
    let library = vcenter.library_mut(id)?;
    let is_datastore = |backing: &Value| backing.get("type").and_then(Value::as_str) == Some("DATASTORE");
    if !library.storage_backings.iter().chain(&target).all(is_datastore) {
        return Err(Fault::unsupported("Only libraries on datastores move, and only to datastores."));
    }
    if library.storage_backings == target {
        return Err(Fault::already_in_desired_state("The library lies on that storage already."));
    }
    if library.maintenance.is_some() {
        return Err(Fault::not_allowed("The library is in maintenance."));
    }
    library.maintenance = Some("The library moves to other storage.".to_owned());
    let task = Task {
        service: "content.library".to_owned(),
        operation: "migrate".to_owned(),
        description: "Move a library to other storage".to_owned(),
        target: (RESOURCE.to_owned(), id.to_owned()),
        user: arguments.user.clone(),
        began: now,
        ends,
        status: Status::Running,
        effect: Effect::Migrate { library: id.to_owned(), storage_backings: target },
        error: None,
    };
    vcenter.add_task(task);
    Ok(Value::Null)
}

fn convert(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now) = (arguments.id("library_id"), vcenter.now());
    if !vcenter.library(id)?.is_subscribed() {
        return Err(Fault::invalid_element_type(format!("The library '{id}' is not a subscribed one.")));
    }
    let items = vcenter.items_of(id);
    if let Some(item) = items.iter().find(|item| vcenter.items.get(*item).is_some_and(|item| !item.is_cached())) {
        return Err(Fault::not_allowed(format!("The content of the item '{item}' was not fetched yet.")));
    }
    let library = vcenter.library_mut(id)?;
    (library.subscription, library.synced) = (None, None);
    (library.publishing.known, library.publishing.published) = (true, true);
    library.touch(now);
    for item in vcenter.items.values_mut().filter(|item| item.library == id) {
        item.synced = None;
    }
    Ok(Value::Null)
}
