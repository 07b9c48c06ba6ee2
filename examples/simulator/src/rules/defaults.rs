//! Values that objects have unless the caller gives others.

use crate::store::{Object, Value};

/// Kinds whose ids the caller may choose.
const OWN_IDS: &[&str] =
    &["backup", "cluster_feature", "disk", "disk_attachment", "event", "host_device", "network_label", "permit"];

/// Values by kind and member.
const DEFAULTS: &[(&str, &[(&str, &str)])] = &[
    ("affinity_group", &[("enforcing", "true"), ("positive", "true"), ("priority", "1.0"), ("broken", "false")]),
    ("affinity_label", &[("read_only", "false"), ("has_implicit_affinity_group", "false")]),
    (
        "cluster",
        &[
            ("cpu.architecture", "x86_64"),
            ("cpu.type", "Secure Intel Cascadelake Server Family"),
            ("version.major", "4"),
            ("version.minor", "7"),
            ("virt_service", "true"),
            ("gluster_service", "false"),
            ("ballooning_enabled", "true"),
            ("bios_type", "q35_sea_bios"),
            ("fips_mode", "disabled"),
            ("firewall_type", "firewalld"),
            ("ha_reservation", "false"),
            ("switch_type", "legacy"),
            ("threads_as_cores", "false"),
            ("trusted_service", "false"),
            ("tunnel_migration", "false"),
            ("vnc_encryption", "false"),
        ],
    ),
    (
        "data_center",
        &[
            ("local", "false"),
            ("quota_mode", "disabled"),
            ("status", "uninitialized"),
            ("version.major", "4"),
            ("version.minor", "7"),
        ],
    ),
    (
        "disk",
        &[
            ("actual_size", "0"),
            ("backup", "none"),
            ("content_type", "data"),
            ("propagate_errors", "false"),
            ("shareable", "false"),
            ("storage_type", "image"),
            ("total_size", "0"),
            ("wipe_after_delete", "false"),
        ],
    ),
    (
        "disk_attachment",
        &[
            ("active", "true"),
            ("bootable", "false"),
            ("interface", "virtio_scsi"),
            ("pass_discard", "false"),
            ("read_only", "false"),
            ("uses_scsi_reservation", "false"),
        ],
    ),
    ("event", &[("flood_rate", "30")]),
    (
        "host",
        &[
            ("port", "54321"),
            ("ssh.port", "22"),
            ("type", "rhel"),
            ("protocol", "stomp"),
            ("spm.priority", "5"),
            ("spm.status", "none"),
            ("memory", "68719476736"),
            ("max_scheduling_memory", "66571993088"),
            ("kdump_status", "disabled"),
            ("update_available", "false"),
            ("summary.active", "0"),
            ("summary.migrating", "0"),
            ("summary.total", "0"),
        ],
    ),
    (
        "image_transfer",
        &[("direction", "upload"), ("shallow", "false"), ("timeout_policy", "legacy"), ("inactivity_timeout", "60")],
    ),
    ("job", &[("status", "started"), ("external", "true"), ("auto_cleared", "true")]),
    ("mac_pool", &[("allow_duplicates", "false"), ("default_pool", "false")]),
    ("network", &[("mtu", "0"), ("stp", "false"), ("port_isolation", "false")]),
    ("nic", &[("interface", "virtio"), ("linked", "true"), ("plugged", "true"), ("synced", "true")]),
    ("role", &[("mutable", "true"), ("administrative", "false")]),
    ("snapshot", &[("persist_memorystate", "false"), ("snapshot_type", "regular")]),
    ("step", &[("status", "started"), ("external", "true")]),
    (
        "storage_domain",
        &[
            ("external_status", "ok"),
            ("master", "false"),
            ("storage_format", "v5"),
            ("wipe_after_delete", "false"),
            ("discard_after_delete", "false"),
            ("supports_discard", "false"),
            ("backup", "false"),
            ("block_size", "512"),
            ("warning_low_space_indicator", "10"),
            ("critical_space_action_blocker", "5"),
            ("available", "1099511627776"),
            ("used", "0"),
            ("committed", "0"),
        ],
    ),
    ("template", VM),
    ("instance_type", VM),
    ("vm", VM),
    ("vm_pool", &[("size", "0"), ("prestarted_vms", "0"), ("max_user_vms", "1"), ("stateful", "false"), ("type", "automatic")]),
    ("vnic_profile", &[("pass_through.mode", "disabled"), ("port_mirroring", "false"), ("migratable", "true")]),
];

