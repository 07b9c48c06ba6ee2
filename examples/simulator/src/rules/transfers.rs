//! Image transfers: the phases between a request for data access and its end.
//!
//! The data itself flows past the engine, through the image endpoint: a ticket there opens a disk.

use super::{disks, versions};
use crate::api::{Call, Fault};
use crate::engine::{Engine, new_id};
use crate::images::{Access, TicketRequest, Trouble};
use crate::store::{Effect, Object, Value};
use std::time::Duration;

/// Phases in which a transfer has a ticket.
const OPEN: &[&str] = &["transferring", "paused_user", "paused_system", "resuming"];

/// Phases that a transfer never leaves.
const FINAL: &[&str] = &["finished_success", "finished_failure"];

/// How long the engine keeps a finished transfer.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// Phases in which the session is closed. What follows waits for that.
const CLOSING: &[&str] = &["finalizing_success", "finalizing_failure", "finalizing_cleanup"];

const CLEANUP: &[&str] = &["cancelled_user", "finalizing_cleanup", "finished_cleanup", "finished_failure"];
const FAILURE: &[&str] = &["cancelled_system", "finalizing_failure", "finished_failure"];

/// Both of these before 4.3.5.
const CANCELLED: &[&str] = &["cancelled", "finalizing_failure", "finished_failure"];

/// Checks what a transfer works on.
pub(super) fn before_add(engine: &mut Engine, _: &Call<'_>, transfer: &mut Object) -> Result<(), Fault> {
    let disk = disk_of(engine, transfer)?;
    let path = format!("disks/{disk}");
    let Some(stored) = engine.store.object(&path) else {
        return Err(Fault::refused("Cannot transfer disk. The disk does not exist."));
    };
    let format = stored.text("format").unwrap_or("raw").to_owned();
    let domain = stored.objects("storage_domains").next().map(|domain| domain.id().to_owned()).unwrap_or_default();
    disks::check_free(engine, &path)?;
    if engine.store.text(&format!("storagedomains/{domain}"), "status") != "active" {
        return Err(Fault::conflict("Cannot transfer disk. The storage domain is not active."));
    }
    if transfer.get("snapshot").is_none() && transfer.get("backup").is_none() {
        check_vms(engine, &disk)?;
    }
    check_backup(engine, transfer)?;
    for member in ["disk", "snapshot"] {
        transfer.take(member);
    }
    transfer.set("image", Object::reference(&disk));
    transfer.provide("format", format);
    transfer.set("phase", "initializing");
    let hosts = engine.store.owned("hosts").find(|(_, host)| host.text("status") == Some("up"));
    if let Some((_, host)) = hosts {
        transfer.provide("host", Object::reference(host.id()));
    }
    Ok(())
}

/// Locks the disk and opens the session.
pub(super) fn after_add(engine: &mut Engine, _: &Call<'_>, path: &str, _: &Object) -> Result<bool, Fault> {
    engine.store.set(&disk_path(engine, path), "status", "locked");
    if engine.store.object(path).is_some_and(|transfer| transfer.get("host").is_some()) {
        engine.schedule.sequence(engine.now, engine.step, path, "phase", &["transferring"]);
    } else {
        engine.schedule.sequence(engine.now, engine.step, path, "phase", &["finished_failure"]);
    }
    Ok(false)
}

fn disk_of(engine: &Engine, transfer: &Object) -> Result<String, Fault> {
    if let Some(disk) = transfer.object("disk").or(transfer.object("image")) {
        return Ok(disk.id().to_owned());
    }
    let snapshot = transfer.object("snapshot").map(Object::id).unwrap_or_default();
    let mut known = engine.store.all("disk_snapshot").filter(|(_, object)| object.id() == snapshot);
    let disk = known.next().and_then(|(_, object)| object.object("disk")).map(|disk| disk.id().to_owned());
    disk.ok_or_else(|| Fault::refused("Cannot transfer disk. The disk snapshot does not exist."))
}

fn check_vms(engine: &Engine, disk: &str) -> Result<(), Fault> {
    let mut plugged = engine
        .store
        .all("disk_attachment")
        .filter(|(_, attachment)| attachment.refers_to("disk", disk) && attachment.flag("active"));
    let is_used = plugged.any(|(_, attachment)| {
        let vm = attachment.object("vm").map(Object::id).unwrap_or_default();
        !vm.is_empty() && engine.store.text(&format!("vms/{vm}"), "status") != "down"
    });
    if is_used { Err(Fault::conflict("Cannot transfer disk. VM is not down.")) } else { Ok(()) }
}

