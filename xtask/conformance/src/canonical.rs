//! Objects → canonical JSON, over the tables, and the form of it that is compared.
//!
//! The name of the class of an enum is left out: the tables do not have it, and it is never on the wire.

use crate::kinds::Kind;
use serde_json::{Map, Value, json};
use virt_sdk::table_access::{Items, LinkSlot, ListSlot, Slot, Target, View};
use virt_sdk::{DateTime, Record};

/// An object.
pub(crate) fn record(record: &dyn Record) -> Value {
    let table = record.table();
    let mut members = Map::new();
    members.insert("$struct".to_owned(), table.name.into());
    for (index, field) in table.fields.iter().enumerate() {
        let key = if field.attribute && field.tag == "href" { "$href" } else { field.tag };
        if let Some(value) = member(record, index) {
            members.insert(key.to_owned(), value);
        }
    }
    Value::Object(members)
}

fn member(owner: &dyn Record, index: usize) -> Option<Value> {
    match owner.view(index) {
        View::None => None,
        View::Boolean(value) => value.map(Value::Bool),
        View::Integer(value) => value.map(Value::from),
        View::Decimal(value) => value.map(decimal),
        View::Date(value) => value.map(date),
        View::Text(value) => value.clone().map(Value::String),
        View::Texts(values) => values.as_ref().map(|values| json!({ "$list": values })),
        View::Enum(value) => value.text().map(enumeration),
        View::Enums(values) => values.texts().map(|texts| {
            let items: Vec<Value> = texts.into_iter().map(enumeration).collect();
            json!({ "$list": items })
        }),
        View::Object(object) => object.record().map(record),
        View::Link(slot) => link(owner, index, slot),
        View::List(slot) => slot.parts().map(|_| list(slot)),
        // The engine's API has no others.
        _ => None,
    }
}

fn link(owner: &dyn Record, index: usize, slot: &dyn LinkSlot) -> Option<Value> {
    match slot.target()? {
        Target::Object(object) => Some(record(object)),
        Target::Reference { id, href } => {
            let mut members = Map::new();
            let name = linked(owner.table().name, index).unwrap_or("?");
            for (key, value) in [("$struct", Some(name)), ("id", id), ("$href", href)] {
                if let Some(value) = value {
                    members.insert(key.to_owned(), value.into());
                }
            }
            Some(Value::Object(members))
        }
    }
}

/// Name of the struct that a member links to, which a reference does not know.
fn linked(owner: &str, index: usize) -> Option<&'static str> {
    let mut owner = (Kind::named(owner)?.make)();
    match owner.slot(index) {
        Slot::Link(slot) => Some(slot.reset().table().name),
        _ => None,
    }
}

/// A list; null when it is not set.
pub(crate) fn list(list: &dyn ListSlot) -> Value {
    let Some((href, items)) = list.parts() else { return Value::Null };
    let mut members = Map::new();
    if let Some(href) = href {
        members.insert("$href".to_owned(), href.into());
    }
    members.insert("$list".to_owned(), all(items).map(record).collect());
    Value::Object(members)
}

fn all(items: &dyn Items) -> impl Iterator<Item = &dyn Record> {
    (0..).map_while(|index| items.get(index))
}

fn decimal(value: f64) -> Value {
    json!({ "$decimal": format!("{value:?}") })
}

fn date(value: DateTime) -> Value {
    json!({ "$date": value.to_string() })
}

fn enumeration(text: &str) -> Value {
    json!({ "$enum": text })
}

/// A recorded value as this module would write it: numbers and dates that are equal have the same text.
pub(crate) fn normal(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(members) => {
            if let Some(number) = text(members, "$decimal").and_then(|text| text.parse().ok()) {
                return decimal(number);
            }
            if let Some(time) = text(members, "$date").and_then(|text| text.parse().ok()) {
                return date(time);
            }
            match (members.contains_key("$enum"), text(members, "value")) {
                (true, Some(text)) => enumeration(text),
                _ => members.iter().map(|(key, value)| (key.clone(), normal(value))).collect::<Map<_, _>>().into(),
            }
        }
        other => other.clone(),
    }
}

fn text<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    members.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use virt_sdk::ovirt::types::{Cluster, Nic, Vm, VmStatus};
    use virt_sdk::{Link, List};

    #[test]
    fn an_object_with_every_kind_of_member() {
        let time: DateTime = "2024-02-29T12:34:56.789+02:00".parse().expect("a time");
        let vm = Vm::new()
            .id("1")
            .href("/vms/1")
            .memory(7)
            .stateless(true)
            .status(VmStatus::Up)
            .creation_time(time)
            .cluster(Link::<Cluster>::by_id("2"))
            .nics(List::from([Nic::new().name("n")]));
        let recorded = json!({
            "$struct": "Vm", "$href": "/vms/1", "id": "1", "memory": 7, "stateless": true,
            "status": { "$enum": "VmStatus", "value": "up" },
            "creation_time": { "$date": "2024-02-29T12:34:56.789000+02:00" },
            "cluster": { "$struct": "Cluster", "id": "2" },
            "nics": { "$list": [{ "$struct": "Nic", "name": "n" }] },
        });
        assert_eq!(record(&vm), normal(&recorded));
    }

    #[test]
    fn equal_numbers_are_equal() {
        for (one, other) in [("11.25", "11.250"), ("1e+16", "10000000000000000.0"), ("nan", "NaN"), ("inf", "Infinity")] {
            assert_eq!(normal(&json!({ "$decimal": one })), normal(&json!({ "$decimal": other })));
        }
        assert_ne!(normal(&json!({ "$decimal": "1.5" })), normal(&json!({ "$decimal": "1.25" })));
    }
}
