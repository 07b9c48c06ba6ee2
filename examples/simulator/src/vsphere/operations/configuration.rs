//! `content.configuration`.

use super::Operations;
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::Record;
use crate::vsphere::state::Vcenter;
use serde_json::{Value, json};

pub(super) const OPERATIONS: Operations = &[("get", get), ("update", update)];

/// Settings that are numbers: name, default, least and greatest value, whether a change needs a restart.
const NUMBERS: &[(&str, i64, i64, i64, bool)] = &[
    ("automatic_sync_start_hour", 20, 0, 23, false),
    ("automatic_sync_stop_hour", 7, 0, 23, false),
    ("maximum_concurrent_item_syncs", 5, 1, 1000, false),
    ("automatic_sync_refresh_interval", 240, 1, 100_000, false),
    ("automatic_sync_setting_refresh_interval", 600, 1, 100_000, true),
    ("transfer_throttling_bandwidth_total", 0, 0, 1_000_000, false),
    ("transfer_nfc_max_concurrent_transfers_per_host", 8, 1, 1000, false),
    ("priority_transfer_threads_pool_size", 5, 1, 1000, true),
    ("transfer_threads_pool_size", 20, 1, 1000, true),
];

/// The setting that is a truth value.
const AUTOMATIC: &str = "automatic_sync_enabled";

/// The settings of a fresh server.
pub(super) fn defaults() -> Record {
    let mut settings = Record::new();
    settings.insert(AUTOMATIC.to_owned(), true.into());
    let values = json!([{ "ENUMERATION": "true,false" }]);
    settings.insert(format!("{AUTOMATIC}_setting"), setting(AUTOMATIC, false, values));
    for (name, default, least, greatest, needs_restart) in NUMBERS {
        settings.insert((*name).to_owned(), (*default).into());
        let limits = json!([{ "MIN_INCLUSIVE": least.to_string(), "MAX_INCLUSIVE": greatest.to_string() }]);
        settings.insert(format!("{name}_setting"), setting(name, *needs_restart, limits));
    }
    settings
}

fn setting(name: &str, needs_restart: bool, constraints: Value) -> Value {
    json!({ "name": name, "reboot_required": needs_restart, "constraints": constraints })
}

fn get(vcenter: &mut Vcenter, _: &Arguments) -> Result<Value, Fault> {
    Ok(Value::Object(vcenter.configuration.clone()))
}

fn update(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let spec = arguments.spec("model")?;
    for (name, _, least, greatest, _) in NUMBERS {
        let given = spec.get(*name).and_then(Value::as_i64);
        if let Some(value) = given.filter(|value| !(least..=greatest).contains(&value)) {
            return Err(Fault::invalid_argument(format!("'model.{name}' is {value}; it must be from {least} to {greatest}.")));
        }
    }
    // What describes a setting is the server's to say.
    let values = spec.iter().filter(|(_, value)| !value.is_object());
    vcenter.configuration.extend(values.map(|(name, value)| (name.clone(), value.clone())));
    Ok(Value::Null)
}
