//! What the server supports: item types, security policies, flags of OVF import and export.

use super::inventory::check_resource_pool;
use super::{Operations, library_spec};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::{Fault, message};
use crate::vsphere::state::Vcenter;
use serde_json::{Value, json};

/// `content.type`.
pub(super) const OPERATIONS: Operations = &[("list", list)];

/// `content.security_policies`.
pub(super) const POLICIES: Operations = &[("list", policies)];

/// `vcenter.ovf.export_flag`.
pub(super) const EXPORT_FLAGS: Operations = &[("list", export_flags)];

/// `vcenter.ovf.import_flag`.
pub(super) const IMPORT_FLAGS: Operations = &[("list", import_flags)];

const TYPES: &[(&str, &str)] = &[
    ("ovf", "Templates of virtual machines and appliances in the Open Virtualization Format"),
    ("iso", "Images of optical disks"),
    ("vm-template", "Templates of virtual machines in the inventory"),
    ("file", "Files of any other kind"),
];

fn list(_: &mut Vcenter, _: &Arguments) -> Result<Value, Fault> {
    let one = |(name, description): &(&str, &str)| {
        let mut info = json!({
            "description": description,
            "name": format!("{name} plugin"),
            "type": name,
            "vendor": "virt-simulator",
            "version": "1.0",
        });
        if *name == "ovf" {
            info["supported_rules"] = json!(["OVF_STRICT_VERIFICATION"]);
        }
        info
    };
    Ok(TYPES.iter().map(one).collect())
}

fn policies(_: &mut Vcenter, _: &Arguments) -> Result<Value, Fault> {
    Ok(library_spec::policies())
}

fn export_flags(_: &mut Vcenter, _: &Arguments) -> Result<Value, Fault> {
    Ok(json!([
        flag("PRESERVE_MAC", "Keeps the MAC addresses of network adapters."),
        flag("EXTRA_CONFIG", "Exports extra configuration as well."),
    ]))
}

fn import_flags(_: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    check_resource_pool(arguments.id("rp"))?;
    Ok(json!([flag("LAX", "Reads the descriptor leniently.")]))
}

fn flag(name: &str, description: &str) -> Value {
    json!({ "option": name, "description": message("flag", description, &[]) })
}
