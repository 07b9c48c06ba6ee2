//! Virtual machines: adding, changing and removing them.

use super::{disks, running};
use crate::api::{Call, Fault, references};
use crate::engine::{Engine, new_id};
use crate::seed;
use crate::store::{Effect, Object, Value};

/// Id of the only CD drive of a virtual machine.
const CDROM: &str = "00000000-0000-0000-0000-000000000000";

/// Members of a template that a virtual machine made of it gets.
const INHERITED: &[&str] = &[
    "bios",
    "cpu",
    "cpu_profile",
    "delete_protected",
    "display",
    "high_availability",
    "io",
    "memory",
    "memory_policy",
    "origin",
    "os",
    "soundcard_enabled",
    "time_zone",
    "type",
    "usb",
    "virtio_scsi",
];

/// Members that a running virtual machine gets at once; all others wait for its next start.
const HOT: &[&str] =
    &["name", "description", "comment", "delete_protected", "high_availability", "cpu", "memory", "status_detail"];

/// Checks a new virtual machine, and completes it from its template.
pub(super) fn before_add(engine: &mut Engine, call: &Call<'_>, vm: &mut Object) -> Result<(), Fault> {
    running::drop_screen(vm);
    if vm.object("template").is_none() {
        let template = template_of_snapshot(engine, vm).unwrap_or_else(|| seed::BLANK.to_owned());
        vm.set("template", Object::reference(&template));
    }
    let template = vm.object("template").map(|template| template.id().to_owned()).unwrap_or_default();
    let path = format!("templates/{template}");
    if engine.store.text(&path, "status") == "locked" {
        return Err(Fault::conflict("Cannot add VM. VM Template image is locked."));
    }
    let instance_type = vm.object("instance_type").map(|kind| format!("instancetypes/{}", kind.id()));
    for source in instance_type.into_iter().chain([path]) {
        inherit(engine, vm, &source);
    }
    check_memory(vm)?;
    if call.options.flag("clone") == Some(true) {
        vm.set("template", Object::reference(seed::BLANK));
    }
    vm.set("original_template", Object::reference(&template));
    vm.set("status", "down");
    vm.set("next_run_configuration_exists", false);
    Ok(())
}

/// Gives a new virtual machine what it takes from its template or its instance type.
pub(super) fn inherit(engine: &Engine, vm: &mut Object, source: &str) {
    let Some(source) = engine.store.object(source) else { return };
    // The memory policy follows from the memory, where the caller gives that.
    let has_memory = vm.get("memory").is_some();
    for member in INHERITED {
        if let Some(value) = source.get(member).filter(|_| *member != "memory_policy" || !has_memory) {
            vm.provide(member, value.clone());
        }
    }
}

fn template_of_snapshot(engine: &Engine, vm: &Object) -> Option<String> {
    let snapshot = vm.objects("snapshots").next()?;
    let (path, _) = engine.store.find("snapshot", snapshot.id())?.split_once("/snapshots")?;
    engine.store.object(path)?.object("template").map(|template| template.id().to_owned())
}

fn check_memory(vm: &Object) -> Result<(), Fault> {
    let memory = vm.number("memory");
    match (memory, vm.number("memory_policy.guaranteed")) {
        (Some(memory), Some(guaranteed)) if guaranteed > memory => {
            Err(Fault::refused("Physical Memory Guaranteed cannot exceed Memory Size"))
        }
        _ => Ok(()),
    }
}

/// Gives a new virtual machine its devices, and the disks of what it is made of.
pub(super) fn after_add(engine: &mut Engine, _: &Call<'_>, path: &str, given: &Object) -> Result<bool, Fault> {
    equip(engine, path);
    let source = match given.objects("snapshots").next() {
        Some(snapshot) => engine
            .store
            .find("snapshot", snapshot.id())
            .and_then(|path| path.split_once("/snapshots"))
            .map(|(vm, _)| vm.to_owned()),
        None => given.object("original_template").map(|template| format!("templates/{}", template.id())),
    };
    let Some(source) = source.filter(|source| !source.ends_with(seed::BLANK)) else { return Ok(false) };
    copy_devices(engine, &source, path);
    lock_for_a_step(engine, path);
    Ok(true)
}