const VM: &[(&str, &str)] = &[
    ("bios.boot_menu.enabled", "false"),
    ("bios.type", "q35_sea_bios"),
    ("cpu.architecture", "x86_64"),
    ("cpu.topology.cores", "1"),
    ("cpu.topology.sockets", "1"),
    ("cpu.topology.threads", "1"),
    ("cpu_shares", "0"),
    ("delete_protected", "false"),
    ("display.type", "vnc"),
    ("display.monitors", "1"),
    ("high_availability.enabled", "false"),
    ("high_availability.priority", "0"),
    ("io.threads", "1"),
    ("memory", "1073741824"),
    ("origin", "ovirt"),
    ("os.type", "other"),
    ("start_paused", "false"),
    ("stateless", "false"),
    ("time_zone.name", "Etc/GMT"),
    ("type", "server"),
    ("usb.enabled", "false"),
];

/// Members that hold the time of creation.
const TIMES: &[(&str, &str)] = &[
    ("backup", "creation_date"),
    ("event", "time"),
    ("job", "start_time"),
    ("snapshot", "date"),
    ("step", "start_time"),
    ("template", "creation_time"),
    ("vm", "creation_time"),
];

/// Whether the caller may choose the id of an object of a kind.
pub(super) fn keeps_id(kind: &str) -> bool {
    OWN_IDS.contains(&kind)
}

/// Id that follows from the object itself.
pub(super) fn id(kind: &str, object: &Object) -> Option<String> {
    let source = match kind {
        "graphics_console" => object.text("protocol"),
        "unmanaged_network" | "external_host" => object.text("name"),
        _ => None,
    };
    source.map(hex)
}

/// Bytes of a text in hexadecimal digits.
pub(super) fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Completes an object that is added now.
pub(super) fn apply(kind: &str, object: &mut Object, now: &str) {
    let values = DEFAULTS.iter().filter(|(known, _)| *known == kind).flat_map(|(_, values)| values.iter());
    for (path, text) in values {
        object.provide(path, *text);
    }
    if let Some((_, member)) = TIMES.iter().find(|(known, _)| *known == kind) {
        object.provide(member, now);
    }
    if VM_KINDS.contains(&kind) {
        apply_memory(object);
        object.provide("os.boot.devices", Value::List(vec![Value::from("hd")]));
    }
}

const VM_KINDS: &[&str] = &["vm", "template", "instance_type"];

fn apply_memory(object: &mut Object) {
    let memory = object.number("memory").unwrap_or_default();
    object.provide("memory_policy.guaranteed", memory);
    object.provide("memory_policy.max", memory.saturating_mul(4));
    object.provide("memory_policy.ballooning", true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Type;

    /// Type at a path through the members of a struct.
    fn type_at(kind: &str, path: &str) -> Option<Type> {
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let member = model::ovirt().structs.get(kind)?.member(head)?;
        match rest {
            None => Some(member.ty.clone()),
            Some(rest) => type_at(member.ty.struct_name()?, rest),
        }
    }

    #[test]
    fn the_tables_fit_the_model() {
        for (kind, path, text) in
            DEFAULTS.iter().flat_map(|(kind, values)| values.iter().map(move |(path, text)| (kind, path, text)))
        {
            match type_at(kind, path).unwrap_or_else(|| panic!("{kind}.{path} exists")) {
                Type::Enum(name) => {
                    let known = model::ovirt().enums[&name].values.iter().any(|value| value.name == *text);
                    assert!(known, "{kind}.{path} = {text}");
                }
                Type::Boolean => assert!(matches!(*text, "true" | "false"), "{kind}.{path} = {text}"),
                Type::Integer => assert!(text.parse::<i64>().is_ok(), "{kind}.{path} = {text}"),
                _ => {}
            }
        }
        for (kind, member) in TIMES {
            assert_eq!(type_at(kind, member), Some(Type::Date), "{kind}.{member}");
        }
        for kind in OWN_IDS {
            assert!(model::ovirt().structs.contains_key(*kind), "{kind}");
        }
    }

    #[test]
    fn ids_of_consoles_are_spelled_in_hexadecimal() {
        assert_eq!(id("graphics_console", &Object::default().with("protocol", "spice")).as_deref(), Some("7370696365"));
        assert_eq!(id("vm", &Object::default().with("name", "spice")), None);
    }
}
