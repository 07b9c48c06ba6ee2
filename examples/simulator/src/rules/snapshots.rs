//! Snapshots of virtual machines, and their preview.

use super::{lock_until, running, vms};
use crate::api::{Call, Fault, references};
use crate::engine::{Engine, new_id};
use crate::store::{Effect, Object, Value};

/// Statuses of a virtual machine in which no snapshot is made.
const REFUSED: &[&str] = &["migrating", "suspended", "image_locked", "not_responding", "unassigned", "unknown"];

/// Checks whether a snapshot can be made now.
pub(super) fn before_add(engine: &mut Engine, call: &Call<'_>, snapshot: &mut Object) -> Result<(), Fault> {
    let vm = call.spot.parent_path().to_owned();
    match engine.store.text(&vm, "status") {
        "image_locked" => return Err(running::locked()),
        status if REFUSED.contains(&status) => return Err(Fault::conflict("Cannot create Snapshot. VM status is illegal.")),
        _ => {}
    }
    check_idle(engine, &vm)?;
    if in_preview(engine, &vm).is_some() {
        return Err(Fault::conflict("Cannot create Snapshot. VM is previewing a Snapshot."));
    }
    for id in engine.store.ids(&format!("{vm}/diskattachments")) {
        super::disks::check_free(engine, &format!("disks/{id}"))?;
    }
    let is_up = engine.store.text(&vm, "status") == "up";
    let wants_memory = snapshot.text("persist_memorystate") != Some("false");
    snapshot.set("persist_memorystate", is_up && wants_memory);
    snapshot.take("disk_attachments");
    snapshot.set("snapshot_status", "locked");
    Ok(())
}

/// Copies the disks and devices as they are now.
pub(super) fn after_add(engine: &mut Engine, call: &Call<'_>, path: &str, given: &Object) -> Result<bool, Fault> {
    let vm = call.spot.parent_path().to_owned();
    let chosen: Vec<&str> =
        given.objects("disk_attachments").filter_map(|attachment| attachment.object("disk")).map(Object::id).collect();
    let disks: Vec<String> = engine.store.ids(&format!("{vm}/diskattachments")).to_vec();
    for id in disks.iter().filter(|id| chosen.is_empty() || chosen.contains(&id.as_str())) {
        let disk_path = format!("disks/{id}");
        let Some(disk) = engine.store.object(&disk_path).cloned() else { continue };
        engine.store.insert(&format!("{path}/disks"), "disk", disk.clone());
        let image = disk.text("image_id").map_or_else(new_id, str::to_owned);
        let reference = Object::reference(path.rsplit('/').next().unwrap_or_default());
        let layer = disk.with("id", image).with("disk", Object::reference(id)).with("snapshot", reference);
        engine.store.insert(&format!("{disk_path}/disksnapshots"), "disk_snapshot", layer);
        engine.store.set(&disk_path, "image_id", new_id());
    }
    let nics: Vec<Object> = engine.store.owned(&format!("{vm}/nics")).map(|(_, nic)| nic.clone()).collect();
    for nic in nics {
        engine.store.insert(&format!("{path}/nics"), "nic", nic);
    }
    engine.schedule.plan(engine.now + engine.step, path, Effect::Set("snapshot_status", Value::from("ok")));
    Ok(false)
}

/// Locks a snapshot until it is gone.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let path = call.spot.entity().to_owned();
    let vm = vm_of(&path);
    if engine.store.text(&path, "snapshot_type") != "regular" {
        return Err(Fault::conflict("Cannot remove Snapshot. Removing the VM active Snapshot is not allowed."));
    }
    check_idle(engine, &vm)?;
    if in_preview(engine, &vm).is_some() {
        return Err(Fault::conflict("Cannot remove Snapshot. VM is previewing a Snapshot."));
    }
    if !matches!(engine.store.text(&vm, "status"), "up" | "down") {
        return Err(Fault::conflict("Cannot remove Snapshot. VM must be up or down."));
    }
    lock_until(engine, &path, "snapshot_status", Effect::Remove);
    let id = call.spot.id();
    let layers = engine.store.all("disk_snapshot").filter(|(_, layer)| layer.refers_to("snapshot", id));
    let paths: Vec<String> = layers.map(|(path, _)| path.to_owned()).collect();
    for layer in paths {
        engine.schedule.plan(engine.now + engine.step, &layer, Effect::Remove);
    }
    Ok(())
}

