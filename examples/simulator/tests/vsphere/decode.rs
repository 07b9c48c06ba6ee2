//! Answers against the model: every mandatory member is there, everything has its type, nothing is unknown.

use crate::client::Dialect;
use model::{Member, Model, Place, Type, Use};
use serde_json::{Map, Value};

/// Name of a member in a document.
pub(crate) fn tag(member: &Member) -> &str {
    match &member.place {
        Place::Element { tag, .. } => tag,
        _ => panic!("{} has no place in JSON", member.name),
    }
}

/// A value of an answer in the form of the newer dialect. Panics where it does not fit its type.
pub(crate) fn decode(model: &Model, dialect: Dialect, ty: &Type, value: Value, usage: &str, at: &str) -> Value {
    match ty {
        Type::Boolean => assert!(value.is_boolean(), "{at}: {value}"),
        Type::Integer => assert!(value.is_i64(), "{at}: {value}"),
        Type::Decimal => assert!(value.is_number(), "{at}: {value}"),
        Type::String | Type::Id(_) => assert!(value.is_string(), "{at}: {value}"),
        Type::Date => date(&value, at),
        Type::Enum(name) => {
            let known = &model.enums[name].values;
            assert!(known.iter().any(|known| value == known.name.as_str()), "{at}: {value}");
        }
        Type::Opaque => {}
        Type::Dynamic(_) => {
            let class = value.get("@class");
            assert_eq!(class.is_some_and(Value::is_string), dialect == Dialect::Rest, "{at}: {value}");
        }
        Type::Struct(name) => return structure(model, dialect, name, value, usage, at),
        Type::List(item) | Type::Set(item) => {
            let Value::Array(items) = value else { panic!("{at}: no list: {value}") };
            return items.into_iter().map(|value| decode(model, dialect, item, value, usage, at)).collect();
        }
        Type::Map(key, item) => {
            let members = map(dialect, value, at).into_iter().map(|(name, value)| {
                decode(model, dialect, key, Value::String(name.clone()), usage, at);
                (name, decode(model, dialect, item, value, usage, at))
            });
            return Value::Object(members.collect());
        }
    }
    value
}

fn date(value: &Value, at: &str) {
    let text = value.as_str().unwrap_or_else(|| panic!("{at}: {value}"));
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    assert!(parsed.is_ok() && text.ends_with('Z') && text.len() == "2026-01-02T03:04:05.678Z".len(), "{at}: {text}");
}

fn map(dialect: Dialect, value: Value, at: &str) -> Vec<(String, Value)> {
    match (dialect, value) {
        (Dialect::Api, Value::Object(members)) => members.into_iter().collect(),
        (Dialect::Rest, Value::Array(entries)) => entries
            .into_iter()
            .map(|mut entry| {
                let entry = entry.as_object_mut().unwrap_or_else(|| panic!("{at}: no entry of a map"));
                assert_eq!(entry.len(), 2, "{at}");
                let key = entry["key"].as_str().unwrap_or_else(|| panic!("{at}: no key")).to_owned();
                (key, entry.remove("value").unwrap_or_else(|| panic!("{at}: no value")))
            })
            .collect(),
        (_, other) => panic!("{at}: no map: {other}"),
    }
}

fn structure(model: &Model, dialect: Dialect, name: &str, value: Value, usage: &str, at: &str) -> Value {
    let known = &model.structs[name];
    let Value::Object(mut members) = value else { panic!("{at}: no object: {value}") };
    let mut decoded = Map::new();
    for member in &known.members {
        let at = format!("{at}.{}", tag(member));
        match members.remove(tag(member)) {
            Some(value) => {
                // An address that lets in whoever has it is a secret that is told to who may have it.
                assert!(!member.secret || member.name == "uri", "{at} is secret");
                decoded.insert(tag(member).to_owned(), decode(model, dialect, &member.ty, value, usage, &at));
            }
            None => {
                let is_present = |(known, used): &(String, Use)| known == usage && matches!(used, Use::Present | Use::Required);
                assert!(!member.mandatory && !member.uses.iter().any(is_present), "{at} is missing");
            }
        }
    }
    assert!(members.is_empty(), "{at} has unknown members {members:?}");
    for union in &known.unions {
        let case =
            union.cases.iter().find(|case| decoded.get(&union.discriminant).is_some_and(|value| *value == case.value.as_str()));
        let Some(case) = case else { continue };
        for (member, is_mandatory) in &case.members {
            assert!(!is_mandatory || decoded.contains_key(member), "{at}.{member} is missing");
        }
        for (member, _) in union.cases.iter().flat_map(|case| &case.members) {
            let is_wanted = case.members.iter().any(|(known, _)| known == member);
            assert!(is_wanted || !decoded.contains_key(member), "{at}.{member} cannot be set for {}", case.value);
        }
    }
    Value::Object(decoded)
}