fn check_backup(engine: &Engine, transfer: &Object) -> Result<(), Fault> {
    let Some(backup) = transfer.object("backup") else { return Ok(()) };
    let known = engine.store.find("backup", backup.id()).and_then(|path| engine.store.object(path));
    let known = known.ok_or_else(|| Fault::refused("Cannot transfer disk. The backup does not exist."))?;
    if transfer.text("format") == Some("cow") {
        return Err(Fault::refused("Cannot transfer disk. Format cow is not supported for a backup."));
    }
    if known.text("phase") == Some("ready") {
        Ok(())
    } else {
        Err(Fault::conflict("Cannot transfer disk. The backup is not ready."))
    }
}

/// Actions of a transfer. All answer at once; the phase shows what came of them.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, _: &Object) -> Result<Option<Object>, Fault> {
    let path = call.spot.entity().to_owned();
    let phase = engine.store.text(&path, "phase").to_owned();
    let is_upload = engine.store.text(&path, "direction") == "upload";
    match call.method.name.as_str() {
        "pause" if !is_upload => return Err(Fault::refused("Cannot pause image download.")),
        "resume" if !phase.starts_with("paused_") => {
            return Err(Fault::conflict("Cannot resume image transfer. The transfer is not paused."));
        }
        "extend" => engine.images.extend(call.spot.id()),
        // The engine takes requests that come too late, and ignores them.
        _ if is_ending(&phase) => {}
        "pause" => move_on(engine, &path, &["paused_user"]),
        "resume" => move_on(engine, &path, &["resuming", "transferring"]),
        "cancel" if engine.version.tells_who_cancelled() => move_on(engine, &path, CLEANUP),
        "cancel" => move_on(engine, &path, CANCELLED),
        "finalize" => move_on(engine, &path, &["finalizing_success"]),
        _ => return Ok(None),
    }
    Ok(Some(Object::default()))
}

fn is_ending(phase: &str) -> bool {
    phase.starts_with("fin") || phase.starts_with("cancelled")
}

fn move_on(engine: &mut Engine, path: &str, phases: &[&str]) {
    engine.schedule.cancel(path);
    engine.steps(path, "phase", phases);
    entered(engine, path);
}

/// Does what belongs to the phase that a transfer has just entered.
pub(crate) fn entered(engine: &mut Engine, path: &str) {
    let phase = engine.store.text(path, "phase").to_owned();
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    let is_upload = engine.store.text(path, "direction") == "upload";
    let disk = disk_path(engine, path);
    match phase.as_str() {
        "transferring" => open(engine, path, &id),
        "paused_user" | "paused_system" => engine.images.stop_renewal(&id),
        "cancelled_user" | "cancelled_system" | "cancelled" if is_upload => engine.store.set(&disk, "status", "illegal"),
        closing if CLOSING.contains(&closing) => close(engine, path, &id),
        "finished_success" => engine.store.set(&disk, "status", "ok"),
        // An upload that failed takes its disk along, even one that was there before.
        "finished_failure" if is_upload => super::remove_now(engine, &disk),
        "finished_failure" => engine.store.set(&disk, "status", "ok"),
        _ => {}
    }
    if FINAL.contains(&phase.as_str()) {
        let kept = match phase.as_str() {
            _ if !engine.version.keeps_transfers() => Duration::ZERO,
            "finished_success" => KEPT,
            _ => KEPT * 2,
        };
        engine.schedule.plan(engine.now + kept, path, Effect::Remove);
    }
}

/// Opens the disk to the client, or opens it again after a pause.
fn open(engine: &mut Engine, path: &str, id: &str) {
    if engine.images.renew(id) {
        return;
    }
    let disk = disk_path(engine, path);
    let disk_id = disk.rsplit('/').next().unwrap_or_default();
    let Some(transfer) = engine.store.object(path) else { return };
    let is_upload = transfer.text("direction") == Some("upload");
    let is_cow = transfer.text("format") == Some("cow");
    let request = TicketRequest {
        ticket: new_id(),
        transfer: id.to_owned(),
        // Old engines have files served, whatever is in them.
        is_file: is_cow || !engine.version.knows_extents(),
        access: if is_upload { Access::Write } else { Access::Read },
        size: ticket_size(engine, disk_id, is_cow, is_upload),
        inactivity: transfer.number("inactivity_timeout"),
        sparse: engine.store.object(&disk).is_some_and(|disk| disk.flag("sparse")),
    };
    if !engine.images.open(disk_id, request) {
        give_up(engine, path, is_upload);
    }
}