/// Makes the virtual machine that an import brings.
pub(super) fn after_add_import(engine: &mut Engine, _: &Call<'_>, path: &str, given: &Object) -> Result<bool, Fault> {
    let mut vm = Object::default().with("template", Object::reference(seed::BLANK)).with("next_run_configuration_exists", false);
    for member in ["name", "cluster", "cpu_profile"] {
        given.get(member).into_iter().for_each(|value| vm.set(member, value.clone()));
    }
    engine.store.remove(path);
    super::names::check(engine, "vm", &vm, "vms", None)?;
    let made = super::create(engine, "vms", "vm", vm);
    equip(engine, &made);
    lock_for_a_step(engine, &made);
    Ok(true)
}

/// Devices that every virtual machine has.
pub(crate) fn equip(engine: &mut Engine, path: &str) {
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    let vm = Object::reference(&id);
    let cdrom = Object::reference(CDROM).with("vm", vm.clone());
    engine.store.insert(&format!("{path}/cdroms"), "cdrom", cdrom);
    let console = Object::default().with("protocol", "vnc").with("vm", vm.clone());
    super::create(engine, &format!("{path}/graphicsconsoles"), "graphics_console", console);
    let active = Object::default().with("description", "Active VM").with("snapshot_type", "active").with("vm", vm);
    let made = super::create(engine, &format!("{path}/snapshots"), "snapshot", active);
    engine.store.set(&made, "snapshot_status", "ok");
}

/// Copies disks and network interfaces to a virtual machine.
pub(super) fn copy_devices(engine: &mut Engine, source: &str, path: &str) {
    let vm = Object::reference(path.rsplit('/').next().unwrap_or_default());
    let owner = if path.starts_with("templates/") { "template" } else { "vm" };
    let attached: Vec<Object> =
        engine.store.owned(&format!("{source}/diskattachments")).map(|(_, object)| object.clone()).collect();
    for mut attachment in attached {
        let original = attachment.id().to_owned();
        let Some(mut disk) = engine.store.object(&format!("disks/{original}")).cloned() else { continue };
        disk.take("id");
        disk.set("image_id", new_id());
        let made = super::create(engine, "disks", "disk", disk);
        disks::begin(engine, &made);
        let id = made.rsplit('/').next().unwrap_or_default();
        engine.images.copy(&original, id);
        for member in ["vm", "template"] {
            attachment.take(member);
        }
        attachment.set("id", id);
        attachment.set("disk", Object::reference(id));
        attachment.set(owner, vm.clone());
        engine.store.insert(&format!("{path}/diskattachments"), "disk_attachment", attachment);
    }
    let nics: Vec<Object> = engine.store.owned(&format!("{source}/nics")).map(|(_, object)| object.clone()).collect();
    for mut nic in nics {
        for member in ["id", "vm", "template", "mac"] {
            nic.take(member);
        }
        nic.set(owner, vm.clone());
        super::networks::give_mac(engine, &mut nic);
        super::create(engine, &format!("{path}/nics"), "nic", nic);
    }
}

/// Locks a virtual machine that is down for a step.
pub(super) fn lock_for_a_step(engine: &mut Engine, path: &str) {
    engine.store.set(path, "status", "image_locked");
    engine.schedule.plan(engine.now + engine.step, path, Effect::Set("status", Value::from("down")));
}

/// Makes a copy of a virtual machine.
pub(super) fn duplicate(engine: &mut Engine, path: &str, action: &Object) -> Result<(), Fault> {
    let Some(mut copy) = engine.store.object(path).cloned() else { return Err(Fault::not_found()) };
    if matches!(copy.text("status"), Some("suspended" | "saving_state" | "restoring_state" | "image_locked" | "not_responding")) {
        return Err(Fault::conflict("Cannot clone VM. VM is not in a status that allows it."));
    }
    for member in ["id", "host", "start_time", "stop_time", "fqdn", "creation_time", "run_once"] {
        copy.take(member);
    }
    if let Some(changes) = action.object("vm") {
        let mut changes = changes.clone();
        references::resolve(engine, "vm", &mut changes)?;
        references::drop_secrets(engine, "vm", &mut changes);
        copy.merge(changes);
    }
    super::names::check(engine, "vm", &copy, "vms", None)?;
    copy.set("status", "down");
    let made = super::create(engine, "vms", "vm", copy);
    equip(engine, &made);
    copy_devices(engine, path, &made);
    lock_for_a_step(engine, &made);
    Ok(())
}

