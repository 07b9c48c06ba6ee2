//! What requests say about libraries.

use super::inventory::{DATASTORE, check_datastore};
use super::publishing;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::{Members, Record};
use crate::vsphere::state::{Library, Publishing, Vcenter};
use indexmap::IndexMap;
use serde_json::{Value, json};

/// Longest name of a library or item, in characters.
const NAME: usize = 80;

/// Longest description, in characters.
const DESCRIPTION: usize = 2000;

/// Identifier of the server, as libraries show it.
pub(super) const SERVER: &str = "00000000-0000-4000-8000-000000000001";

/// Identifier of the only security policy.
pub(super) const POLICY: &str = "00000000-0000-4000-8000-000000000002";

/// A name that may be given.
///
/// # Errors
///
/// That it may not.
pub(super) fn name(spec: &Record) -> Result<Option<&str>, Fault> {
    match spec.text("name") {
        Some(name) if name.trim().is_empty() => Err(Fault::invalid_argument("'name' is empty.")),
        Some(name) if name.chars().count() > NAME => {
            Err(Fault::invalid_argument(format!("'name' is longer than {NAME} characters.")))
        }
        name => Ok(name),
    }
}

/// A description that may be given.
///
/// # Errors
///
/// That it may not.
pub(super) fn description(spec: &Record) -> Result<Option<&str>, Fault> {
    match spec.text("description") {
        Some(text) if text.chars().count() > DESCRIPTION => {
            Err(Fault::invalid_argument(format!("'description' is longer than {DESCRIPTION} characters.")))
        }
        text => Ok(text),
    }
}

/// Storage that a library may have.
///
/// # Errors
///
/// That it is none, several, or does not exist.
pub(super) fn storage_backings(spec: &Record) -> Result<Vec<Value>, Fault> {
    let backings = spec.list("storage_backings").unwrap_or_default();
    let [Value::Object(backing)] = backings else {
        return Err(match backings.len() {
            0 | 1 => Fault::invalid_argument("'storage_backings' is empty."),
            _ => Fault::unsupported("A library has one storage backing; several are not supported."),
        });
    };
    match (backing.text("type"), backing.text("datastore_id"), backing.text("storage_uri")) {
        (Some("DATASTORE"), Some(datastore), _) => check_datastore(datastore)?,
        (Some("OTHER"), _, Some(uri)) if uri.contains("://") => {}
        _ => {
            let text = format!("'storage_backings[0]' names no storage; a datastore would be '{DATASTORE}'.");
            return Err(Fault::invalid_argument(text));
        }
    }
    Ok(backings.to_vec())
}

/// A new library.
///
/// # Errors
///
/// That its description is bad.
pub(super) fn create(vcenter: &Vcenter, spec: &Record) -> Result<Library, Fault> {
    let now = vcenter.now();
    Ok(Library {
        name: name(spec)?.unwrap_or_default().to_owned(),
        description: description(spec)?.unwrap_or_default().to_owned(),
        storage_backings: storage_backings(spec)?,
        created: now,
        modified: now,
        synced: None,
        version: 1,
        publishing: spec.record("publish_info").map_or(Ok(Publishing::default()), publishing::create)?,
        subscription: None,
        optimization: spec.get("optimization_info").cloned(),
        server_guid: spec.text("server_guid").unwrap_or(SERVER).to_owned(),
        security_policy: policy(spec)?,
        maintenance: None,
        applies_usage_to_items: applies_usage(spec).unwrap_or_default(),
        usages: IndexMap::new(),
        subscribers: IndexMap::new(),
    })
}

/// Changes what all libraries have.
///
/// # Errors
///
/// That a value is bad; nothing is changed then.
pub(super) fn update(library: &mut Library, spec: &Record) -> Result<(), Fault> {
    let (name, description, policy) = (name(spec)?, description(spec)?, policy(spec)?);
    if let Some(name) = name {
        library.name = name.to_owned();
    }
    if let Some(description) = description {
        library.description = description.to_owned();
    }
    if spec.flag("unset_security_policy_id") == Some(true) {
        library.security_policy = None;
    } else if policy.is_some() {
        library.security_policy = policy;
    }
    if let Some(applies) = applies_usage(spec) {
        library.applies_usage_to_items = applies;
    }
    Ok(())
}

/// Checks the version that guards against concurrent changes.
///
/// # Errors
///
/// What `fault` makes of a text, if the version is not the current one.
pub(super) fn check_version(current: u64, spec: &Record, fault: fn(String) -> Fault) -> Result<(), Fault> {
    match spec.text("version") {
        Some(version) if version != current.to_string() => {
            Err(fault(format!("'version' is '{version}', but the current one is '{current}'.")))
        }
        _ => Ok(()),
    }
}

/// The only security policy, as the API has it.
pub(super) fn policies() -> Value {
    let rules = json!({ "ovf": "OVF_STRICT_VERIFICATION" });
    json!([{ "policy": POLICY, "name": "OVF default policy", "item_type_rules": rules }])
}

fn policy(spec: &Record) -> Result<Option<String>, Fault> {
    match spec.text("security_policy_id") {
        None => Ok(None),
        Some(id) if id == POLICY => Ok(Some(id.to_owned())),
        Some(id) => Err(Fault::invalid_argument(format!("There is no security policy '{id}'."))),
    }
}

fn applies_usage(spec: &Record) -> Option<bool> {
    spec.record("configuration_info").and_then(|info| info.flag("apply_library_usage_to_items"))
}
