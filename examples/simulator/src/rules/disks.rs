//! Disks: locked while something happens to them, then ok or gone.

use super::lock_until;
use crate::api::{Call, Fault, references};
use crate::engine::{Engine, new_id};
use crate::images::Format;
use crate::store::{Effect, Object, Value};

/// Actions that keep a disk locked for a step and change nothing else that a client sees.
const WORK: &[&str] = &["export", "reduce", "refresh_lun", "sparsify"];

/// Checks and completes a new disk.
pub(super) fn before_add(engine: &mut Engine, _: &Call<'_>, disk: &mut Object) -> Result<(), Fault> {
    prepare(engine, disk)
}

/// Locks a new disk until it is made.
pub(super) fn after_add(engine: &mut Engine, _: &Call<'_>, path: &str, _: &Object) -> Result<bool, Fault> {
    Ok(begin(engine, path))
}

/// Checks and completes a disk that is about to be made.
pub(super) fn prepare(engine: &Engine, disk: &mut Object) -> Result<(), Fault> {
    if let Some(id) = disk.text("id").map(str::to_ascii_lowercase) {
        if uuid::Uuid::parse_str(&id).is_err() {
            return Err(Fault::invalid(format!("Invalid UUID string: {id}")));
        }
        if engine.store.find("disk", &id).is_some() {
            return Err(Fault::conflict("Cannot add Virtual Disk. The disk ID is already in use."));
        }
        disk.set("id", id);
    }
    let name = disk.text("alias").or(disk.text("name")).map(str::to_owned);
    if let Some(name) = name {
        disk.set("alias", name.as_str());
        disk.set("name", name);
    }
    if disk.get("lun_storage").is_some() {
        disk.set("storage_type", "lun");
        return Ok(());
    }
    let size = disk.number("provisioned_size").filter(|size| *size > 0);
    let size = size.ok_or_else(|| Fault::refused("Cannot add Virtual Disk. Disk size must be greater than zero."))?;
    place(engine, disk, size)?;
    let is_cow = disk.text("format") == Some("cow");
    disk.provide("sparse", true);
    disk.provide("image_id", new_id());
    if is_cow {
        disk.provide("qcow_version", "qcow2_v3");
    }
    Ok(())
}

/// Puts a disk on its storage domain.
fn place(engine: &Engine, disk: &mut Object, size: u64) -> Result<(), Fault> {
    let named = disk.objects("storage_domains").next().or(disk.object("storage_domain")).map(|domain| domain.id().to_owned());
    let domain = named.ok_or_else(|| Fault::refused("Cannot add Virtual Disk. The Storage Domain doesn't exist."))?;
    let path = format!("storagedomains/{domain}");
    if engine.store.text(&path, "status") != "active" {
        return Err(Fault::conflict("Cannot add Virtual Disk. The relevant Storage Domain is inaccessible."));
    }
    let storage = engine.store.object(&path);
    if storage.and_then(|storage| storage.number("available")).is_some_and(|available| size > available) {
        return Err(Fault::conflict("Cannot add Virtual Disk. Low disk space on Storage Domain."));
    }
    let is_block = storage.and_then(|storage| storage.text("storage.type")).is_some_and(|kind| matches!(kind, "iscsi" | "fcp"));
    if is_block && disk.text("format") == Some("raw") && disk.flag("sparse") {
        return Err(Fault::refused(
            "Cannot add Virtual Disk. Disk configuration (RAW Sparse) is incompatible with the storage domain type.",
        ));
    }
    disk.set("storage_domains", vec![Object::reference(&domain)]);
    disk.take("storage_domain");
    let profile = engine.store.owned("diskprofiles").find(|(_, profile)| profile.refers_to("storage_domain", &domain));
    if let Some((_, profile)) = profile {
        disk.provide("disk_profile", Object::reference(profile.id()));
    }
    Ok(())
}

/// Locks a stored disk until it is made.
pub(super) fn begin(engine: &mut Engine, path: &str) -> bool {
    let Some(disk) = engine.store.object_mut(path) else { return false };
    let id = disk.id().to_owned();
    disk.provide("alias", id.as_str());
    disk.provide("name", id.as_str());
    let size = disk.number("provisioned_size").unwrap_or_default();
    let format = Format::named(disk.text("format"));
    engine.images.add(&id, size, format);
    lock_until(engine, path, "status", Effect::Set("status", Value::from("ok")));
    true
}

/// Refuses work on a disk that something else holds.
pub(super) fn check_free(engine: &Engine, path: &str) -> Result<(), Fault> {
    let disk = engine.store.object(path);
    match disk.and_then(|disk| disk.text("status")) {
        Some("locked") => {
            let name = disk.and_then(|disk| disk.text("alias")).unwrap_or_default();
            Err(Fault::conflict(format!("Cannot perform the operation: Disk is locked ({name}). Please try again later.")))
        }
        Some("illegal") => Err(Fault::internal("The disk is illegal and cannot be used.")),
        _ => Ok(()),
    }
}

/// Refuses work that needs the virtual machines of a disk to be down.
fn check_vms(engine: &Engine, id: &str) -> Result<(), Fault> {
    let attached = engine
        .store
        .all("disk_attachment")
        .filter(|(_, attachment)| attachment.refers_to("disk", id) && attachment.flag("active"));
    for (_, attachment) in attached {
        let vm = attachment.object("vm").map(Object::id).unwrap_or_default();
        if !vm.is_empty() && engine.store.text(&format!("vms/{vm}"), "status") != "down" {
            return Err(Fault::conflict("Cannot perform the operation: VM is running with the disk plugged."));
        }
    }
    Ok(())
}

