//! Running virtual machines: starting, migrating, and what comes and goes with it.

use super::backups;
use crate::api::{Call, Fault, result};
use crate::engine::{Engine, new_id};
use crate::store::{Object, Value};

/// Statuses in which the screen of a virtual machine can be opened.
const VISIBLE: &[&str] = &["up", "paused", "powering_up", "powering_down", "reboot_in_progress"];

/// Port of the screen of the first virtual machine; the others follow.
const FIRST_PORT: u64 = 5900;

/// Actions that are refused while a backup is going on, unless they are forced.
const STATUS_CHANGES: &[&str] = &["start", "stop", "shutdown", "suspend", "reboot", "reset", "migrate"];

/// Actions of a virtual machine that are more than a change of status.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Option<Object>, Fault> {
    let path = call.spot.entity().to_owned();
    let changes_status = STATUS_CHANGES.contains(&call.method.name.as_str());
    if changes_status && !action.flag("force") && backups::is_running(engine, &path) {
        return Err(Fault::conflict("Cannot perform the operation: the VM is during a backup operation."));
    }
    match call.method.name.as_str() {
        "start" => start(engine, &path, action).map(|()| Some(Object::default())),
        "migrate" => migrate(engine, &path, action).map(|()| Some(Object::default())),
        "ticket" => ticket(engine, &path, action).map(Some),
        "detach" => {
            check_down(engine, &path, "Cannot detach VM from VM-Pool. VM is not down.")?;
            if let Some(vm) = engine.store.object_mut(&path) {
                vm.take("vm_pool");
            }
            Ok(Some(Object::default()))
        }
        "clone" => super::vms::duplicate(engine, &path, action).map(|()| Some(Object::default())),
        "export" => {
            check_down(engine, &path, "Cannot export VM. VM is not down.")?;
            super::vms::lock_for_a_step(engine, &path);
            Ok(Some(Object::default()))
        }
        "preview_snapshot" | "commit_snapshot" | "undo_snapshot" => super::snapshots::act_on_vm(engine, call, action),
        _ => Ok(None),
    }
}

