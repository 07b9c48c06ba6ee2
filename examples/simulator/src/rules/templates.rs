//! Templates.

use super::{lock_until, running, vms};
use crate::api::{Call, Fault};
use crate::engine::Engine;
use crate::seed;
use crate::store::{Effect, Object, Value};

/// Members of a virtual machine that do not become part of its template.
const OWN: &[&str] = &[
    "creation_time",
    "description",
    "comment",
    "fqdn",
    "host",
    "id",
    "instance_type",
    "name",
    "next_run",
    "next_run_configuration_exists",
    "original_template",
    "run_once",
    "start_time",
    "status",
    "stop_time",
    "template",
    "vm",
];

/// Completes a template from its virtual machine.
pub(super) fn before_add(engine: &mut Engine, _: &Call<'_>, template: &mut Object) -> Result<(), Fault> {
    if let Some(vm) = template.object("vm").map(|vm| format!("vms/{}", vm.id())) {
        running::check_down(engine, &vm, "Cannot add Template. VM is not down.")?;
        let Some(source) = engine.store.object(&vm) else { return Err(Fault::not_found()) };
        for (name, value) in source.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
            template.provide(name, value.clone());
        }
        for id in engine.store.ids(&format!("{vm}/diskattachments")) {
            super::disks::check_free(engine, &format!("disks/{id}"))?;
        }
    }
    let base = template.object("version.base_template").map(|base| base.id().to_owned());
    match base.as_deref() {
        Some(seed::BLANK) => {
            return Err(Fault::refused("Cannot add Template. Template version of the Blank template is not allowed."));
        }
        Some(base) => {
            let versions = engine.store.owned("templates").filter(|(_, other)| other.refers_to("version.base_template", base));
            let number = versions.filter_map(|(_, other)| other.number("version.version_number")).max().unwrap_or(1);
            template.set("version.version_number", number + 1);
        }
        None => template.set("version.version_number", 1),
    }
    template.set("status", "ok");
    Ok(())
}

/// Copies the devices of the virtual machine while both are locked.
pub(super) fn after_add(engine: &mut Engine, _: &Call<'_>, path: &str, given: &Object) -> Result<bool, Fault> {
    if given.object("version.base_template").is_none() {
        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
        engine.store.set(path, "version.base_template", Object::reference(&id));
    }
    if let Some(vm) = given.object("vm").map(|vm| format!("vms/{}", vm.id())) {
        vms::copy_devices(engine, &vm, path);
        vms::lock_for_a_step(engine, &vm);
        if let Some(template) = engine.store.object_mut(path) {
            template.take("vm");
        }
    }
    lock_until(engine, path, "status", Effect::Set("status", Value::from("ok")));
    Ok(false)
}

/// Refuses changes of a locked template.
pub(super) fn before_update(engine: &mut Engine, call: &Call<'_>, _: &mut Object) -> Result<(), Fault> {
    check_free(engine, call.spot.entity())
}

fn check_free(engine: &Engine, path: &str) -> Result<(), Fault> {
    let is_locked = engine.store.text(path, "status") == "locked";
    if is_locked { Err(Fault::conflict("VM Template image is locked. Please try again in a few minutes.")) } else { Ok(()) }
}

/// Locks a template until it is gone, with its disks.
pub(super) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let path = call.spot.entity().to_owned();
    let id = call.spot.id();
    let refused = |text: &str| Err(Fault::conflict(format!("Cannot remove Template. {text}")));
    check_free(engine, &path)?;
    if id == seed::BLANK {
        return refused("Blank Template cannot be removed.");
    }
    if engine.store.object(&path).is_some_and(|template| template.flag("delete_protected")) {
        return refused("Delete protection is enabled.");
    }
    if engine.store.owned("vms").any(|(_, vm)| vm.refers_to("template", id)) {
        return refused("Template is being used by VMs.");
    }
    for disk in engine.store.ids(&format!("{path}/diskattachments")).to_vec() {
        super::disks::begin_removal(engine, &format!("disks/{disk}"));
    }
    lock_until(engine, &path, "status", Effect::Remove);
    Ok(())
}
