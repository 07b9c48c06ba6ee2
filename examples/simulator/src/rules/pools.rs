//! Pools of equal virtual machines.

use super::{disks, running, vms};
use crate::api::{Call, Fault, result};
use crate::engine::Engine;
use crate::seed;
use crate::store::{Effect, Object};

/// More than anybody needs to simulate.
const LARGEST: u64 = 1000;

/// Checks the size of a new pool.
pub(super) fn before_add(_: &mut Engine, _: &Call<'_>, pool: &mut Object) -> Result<(), Fault> {
    check_size(pool)
}

/// Fills a new pool.
pub(super) fn after_add(engine: &mut Engine, _: &Call<'_>, path: &str, _: &Object) -> Result<bool, Fault> {
    let size = engine.store.object(path).and_then(|pool| pool.number("size")).unwrap_or_default();
    fill(engine, path, size)?;
    Ok(false)
}

/// A pool can grow.
pub(super) fn before_update(engine: &mut Engine, call: &Call<'_>, changes: &mut Object) -> Result<(), Fault> {
    check_size(changes)?;
    let path = call.spot.entity().to_owned();
    let Some(size) = changes.number("size") else { return Ok(()) };
    if (members(engine, call.spot.id()).len() as u64) > size {
        return Err(Fault::refused("Cannot edit VM-Pool. The size cannot be reduced; detach VMs instead."));
    }
    fill(engine, &path, size)
}

fn check_size(pool: &Object) -> Result<(), Fault> {
    match pool.number("size") {
        Some(size) if size > LARGEST => Err(Fault::refused(format!("Cannot add VM-Pool. The largest size is {LARGEST}."))),
        _ => Ok(()),
    }
}

/// Paths of the virtual machines of a pool.
fn members(engine: &Engine, id: &str) -> Vec<String> {
    engine.store.owned("vms").filter(|(_, vm)| vm.refers_to("vm_pool", id)).map(|(path, _)| path).collect()
}

fn fill(engine: &mut Engine, path: &str, size: u64) -> Result<(), Fault> {
    let Some(pool) = engine.store.object(path).cloned() else { return Err(Fault::not_found()) };
    let name = pool.text("name").unwrap_or_default();
    let template = pool.object("template").map_or(seed::BLANK, Object::id).to_owned();
    let present = members(engine, pool.id()).len() as u64;
    for number in present + 1..=size {
        let mut vm = Object::default()
            .with("name", format!("{name}-{number}"))
            .with("next_run_configuration_exists", false)
            .with("template", Object::reference(&template))
            .with("vm_pool", Object::reference(pool.id()));
        if let Some(cluster) = pool.object("cluster") {
            vm.set("cluster", cluster.clone());
        }
        vms::inherit(engine, &mut vm, &format!("templates/{template}"));
        super::names::check(engine, "vm", &vm, "vms", None)?;
        let made = super::create(engine, "vms", "vm", vm);
        vms::equip(engine, &made);
        vms::copy_devices(engine, &format!("templates/{template}"), &made);
        vms::lock_for_a_step(engine, &made);
    }
    Ok(())
}

/// Gives a virtual machine of a pool to the caller.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Option<Object>, Fault> {
    if call.method.name != "allocate_vm" {
        return Ok(None);
    }
    let free = members(engine, call.spot.id()).into_iter().find(|path| engine.store.text(path, "status") == "down");
    let path = free.ok_or_else(|| Fault::conflict("Cannot allocate VM. There are no available VMs in the VM-Pool."))?;
    running::start(engine, &path, action)?;
    Ok(Some(result("vm", Object::reference(path.rsplit('/').next().unwrap_or_default()))))
}

/// Removes a pool with its virtual machines.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let members = members(engine, call.spot.id());
    if members.iter().any(|path| engine.store.text(path, "status") != "down") {
        return Err(Fault::conflict("Cannot remove VM-Pool. The VM-Pool contains VMs that are not down."));
    }
    for path in members {
        for disk in engine.store.ids(&format!("{path}/diskattachments")).to_vec() {
            disks::begin_removal(engine, &format!("disks/{disk}"));
        }
        engine.store.set(&path, "status", "image_locked");
        engine.schedule.plan(engine.now + engine.step, &path, Effect::Remove);
    }
    super::remove_now(engine, call.spot.entity());
    Ok(())
}
