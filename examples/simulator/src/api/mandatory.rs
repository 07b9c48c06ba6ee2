//! Members without which the engine refuses to add an object.

use super::fault::Fault;
use super::values::camel;
use crate::store::{Object, Value};
use model::{Method, Service};

/// Alternatives, each a list of members; a member may be `a.id|a.name`. These replace what the model
/// says, which for these services is more, less or other than what an engine asks for.
const ALTERNATIVES: &[(&str, &[&[&str]])] = &[
    ("affinity_groups", &[&[]]),
    ("affinity_group_host_labels", &[&["id|name"]]),
    ("affinity_group_vm_labels", &[&["id|name"]]),
    ("affinity_label_hosts", &[&["id"]]),
    ("affinity_label_vms", &[&["id"]]),
    ("affinity_labels", &[&["name"]]),
    ("assigned_affinity_labels", &[&["id"]]),
    ("assigned_permissions", &[&["role.id|role.name", "user.id|group.id"], &["role.id|role.name"]]),
    ("attached_storage_domain_disks", DISK),
    ("cluster_networks", &[&["id|name"]]),
    ("data_center_networks", &[&["name"]]),
    ("disk_attachments", &[&["disk.id"], &["disk.provisioned_size", "disk.format"], &["disk.lun_storage.type"]]),
    ("disks", DISK),
    ("external_vm_imports", &[&["provider", "url", "name", "cluster.id|cluster.name", "storage_domain.id|storage_domain.name"]]),
    ("groups", &[&["name"]]),
    ("hosts", &[&["name", "address"]]),
    ("image_transfers", &[&["disk.id|snapshot.id|image.id"]]),
    ("mac_pools", &[&["name"]]),
    ("networks", &[&["name", "data_center.id|data_center.name"]]),
    ("storage_domain_disks", DISK),
    ("system_permissions", &[&["role.id|role.name", "user.id|group.id"]]),
    ("templates", &[&["name", "vm.id|vm.name"], &["initialization.configuration.type", "initialization.configuration.data"]]),
    ("vm_backups", &[&[]]),
    (
        "vms",
        &[
            &["name", "cluster.id|cluster.name", "template.id|template.name"],
            &["name", "cluster.id|cluster.name", "snapshots.id"],
            &["initialization.configuration.type", "initialization.configuration.data"],
        ],
    ),
];

const DISK: &[&[&str]] = &[&["provisioned_size", "format"], &["lun_storage.type"]];

/// Checks that an object has what its collection asks for.
///
/// # Errors
///
/// 400 that names the members of the first alternative that are missing.
pub(crate) fn check(service: &Service, method: &Method, kind: &str, object: &Object) -> Result<(), Fault> {
    let missing = match ALTERNATIVES.iter().find(|(known, _)| *known == service.name) {
        Some((_, alternatives)) => {
            let mut missing = alternatives.iter().map(|members| missing(members.iter().copied(), object));
            let first = missing.next().unwrap_or_default();
            if first.is_empty() || missing.any(|other| other.is_empty()) { Vec::new() } else { first }
        }
        None => {
            let members: Vec<String> = method.mandatory.iter().map(|path| below_parameter(path)).collect();
            missing(members.iter().map(String::as_str), object)
        }
    };
    if missing.is_empty() { Ok(()) } else { Err(Fault::incomplete(&camel(kind), &missing, &method.name)) }
}

/// Checks that the body of an action has what the action asks for.
///
/// # Errors
///
/// As [`check`].
pub(crate) fn check_action(method: &Method, action: &Object) -> Result<(), Fault> {
    let named = method.parameters.iter().filter(|parameter| parameter.mandatory).map(|parameter| parameter.name.as_str());
    let members = method.mandatory.iter().map(String::as_str);
    let missing: Vec<String> =
        named.chain(members).filter(|path| !path.split('|').any(|path| has(action, path))).map(str::to_owned).collect();
    if missing.is_empty() { Ok(()) } else { Err(Fault::incomplete("Action", &missing, &method.name)) }
}

fn missing<'a>(members: impl Iterator<Item = &'a str>, object: &Object) -> Vec<String> {
    members.filter(|member| !member.split('|').any(|path| has(object, path))).map(str::to_owned).collect()
}

/// The path of a member in the model begins with the name of the parameter, which is the object.
fn below_parameter(path: &str) -> String {
    let paths = path.split('|').map(|path| path.split_once('.').map_or(path, |(_, rest)| rest));
    paths.collect::<Vec<_>>().join("|")
}

/// Whether the value at a path is there, in every item of the lists on the way.
fn has(object: &Object, path: &str) -> bool {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    match (object.get(head.trim_end_matches("[]")), rest) {
        (None, _) => false,
        (Some(Value::Text(text)), _) => !text.is_empty(),
        (Some(Value::Object(_)), None) => true,
        (Some(Value::Object(inner)), Some(rest)) => has(inner, rest),
        (Some(Value::List(items)), None) => !items.is_empty(),
        (Some(Value::List(items)), Some(rest)) => {
            !items.is_empty() && items.iter().filter_map(Value::as_object).all(|inner| has(inner, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Type;

    /// Whether a path leads through members of a struct.
    fn leads(kind: &str, path: &str) -> bool {
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let member = model::ovirt().structs.get(kind).and_then(|known| known.member(head));
        match (member.map(|member| member.ty.item()), rest) {
            (Some(Type::Struct(inner)), Some(rest)) => leads(inner, rest),
            (found, None) => found.is_some(),
            _ => false,
        }
    }

    #[test]
    fn the_table_fits_the_model() {
        for (service, alternatives) in ALTERNATIVES {
            let known = model::ovirt().services.get(*service).unwrap_or_else(|| panic!("{service} exists"));
            let primary = known.method("add").and_then(Method::primary).expect("an add");
            let kind = primary.ty.struct_name().expect("a struct");
            for path in alternatives.iter().flat_map(|members| members.iter()).flat_map(|member| member.split('|')) {
                assert!(leads(kind, path), "{kind}.{path}");
            }
        }
    }
}
