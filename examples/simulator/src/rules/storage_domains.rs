//! Storage domains: made unattached, attached to a data center, activated and deactivated there.

use crate::api::{Call, Fault, Spot, references, result};
use crate::engine::Engine;
use crate::store::{Effect, Object, Value};

/// Gives a new domain its profile; it is unattached until a data center takes it.
pub(super) fn after_add(engine: &mut Engine, _: &Call<'_>, path: &str, _: &Object) -> Result<bool, Fault> {
    engine.store.set(path, "status", "unattached");
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    let Some(domain) = engine.store.object_mut(path) else { return Ok(false) };
    domain.take("host");
    let name = domain.text("name").unwrap_or_default().to_owned();
    let profile = Object::default().with("name", name).with("storage_domain", Object::reference(&id));
    super::create(engine, "diskprofiles", "disk_profile", profile);
    Ok(false)
}

/// Removes a domain that no data center uses.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let destroys = call.options.flag("destroy") == Some(true);
    if !destroys && call.options.text("host").is_none_or(str::is_empty) {
        return Err(Fault::reason_only(400, "host parameter is missing"));
    }
    let path = call.spot.entity().to_owned();
    if !destroys && engine.store.text(&path, "status") != "unattached" {
        return Err(Fault::conflict("Cannot remove Storage. The relevant Storage Domain's status is not unattached."));
    }
    let id = call.spot.id().to_owned();
    let collections = ["disks", "diskprofiles"];
    let below: Vec<String> = collections
        .iter()
        .flat_map(|collection| engine.store.owned(collection))
        .filter(|(_, object)| object.refers_to("storage_domains", &id) || object.refers_to("storage_domain", &id))
        .map(|(path, _)| path)
        .collect();
    below.iter().for_each(|path| super::remove_now(engine, path));
    super::remove_now(engine, &path);
    Ok(())
}

/// Only an unattached domain can be attached.
pub(super) fn before_attach(engine: &Engine, id: &str) -> Result<(), Fault> {
    match engine.store.text(&format!("storagedomains/{id}"), "status") {
        "unattached" => Ok(()),
        _ => Err(Fault::conflict("Cannot attach Storage. The Storage Domain is already attached to a Data Center.")),
    }
}

/// A domain becomes active; the first data domain brings the data center up.
pub(super) fn after_attach(engine: &mut Engine, data_center: &str, id: &str) {
    let path = format!("storagedomains/{id}");
    let center = format!("datacenters/{data_center}");
    let is_first = engine.store.text(&center, "status") == "uninitialized" && engine.store.text(&path, "type") == "data";
    engine.store.set(&path, "data_centers", vec![Object::reference(data_center)]);
    engine.store.set(&path, "master", is_first);
    let at = engine.steps(&path, "status", &["locked", "active"]);
    if is_first {
        engine.schedule.plan(at, &center, Effect::Set("status", Value::from("up")));
    }
}

/// Only a domain in maintenance can be detached, and not the last master.
pub(super) fn before_detach(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let path = call.spot.entity();
    if engine.store.text(path, "status") != "maintenance" {
        return Err(Fault::conflict("Cannot detach Storage. The Storage Domain is not in Maintenance."));
    }
    if engine.store.object(path).is_some_and(|domain| domain.flag("master")) {
        return Err(Fault::conflict(
            "Cannot detach Storage. The master Storage Domain can only be removed with its Data Center.",
        ));
    }
    Ok(())
}

/// The domain belongs to no data center any more.
pub(super) fn after_detach(engine: &mut Engine, call: &Call<'_>) {
    let path = call.spot.entity().to_owned();
    if let Some(domain) = engine.store.object_mut(&path) {
        domain.take("data_centers");
    }
    engine.store.set(&path, "status", "unattached");
}

