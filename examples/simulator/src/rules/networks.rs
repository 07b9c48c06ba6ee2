//! Networks, and the network interfaces of virtual machines.

use super::remove_now;
use crate::api::{Call, Fault};
use crate::engine::Engine;
use crate::store::{Object, Value};

/// Beginning of the addresses of the pool.
const MAC_PREFIX: &str = "56:6f:1a:1a";

/// A new network for virtual machines gets a profile of its name.
pub(super) fn after_add(engine: &mut Engine, _: &Call<'_>, path: &str, given: &Object) -> Result<bool, Fault> {
    let is_for_vms = match given.get("usages") {
        Some(Value::List(usages)) => usages.iter().any(|usage| usage.as_text() == Some("vm")),
        _ => true,
    };
    let Some(network) = engine.store.object_mut(path) else { return Ok(false) };
    if is_for_vms {
        network.provide("usages", Value::List(vec![Value::from("vm")]));
        let profile = Object::default()
            .with("name", network.text("name").unwrap_or_default())
            .with("network", Object::reference(network.id()));
        super::create(engine, "vnicprofiles", "vnic_profile", profile);
    }
    Ok(false)
}

/// Removes a network that no virtual machine uses, with its profiles.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let id = call.spot.id();
    let profiles = engine.store.owned("vnicprofiles").filter(|(_, profile)| profile.refers_to("network", id));
    let profiles: Vec<String> = profiles.map(|(path, _)| path).collect();
    let is_used = engine.store.all("nic").any(|(_, nic)| {
        nic.object("vnic_profile").is_some_and(|profile| profiles.contains(&format!("vnicprofiles/{}", profile.id())))
    });
    if is_used {
        return Err(Fault::conflict("Cannot remove Network. It is used by VMs."));
    }
    profiles.iter().for_each(|path| remove_now(engine, path));
    remove_now(engine, call.spot.entity());
    Ok(())
}

/// Gives an interface an address of the pool, unless it has one.
pub(super) fn give_mac(engine: &Engine, nic: &mut Object) {
    if nic.text("mac.address").is_some() {
        return;
    }
    let taken: std::collections::HashSet<&str> = engine.store.all("nic").filter_map(|(_, nic)| nic.text("mac.address")).collect();
    let mut addresses = (0..=u16::MAX).map(|number| format!("{MAC_PREFIX}:{:02x}:{:02x}", number >> 8, number & 0xff));
    if let Some(address) = addresses.find(|address| !taken.contains(address.as_str())) {
        nic.set("mac.address", address);
    }
}

/// Checks a new interface, and gives it an address.
pub(super) fn before_add_nic(engine: &mut Engine, call: &Call<'_>, nic: &mut Object) -> Result<(), Fault> {
    check_vm(engine, &vm_of(call.spot.parent_path()))?;
    give_mac(engine, nic);
    Ok(())
}

/// The network of an interface is that of its profile.
pub(super) fn after_add_nic(engine: &mut Engine, _: &Call<'_>, path: &str, _: &Object) -> Result<bool, Fault> {
    let nic = engine.store.object(path);
    let profile = nic.and_then(|nic| nic.object("vnic_profile")).map(|profile| format!("vnicprofiles/{}", profile.id()));
    let network = profile.and_then(|profile| engine.store.object(&profile)?.object("network").cloned());
    network.into_iter().for_each(|network| engine.store.set(path, "network", network));
    Ok(false)
}

/// Checks a change of an interface.
pub(super) fn before_update_nic(engine: &mut Engine, call: &Call<'_>, _: &mut Object) -> Result<(), Fault> {
    check_vm(engine, &vm_of(call.spot.entity()))
}

/// Removes an interface, unless a running virtual machine uses it.
pub(super) fn remove_nic(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let path = call.spot.entity().to_owned();
    let vm = vm_of(&path);
    check_vm(engine, &vm)?;
    let is_plugged = engine.store.object(&path).is_some_and(|nic| nic.flag("plugged"));
    if is_plugged && engine.store.text(&vm, "status") == "up" {
        return Err(Fault::conflict("Cannot remove Interface. The interface is active on a running VM."));
    }
    remove_now(engine, &path);
    Ok(())
}

/// Plugs and unplugs an interface.
pub(super) fn act_nic(engine: &mut Engine, call: &Call<'_>, _: &Object) -> Result<Option<Object>, Fault> {
    let plugs = match call.method.name.as_str() {
        "activate" => true,
        "deactivate" => false,
        _ => return Ok(None),
    };
    check_vm(engine, &vm_of(call.spot.entity()))?;
    engine.store.set(call.spot.entity(), "plugged", plugs);
    Ok(Some(Object::default()))
}

fn check_vm(engine: &Engine, vm: &str) -> Result<(), Fault> {
    match engine.store.text(vm, "status") {
        "up" | "down" | "image_locked" => Ok(()),
        _ => Err(Fault::conflict("Cannot change Interface. VM must be up or down.")),
    }
}

fn vm_of(path: &str) -> String {
    path.split('/').take(2).collect::<Vec<_>>().join("/")
}
