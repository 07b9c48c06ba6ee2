//! From the result of an operation to its answer in a dialect.

use super::check::CLASS;
use super::dialect::Dialect;
use super::fault::JSON;
use super::record::Record;
use super::route::Found;
use crate::net::{Answer, full};
use model::{Model, Place, Type};
use serde_json::{Value, json};

/// The answer with the result of an operation.
pub(crate) fn write(model: &Model, dialect: Dialect, found: &Found, result: Value) -> Answer {
    let Some(parameter) = found.method.result() else { return full(found.route.status, JSON, "") };
    let value = form(model, dialect, &parameter.ty, result);
    let body = match dialect {
        Dialect::Api => value,
        Dialect::Rest => json!({ "value": value }),
    };
    full(found.route.status, JSON, body.to_string())
}

/// A value as a dialect writes it.
fn form(model: &Model, dialect: Dialect, ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Struct(name), Value::Object(members)) => Value::Object(structure(model, dialect, name, members)),
        (Type::Dynamic(_) | Type::Opaque, Value::Object(members)) => dynamic(model, dialect, members),
        (Type::List(item) | Type::Set(item), Value::Array(items)) => {
            items.into_iter().map(|value| form(model, dialect, item, value)).collect()
        }
        (Type::Map(_, item), Value::Object(members)) => {
            let pairs = members.into_iter().map(|(key, value)| (key, form(model, dialect, item, value)));
            match dialect {
                Dialect::Api => Value::Object(pairs.collect()),
                Dialect::Rest => pairs.map(|(key, value)| json!({ "key": key, "value": value })).collect(),
            }
        }
        (_, other) => other,
    }
}

fn structure(model: &Model, dialect: Dialect, name: &str, members: Record) -> Record {
    let known = model.structs.get(name);
    let ty = |tag: &str| {
        let of_tag = |place: &Place| matches!(place, Place::Element { tag: known, .. } if known == tag);
        known.and_then(|known| known.members.iter().find(|member| of_tag(&member.place))).map(|member| &member.ty)
    };
    let written = members.into_iter().filter(|(_, value)| !value.is_null()).map(|(tag, value)| match ty(&tag) {
        Some(ty) => {
            let value = form(model, dialect, ty, value);
            (tag, value)
        }
        None => (tag, value),
    });
    written.collect()
}

/// A structure that tells which one it is: by a member in the older dialect, by its form in the newer.
fn dynamic(model: &Model, dialect: Dialect, mut members: Record) -> Value {
    let Some(Value::String(class)) = members.remove(CLASS) else { return Value::Object(members) };
    let known = model.structs.values().find(|known| known.element == class);
    let mut written = match known {
        Some(known) => structure(model, dialect, &known.name, members),
        None => members,
    };
    if dialect == Dialect::Rest {
        written.insert(CLASS.to_owned(), Value::String(class));
    }
    Value::Object(written)
}