/// Activates and deactivates.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, _: &Object) -> Result<Option<Object>, Fault> {
    let path = call.spot.entity().to_owned();
    let status = engine.store.text(&path, "status").to_owned();
    match call.method.name.as_str() {
        "activate" => {
            if !matches!(status.as_str(), "inactive" | "unknown" | "maintenance" | "preparing_for_maintenance") {
                return Err(Fault::conflict("Cannot activate Storage. The relevant Storage Domain's status does not allow it."));
            }
            engine.schedule.cancel(&path);
            engine.steps(&path, "status", &["activating", "active"]);
        }
        "deactivate" => {
            check_idle(engine, call.spot.id(), &path, &status)?;
            engine.schedule.cancel(&path);
            engine.steps(&path, "status", &["preparing_for_maintenance", "maintenance"]);
        }
        _ => return Ok(None),
    }
    Ok(Some(Object::default()))
}

fn check_idle(engine: &Engine, id: &str, path: &str, status: &str) -> Result<(), Fault> {
    let refused = |text: &str| Err(Fault::conflict(format!("Cannot deactivate Storage. {text}")));
    if !matches!(status, "active" | "inactive" | "activating") {
        return refused("The relevant Storage Domain's status does not allow it.");
    }
    let is_master = engine.store.object(path).is_some_and(|domain| domain.flag("master"));
    let mut others =
        engine.store.owned("storagedomains").filter(|(other, domain)| other != path && domain.text("type") == Some("data"));
    if is_master && others.any(|(_, domain)| domain.text("status") == Some("active")) {
        return refused("It is the master Storage Domain, and there are other active Storage Domains.");
    }
    let on_domain =
        |disk: &str| engine.store.object(&format!("disks/{disk}")).is_some_and(|disk| disk.refers_to("storage_domains", id));
    let mut running = engine.store.all("disk_attachment").filter(|(_, attachment)| on_domain(attachment.id()));
    let is_used = running.any(|(_, attachment)| {
        let vm = attachment.object("vm").map(Object::id).unwrap_or_default();
        !vm.is_empty() && engine.store.text(&format!("vms/{vm}"), "status") != "down"
    });
    if is_used {
        return refused("There are running VMs with disks on it.");
    }
    let mut disks = engine.store.owned("disks").filter(|(_, disk)| disk.refers_to("storage_domains", id));
    if disks.any(|(_, disk)| disk.text("status") == Some("locked")) {
        return refused("There are running tasks on it.");
    }
    Ok(())
}

/// Actions of a data center, which are about its domains.
pub(super) fn act_on_data_center(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Option<Object>, Fault> {
    if call.method.name != "set_master" {
        return Ok(None);
    }
    let wanted = action.object("storage_domain").ok_or_else(|| call.syntax())?;
    let id = references::id(engine, "storage_domain", wanted)?;
    let path = format!("storagedomains/{id}");
    if engine.store.text(&path, "status") != "active" {
        return Err(Fault::conflict("Cannot set the master Storage Domain. The Storage Domain is not active."));
    }
    let center = call.spot.id();
    let attached = engine.store.owned("storagedomains").filter(|(_, domain)| domain.refers_to("data_centers", center));
    let paths: Vec<String> = attached.map(|(path, _)| path).collect();
    for other in paths {
        let is_master = other == path;
        engine.store.set(&other, "master", is_master);
    }
    Ok(Some(Object::default()))
}

/// Actions of a domain itself.
pub(super) fn act_on_domain(engine: &mut Engine, call: &Call<'_>, _: &Object) -> Result<Option<Object>, Fault> {
    let is_attached = engine.store.text(call.spot.entity(), "status") != "unattached";
    Ok((call.method.name == "is_attached").then(|| result("is_attached", is_attached)))
}

/// At the top a domain has a status only while no data center gives it one.
pub(super) fn shown(domain: &Object) -> Object {
    let mut domain = domain.clone();
    if domain.text("status") != Some("unattached") {
        domain.take("status");
    }
    domain
}

/// Below a data center a domain refers to it.
pub(super) fn shown_attached(spot: &Spot<'_>, domain: &Object) -> Object {
    let center = spot.path.split('/').nth(1).unwrap_or_default();
    let mut domain = domain.clone();
    domain.take("data_centers");
    domain.with("data_center", Object::reference(center))
}
