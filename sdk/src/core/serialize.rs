//! `serde::Serialize` of every type, over the tables.

use super::link::{self, Target};
use super::table::{Record, View};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// Writes what is set as a map, under the names of the model.
pub(crate) fn record<S: Serializer>(record: &dyn Record, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (index, field) in record.table().fields.iter().enumerate() {
        let view = record.view(index);
        if view.is_set() {
            map.serialize_entry(field.name, &Value(view))?;
        }
    }
    map.end()
}

/// A reference is a map with `id` and `href`.
pub(crate) fn target<S: Serializer>(target: Target<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    match target {
        Target::Object(object) => record(object, serializer),
        Target::Reference { id, href } => {
            let mut map = serializer.serialize_map(None)?;
            for (name, value) in [("href", href), ("id", id)] {
                if let Some(value) = value {
                    map.serialize_entry(name, value)?;
                }
            }
            map.end()
        }
    }
}

struct SerializedRecord<'a>(&'a dyn Record);

impl Serialize for SerializedRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        record(self.0, serializer)
    }
}

struct Value<'a>(View<'a>);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            View::None => serializer.serialize_none(),
            View::Boolean(value) => value.serialize(serializer),
            View::Integer(value) => value.serialize(serializer),
            View::Decimal(value) => value.serialize(serializer),
            View::Date(value) => value.serialize(serializer),
            View::Text(value) => value.serialize(serializer),
            View::Texts(values) => values.serialize(serializer),
            View::Enum(value) => value.text().serialize(serializer),
            View::Enums(values) => values.texts().serialize(serializer),
            View::Object(object) => object.record().map(SerializedRecord).serialize(serializer),
            View::Link(link) => match link.target() {
                Some(found) => target(found, serializer),
                None => serializer.serialize_none(),
            },
            View::List(list) => match list.parts() {
                None => serializer.serialize_none(),
                // A list that was not read, only its path.
                Some((Some(href), items)) if items.get(0).is_none() => {
                    let mut map = serializer.serialize_map(Some(1))?;
                    map.serialize_entry("href", href)?;
                    map.end()
                }
                Some((_, items)) => {
                    let mut list = serializer.serialize_seq(None)?;
                    link::iter(items).try_for_each(|item| list.serialize_element(&SerializedRecord(item)))?;
                    list.end()
                }
            },
            View::Objects(items) if items.is_set() => serializer.collect_seq(link::iter(*items).map(SerializedRecord)),
            View::Objects(_) => serializer.serialize_none(),
            View::ObjectMap(map) => serializer
                .collect_map(map.entries().unwrap_or_default().into_iter().map(|(key, record)| (key, SerializedRecord(record)))),
            View::TextMap(map) => serializer.collect_map(map.entries().unwrap_or_default()),
            View::TextMaps(maps) => maps.serialize(serializer),
            View::Structure(value) => value.as_ref().map(|value| &value.members).serialize(serializer),
            View::Structures(values) => serializer.collect_seq(values.iter().flatten().map(|value| &value.members)),
            View::Json(value) => value.serialize(serializer),
        }
    }
}
