//! Disk attachments: a disk of a virtual machine, with the id of the disk.

use super::disks;
use crate::api::{Call, Fault};
use crate::engine::Engine;
use crate::store::{Object, Value};

/// Statuses of a virtual machine in which a disk may be plugged and unplugged.
const PLUGGABLE: &[&str] = &["up", "paused", "down"];

/// Makes the disk, or finds it, and gives its id to the attachment.
pub(super) fn before_add(engine: &mut Engine, call: &Call<'_>, attachment: &mut Object) -> Result<(), Fault> {
    check_boot(engine, call.spot.parent_path(), attachment, None)?;
    if attachment.get("interface").is_none() {
        return Err(Fault::refused("Cannot add Virtual Disk. The disk interface is missing."));
    }
    let Some(Value::Object(mut disk)) = attachment.take("disk") else { return Err(call.syntax()) };
    let id = if disk.get("id").is_some() {
        attach(engine, disk.id())?;
        disk.id().to_owned()
    } else {
        let vm = engine.store.text(call.spot.parent_path(), "name").to_owned();
        let number = engine.store.ids(&call.spot.path).len() + 1;
        if disk.text("alias").or(disk.text("name")).is_none() {
            disk.set("alias", format!("{vm}_Disk{number}"));
        }
        disks::prepare(engine, &mut disk)?;
        let path = super::create(engine, "disks", "disk", disk);
        disks::begin(engine, &path);
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    attachment.set("disk", Object::reference(&id));
    attachment.set("id", id);
    Ok(())
}

fn attach(engine: &Engine, id: &str) -> Result<(), Fault> {
    let path = format!("disks/{id}");
    let Some(disk) = engine.store.object(&path) else {
        return Err(Fault::refused("Cannot attach Virtual Disk. The disk does not exist."));
    };
    disks::check_free(engine, &path)?;
    let is_attached = engine.store.all("disk_attachment").any(|(_, attachment)| attachment.refers_to("disk", id));
    if is_attached && !disk.flag("shareable") {
        return Err(Fault::conflict("Cannot attach Virtual Disk. The disk is already attached to a VM and is not shareable."));
    }
    Ok(())
}

/// Says whether the disk of a new attachment is still being made.
pub(super) fn after_add(engine: &mut Engine, _: &Call<'_>, path: &str, _: &Object) -> Result<bool, Fault> {
    let id = path.rsplit('/').next().unwrap_or_default();
    Ok(engine.store.text(&format!("disks/{id}"), "status") == "locked")
}

/// Plugs, unplugs and extends.
pub(super) fn before_update(engine: &mut Engine, call: &Call<'_>, changes: &mut Object) -> Result<(), Fault> {
    let path = call.spot.entity().to_owned();
    let vm = vm_of(&path);
    check_boot(engine, &vm, changes, Some(&path))?;
    if let Some(wanted) = changes.text("active") {
        let is_same = engine.store.text(&path, "active") == wanted;
        let status = engine.store.text(&vm, "status");
        if is_same && changes.iter().count() == 1 {
            let state = if wanted == "true" { "plugged" } else { "unplugged" };
            return Err(Fault::conflict(format!("Failed to hot-plug disk. The disk is already {state}.")));
        }
        if !is_same && !PLUGGABLE.contains(&status) {
            return Err(Fault::conflict("Failed to hot-plug disk. The VM must be up, paused or down."));
        }
    }
    if let Some(Value::Object(mut disk)) = changes.take("disk") {
        let path = format!("disks/{}", call.spot.id());
        disk.take("id");
        if disk.iter().next().is_some() {
            disks::change(engine, &path, &mut disk)?;
            if let Some(stored) = engine.store.object_mut(&path) {
                stored.merge(disk);
            }
        }
    }
    Ok(())
}

/// Detaches the disk, and removes it unless the caller keeps it.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let path = call.spot.entity().to_owned();
    if !matches!(engine.store.text(&vm_of(&path), "status"), "up" | "down") {
        return Err(Fault::conflict("Cannot detach Virtual Disk. The VM must be up or down."));
    }
    let disk = format!("disks/{}", call.spot.id());
    disks::check_free(engine, &disk)?;
    super::remove_now(engine, &path);
    if call.options.flag("detach_only") == Some(false) {
        disks::begin_removal(engine, &disk);
    }
    Ok(())
}

/// A virtual machine has one boot disk.
fn check_boot(engine: &Engine, vm: &str, attachment: &Object, own: Option<&str>) -> Result<(), Fault> {
    if !attachment.flag("bootable") {
        return Ok(());
    }
    let others = engine.store.owned(&format!("{vm}/diskattachments"));
    let is_taken = others.into_iter().any(|(path, other)| Some(path.as_str()) != own && other.flag("bootable"));
    if is_taken { Err(Fault::conflict("Cannot add Virtual Disk. The VM already has a bootable disk.")) } else { Ok(()) }
}

fn vm_of(path: &str) -> String {
    path.split('/').take(2).collect::<Vec<_>>().join("/")
}
