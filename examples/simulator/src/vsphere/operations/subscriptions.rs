//! `content.library.subscriptions`: who subscribes to a published library.

use super::local_library::check_published;
use super::{Operations, library_spec, new_id};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::{Members, Record, present};
use crate::vsphere::state::{Subscriber, Subscription, Vcenter};
use serde_json::{Value, json};

pub(super) const OPERATIONS: Operations =
    &[("create", create), ("delete", delete), ("get", get), ("list", list), ("update", update)];

fn create(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let published = arguments.id("library");
    check_published(vcenter, published)?;
    let spec = arguments.spec("spec")?.record("subscribed_library").cloned().unwrap_or_default();
    let mut vcenter_info = spec.record("vcenter").cloned();
    if let Some(info) = &mut vcenter_info {
        let host = info.text("hostname").unwrap_or_default();
        if host.is_empty() || host.ends_with(".invalid") {
            return Err(Fault::inaccessible(format!("The vCenter '{host}' of the subscriber cannot be found.")));
        }
        info.insert("server_guid".to_owned(), new_id().into());
    }
    let library = match spec.record("new_subscribed_library") {
        Some(new) if vcenter_info.is_none() => add_library(vcenter, published, new)?,
        // What another vCenter calls it.
        Some(_) => new_id(),
        None => existing(vcenter, published, &spec, vcenter_info.is_some())?,
    };
    let placement = spec.record("placement").cloned().unwrap_or_default();
    let subscriber = Subscriber { library: library.clone(), vcenter: vcenter_info, placement };
    let id = new_id();
    vcenter.library_mut(published)?.subscribers.insert(id.clone(), subscriber);
    let link = json!({ "source_library": published, "subscription": id });
    if let Some(subscription) = vcenter.libraries.get_mut(&library).and_then(|library| library.subscription.as_mut()) {
        subscription.shown.insert("source_info".to_owned(), link);
    }
    Ok(Value::String(id))
}

/// A subscribed library for a new subscription.
fn add_library(vcenter: &mut Vcenter, published: &str, new: &Record) -> Result<String, Fault> {
    let mut library = library_spec::create(vcenter, new)?;
    let password = vcenter.library(published)?.publishing.password.clone();
    let mut subscription = Subscription { password, ..Subscription::default() };
    let info = json!({
        "authentication_method": if subscription.password.is_some() { "BASIC" } else { "NONE" },
        "automatic_sync_enabled": new.flag("automatic_sync_enabled"),
        "on_demand": new.flag("on_demand"),
        "subscription_url": vcenter.publish_url(published),
    });
    if let Value::Object(info) = info {
        subscription.merge(&info);
    }
    library.subscription = Some(subscription);
    let id = new_id();
    vcenter.libraries.insert(id.clone(), library);
    Ok(id)
}

/// The library of a new subscription, where that exists.
fn existing(vcenter: &Vcenter, published: &str, spec: &Record, is_remote: bool) -> Result<String, Fault> {
    let id = spec.text("subscribed_library").unwrap_or_default();
    if vcenter.library(published)?.subscribers.values().any(|subscriber| subscriber.library == id) {
        return Err(Fault::already_exists(format!("The library '{id}' is subscribed already.")));
    }
    if is_remote {
        return Ok(id.to_owned());
    }
    let text = format!("The library '{id}' is no subscribed library whose source is '{published}'.");
    let subscription = vcenter.library(id)?.subscription.as_ref().ok_or_else(|| Fault::invalid_argument(text.clone()))?;
    if subscription.url() == vcenter.publish_url(published) { Ok(id.to_owned()) } else { Err(Fault::invalid_argument(text)) }
}

fn find<'a>(vcenter: &'a mut Vcenter, arguments: &Arguments, missing: fn(&str) -> Fault) -> Result<&'a mut Subscriber, Fault> {
    let (library, id) = (arguments.id("library"), arguments.id("subscription"));
    check_published(vcenter, library)?;
    vcenter.library_mut(library)?.subscribers.get_mut(id).ok_or_else(|| missing(id))
}

fn not_found(id: &str) -> Fault {
    Fault::not_found("subscription", id)
}

fn delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    find(vcenter, arguments, not_found)?;
    vcenter.library_mut(arguments.id("library"))?.subscribers.shift_remove(arguments.id("subscription"));
    Ok(Value::Null)
}

fn name(vcenter: &Vcenter, subscriber: &Subscriber) -> String {
    let known = vcenter.libraries.get(&subscriber.library);
    known.map_or_else(|| format!("library {}", subscriber.library), |library| library.name.clone())
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let library = arguments.id("library");
    check_published(vcenter, library)?;
    let one = |(id, subscriber): (&String, &Subscriber)| {
        present(json!({
            "subscription": id,
            "subscribed_library": subscriber.library,
            "subscribed_library_name": name(vcenter, subscriber),
            "subscribed_library_vcenter_hostname": subscriber.vcenter.as_ref().and_then(|info| info.text("hostname")),
        }))
    };
    Ok(vcenter.library(library)?.subscribers.iter().map(one).collect())
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let unknown = |id: &str| Fault::invalid_argument(format!("The library has no subscription '{id}'."));
    let subscriber = find(vcenter, arguments, unknown)?.clone();
    Ok(present(json!({
        "subscribed_library": subscriber.library,
        "subscribed_library_name": name(vcenter, &subscriber),
        "subscribed_library_location": if subscriber.vcenter.is_some() { "REMOTE" } else { "LOCAL" },
        "subscribed_library_vcenter": subscriber.vcenter,
        "subscribed_library_placement": subscriber.placement,
    })))
}

fn update(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let spec = arguments.spec("spec")?;
    let subscriber = find(vcenter, arguments, not_found)?;
    match (&mut subscriber.vcenter, spec.record("subscribed_library_vcenter")) {
        (None, Some(_)) => {
            return Err(Fault::invalid_argument("'spec.subscribed_library_vcenter' is for subscribers on another vCenter."));
        }
        (Some(info), Some(changes)) => info.extend(changes.clone()),
        _ => {}
    }
    if let Some(placement) = spec.record("subscribed_library_placement") {
        subscriber.placement = placement.clone();
    }
    Ok(Value::Null)
}
