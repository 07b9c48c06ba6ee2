//! Values of requests: checked against their types, and brought into one form.

use super::dialect::Dialect;
use super::fault::Fault;
use super::record::{Members, Record};
use jiff::Timestamp;
use model::{Model, Place, Struct, Type, Use};
use serde_json::Value;

/// Member that says which structure a dynamic one is.
pub(crate) const CLASS: &str = "@class";

/// What a value is checked against.
#[derive(Clone, Copy)]
pub(crate) struct Check<'a> {
    /// Where types are described.
    pub(crate) model: &'a Model,
    /// How the value was written.
    pub(crate) dialect: Dialect,
    /// What the structures of the request are used for, such as `create`.
    pub(crate) usage: &'a str,
}

/// What the structures of a method are used for, in the words of the model.
pub(crate) fn usage(method: &str) -> &str {
    match method {
        // Both take what describes a new resource.
        "copy" | "migrate" => "create",
        other => other,
    }
}

impl Check<'_> {
    /// The value in the form for handlers: maps are objects, nothing is null.
    ///
    /// # Errors
    ///
    /// That it does not fit, with the path of the member at fault.
    pub(crate) fn value(&self, ty: &Type, value: Value, at: &str) -> Result<Value, Fault> {
        let fits = match ty {
            Type::Boolean => value.is_boolean(),
            Type::Integer => value.is_i64(),
            Type::Decimal => value.is_number(),
            Type::String | Type::Id(_) => value.is_string(),
            Type::Date => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
            Type::Enum(name) => return self.enumeration(name, value, at),
            Type::Struct(name) => return self.structure(name, value, at),
            Type::Dynamic(_) => return self.dynamic(value, at),
            Type::Opaque => true,
            Type::List(item) | Type::Set(item) => return self.list(ty, item, value, at),
            Type::Map(key, item) => return self.map(key, item, value, at),
        };
        if fits { Ok(value) } else { Err(wrong(at, &kind(ty), &value)) }
    }

    fn enumeration(&self, name: &str, value: Value, at: &str) -> Result<Value, Fault> {
        let known = self.model.enums.get(name);
        let text = value.as_str().ok_or_else(|| wrong(at, "a text", &value))?;
        if known.is_none_or(|known| known.values.iter().any(|value| value.name == text)) {
            return Ok(value);
        }
        let names: Vec<&str> = known.iter().flat_map(|known| known.values.iter().map(|value| value.name.as_str())).collect();
        Err(Fault::invalid_argument(format!("'{at}' is '{text}'; it must be one of {}.", names.join(", "))))
    }

    fn list(&self, ty: &Type, item: &Type, value: Value, at: &str) -> Result<Value, Fault> {
        let Value::Array(items) = value else { return Err(wrong(at, "a list", &value)) };
        let mut list = Vec::with_capacity(items.len());
        for (index, value) in items.into_iter().enumerate() {
            let value = self.value(item, value, &format!("{at}[{index}]"))?;
            if matches!(ty, Type::Set(_)) && list.contains(&value) {
                return Err(Fault::invalid_argument(format!("'{at}' is a set, but has {value} twice.")));
            }
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn map(&self, key: &Type, item: &Type, value: Value, at: &str) -> Result<Value, Fault> {
        let pairs: Vec<(String, Value)> = match (self.dialect, value) {
            (Dialect::Api, Value::Object(members)) => members.into_iter().collect(),
            (Dialect::Api, other) => return Err(wrong(at, "an object", &other)),
            (Dialect::Rest, Value::Array(pairs)) => {
                pairs.into_iter().map(|entry| pair(entry, at)).collect::<Result<_, Fault>>()?
            }
            (Dialect::Rest, other) => return Err(wrong(at, "a list of objects with the members key and value", &other)),
        };
        let mut map = Record::new();
        for (name, value) in pairs {
            let at = format!("{at}[{name}]");
            self.value(key, Value::String(name.clone()), &at)?;
            let value = self.value(item, value, &at)?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }

    /// A structure that says which one it is. One that does not, or is not known, is taken as it is.
    fn dynamic(&self, value: Value, at: &str) -> Result<Value, Fault> {
        let Value::Object(members) = &value else { return Err(wrong(at, "an object", &value)) };
        let class = members.text(CLASS).map(str::to_owned);
        let known = class.as_ref().and_then(|class| self.model.structs.values().find(|known| known.element == *class));
        match (class, known) {
            (Some(class), Some(known)) => {
                let mut value = self.structure(&known.name, value, at)?;
                value[CLASS] = Value::String(class);
                Ok(value)
            }
            _ => Ok(value),
        }
    }

    fn structure(&self, name: &str, value: Value, at: &str) -> Result<Value, Fault> {
        let Value::Object(mut members) = value else { return Err(wrong(at, "an object", &value)) };
        let Some(known) = self.model.structs.get(name) else { return Ok(Value::Object(members)) };
        let mut record = Record::new();
        for member in &known.members {
            let Place::Element { tag, .. } = &member.place else { continue };
            let at = format!("{at}.{tag}");
            match members.remove(tag).filter(|value| !value.is_null()) {
                Some(value) => {
                    record.insert(tag.clone(), self.value(&member.ty, value, &at)?);
                }
                None if member.mandatory || member.uses.iter().any(|used| *used == (self.usage.to_owned(), Use::Required)) => {
                    return Err(Fault::invalid_argument(format!("'{at}' is missing.")));
                }
                None => {}
            }
        }
        members.retain(|name, _| name != CLASS);
        if let Some(unknown) = members.keys().next() {
            return Err(Fault::unexpected_input(format!("'{at}' has no member '{unknown}'.")));
        }
        unions(known, &record, at)?;
        Ok(Value::Object(record))
    }
}

/// Checks that the members are there that the discriminant of each union asks for, and no others.
fn unions(known: &Struct, record: &Record, at: &str) -> Result<(), Fault> {
    for union in &known.unions {
        let Some(value) = record.text(&union.discriminant) else { continue };
        let Some(case) = union.cases.iter().find(|case| case.value == value) else { continue };
        let because = format!("while '{at}.{}' is {value}", union.discriminant);
        for (member, _) in union.cases.iter().flat_map(|case| &case.members) {
            let wanted = case.members.iter().find(|(name, _)| name == member);
            match (record.contains_key(member), wanted) {
                (true, None) => return Err(Fault::invalid_argument(format!("'{at}.{member}' cannot be set {because}."))),
                (false, Some((_, true))) => {
                    return Err(Fault::invalid_argument(format!("'{at}.{member}' is missing {because}.")));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn pair(entry: Value, at: &str) -> Result<(String, Value), Fault> {
    let Value::Object(mut entry) = entry else { return Err(wrong(at, "a list of objects", &entry)) };
    match (entry.remove("key"), entry.remove("value")) {
        (Some(Value::String(key)), Some(value)) if entry.is_empty() => Ok((key, value)),
        _ => Err(Fault::invalid_argument(format!("'{at}' has an entry without just a key, a text, and a value."))),
    }
}

fn wrong(at: &str, wanted: &str, value: &Value) -> Fault {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Fault::invalid_argument(format!("'{at}' must be {wanted}, not {found}."))
}

fn kind(ty: &Type) -> String {
    match ty {
        Type::Boolean => "true or false".to_owned(),
        Type::Integer => "a whole number".to_owned(),
        Type::Decimal => "a number".to_owned(),
        Type::Date => "a time such as 2026-01-02T03:04:05.678Z".to_owned(),
        Type::String | Type::Id(_) => "a text".to_owned(),
        other => other.to_string(),
    }
}
