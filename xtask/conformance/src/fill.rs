//! Canonical JSON → objects, over the tables.

use crate::folder::excerpt;
use serde_json::{Map, Value};
use virt_sdk::Record;
use virt_sdk::table_access::{ListSlot, Slot};

/// Sets the members of an object that has nothing set.
pub(crate) fn record(value: &Value, record: &mut dyn Record) -> Result<(), String> {
    let members = value.as_object().ok_or_else(|| format!("`{}` is no struct", excerpt(value)))?;
    let table = record.table();
    for (key, value) in members {
        if key == "$struct" {
            if value != table.name {
                return Err(format!("{value} stands where a {} belongs", table.name));
            }
            continue;
        }
        let index = table.fields.iter().position(|field| match key.as_str() {
            "$href" => field.attribute && field.tag == "href",
            tag => field.tag == tag,
        });
        let index = index.ok_or_else(|| format!("{} has no member `{key}`", table.name))?;
        set(value, record.slot(index)).map_err(|error| format!("{}.{key}: {error}", table.name))?;
    }
    Ok(())
}

fn set(value: &Value, slot: Slot<'_>) -> Result<(), String> {
    let wrong = || format!("`{}` is not of the type of the member", excerpt(value));
    match slot {
        Slot::None => return Err("there is no such member".to_owned()),
        Slot::Boolean(slot) => *slot = Some(value.as_bool().ok_or_else(wrong)?),
        Slot::Integer(slot) => *slot = Some(value.as_i64().ok_or_else(wrong)?),
        Slot::Decimal(slot) => *slot = Some(tagged(value, "$decimal").and_then(|text| text.parse().ok()).ok_or_else(wrong)?),
        Slot::Date(slot) => *slot = Some(tagged(value, "$date").and_then(|text| text.parse().ok()).ok_or_else(wrong)?),
        Slot::Text(slot) => *slot = Some(value.as_str().ok_or_else(wrong)?.to_owned()),
        Slot::Texts(slot) => {
            let texts = items(value)?.iter().map(|item| item.as_str().map(str::to_owned));
            *slot = Some(texts.collect::<Option<_>>().ok_or_else(wrong)?);
        }
        Slot::Enum(slot) => slot.set(enumeration(value).ok_or_else(wrong)?),
        Slot::Enums(slot) => {
            slot.clear();
            for item in items(value)? {
                slot.push(enumeration(item).ok_or_else(wrong)?);
            }
        }
        Slot::Object(slot) => record(value, slot.reset())?,
        Slot::Link(slot) => match value.as_object().and_then(reference) {
            Some((id, href)) => slot.set_reference(id, href),
            None => record(value, slot.reset())?,
        },
        Slot::List(slot) => list(value, slot)?,
        _ => return Err("the engine's API has no such member".to_owned()),
    }
    Ok(())
}

/// Sets path and items of a list.
pub(crate) fn list(value: &Value, slot: &mut dyn ListSlot) -> Result<(), String> {
    let (href, objects) = slot.parts_mut();
    *href = tagged(value, "$href").map(str::to_owned);
    for item in items(value)? {
        record(item, objects.push())?;
    }
    Ok(())
}

/// Identifier and path of what has nothing else.
fn reference(members: &Map<String, Value>) -> Option<(Option<String>, Option<String>)> {
    let text = |key| members.get(key).and_then(Value::as_str).map(str::to_owned);
    members.keys().all(|key| matches!(key.as_str(), "$struct" | "$href" | "id")).then(|| (text("id"), text("$href")))
}

fn items(value: &Value) -> Result<&Vec<Value>, String> {
    value.get("$list").and_then(Value::as_array).ok_or_else(|| format!("`{}` is no list", excerpt(value)))
}

fn tagged<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// Text of an enum as it is recorded, or as [`crate::canonical`] writes it.
pub(crate) fn enumeration(value: &Value) -> Option<&str> {
    tagged(value, "value").or_else(|| tagged(value, "$enum"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;
    use serde_json::json;
    use virt_sdk::ovirt::types::Vm;

    #[test]
    fn what_is_filled_in_is_shown_again() {
        let value = json!({
            "$struct": "Vm", "$href": "/vms/1", "id": "1", "memory": 7, "stateless": true,
            "status": { "$enum": "up" },
            "creation_time": { "$date": "2024-02-29T12:34:56.789+02:00" },
            "cluster": { "$struct": "Cluster", "id": "2" },
            "cpu": { "$struct": "Cpu", "topology": { "$struct": "CpuTopology", "cores": 2 } },
            "nics": { "$list": [{ "$struct": "Nic", "name": "n" }], "$href": "/vms/1/nics" },
        });
        let mut vm = Vm::new();
        record(&value, &mut vm).expect("it fits");
        assert_eq!(canonical::record(&vm), value);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (value, part) in [
            (json!({ "zzz": 1 }), "Vm has no member `zzz`"),
            (json!({ "memory": "7" }), "Vm.memory"),
            (json!({ "cpu": { "$struct": "Nic" } }), "\"Nic\" stands where a Cpu belongs"),
            (json!({ "nics": [] }), "is no list"),
            (json!(1), "is no struct"),
        ] {
            let error = record(&value, &mut Vm::new()).expect_err("it does not fit");
            assert!(error.contains(part), "{error}");
        }
    }
}