/// Applies what can be applied to a running virtual machine, and keeps the rest for its next start.
pub(super) fn before_update(engine: &mut Engine, call: &Call<'_>, changes: &mut Object) -> Result<(), Fault> {
    running::drop_screen(changes);
    let path = call.spot.entity().to_owned();
    let Some(vm) = engine.store.object_mut(&path) else { return Err(Fault::not_found()) };
    if vm.text("status") == Some("image_locked") {
        return Err(running::locked());
    }
    let mut merged = vm.clone();
    merged.merge(changes.clone());
    if changes.get("memory").is_some() && changes.get("memory_policy.guaranteed").is_none() {
        let memory = changes.number("memory").unwrap_or_default();
        if vm.number("memory_policy.guaranteed").is_some_and(|guaranteed| guaranteed > memory) {
            changes.set("memory_policy.guaranteed", memory);
        }
    } else {
        check_memory(&merged)?;
    }
    let is_deferred = call.options.flag("next_run") == Some(true);
    if vm.text("status") == Some("down") {
        return Ok(());
    }
    let mut next_run = vm.object("next_run").cloned().unwrap_or_default();
    let later: Vec<(String, Value)> = changes
        .iter()
        .filter(|(name, value)| (is_deferred || !HOT.contains(&name.as_str())) && vm.get(name) != Some(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for (name, value) in later {
        changes.take(&name);
        next_run.merge(Object::default().with(&name, value));
        changes.set("next_run_configuration_exists", true);
    }
    if changes.flag("next_run_configuration_exists") {
        vm.set("next_run", next_run);
    }
    Ok(())
}

/// Applies what was kept for the next start.
pub(super) fn apply_next_run(engine: &mut Engine, path: &str) {
    let Some(vm) = engine.store.object_mut(path) else { return };
    if let Some(Value::Object(changes)) = vm.take("next_run") {
        vm.merge(changes);
        vm.set("next_run_configuration_exists", false);
    }
}

/// Checks a change of the CD in the drive.
pub(super) fn before_update_cdrom(engine: &mut Engine, call: &Call<'_>, _: &mut Object) -> Result<(), Fault> {
    let vm = call.spot.entity().split('/').take(2).collect::<Vec<_>>().join("/");
    let is_current = call.options.flag("current") == Some(true);
    if is_current && !matches!(engine.store.text(&vm, "status"), "up" | "paused") {
        return Err(Fault::conflict("Cannot change CD. VM is not running."));
    }
    Ok(())
}

/// Locks a virtual machine until it is gone, with its disks unless they are to be kept.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let path = call.spot.entity().to_owned();
    let refused = |text: &str| Err(Fault::conflict(format!("Cannot remove VM. {text}")));
    let Some(vm) = engine.store.object(&path) else { return Err(Fault::not_found()) };
    match vm.text("status").unwrap_or("down") {
        "down" | "unassigned" => {}
        "image_locked" if call.options.flag("force") == Some(true) => {}
        "image_locked" => return Err(running::locked()),
        "suspended" => return refused("VM state is not down."),
        _ => return refused("VM is running."),
    }
    if vm.flag("delete_protected") {
        return refused("Delete protection is enabled. In order to delete, disable Delete protection first.");
    }
    if vm.get("vm_pool").is_some() {
        return refused("VM is attached to a VM-Pool.");
    }
    if super::backups::is_running(engine, &path) {
        return refused("The VM is during a backup operation.");
    }
    let keeps = call.options.flag("detach_only") == Some(true);
    let attached: Vec<String> = engine.store.ids(&format!("{path}/diskattachments")).to_vec();
    let disks: Vec<String> = attached.iter().map(|id| format!("disks/{id}")).collect();
    for disk in &disks {
        disks::check_free(engine, disk)?;
    }
    if !keeps {
        disks.iter().for_each(|disk| disks::begin_removal(engine, disk));
    }
    engine.schedule.cancel(&path);
    super::lock_until(engine, &path, "status", Effect::Remove);
    engine.store.set(&path, "status", "image_locked");
    Ok(())
}

/// What goes with a virtual machine.
pub(super) fn removed(engine: &mut Engine, id: &str) {
    let permissions = engine.store.owned("permissions").filter(|(_, permission)| permission.refers_to("vm", id));
    let paths: Vec<String> = permissions.map(|(path, _)| path).collect();
    paths.iter().for_each(|path| engine.store.remove(path));
}
