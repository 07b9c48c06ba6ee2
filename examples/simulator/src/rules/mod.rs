//! What an engine does beyond keeping objects: life cycles, refusals, and objects that come and go
//! with others. Everything here is looked up by the name of the service that a request reaches.

mod attachments;
mod backups;
mod defaults;
mod disks;
mod hosts;
mod infrastructure;
mod jobs;
pub(crate) mod names;
mod networks;
mod pools;
mod running;
mod snapshots;
mod statistics;
mod storage_domains;
mod templates;
pub(crate) mod transfers;
mod transitions;
mod versions;
mod vms;

pub(crate) use jobs::{record, subject};
pub(crate) use versions::{forget_unknown, has_action};
pub(crate) use vms::equip;

use crate::api::{Call, Fault, Spot};
use crate::engine::{Engine, new_id};
use crate::store::{Effect, Object};

/// Checks and completes what a request gives.
type Check = fn(&mut Engine, &Call<'_>, &mut Object) -> Result<(), Fault>;

/// Starts the life of what was added at a path, and says whether work goes on.
type Begin = fn(&mut Engine, &Call<'_>, &str, &Object) -> Result<bool, Fault>;

/// Removes an object, or begins to.
type Remove = fn(&mut Engine, &Call<'_>) -> Result<(), Fault>;

/// Runs an action. Nothing where it is none of those that the rule is about.
type Act = fn(&mut Engine, &Call<'_>, &Object) -> Result<Option<Object>, Fault>;

/// What happens when a request adds, changes, removes or runs something at a service.
#[derive(Clone, Copy)]
struct Rules {
    /// Services that the rules apply to.
    services: &'static [&'static str],
    before_add: Option<Check>,
    after_add: Option<Begin>,
    before_update: Option<Check>,
    remove: Option<Remove>,
    act: Option<Act>,
}

const NONE: Rules = Rules { services: &[], before_add: None, after_add: None, before_update: None, remove: None, act: None };

const RULES: &[Rules] = &[
    Rules {
        services: &["disks", "storage_domain_disks", "attached_storage_domain_disks"],
        before_add: Some(disks::before_add),
        after_add: Some(disks::after_add),
        ..NONE
    },
    Rules {
        services: &["disk", "storage_domain_disk", "attached_storage_domain_disk"],
        before_update: Some(disks::before_update),
        remove: Some(disks::remove),
        act: Some(disks::act),
        ..NONE
    },
    Rules {
        services: &["disk_attachments"],
        before_add: Some(attachments::before_add),
        after_add: Some(attachments::after_add),
        ..NONE
    },
    Rules {
        services: &["disk_attachment"],
        before_update: Some(attachments::before_update),
        remove: Some(attachments::remove),
        ..NONE
    },
    Rules { services: &["vms"], before_add: Some(vms::before_add), after_add: Some(vms::after_add), ..NONE },
    Rules {
        services: &["vm"],
        before_update: Some(vms::before_update),
        remove: Some(vms::remove),
        act: Some(running::act),
        ..NONE
    },
    Rules {
        services: &["vm_nics"],
        before_add: Some(networks::before_add_nic),
        after_add: Some(networks::after_add_nic),
        ..NONE
    },
    Rules {
        services: &["vm_nic"],
        before_update: Some(networks::before_update_nic),
        remove: Some(networks::remove_nic),
        act: Some(networks::act_nic),
        ..NONE
    },
    Rules { services: &["vm_backups"], before_add: Some(backups::before_add), after_add: Some(backups::after_add), ..NONE },
    Rules { services: &["vm_pools"], before_add: Some(pools::before_add), after_add: Some(pools::after_add), ..NONE },
    Rules {
        services: &["vm_pool"],
        before_update: Some(pools::before_update),
        remove: Some(pools::remove),
        act: Some(pools::act),
        ..NONE
    },
    Rules { services: &["vm_backup"], act: Some(backups::act), ..NONE },
    Rules { services: &["external_vm_imports"], after_add: Some(vms::after_add_import), ..NONE },
    Rules { services: &["vm_cdrom"], before_update: Some(vms::before_update_cdrom), ..NONE },
    Rules { services: &["vm_graphics_console"], act: Some(running::act_console), ..NONE },
    Rules { services: &["snapshots"], before_add: Some(snapshots::before_add), after_add: Some(snapshots::after_add), ..NONE },
    Rules { services: &["snapshot"], remove: Some(snapshots::remove), act: Some(snapshots::act), ..NONE },
    Rules { services: &["templates"], before_add: Some(templates::before_add), after_add: Some(templates::after_add), ..NONE },
    Rules { services: &["template"], before_update: Some(templates::before_update), remove: Some(templates::remove), ..NONE },
    Rules { services: &["storage_domains"], after_add: Some(storage_domains::after_add), ..NONE },
    Rules {
        services: &["storage_domain"],
        remove: Some(storage_domains::remove),
        act: Some(storage_domains::act_on_domain),
        ..NONE
    },
    Rules { services: &["attached_storage_domain"], act: Some(storage_domains::act), ..NONE },
    Rules { services: &["hosts"], before_add: Some(hosts::before_add), after_add: Some(hosts::after_add), ..NONE },
    Rules { services: &["host"], remove: Some(hosts::remove), act: Some(hosts::act), ..NONE },
    Rules {
        services: &["image_transfers"],
        before_add: Some(transfers::before_add),
        after_add: Some(transfers::after_add),
        ..NONE
    },
    Rules { services: &["image_transfer"], act: Some(transfers::act), ..NONE },
    Rules { services: &["data_centers"], before_add: Some(infrastructure::before_add_data_center), ..NONE },
    Rules {
        services: &["data_center"],
        remove: Some(infrastructure::remove_data_center),
        act: Some(storage_domains::act_on_data_center),
        ..NONE
    },
    Rules { services: &["cluster"], remove: Some(infrastructure::remove_cluster), ..NONE },
    Rules { services: &["networks", "data_center_networks"], after_add: Some(networks::after_add), ..NONE },
    Rules { services: &["network", "data_center_network"], remove: Some(networks::remove), ..NONE },
    Rules { services: &["tags"], before_add: Some(infrastructure::before_add_tag), ..NONE },
    Rules { services: &["tag"], remove: Some(infrastructure::remove_tag), ..NONE },
    Rules { services: &["role"], remove: Some(infrastructure::remove_role), ..NONE },
    Rules { services: &["events"], before_add: Some(jobs::before_add_event), ..NONE },
    Rules { services: &["job"], act: Some(jobs::act), ..NONE },
    Rules { services: &["step"], act: Some(jobs::act), ..NONE },
];

fn rules(service: &str) -> Rules {
    RULES.iter().find(|rules| rules.services.contains(&service)).copied().unwrap_or(NONE)
}

/// Checks and completes what is about to be added.
pub(crate) fn before_add(engine: &mut Engine, call: &Call<'_>, kind: &str, object: &mut Object) -> Result<(), Fault> {
    if let Some(rule) = rules(&call.spot.service.name).before_add {
        rule(engine, call, object)?;
    }
    names::check_text(kind, object)
}

/// Starts the life of what was added. The result says whether work goes on.
pub(crate) fn after_add(engine: &mut Engine, call: &Call<'_>, path: &str, given: &Object) -> Result<bool, Fault> {
    match rules(&call.spot.service.name).after_add {
        Some(rule) => rule(engine, call, path, given),
        None => Ok(false),
    }
}

/// Checks and completes changes.
pub(crate) fn before_update(engine: &mut Engine, call: &Call<'_>, kind: &str, changes: &mut Object) -> Result<(), Fault> {
    names::check_text(kind, changes)?;
    match rules(&call.spot.service.name).before_update {
        Some(rule) => rule(engine, call, changes),
        None => Ok(()),
    }
}

/// Removes an object, or begins to.
pub(crate) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    match rules(&call.spot.service.name).remove {
        Some(rule) => rule(engine, call),
        None => {
            remove_now(engine, call.spot.entity());
            Ok(())
        }
    }
}

/// Runs an action and returns its results. An action without a rule does nothing and succeeds.
pub(crate) fn act(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Object, Fault> {
    let service = call.spot.service.name.as_str();
    if let Some(rule) = rules(service).act
        && let Some(result) = rule(engine, call, action)?
    {
        return Ok(result);
    }
    transitions::run(engine, call)?;
    Ok(Object::default())
}

/// Checks that an existing object may join a collection.
pub(crate) fn before_include(engine: &mut Engine, call: &Call<'_>, id: &str) -> Result<(), Fault> {
    match call.spot.service.name.as_str() {
        "attached_storage_domains" => storage_domains::before_attach(engine, id),
        _ => Ok(()),
    }
}

/// Does what follows from an object joining a collection.
pub(crate) fn after_include(engine: &mut Engine, call: &Call<'_>, id: &str) {
    if call.spot.service.name == "attached_storage_domains" {
        storage_domains::after_attach(engine, call.spot.parent_id(), id);
    }
}

/// Checks that an object may leave a collection.
pub(crate) fn before_exclude(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    match call.spot.service.name.as_str() {
        "attached_storage_domain" => storage_domains::before_detach(engine, call),
        _ => Ok(()),
    }
}

/// Does what follows from an object leaving a collection.
pub(crate) fn after_exclude(engine: &mut Engine, call: &Call<'_>) {
    if call.spot.service.name == "attached_storage_domain" {
        storage_domains::after_detach(engine, call);
    }
}

/// Puts a list into the order in which the engine shows it.
pub(crate) fn arrange(engine: &Engine, call: &Call<'_>, paths: &mut Vec<String>) {
    match call.spot.service.name.as_str() {
        "events" => jobs::arrange_events(engine, call, paths),
        "vm_graphics_consoles" => running::arrange_consoles(engine, call, paths),
        _ => {}
    }
}

/// An object as the engine shows it at a place, as it runs or as it is to run next.
pub(crate) fn shown(engine: &Engine, spot: &Spot<'_>, object: &Object, is_current: bool) -> Object {
    match spot.service.name.as_str() {
        "storage_domain" => storage_domains::shown(object),
        "attached_storage_domain" => storage_domains::shown_attached(spot, object),
        "image_transfer" => transfers::shown(engine, object),
        "vm" => running::shown(engine, object),
        "vm_graphics_console" if is_current => running::shown_console(engine, object),
        "vm_backup_disk" => backups::shown_disk(engine, &spot.path, object),
        "disk" | "storage_domain_disk" | "attached_storage_domain_disk" => disks::shown(engine, object),
        _ => object.clone(),
    }
}

/// Adds an object to the collection that owns it, with a new id unless it has one that counts.
pub(crate) fn create(engine: &mut Engine, collection: &str, kind: &str, mut object: Object) -> String {
    if !defaults::keeps_id(kind) || object.id().is_empty() {
        let id = defaults::id(kind, &object).unwrap_or_else(new_id);
        object.set("id", id);
    }
    plant(engine, collection, kind, object)
}

/// Removes an object with all that goes with it.
pub(crate) fn remove_now(engine: &mut Engine, path: &str) {
    let Some(entity) = engine.store.entity(path) else { return };
    let (kind, id) = (entity.kind.clone(), entity.object.id().to_owned());
    engine.schedule.cancel(path);
    engine.store.remove(path);
    match kind.as_str() {
        "disk" => disks::removed(engine, &id),
        "vm" => vms::removed(engine, &id),
        _ => {}
    }
}

/// Reacts to a member that got the value planned for it.
pub(crate) fn entered(engine: &mut Engine, path: &str, member: &str) {
    let Some(entity) = engine.store.entity(path) else { return };
    match (entity.kind.as_str(), member) {
        ("vm", "status") => running::entered(engine, path),
        ("image_transfer", "phase") => transfers::entered(engine, path),
        ("backup", "phase") => backups::entered(engine, path),
        _ => {}
    }
}

/// Brings the work on an object to its end at once.
pub(crate) fn finish(engine: &mut Engine, path: &str) {
    engine.schedule.hasten(path, engine.now);
    engine.settle();
}

/// Locks an object for a step and plans what happens then.
fn lock_until(engine: &mut Engine, path: &str, member: &'static str, then: Effect) {
    engine.store.set(path, member, "locked");
    engine.schedule.plan(engine.now + engine.step, path, then);
}

/// Adds an object that has its id already.
pub(crate) fn plant(engine: &mut Engine, collection: &str, kind: &str, mut object: Object) -> String {
    defaults::apply(kind, &mut object, &engine.timestamp());
    let path = engine.store.insert(collection, kind, object);
    statistics::attach(engine, &path, kind);
    path
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn the_table_fits_the_model() {
        for service in RULES.iter().flat_map(|rules| rules.services) {
            assert!(model::ovirt().services.contains_key(*service), "{service}");
        }
    }
}
