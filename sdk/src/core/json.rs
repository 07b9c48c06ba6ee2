//! JSON ↔ record, over the tables.
//!
//! Unknown members are passed over; absent members and `null` stay unset. Maps are read in either form.

use super::date_time::DateTime;
use super::link::{self, Items};
use super::structure::Structure;
use super::table::{Field, Record, Slot, TextMapSlot, View};
use jiff::tz::Offset;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Member that tells the identifier of a struct whose type the model leaves open.
const CLASS: &str = "@class";

/// How maps, and structs whose type the model leaves open, are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A map is an object.
    Plain,
    /// A map is a list of objects with `key` and `value`; a struct has the member `@class`.
    Entries,
}

/// What cannot be read or written, and where.
#[derive(Debug)]
pub(crate) struct JsonError {
    /// Members that lead there, such as `files[2].size`.
    path: String,
    message: String,
}

impl JsonError {
    fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }

    fn of_member(mut self, name: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{joint}{}", self.path);
        self
    }

    fn of_item(mut self, index: usize) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("[{index}]{joint}{}", self.path);
        self
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "`{path}` {}", self.message),
        }
    }
}

impl std::error::Error for JsonError {}

type Result<T> = std::result::Result<T, JsonError>;

/// Reads an object into a record that has nothing set.
pub(crate) fn read(value: &Value, record: &mut dyn Record) -> Result<()> {
    let members = value.as_object().ok_or_else(|| wrong("an object", value))?;
    read_members(members, record)
}

/// Reads members into a record that has nothing set.
pub(crate) fn read_members(members: &Map<String, Value>, record: &mut dyn Record) -> Result<()> {
    for (index, field) in record.table().fields.iter().enumerate() {
        if let Some(value) = members.get(field.tag).filter(|value| !value.is_null()) {
            read_member(value, record.slot(index)).map_err(|error| error.of_member(field.tag))?;
        }
    }
    Ok(())
}

/// Reads a list of objects.
pub(crate) fn read_items(value: &Value, items: &mut dyn Items) -> Result<()> {
    items.clear();
    each(value, |item| read(item, items.push()))
}

/// Calls `read` with each item of a list, of which `null` is an empty one.
pub(crate) fn each(value: &Value, mut read: impl FnMut(&Value) -> Result<()>) -> Result<()> {
    if value.is_null() {
        return Ok(());
    }
    let items = value.as_array().ok_or_else(|| wrong("a list", value))?;
    items.iter().enumerate().try_for_each(|(index, item)| read(item).map_err(|error| error.of_item(index)))
}

/// Calls `read` with each key and value of a map in either form, of which `null` is an empty one.
pub(crate) fn each_entry(value: &Value, mut read: impl FnMut(&str, &Value) -> Result<()>) -> Result<()> {
    match value {
        Value::Object(entries) => entries.iter().try_for_each(|(key, value)| read(key, value).map_err(|e| e.of_member(key))),
        _ => each(value, |entry| match (entry.get("key"), entry.get("value")) {
            (Some(Value::String(key)), Some(value)) => read(key, value).map_err(|error| error.of_member(key)),
            _ => Err(JsonError::new("must have a `key`, a text, and a `value`")),
        }),
    }
}

/// A text.
pub(crate) fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| wrong("a text", value))
}

fn read_member(value: &Value, slot: Slot<'_>) -> Result<()> {
    match slot {
        Slot::Boolean(slot) => *slot = Some(value.as_bool().ok_or_else(|| wrong("`true` or `false`", value))?),
        Slot::Integer(slot) => *slot = Some(value.as_i64().ok_or_else(|| wrong("a whole number of at most 64 bits", value))?),
        Slot::Decimal(slot) => *slot = Some(value.as_f64().ok_or_else(|| wrong("a number", value))?),
        Slot::Date(slot) => *slot = Some(text(value)?.parse().map_err(|_| wrong("a date with time", value))?),
        Slot::Text(slot) => *slot = Some(text(value)?.to_owned()),
        Slot::Enum(slot) => slot.set(text(value)?),
        Slot::Texts(slot) => {
            let mut texts = Vec::new();
            each(value, |item| text(item).map(|text| texts.push(text.to_owned())))?;
            *slot = Some(texts);
        }
        Slot::Enums(slot) => {
            slot.clear();
            each(value, |item| text(item).map(|text| slot.push(text)))?;
        }
        Slot::Object(slot) => read(value, slot.reset())?,
        Slot::Objects(slot) => read_items(value, slot)?,
        Slot::ObjectMap(slot) => {
            slot.clear();
            each_entry(value, |key, value| read(value, slot.insert(key)))?;
        }
        Slot::TextMap(slot) => read_text_map(value, slot)?,
        Slot::TextMaps(slot) => {
            let mut maps = Vec::new();
            each(value, |item| {
                let mut map = Some(BTreeMap::<String, String>::new());
                read_text_map(item, &mut map)?;
                maps.extend(map);
                Ok(())
            })?;
            *slot = Some(maps);
        }
        Slot::Structure(slot) => *slot = Some(structure(value)?),
        Slot::Structures(slot) => {
            let mut structures = Vec::new();
            each(value, |item| structure(item).map(|item| structures.push(item)))?;
            *slot = Some(structures);
        }
        Slot::Json(slot) => *slot = Some(value.clone()),
        // Only APIs in XML have these.
        Slot::Link(_) | Slot::List(_) | Slot::None => {}
    }
    Ok(())
}

