//! Names: which must be unique, and which characters they may have.

use super::defaults::keeps_id;
use crate::api::{Fault, camel};
use crate::engine::Engine;
use crate::store::Object;

/// Kinds with unique names: the member that limits where (none: everywhere; `..`: in the same
/// collection), and the status of the refusal.
const UNIQUE: &[(&str, &str, u16)] = &[
    ("affinity_group", "..", 400),
    ("affinity_label", "", 409),
    ("bookmark", "", 409),
    ("cluster", "", 409),
    ("cpu_profile", "cluster", 409),
    ("data_center", "", 409),
    ("disk_profile", "storage_domain", 409),
    ("host", "", 409),
    ("instance_type", "", 409),
    ("mac_pool", "", 409),
    ("network", "data_center", 409),
    ("nic", "..", 409),
    ("qos", "..", 409),
    ("quota", "..", 409),
    ("role", "", 409),
    ("scheduling_policy", "", 409),
    ("storage_domain", "", 409),
    ("tag", "", 409),
    ("template", "", 409),
    ("vm", "", 409),
    ("vm_pool", "", 409),
    ("vnic_profile", "network", 409),
];

/// Kinds whose names are limited to letters, digits, `_`, `.` and `-`.
const PLAIN: &[&str] = &["cluster", "data_center", "host", "storage_domain", "template", "vm", "vm_pool"];

const LONGEST: usize = 255;

/// Refuses a name that another object of the kind has. `own` is the object that is being changed.
///
/// # Errors
///
/// 409 for most kinds.
pub(crate) fn check(engine: &Engine, kind: &str, object: &Object, collection: &str, own: Option<&str>) -> Result<(), Fault> {
    let Some((_, scope, status)) = UNIQUE.iter().find(|(known, _, _)| *known == kind) else { return Ok(()) };
    let Some(name) = object.text("name") else { return Ok(()) };
    if object.text("version.base_template.id").is_some() {
        return Ok(());
    }
    let scope_id = |object: &Object| object.object(scope).map(|reference| reference.id().to_owned());
    let wanted = scope_id(object).or_else(|| own.and_then(|path| scope_id(engine.store.object(path)?)));
    let is_taken = engine.store.all(kind).any(|(path, other)| {
        let in_scope = match *scope {
            "" => true,
            ".." => path.rsplit_once('/').is_some_and(|(owner, _)| owner == collection),
            _ => scope_id(other) == wanted,
        };
        in_scope && other.text("name") == Some(name) && Some(path) != own
    });
    if !is_taken {
        return Ok(());
    }
    let message = format!("Cannot use the name. {} name '{name}' is already in use.", camel(kind));
    Err(if *status == 400 { Fault::refused(message) } else { Fault::conflict(message) })
}

/// Refuses an id of the caller that another object has, or that cannot stand in a path.
///
/// # Errors
///
/// 409 and 400.
pub(crate) fn check_id(engine: &Engine, kind: &str, object: &Object, collection: &str) -> Result<(), Fault> {
    let id = object.id();
    if id.is_empty() || !keeps_id(kind) {
        return Ok(());
    }
    if id.contains(['/', '?', '#', ';']) || id == "." || id == ".." {
        return Err(Fault::invalid(format!("'{id}' is not a valid ID.")));
    }
    let is_taken = engine.store.entity(&format!("{collection}/{id}")).is_some();
    if is_taken { Err(Fault::conflict(format!("Cannot add {}. The ID is already in use.", camel(kind)))) } else { Ok(()) }
}

/// Refuses a name with characters that the engine does not take.
///
/// # Errors
///
/// 400.
pub(crate) fn check_text(kind: &str, object: &Object) -> Result<(), Fault> {
    let Some(name) = object.text("name").filter(|_| PLAIN.contains(&kind)) else { return Ok(()) };
    let is_plain = name.chars().all(|letter| letter.is_alphanumeric() || "_.-".contains(letter));
    if is_plain && !name.is_empty() && name.chars().count() <= LONGEST {
        return Ok(());
    }
    Err(Fault::refused(format!("Can not use {}. Invalid name: letters, digits, '_', '-' and '.' only.", camel(kind))))
}
