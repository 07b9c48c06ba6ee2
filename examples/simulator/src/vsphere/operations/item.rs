//! `content.library.item`.

use super::library_delete::forget;
use super::synchronize::{self, Depth};
use super::{Operations, item_spec, library_spec, local_library, new_id};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::Members;
use crate::vsphere::state::{Effect, Item, Status, Task, Vcenter};
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[
    ("copy", copy),
    ("create", create),
    ("delete", delete),
    ("find", find),
    ("get", get),
    ("list", list),
    ("publish", publish),
    ("update", update),
];

/// Resource type of items.
pub(super) const RESOURCE: &str = "com.vmware.content.library.Item";

fn create(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let spec = arguments.spec("create_spec")?;
    let (library, naming) = (spec.text("library_id").unwrap_or_default(), item_spec::naming(spec)?);
    item_spec::check_target(vcenter, library)?;
    item_spec::check_free(vcenter, library, &naming.name, "")?;
    let source = spec.text("source_id").map(str::to_owned);
    let (id, item) = (new_id(), Item::new(library, naming, source, vcenter.now()));
    vcenter.items.insert(id.clone(), item);
    Ok(Value::String(id))
}

fn copy(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (from, spec) = (arguments.id("source_library_item_id"), arguments.spec("destination_create_spec")?);
    let source = vcenter.item(from)?;
    let (library, naming) = (spec.text("library_id").unwrap_or_default(), item_spec::naming(spec)?);
    item_spec::check_target(vcenter, library)?;
    if !source.is_cached() {
        return Err(Fault::inaccessible(format!("The content of the item '{from}' is not here; synchronize it first.")));
    }
    let origin = source.source.clone().unwrap_or_else(|| from.to_owned());
    let kind = naming.kind.clone().or_else(|| source.kind.clone());
    let mut item = Item::new(library, naming, Some(origin), vcenter.now());
    item.kind = kind;
    let id = new_id();
    vcenter.items.insert(id.clone(), item);
    let task = Task {
        service: "content.library.item".to_owned(),
        operation: "copy".to_owned(),
        description: "Copy a library item".to_owned(),
        target: (RESOURCE.to_owned(), id.clone()),
        user: arguments.user.clone(),
        began: vcenter.now(),
        ends: vcenter.after_transition(),
        status: Status::Running,
        effect: Effect::Copy { from: from.to_owned(), to: id.clone() },
        error: None,
    };
    vcenter.add_task(task);
    Ok(Value::String(id))
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_item_id");
    let item = vcenter.item(id)?;
    let is_secure = vcenter.library(&item.library).is_ok_and(|library| library.security_policy.is_some());
    Ok(item.value(id, is_secure))
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let library = arguments.id("library_id");
    vcenter.library(library)?;
    Ok(vcenter.items_of(library).into())
}

fn find(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let spec = arguments.spec("spec")?;
    if spec.is_empty() {
        return Err(Fault::invalid_argument("'spec' sets no property to find items by."));
    }
    let fits = |item: &Item| {
        spec.text("name").is_none_or(|name| name.to_lowercase() == item.name.to_lowercase())
            && spec.text("library_id").is_none_or(|library| library == item.library)
            && spec.text("source_id").is_none_or(|source| Some(source) == item.source.as_deref())
            && spec.text("type").is_none_or(|kind| item.kind.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(kind)))
            && spec.flag("cached").is_none_or(|cached| cached == item.is_cached())
    };
    Ok(vcenter.items.iter().filter(|(_, item)| fits(item)).map(|(id, _)| Value::String(id.clone())).collect())
}

/// Checks that an item is not in a subscribed library, where only its source can be changed.
///
/// # Errors
///
/// That it is, or that there is none.
pub(super) fn check_local(vcenter: &Vcenter, id: &str) -> Result<(), Fault> {
    if vcenter.library(&vcenter.item(id)?.library)?.is_subscribed() {
        return Err(Fault::invalid_element_type(format!("The item '{id}' is in a subscribed library.")));
    }
    Ok(())
}

fn update(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now, spec) = (arguments.id("library_item_id"), vcenter.now(), arguments.spec("update_spec")?);
    check_local(vcenter, id)?;
    let item = vcenter.item(id)?;
    library_spec::check_version(item.version, spec, Fault::invalid_argument)?;
    let (name, description, kind) = (library_spec::name(spec)?, library_spec::description(spec)?, item_spec::kind(spec)?);
    if let Some(name) = name {
        item_spec::check_free(vcenter, &item.library, name, id)?;
    }
    let item = vcenter.item_mut(id)?;
    if let Some(name) = name {
        item.name = name.to_owned();
    }
    if let Some(description) = description {
        item.description = description.to_owned();
    }
    item.kind = kind.or_else(|| item.kind.take());
    item.touch(now);
    Ok(Value::Null)
}

fn delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_item_id");
    check_local(vcenter, id)?;
    let library = vcenter.library(&vcenter.item(id)?.library)?;
    if library.applies_usage_to_items && !library.usages.is_empty() {
        return Err(Fault::not_allowed("The library of the item is in use, and its usages apply to its items."));
    }
    forget(vcenter, id);
    Ok(Value::Null)
}

fn publish(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_item_id");
    let library = vcenter.item(id)?.library.clone();
    local_library::check_published(vcenter, &library)?;
    let is_forced = arguments.flag("force_sync_content").unwrap_or_default();
    for subscriber in synchronize::subscribers(vcenter, &library, arguments.list("subscriptions"))? {
        let is_on_demand = vcenter.library(&subscriber)?.subscription.as_ref().is_some_and(|known| known.is_on_demand());
        let depth = if is_forced || !is_on_demand { Depth::Content } else { Depth::AsSubscribed };
        synchronize::one(vcenter, &subscriber, id, depth == Depth::Content);
    }
    synchronize::record(vcenter, arguments, ("content.library.item", "publish"), (RESOURCE, id));
    Ok(Value::Null)
}
