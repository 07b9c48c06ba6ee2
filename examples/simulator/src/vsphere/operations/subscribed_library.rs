//! `content.subscribed_library`.

use super::synchronize::{self, Depth, Source};
use super::{Operations, library, library_delete, library_spec, new_id};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::{Fault, message};
use crate::vsphere::record::{Members, Record, present};
use crate::vsphere::state::{Subscription, Vcenter};
use serde_json::{Value, json};

pub(super) const OPERATIONS: Operations = &[
    ("create", create),
    ("delete", delete),
    ("evict", evict),
    ("force_delete", force_delete),
    ("get", get),
    ("list", list),
    ("probe", probe),
    ("sync", sync),
    ("update", update),
];

fn create(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let spec = arguments.spec("create_spec")?;
    if spec.contains_key("publish_info") {
        return Err(Fault::invalid_argument("'create_spec.publish_info' is for local libraries."));
    }
    let subscription = match spec.record("subscription_info") {
        Some(info) => checked(vcenter, Subscription::default(), info)?,
        None => Subscription::default(),
    };
    let is_automatic = subscription.shown.flag("automatic_sync_enabled").unwrap_or_default();
    let (id, mut library) = (new_id(), library_spec::create(vcenter, spec)?);
    library.subscription = Some(subscription);
    vcenter.libraries.insert(id.clone(), library);
    if is_automatic {
        synchronize::library(vcenter, &id, Depth::AsSubscribed)?;
        synchronize::record(vcenter, arguments, ("content.subscribed_library", "sync"), (library::RESOURCE, &id));
    }
    Ok(Value::String(id))
}

/// A subscription with what a request says about it.
///
/// # Errors
///
/// That it is bad, or leads nowhere.
fn checked(vcenter: &Vcenter, mut subscription: Subscription, info: &Record) -> Result<Subscription, Fault> {
    subscription.merge(info);
    let is_basic = subscription.shown.text("authentication_method") == Some("BASIC");
    if is_basic && subscription.password.as_deref().is_none_or(str::is_empty) {
        return Err(Fault::invalid_argument("'subscription_info.password' is missing."));
    }
    match synchronize::source(vcenter, &subscription) {
        Source::Library(_) => Ok(subscription),
        Source::Failure("INVALID_URL", text) => Err(Fault::invalid_argument(text)),
        Source::Failure(_, text) => Err(Fault::inaccessible(text)),
    }
}

fn check(vcenter: &Vcenter, id: &str) -> Result<(), Fault> {
    if vcenter.library(id)?.is_subscribed() {
        return Ok(());
    }
    Err(Fault::invalid_element_type(format!("The library '{id}' is a local one, not a subscribed one.")))
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    check(vcenter, arguments.id("library_id"))?;
    library::show(vcenter, arguments.id("library_id"))
}

fn list(vcenter: &mut Vcenter, _: &Arguments) -> Result<Value, Fault> {
    Ok(library::ids(vcenter, |library| library.is_subscribed()))
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
    let library = vcenter.library(id)?;
    library_spec::check_version(library.version, spec, Fault::concurrent_change)?;
    let subscription = match spec.record("subscription_info") {
        Some(info) => Some(checked(vcenter, library.subscription.clone().unwrap_or_default(), info)?),
        None => None,
    };
    let library = vcenter.library_mut(id)?;
    library_spec::update(library, spec)?;
    if subscription.is_some() {
        library.subscription = subscription;
    }
    library.touch(now);
    Ok(Value::Null)
}

fn sync(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_id");
    synchronize::library(vcenter, id, Depth::AsSubscribed)?;
    synchronize::record(vcenter, arguments, ("content.subscribed_library", "sync"), (library::RESOURCE, id));
    Ok(Value::Null)
}

fn evict(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_id");
    check(vcenter, id)?;
    if !vcenter.library(id)?.subscription.as_ref().is_some_and(Subscription::is_on_demand) {
        return Err(Fault::not_allowed(format!("The library '{id}' does not synchronize on demand.")));
    }
    for item in vcenter.items.values_mut().filter(|item| item.library == id) {
        item.files.values_mut().for_each(|file| file.content = None);
    }
    Ok(Value::Null)
}

fn probe(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let mut subscription = Subscription::default();
    subscription.merge(arguments.spec("subscription_info")?);
    Ok(match synchronize::source(vcenter, &subscription) {
        Source::Library(_) => json!({ "status": "SUCCESS", "error_messages": [] }),
        Source::Failure(status, text) => present(json!({ "status": status, "error_messages": [message("probe", &text, &[])] })),
    })
}