/// Actions of a graphics console.
pub(super) fn act_console(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Option<Object>, Fault> {
    let vm = call.spot.entity().split('/').take(2).collect::<Vec<_>>().join("/");
    match call.method.name.as_str() {
        "ticket" => ticket(engine, &vm, action).map(Some),
        "proxy_ticket" => {
            check_visible(engine, &vm)?;
            Ok(Some(result("proxy_ticket", Object::default().with("value", new_id()))))
        }
        "remote_viewer_connection_file" => {
            check_visible(engine, &vm)?;
            let (host, port) = engine.store.object(&vm).and_then(|vm| screen(engine, vm)).unwrap_or_default();
            let file = format!("[virt-viewer]\ntype=vnc\nhost={host}\nport={port}\n");
            Ok(Some(result("remote_viewer_connection_file", file)))
        }
        _ => Ok(None),
    }
}

/// Refuses unless a virtual machine is down.
pub(super) fn check_down(engine: &Engine, path: &str, refusal: &str) -> Result<(), Fault> {
    match engine.store.text(path, "status") {
        "down" => Ok(()),
        "image_locked" => Err(locked()),
        _ => Err(Fault::conflict(refusal)),
    }
}

/// What the engine says about a locked virtual machine.
pub(super) fn locked() -> Fault {
    Fault::conflict("Cannot perform the operation: VM is locked. Please try again in a few minutes.")
}

/// Starts a virtual machine.
pub(super) fn start(engine: &mut Engine, path: &str, action: &Object) -> Result<(), Fault> {
    let status = engine.store.text(path, "status").to_owned();
    let is_run_once = action.get("vm").is_some();
    let allowed: &[&str] = if is_run_once { &["down"] } else { &["down", "suspended", "paused"] };
    if status == "image_locked" {
        return Err(locked());
    }
    if !allowed.contains(&status.as_str()) {
        return Err(Fault::conflict("Cannot run VM. VM is running."));
    }
    let initializations = ["use_sysprep", "use_cloud_init", "use_ignition"].iter().filter(|flag| action.flag(flag)).count();
    if initializations > 1 {
        return Err(Fault::reason_only(409, "Only one of Sysprep, cloud-init and Ignition can be used."));
    }
    check_snapshots(engine, path)?;
    check_disks(engine, path, action)?;
    let host = pick_host(engine, path, action.object("vm.placement_policy"))?;
    engine.store.set(path, "host", Object::reference(&host));
    engine.store.set(path, "run_once", is_run_once);
    engine.schedule.cancel(path);
    match (status.as_str(), action.flag("pause")) {
        ("suspended", _) => engine.steps(path, "status", &["restoring_state", "powering_up", "up"]),
        ("paused", _) => engine.steps(path, "status", &["up"]),
        (_, true) => engine.steps(path, "status", &["wait_for_launch", "paused"]),
        _ => engine.steps(path, "status", &["wait_for_launch", "powering_up", "up"]),
    };
    entered(engine, path);
    Ok(())
}

fn check_snapshots(engine: &Engine, path: &str) -> Result<(), Fault> {
    let mut snapshots = engine.store.owned(&format!("{path}/snapshots"));
    if snapshots.any(|(_, snapshot)| snapshot.text("snapshot_status") == Some("locked")) {
        return Err(Fault::conflict(
            "Cannot run VM. The VM is performing an operation on a Snapshot. Please wait for it to finish.",
        ));
    }
    Ok(())
}

fn check_disks(engine: &Engine, path: &str, action: &Object) -> Result<(), Fault> {
    let mut is_bootable = false;
    for (_, attachment) in engine.store.owned(&format!("{path}/diskattachments")) {
        if attachment.flag("active") {
            let disk = attachment.object("disk").map(Object::id).unwrap_or_default();
            super::disks::check_free(engine, &format!("disks/{disk}"))?;
            is_bootable |= attachment.flag("bootable");
        }
    }
    let stored = engine.store.object(path).and_then(|vm| vm.get("os.boot.devices"));
    let devices = action.get("vm.os.boot.devices").or(stored);
    let needs_disk = match devices {
        Some(Value::List(devices)) => devices.iter().all(|device| device.as_text() == Some("hd")),
        _ => true,
    };
    if needs_disk && !is_bootable {
        return Err(Fault::conflict("Cannot run VM without at least one bootable disk."));
    }
    Ok(())
}

/// A host that is up, in the cluster of the virtual machine, and among those that it is pinned to.
fn pick_host(engine: &Engine, path: &str, policy: Option<&Object>) -> Result<String, Fault> {
    let vm = engine.store.object(path);
    let cluster = vm.and_then(|vm| vm.object("cluster")).map(Object::id).unwrap_or_default();
    let policy = policy.or(vm.and_then(|vm| vm.object("placement_policy")));
    let is_pinned = policy.is_some_and(|policy| policy.objects("hosts").next().is_some());
    let mut hosts = engine.store.owned("hosts").filter(|(_, host)| {
        host.text("status") == Some("up")
            && host.refers_to("cluster", cluster)
            && (!is_pinned || policy.is_some_and(|policy| policy.refers_to("hosts", host.id())))
    });
    let found = hosts.next().map(|(_, host)| host.id().to_owned());
    found.ok_or_else(|| Fault::conflict("Cannot run VM. There is no host that satisfies current scheduling constraints."))
}

fn migrate(engine: &mut Engine, path: &str, action: &Object) -> Result<(), Fault> {
    let refused = |text: &str| Fault::conflict(format!("Cannot migrate VM. {text}"));
    let status = engine.store.text(path, "status");
    if status == "migrating" {
        return Err(refused("The VM is already migrating."));
    }
    if !matches!(status, "up" | "powering_up" | "reboot_in_progress" | "paused") {
        return Err(refused("VM is not running."));
    }
    if engine.store.text(path, "placement_policy.affinity") == "pinned" && !action.flag("force") {
        return Err(refused("VM is pinned to its Host."));
    }
    let vm = engine.store.object(path);
    let current = vm.and_then(|vm| vm.object("host")).map(|host| host.id().to_owned()).unwrap_or_default();
    let cluster = vm.and_then(|vm| vm.object("cluster")).map(|cluster| cluster.id().to_owned()).unwrap_or_default();
    let wanted = action.object("host").map(|host| crate::api::references::id(engine, "host", host)).transpose()?;
    let mut hosts = engine.store.owned("hosts");
    let target = hosts.find(|(_, host)| {
        host.id() != current
            && host.text("status") == Some("up")
            && host.refers_to("cluster", &cluster)
            && wanted.as_ref().is_none_or(|wanted| host.id() == wanted)
    });
    let target = target.map(|(_, host)| host.id().to_owned());
    let target = target.ok_or_else(|| refused("There is no host that satisfies current scheduling constraints."))?;
    drop(hosts);
    engine.schedule.cancel(path);
    let at = engine.steps(path, "status", &["migrating", "up"]);
    engine.schedule.plan(at, path, crate::store::Effect::Set("host", Value::Object(Object::reference(&target))));
    Ok(())
}

fn check_visible(engine: &Engine, vm: &str) -> Result<(), Fault> {
    let is_visible = VISIBLE.contains(&engine.store.text(vm, "status"));
    if is_visible { Ok(()) } else { Err(Fault::conflict("Cannot set VM ticket. VM is not running.")) }
}

fn ticket(engine: &Engine, vm: &str, action: &Object) -> Result<Object, Fault> {
    check_visible(engine, vm)?;
    let value = action.text("ticket.value").map_or_else(|| new_id().replace('-', "").chars().take(12).collect(), str::to_owned);
    let expiry = action.number("ticket.expiry").unwrap_or(7200);
    Ok(result("ticket", Object::default().with("value", value).with("expiry", expiry)))
}

/// Does what belongs to the status that a virtual machine has just entered.
pub(super) fn entered(engine: &mut Engine, path: &str) {
    let status = engine.store.text(path, "status").to_owned();
    let name = engine.store.text(path, "name").to_owned();
    let now = engine.timestamp();
    let Some(vm) = engine.store.object_mut(path) else { return };
    match status.as_str() {
        "up" => {
            vm.provide("start_time", now);
            vm.set("fqdn", format!("{name}.example"));
            vm.take("stop_time");
            report_device(engine, path);
        }
        "down" | "suspended" => {
            if vm.take("start_time").is_some() {
                vm.set("stop_time", now);
            }
            for member in ["host", "fqdn", "run_once"] {
                vm.take(member);
            }
            forget_devices(engine, path);
            if status == "down" {
                super::vms::apply_next_run(engine, path);
            }
        }
        _ => {}
    }
    count(engine);
}

/// Address and port of the screen of a virtual machine, while it can be opened.
fn screen(engine: &Engine, vm: &Object) -> Option<(String, u64)> {
    vm.text("status").filter(|status| VISIBLE.contains(status))?;
    let address = engine.store.object(&format!("hosts/{}", vm.object("host")?.id()))?.text("address")?;
    let number = engine.store.ids("vms").iter().position(|id| *id == vm.id())?;
    Some((address.to_owned(), FIRST_PORT + number as u64))
}

/// A virtual machine with where its screen is.
pub(super) fn shown(engine: &Engine, vm: &Object) -> Object {
    let mut vm = vm.clone();
    if let Some((address, port)) = screen(engine, &vm) {
        let member = if vm.text("display.type") == Some("spice") { "display.secure_port" } else { "display.port" };
        vm.set("display.address", address);
        vm.set(member, port);
    }
    vm
}

/// Where a screen is follows from where the virtual machine runs, whatever a request says.
pub(super) fn drop_screen(vm: &mut Object) {
    if let Some(Value::Object(mut display)) = vm.take("display") {
        display.retain(|name, _| !matches!(name.as_str(), "address" | "port" | "secure_port"));
        vm.set("display", display);
    }
}

/// A console of a virtual machine with where its screen is.
pub(super) fn shown_console(engine: &Engine, console: &Object) -> Object {
    let vm = console.object("vm").and_then(|vm| engine.store.object(&format!("vms/{}", vm.id())));
    match vm.and_then(|vm| screen(engine, vm)) {
        Some((address, port)) => console.clone().with("address", address).with("port", port),
        None => console.clone(),
    }
}

/// What does not run has no consoles at present.
pub(super) fn arrange_consoles(engine: &Engine, call: &Call<'_>, paths: &mut Vec<String>) {
    let vm = engine.store.object(call.spot.parent_path());
    if call.options.flag("current") == Some(true) && vm.is_none_or(|vm| screen(engine, vm).is_none()) {
        paths.clear();
    }
}

/// The guest agent of a running virtual machine tells its address.
fn report_device(engine: &mut Engine, path: &str) {
    let collection = format!("{path}/reporteddevices");
    if !engine.store.ids(&collection).is_empty() {
        return;
    }
    let Some(vm) = path.rsplit('/').next().map(str::to_owned) else { return };
    let number = engine.store.ids("vms").iter().position(|id| *id == vm).unwrap_or_default() % 250 + 2;
    let ip = Object::default().with("address", format!("192.168.0.{number}")).with("version", "v4");
    let mac = engine.store.owned(&format!("{path}/nics")).next().and_then(|(_, nic)| nic.text("mac.address").map(str::to_owned));
    let mut device = Object::default().with("name", "eth0").with("type", "network").with("ips", vec![ip]);
    device.set("vm", Object::reference(&vm));
    if let Some(mac) = mac {
        device.set("mac.address", mac);
    }
    super::create(engine, &collection, "reported_device", device);
}

fn forget_devices(engine: &mut Engine, path: &str) {
    let devices: Vec<String> = engine.store.owned(&format!("{path}/reporteddevices")).map(|(path, _)| path).collect();
    devices.iter().for_each(|device| engine.store.remove(device));
}

/// Counts the virtual machines of each host.
fn count(engine: &mut Engine) {
    let mut totals: std::collections::HashMap<String, u64> = std::collections::HashMap::new();
    for (_, vm) in engine.store.owned("vms") {
        if let Some(host) = vm.object("host") {
            *totals.entry(host.id().to_owned()).or_default() += 1;
        }
    }
    for id in engine.store.ids("hosts").to_vec() {
        let total = totals.get(&id).copied().unwrap_or_default();
        engine.store.set(&format!("hosts/{id}"), "summary.active", total);
        engine.store.set(&format!("hosts/{id}"), "summary.total", total);
    }
}