fn read_text_map(value: &Value, slot: &mut dyn TextMapSlot) -> Result<()> {
    slot.clear();
    each_entry(value, |key, value| text(value).map(|text| slot.insert(key, text)))
}

/// A struct that tells by itself which one it is.
pub(crate) fn structure(value: &Value) -> Result<Structure> {
    let mut members = value.as_object().ok_or_else(|| wrong("an object", value))?.clone();
    let class = match members.remove(CLASS) {
        Some(Value::String(class)) => Some(class),
        _ => None,
    };
    Ok(Structure { class, members })
}

fn wrong(what: &str, value: &Value) -> JsonError {
    let is = match value {
        Value::Null => "`null`",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    // Texts are not shown: they may be secrets.
    JsonError::new(format!("must be {what}, and is {is}{}", if value.is_string() { " that is none" } else { "" }))
}

/// Writes what is set as an object.
pub(crate) fn write(record: &dyn Record, form: Form) -> Result<Value> {
    let mut members = Map::new();
    for (index, field) in record.table().fields.iter().enumerate() {
        if let Some(value) = write_member(field, record.view(index), form).map_err(|error| error.of_member(field.tag))? {
            members.insert(field.tag.to_owned(), value);
        }
    }
    Ok(Value::Object(members))
}

/// Writes a list of objects.
pub(crate) fn write_items(items: &dyn Items, form: Form) -> Result<Value> {
    let items = link::iter(items).enumerate().map(|(index, item)| write(item, form).map_err(|error| error.of_item(index)));
    items.collect::<Result<Vec<_>>>().map(Value::Array)
}

fn write_member(field: &Field, view: View<'_>, form: Form) -> Result<Option<Value>> {
    Ok(match view {
        View::Boolean(value) => value.map(Value::from),
        View::Integer(value) => value.map(Value::from),
        View::Decimal(value) => match value {
            Some(number) if !number.is_finite() => return Err(JsonError::new("is no finite number, which JSON cannot write")),
            value => value.map(Value::from),
        },
        View::Date(value) => value.map(utc).transpose()?.map(Value::String),
        View::Text(value) => value.clone().map(Value::from),
        View::Enum(value) => value.text().map(Value::from),
        View::Texts(values) => values.clone().map(Value::from),
        View::Enums(values) => values.texts().map(Value::from),
        View::Object(object) => object.record().map(|record| write(record, form)).transpose()?,
        View::Objects(items) if items.is_set() => Some(write_items(items, form)?),
        View::ObjectMap(map) => match map.entries() {
            Some(entries) => {
                let mut written = Vec::with_capacity(entries.len());
                for (key, record) in entries {
                    written.push((key, write(record, form).map_err(|error| error.of_member(key))?));
                }
                Some(write_map(written, form))
            }
            None => None,
        },
        View::TextMap(map) => map.entries().map(|entries| write_texts(entries, form)),
        View::TextMaps(maps) => maps.as_ref().map(|maps| {
            let maps =
                maps.iter().map(|map| write_texts(map.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(), form));
            Value::Array(maps.collect())
        }),
        View::Structure(value) => value.as_ref().map(|value| write_structure(value, field.item, form)),
        View::Structures(values) => values
            .as_ref()
            .map(|values| Value::Array(values.iter().map(|value| write_structure(value, field.item, form)).collect())),
        View::Json(value) => value.clone(),
        // Only APIs in XML have these.
        View::Objects(_) | View::Link(_) | View::List(_) | View::None => None,
    })
}

fn write_texts(entries: Vec<(&str, &str)>, form: Form) -> Value {
    write_map(entries.into_iter().map(|(key, value)| (key, Value::from(value))).collect(), form)
}

fn write_map(entries: Vec<(&str, Value)>, form: Form) -> Value {
    match form {
        Form::Plain => object(entries),
        Form::Entries => {
            let entry = |(key, value)| object(vec![("key", Value::from(key)), ("value", value)]);
            Value::Array(entries.into_iter().map(entry).collect())
        }
    }
}

/// Filled member by member: collecting would compile a sort for each kind of iterator.
fn object(entries: Vec<(&str, Value)>) -> Value {
    let mut members = Map::new();
    for (key, value) in entries {
        members.insert(key.to_owned(), value);
    }
    Value::Object(members)
}

/// `class` is what the structure is at least.
fn write_structure(structure: &Structure, class: &str, form: Form) -> Value {
    let mut members = structure.members.clone();
    let class = structure.class.as_deref().unwrap_or(class);
    if form == Form::Entries && !class.is_empty() {
        members.insert(CLASS.to_owned(), Value::from(class));
    }
    Value::Object(members)
}

/// The moment in UTC, with three digits of the second or as many as it needs.
fn utc(time: DateTime) -> Result<String> {
    let moment = time.timestamp().ok_or_else(|| JsonError::new("has no offset from UTC; give one, such as `Z`"))?;
    let local = Offset::UTC.to_datetime(moment);
    let text = if local.subsec_nanosecond() % 1_000_000 == 0 { format!("{local:.3}") } else { local.to_string() };
    Ok(format!("{text}Z"))
}