/// Actions of a snapshot.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, _: &Object) -> Result<Option<Object>, Fault> {
    if call.method.name != "restore" {
        return Ok(None);
    }
    let path = call.spot.entity().to_owned();
    let vm = vm_of(&path);
    running::check_down(engine, &vm, "Cannot restore Snapshot. VM is not down.")?;
    check_idle(engine, &vm)?;
    vms::lock_for_a_step(engine, &vm);
    Ok(Some(Object::default()))
}

/// Actions of a virtual machine that are about its snapshots.
pub(super) fn act_on_vm(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Option<Object>, Fault> {
    let vm = call.spot.entity().to_owned();
    if call.method.name == "preview_snapshot" {
        return preview(engine, &vm, action).map(|()| Some(Object::default()));
    }
    let Some(previewed) = in_preview(engine, &vm) else {
        return Err(Fault::conflict("Cannot restore VM. VM is not in preview of a Snapshot."));
    };
    running::check_down(engine, &vm, "Cannot restore VM. VM is not down.")?;
    let snapshots: Vec<(String, String)> = list(engine, &vm);
    let later = snapshots.iter().skip_while(|(path, _)| *path != previewed).skip(1);
    let commits = call.method.name == "commit_snapshot";
    for (path, kind) in later {
        match kind.as_str() {
            "preview" => engine.store.remove(path),
            "regular" if commits => engine.store.remove(path),
            _ => {}
        }
    }
    engine.store.set(&previewed, "snapshot_status", "ok");
    vms::lock_for_a_step(engine, &vm);
    Ok(Some(Object::default()))
}

fn preview(engine: &mut Engine, vm: &str, action: &Object) -> Result<(), Fault> {
    running::check_down(engine, vm, "Cannot preview Snapshot. VM is not down.")?;
    check_idle(engine, vm)?;
    if in_preview(engine, vm).is_some() {
        return Err(Fault::conflict("Cannot preview Snapshot. VM is already previewing a Snapshot."));
    }
    let wanted = action.object("snapshot").ok_or_else(Fault::not_found)?;
    let id = references::id(engine, "snapshot", wanted)?;
    let path = format!("{vm}/snapshots/{id}");
    if engine.store.text(&path, "snapshot_type") != "regular" {
        return Err(Fault::refused("Cannot preview Snapshot. The Snapshot does not exist."));
    }
    engine.store.set(&path, "snapshot_status", "in_preview");
    let vm_id = vm.rsplit('/').next().unwrap_or_default();
    let preview = Object::default()
        .with("description", "Active VM before the preview")
        .with("snapshot_type", "preview")
        .with("snapshot_status", "ok")
        .with("vm", Object::reference(vm_id));
    super::create(engine, &format!("{vm}/snapshots"), "snapshot", preview);
    vms::lock_for_a_step(engine, vm);
    Ok(())
}

fn list(engine: &Engine, vm: &str) -> Vec<(String, String)> {
    let snapshots = engine.store.owned(&format!("{vm}/snapshots"));
    snapshots.map(|(path, snapshot)| (path, snapshot.text("snapshot_type").unwrap_or_default().to_owned())).collect()
}

fn in_preview(engine: &Engine, vm: &str) -> Option<String> {
    let mut snapshots = engine.store.owned(&format!("{vm}/snapshots"));
    snapshots.find(|(_, snapshot)| snapshot.text("snapshot_status") == Some("in_preview")).map(|(path, _)| path)
}

/// Refuses while another snapshot is being made or removed.
fn check_idle(engine: &Engine, vm: &str) -> Result<(), Fault> {
    let mut snapshots = engine.store.owned(&format!("{vm}/snapshots"));
    if snapshots.any(|(_, snapshot)| snapshot.text("snapshot_status") == Some("locked")) {
        return Err(Fault::conflict("The VM is performing an operation on a Snapshot. Please wait for it to finish."));
    }
    Ok(())
}

fn vm_of(path: &str) -> String {
    path.split('/').take(2).collect::<Vec<_>>().join("/")
}