/// Checks changes of a disk; a larger size extends it.
pub(super) fn before_update(engine: &mut Engine, call: &Call<'_>, changes: &mut Object) -> Result<(), Fault> {
    change(engine, call.spot.entity(), changes)
}

/// Changes a disk: names, and its size when it grows.
pub(super) fn change(engine: &mut Engine, path: &str, changes: &mut Object) -> Result<(), Fault> {
    check_free(engine, path)?;
    let name = changes.text("alias").or(changes.text("name")).map(str::to_owned);
    if let Some(name) = name {
        changes.set("alias", name.as_str());
        changes.set("name", name);
    }
    let size = engine.store.object(path).and_then(|disk| disk.number("provisioned_size")).unwrap_or_default();
    match changes.number("provisioned_size") {
        Some(wanted) if wanted < size => {
            Err(Fault::refused("Cannot extend disk. New disk size must be larger than the current one."))
        }
        Some(wanted) if wanted > size => {
            let id = path.rsplit('/').next().unwrap_or_default();
            engine.images.resize(id, wanted);
            lock_until(engine, path, "status", Effect::Set("status", Value::from("ok")));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Locks a disk until it is gone.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let path = call.spot.entity();
    if engine.store.text(path, "status") == "locked" {
        check_free(engine, path)?;
    }
    let id = call.spot.id();
    let in_template = engine
        .store
        .all("disk_attachment")
        .any(|(at, attachment)| at.starts_with("templates/") && attachment.refers_to("disk", id));
    if in_template {
        return Err(Fault::refused("Cannot remove Virtual Disk. The disk belongs to a Template."));
    }
    check_vms(engine, id)?;
    begin_removal(engine, path);
    Ok(())
}

/// Locks a disk until it is gone, whoever asked for it.
pub(super) fn begin_removal(engine: &mut Engine, path: &str) {
    engine.schedule.cancel(path);
    lock_until(engine, path, "status", Effect::Remove);
}

/// What goes with a disk: its data and its attachments.
pub(super) fn removed(engine: &mut Engine, id: &str) {
    engine.images.remove(id);
    let attached = engine.store.all("disk_attachment").filter(|(_, attachment)| attachment.refers_to("disk", id));
    let paths: Vec<String> = attached.map(|(path, _)| path.to_owned()).collect();
    for path in paths {
        super::remove_now(engine, &path);
    }
}

/// A disk with the space it takes now.
pub(super) fn shown(engine: &Engine, disk: &Object) -> Object {
    let mut disk = disk.clone();
    if let Some(used) = engine.images.used(disk.id()) {
        disk.set("actual_size", used);
        disk.set("total_size", used);
    }
    disk
}

/// Actions of a disk.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Option<Object>, Fault> {
    let path = call.spot.entity().to_owned();
    let method = call.method.name.as_str();
    match method {
        "copy" => copy(engine, &path, action)?,
        "move" => relocate(engine, &path, action)?,
        "convert" => {
            check_free(engine, &path)?;
            if let (Some(disk), Some(wanted)) = (engine.store.object_mut(&path), action.object("disk")) {
                for member in ["format", "sparse"] {
                    wanted.text(member).into_iter().for_each(|text| disk.set(member, text));
                }
                let format = Format::named(disk.text("format"));
                engine.images.convert(call.spot.id(), format);
            }
            lock_until(engine, &path, "status", Effect::Set("status", Value::from("ok")));
        }
        work if WORK.contains(&work) => {
            check_free(engine, &path)?;
            check_vms(engine, call.spot.id())?;
            lock_until(engine, &path, "status", Effect::Set("status", Value::from("ok")));
        }
        _ => return Ok(None),
    }
    Ok(Some(Object::default()))
}

fn target(engine: &Engine, action: &Object) -> Result<String, Fault> {
    let domain = action.object("storage_domain").ok_or_else(|| Fault::refused("The Storage Domain doesn't exist."))?;
    references::id(engine, "storage_domain", domain)
}

fn copy(engine: &mut Engine, path: &str, action: &Object) -> Result<(), Fault> {
    check_free(engine, path)?;
    let domain = target(engine, action)?;
    let Some(source) = engine.store.object(path) else { return Err(Fault::not_found()) };
    let from = source.id().to_owned();
    let mut disk = source.clone();
    disk.set("image_id", new_id());
    disk.set("storage_domains", vec![Object::reference(&domain)]);
    disk.take("id");
    let name = action.text("disk.alias").or(action.text("disk.name")).map(str::to_owned);
    if let Some(name) = name {
        disk.set("alias", name.as_str());
        disk.set("name", name);
    }
    let made = super::create(engine, "disks", "disk", disk);
    begin(engine, &made);
    engine.images.copy(&from, made.rsplit('/').next().unwrap_or_default());
    Ok(())
}

fn relocate(engine: &mut Engine, path: &str, action: &Object) -> Result<(), Fault> {
    check_free(engine, path)?;
    let domain = target(engine, action)?;
    if engine.store.object(path).is_some_and(|disk| disk.refers_to("storage_domains", &domain)) {
        return Err(Fault::refused("Cannot move Virtual Disk. The source and target Storage Domains are the same."));
    }
    engine.store.set(path, "storage_domains", vec![Object::reference(&domain)]);
    lock_until(engine, path, "status", Effect::Set("status", Value::from("ok")));
    Ok(())
}