/// Pauses a transfer whose session is broken, or cancels it.
fn give_up(engine: &mut Engine, path: &str, is_paused: bool) {
    let phases = match is_paused {
        true => &["paused_system"][..],
        false if engine.version.tells_who_cancelled() => FAILURE,
        false => CANCELLED,
    };
    move_on(engine, path, phases);
}

/// Room for the bytes of a file in its format, or for what the disk holds.
fn ticket_size(engine: &Engine, disk: &str, is_cow: bool, is_upload: bool) -> u64 {
    let size = engine.store.object(&format!("disks/{disk}")).and_then(|disk| disk.number("provisioned_size")).unwrap_or_default();
    match (is_cow, is_upload) {
        (false, _) => size,
        (true, true) => size.saturating_mul(11).div_ceil(10).saturating_add(1 << 20),
        (true, false) => engine.images.length(disk).unwrap_or(size),
    }
}

fn close(engine: &mut Engine, path: &str, id: &str) {
    if let Some(state) = engine.images.state(id) {
        engine.store.set(path, "transferred", state.transferred);
    }
    engine.images.close(id);
    if engine.images.is_closed(id) {
        closed(engine, path);
    } else {
        engine.schedule.cancel(path);
    }
}

/// Goes on once the session is closed.
fn closed(engine: &mut Engine, path: &str) {
    if engine.schedule.is_busy(path) {
        return;
    }
    let phase = engine.store.text(path, "phase");
    let rest: &[&str] = match phase {
        "finalizing_cleanup" => &["finished_cleanup", "finished_failure"],
        "finalizing_success" if is_sound(engine, path) => &["finished_success"],
        "finalizing_success" => &["finalizing_failure", "finished_failure"],
        _ => &["finished_failure"],
    };
    engine.schedule.sequence(engine.now, engine.step, path, "phase", rest);
}

/// Whether the data of an upload is what its format says.
fn is_sound(engine: &Engine, path: &str) -> bool {
    if engine.store.text(path, "direction") != "upload" {
        return true;
    }
    let is_file = engine.store.text(path, "format") == "cow";
    let disk = disk_path(engine, path);
    let size = engine.store.object(&disk).and_then(|disk| disk.number("provisioned_size")).unwrap_or_default();
    engine.images.is_sound(disk.rsplit('/').next().unwrap_or_default(), size, is_file)
}

/// Pauses or cancels the transfers whose clients have gone silent or whose tickets are lost, and goes on with those whose
/// sessions have been closed.
pub(crate) fn watch(engine: &mut Engine) {
    for (id, trouble) in engine.images.troubles() {
        let path = format!("imagetransfers/{id}");
        if engine.store.text(&path, "phase") != "transferring" || engine.schedule.is_busy(&path) {
            continue;
        }
        let is_upload = engine.store.text(&path, "direction") == "upload";
        let is_paused = match (trouble, engine.store.text(&path, "timeout_policy")) {
            (Trouble::Silent, "pause") => true,
            (Trouble::Silent, "legacy") | (Trouble::Lost, _) => is_upload,
            (Trouble::Silent, _) => false,
        };
        give_up(engine, &path, is_paused);
    }
    let closing = engine.store.owned("imagetransfers").filter(|(path, transfer)| {
        transfer.text("phase").is_some_and(|phase| CLOSING.contains(&phase)) && !engine.schedule.is_busy(path)
    });
    let ready: Vec<String> =
        closing.filter(|(_, transfer)| engine.images.is_closed(transfer.id())).map(|(path, _)| path).collect();
    for path in ready {
        closed(engine, &path);
    }
}

/// A transfer with what the image endpoint knows about it.
pub(super) fn shown(engine: &Engine, transfer: &Object) -> Object {
    let mut transfer = transfer.clone();
    let is_open = transfer.text("phase").is_some_and(|phase| OPEN.contains(&phase));
    if let Some(state) = engine.images.state(transfer.id()).filter(|_| is_open) {
        transfer.set("active", state.active);
        transfer.set("transferred", state.transferred);
        transfer.set("transfer_url", state.transfer_url);
        transfer.set("proxy_url", state.proxy_url);
        transfer.set("signed_ticket", state.signed_ticket);
    } else {
        transfer.set("active", false);
        transfer.provide("transferred", Value::from(0));
    }
    versions::forget_unknown(engine, "image_transfer", &mut transfer);
    transfer
}

fn disk_path(engine: &Engine, path: &str) -> String {
    let disk = engine.store.object(path).and_then(|transfer| transfer.object("image")).map(Object::id);
    format!("disks/{}", disk.unwrap_or_default())
}
