//! Backups of virtual machines, and the checkpoints that they leave.

use crate::api::{Call, Fault};
use crate::engine::{Engine, new_id};
use crate::store::{Effect, Object, Value};
use std::time::Duration;

/// How long the engine keeps a backup that has ended.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// Phases of a backup that has ended.
const ENDED: &[&str] = &["succeeded", "failed"];

/// Checks whether a backup can start now.
pub(super) fn before_add(engine: &mut Engine, call: &Call<'_>, backup: &mut Object) -> Result<(), Fault> {
    let vm = call.spot.parent_path().to_owned();
    if !matches!(engine.store.text(&vm, "status"), "up" | "down") {
        return Err(Fault::conflict("Cannot backup VM. VM is not up or down."));
    }
    if is_running(engine, &vm) {
        return Err(Fault::conflict("Cannot backup VM. The VM is during a backup operation."));
    }
    let from = backup.text("from_checkpoint_id");
    if from.is_some_and(|from| engine.store.entity(&format!("{vm}/checkpoints/{from}")).is_none()) {
        return Err(Fault::refused("Cannot backup VM. The checkpoint does not exist."));
    }
    for disk in backup.objects("disks") {
        let path = format!("disks/{}", disk.id());
        super::disks::check_free(engine, &path)?;
        if from.is_some() && engine.store.text(&path, "backup") != "incremental" {
            return Err(Fault::conflict("Cannot backup VM. Incremental backup is not enabled for a disk."));
        }
    }
    backup.set("phase", "initializing");
    backup.set("modification_date", engine.timestamp());
    Ok(())
}

/// Brings a backup to the phase in which its data can be read.
pub(super) fn after_add(engine: &mut Engine, call: &Call<'_>, path: &str, given: &Object) -> Result<bool, Fault> {
    for disk in given.objects("disks") {
        engine.store.include(&format!("{path}/disks"), disk.id());
    }
    let is_live = engine.store.text(call.spot.parent_path(), "status") == "up";
    let phases: &[&str] = if is_live { &["initializing", "starting", "ready"] } else { &["initializing", "ready"] };
    engine.steps(path, "phase", phases);
    Ok(false)
}

/// Does what belongs to the phase that a backup has just entered.
pub(super) fn entered(engine: &mut Engine, path: &str) {
    let now = engine.timestamp();
    engine.store.set(path, "modification_date", now);
    match engine.store.text(path, "phase") {
        "ready" => leave_checkpoint(engine, path),
        phase if ENDED.contains(&phase) => engine.schedule.plan(engine.now + KEPT, path, Effect::Remove),
        _ => {}
    }
}

/// Only disks in a format with bitmaps can be backed up from a checkpoint later.
fn leave_checkpoint(engine: &mut Engine, path: &str) {
    let disks: Vec<String> = engine.store.ids(&format!("{path}/disks")).to_vec();
    let with_bitmaps: Vec<&String> =
        disks.iter().filter(|id| engine.store.text(&format!("disks/{id}"), "format") == "cow").collect();
    let Some((vm, _)) = path.split_once("/backups") else { return };
    if with_bitmaps.is_empty() {
        return;
    }
    let id = new_id();
    let checkpoint = Object::reference(&id)
        .with("state", "created")
        .with("creation_date", engine.timestamp())
        .with("vm", Object::reference(vm.rsplit('/').next().unwrap_or_default()));
    let parent = engine.store.ids(&format!("{vm}/checkpoints")).last().cloned();
    let checkpoint = match parent {
        Some(parent) => checkpoint.with("parent_id", parent),
        None => checkpoint,
    };
    let made = engine.store.insert(&format!("{vm}/checkpoints"), "checkpoint", checkpoint);
    for disk in with_bitmaps {
        engine.store.include(&format!("{made}/disks"), disk);
    }
    engine.store.set(path, "to_checkpoint_id", id);
}

/// Ends a backup.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, _: &Object) -> Result<Option<Object>, Fault> {
    if call.method.name != "finalize" {
        return Ok(None);
    }
    let path = call.spot.entity().to_owned();
    if engine.store.text(&path, "phase") != "ready" {
        return Err(Fault::refused("Cannot stop VM backup. The VM backup is not in a phase that allows it."));
    }
    let is_read = engine.store.owned("imagetransfers").any(|(_, transfer)| {
        let has_ended = transfer.text("phase").is_some_and(|phase| phase.starts_with("finished_"));
        transfer.refers_to("backup", call.spot.id()) && !has_ended
    });
    if is_read {
        return Err(Fault::conflict("Cannot stop VM backup. There are active image transfers for its disks."));
    }
    engine.steps(&path, "phase", &["finalizing", "succeeded"]);
    Ok(Some(Object::default()))
}

/// Whether a backup of a virtual machine is going on.
pub(super) fn is_running(engine: &Engine, vm: &str) -> bool {
    let mut backups = engine.store.owned(&format!("{vm}/backups"));
    backups.any(|(_, backup)| !backup.text("phase").is_some_and(|phase| ENDED.contains(&phase)))
}

/// A disk as a backup shows it, with the way in which it is backed up.
pub(super) fn shown_disk(engine: &Engine, path: &str, disk: &Object) -> Object {
    let backup = path.split_once("/disks").map_or("", |(backup, _)| backup);
    let is_incremental = !engine.store.text(backup, "from_checkpoint_id").is_empty();
    disk.clone().with("backup_mode", Value::from(if is_incremental { "incremental" } else { "full" }))
}
