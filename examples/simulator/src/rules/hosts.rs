//! Hosts: installed, in maintenance or up.

use crate::api::{Call, Fault, result};
use crate::engine::Engine;
use crate::seed;
use crate::store::{Object, Value};

/// Statuses in which a host can be removed.
const REMOVABLE: &[&str] = &[
    "non_responsive",
    "maintenance",
    "down",
    "unassigned",
    "install_failed",
    "pending_approval",
    "non_operational",
    "installing_os",
];

/// Checks that the address is new; without a cluster the host goes to the first.
pub(super) fn before_add(engine: &mut Engine, _: &Call<'_>, host: &mut Object) -> Result<(), Fault> {
    let address = host.text("address").map(str::to_owned);
    if engine.store.owned("hosts").any(|(_, other)| other.text("address") == address.as_deref()) {
        return Err(Fault::conflict("Cannot add Host. Host with the same address already exists."));
    }
    host.provide("cluster", Object::reference(seed::CLUSTER));
    Ok(())
}

/// Installs a new host.
pub(super) fn after_add(engine: &mut Engine, call: &Call<'_>, path: &str, _: &Object) -> Result<bool, Fault> {
    let reboots = call.options.flag("reboot") != Some(false);
    let last = if call.options.flag("activate") == Some(false) { "maintenance" } else { "up" };
    let phases: &[&str] =
        if reboots { &["installing", "reboot", "initializing", last] } else { &["installing", "initializing", last] };
    engine.steps(path, "status", phases);
    Ok(false)
}

/// Removes a host that is not in use.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let path = call.spot.entity();
    if !REMOVABLE.contains(&engine.store.text(path, "status")) {
        return Err(Fault::conflict("Cannot remove Host. Host is operational. Please switch Host to Maintenance mode first."));
    }
    super::remove_now(engine, path);
    Ok(())
}

/// Actions of a host that are more than a change of status.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Option<Object>, Fault> {
    let path = call.spot.entity().to_owned();
    match call.method.name.as_str() {
        "fence" => fence(engine, &path, action).map(Some),
        "deactivate" => {
            let is_used = engine.store.owned("vms").any(|(_, vm)| vm.refers_to("host", call.spot.id()));
            if is_used {
                return Err(Fault::conflict(
                    "Cannot switch Host to Maintenance mode. There are VMs that cannot be migrated to another Host.",
                ));
            }
            Ok(None)
        }
        "force_select_spm" => {
            for id in engine.store.ids("hosts").to_vec() {
                let status = if id == call.spot.id() { "spm" } else { "none" };
                engine.store.set(&format!("hosts/{id}"), "spm.status", status);
            }
            Ok(Some(Object::default()))
        }
        "iscsi_discover" => {
            Ok(Some(result("iscsi_targets", Value::List(vec![Value::from("iqn.2003-01.org.example:simulated")]))))
        }
        "discover_iscsi" => {
            let target = Object::default()
                .with("address", action.text("iscsi.address").unwrap_or_default())
                .with("port", 3260)
                .with("target", "iqn.2003-01.org.example:simulated");
            Ok(Some(result("discovered_targets", vec![target])))
        }
        _ => Ok(None),
    }
}

fn fence(engine: &mut Engine, path: &str, action: &Object) -> Result<Object, Fault> {
    let agents = engine.store.ids(&format!("{path}/fenceagents"));
    let kind = action.text("fence_type").unwrap_or_default();
    if agents.is_empty() && kind != "manual" {
        return Err(Fault::conflict("Cannot fence Host. There is no power management agent."));
    }
    let status = engine.store.text(path, "status").to_owned();
    let refused = || Err(Fault::conflict(format!("Cannot {kind} Host. Host status is {status}.")));
    match kind {
        "status" => {
            let power = if status == "down" { "off" } else { "on" };
            return Ok(result("power_management", Object::default().with("status", power)));
        }
        "start" if !matches!(status.as_str(), "down" | "non_responsive" | "reboot" | "maintenance") => return refused(),
        "stop" if status != "maintenance" => return refused(),
        "stop" => {
            engine.steps(path, "status", &["down"]);
        }
        "start" | "restart" => {
            engine.schedule.cancel(path);
            engine.steps(path, "status", &["reboot", "up"]);
        }
        "manual" => {}
        other => return Err(Fault::invalid(format!("{other} is not a member of FenceType"))),
    }
    Ok(Object::default())
}
