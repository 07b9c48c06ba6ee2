//! `Clone`, `PartialEq` and `Debug` of every type, over the tables.
//!
//! Written out for each type they would be a fifth of what a build of this crate compiles.

use super::link::{self, Items, Target};
use super::table::{Record, Slot, View};
use std::fmt;

/// Shows what is set; values that must not be shown appear as `[REDACTED]`.
#[inline(never)]
pub(crate) fn debug(record: &dyn Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let table = record.table();
    let mut output = f.debug_struct(table.name);
    for (index, field) in table.fields.iter().enumerate() {
        let view = record.view(index);
        if !view.is_set() {
            continue;
        }
        if field.secret {
            output.field(field.name, &format_args!("[REDACTED]"));
        } else {
            output.field(field.name, &DebugView(view));
        }
    }
    output.finish()
}

pub(crate) fn debug_link(target: Target<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match target {
        Target::Object(record) => debug(record, f),
        Target::Reference { id: Some(id), .. } => write!(f, "Link({id:?})"),
        Target::Reference { href, .. } => write!(f, "Link({:?})", href.unwrap_or_default()),
    }
}

struct DebugRecord<'a>(&'a dyn Record);

impl fmt::Debug for DebugRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self.0, f)
    }
}

struct DebugView<'a>(View<'a>);

impl fmt::Debug for DebugView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            View::None => Ok(()),
            View::Boolean(value) => show(*value, f),
            View::Integer(value) => show(*value, f),
            View::Decimal(value) => show(*value, f),
            View::Date(value) => show(*value, f),
            View::Text(value) => show(*value, f),
            View::Texts(values) => show(*values, f),
            View::Enum(value) => f.write_str(value.text().unwrap_or_default()),
            View::Enums(values) => f.write_str(&format!("[{}]", values.texts().unwrap_or_default().join(", "))),
            View::Object(object) => object.record().map_or(Ok(()), |record| debug(record, f)),
            View::Link(link) => link.target().map_or(Ok(()), |target| debug_link(target, f)),
            View::List(list) => match list.parts() {
                None => Ok(()),
                Some((Some(href), items)) if items.get(0).is_none() => write!(f, "List({href:?})"),
                Some((_, items)) => f.debug_list().entries(link::iter(items).map(DebugRecord)).finish(),
            },
            View::Objects(items) => f.debug_list().entries(link::iter(*items).map(DebugRecord)).finish(),
            View::ObjectMap(map) => {
                let entries = map.entries().unwrap_or_default();
                f.debug_map().entries(entries.into_iter().map(|(key, record)| (key, DebugRecord(record)))).finish()
            }
            View::TextMap(map) => f.debug_map().entries(map.entries().unwrap_or_default()).finish(),
            View::TextMaps(maps) => show(*maps, f),
            View::Structure(value) => show(*value, f),
            View::Structures(values) => show(*values, f),
            View::Json(value) => show(*value, f),
        }
    }
}

fn show<T: fmt::Debug>(value: &Option<T>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    value.as_ref().map_or(Ok(()), |value| value.fmt(f))
}

impl View<'_> {
    /// Whether the member has a value.
    pub(crate) fn is_set(&self) -> bool {
        match self {
            View::None => false,
            View::Boolean(value) => value.is_some(),
            View::Integer(value) => value.is_some(),
            View::Decimal(value) => value.is_some(),
            View::Date(value) => value.is_some(),
            View::Text(value) => value.is_some(),
            View::Texts(values) => values.is_some(),
            View::Enum(value) => value.text().is_some(),
            View::Enums(values) => values.texts().is_some(),
            View::Object(object) => object.record().is_some(),
            View::Link(link) => link.target().is_some(),
            View::List(list) => list.parts().is_some(),
            View::Objects(items) => items.is_set(),
            View::ObjectMap(map) => map.entries().is_some(),
            View::TextMap(map) => map.entries().is_some(),
            View::TextMaps(maps) => maps.is_some(),
            View::Structure(value) => value.is_some(),
            View::Structures(values) => values.is_some(),
            View::Json(value) => value.is_some(),
        }
    }
}

/// Equality of two records of one type.
#[inline(never)]
pub(crate) fn equal(a: &dyn Record, b: &dyn Record) -> bool {
    let fields = a.table().fields.len();
    fields == b.table().fields.len() && (0..fields).all(|index| views_equal(&a.view(index), &b.view(index)))
}

fn views_equal(a: &View<'_>, b: &View<'_>) -> bool {
    match (a, b) {
        (View::Boolean(a), View::Boolean(b)) => a == b,
        (View::Integer(a), View::Integer(b)) => a == b,
        (View::Decimal(a), View::Decimal(b)) => a == b,
        (View::Date(a), View::Date(b)) => a == b,
        (View::Text(a), View::Text(b)) => a == b,
        (View::Texts(a), View::Texts(b)) => a == b,
        (View::Enum(a), View::Enum(b)) => a.text() == b.text(),
        (View::Enums(a), View::Enums(b)) => a.texts() == b.texts(),
        (View::Object(a), View::Object(b)) => match (a.record(), b.record()) {
            (Some(a), Some(b)) => equal(a, b),
            (a, b) => a.is_none() && b.is_none(),
        },
        (View::Link(a), View::Link(b)) => match (a.target(), b.target()) {
            (Some(a), Some(b)) => links_equal(a, b),
            (a, b) => a.is_none() && b.is_none(),
        },
        (View::List(a), View::List(b)) => match (a.parts(), b.parts()) {
            (Some((a_href, a)), Some((b_href, b))) => a_href == b_href && items_equal(a, b),
            (a, b) => a.is_none() && b.is_none(),
        },
        (View::Objects(a), View::Objects(b)) => a.is_set() == b.is_set() && items_equal(*a, *b),
        (View::ObjectMap(a), View::ObjectMap(b)) => match (a.entries(), b.entries()) {
            (Some(a), Some(b)) => {
                a.len() == b.len() && a.into_iter().zip(b).all(|((key, a), (other, b))| key == other && equal(a, b))
            }
            (a, b) => a.is_none() && b.is_none(),
        },
        (View::TextMap(a), View::TextMap(b)) => a.entries() == b.entries(),
        (View::TextMaps(a), View::TextMaps(b)) => a == b,
        (View::Structure(a), View::Structure(b)) => a == b,
        (View::Structures(a), View::Structures(b)) => a == b,
        (View::Json(a), View::Json(b)) => a == b,
        (View::None, View::None) => true,
        _ => false,
    }
}

fn items_equal(a: &dyn Items, b: &dyn Items) -> bool {
    let pairs = (0..).map(|index| (a.get(index), b.get(index)));
    pairs.take_while(|(a, b)| a.is_some() || b.is_some()).all(|pair| matches!(pair, (Some(a), Some(b)) if equal(a, b)))
}

pub(crate) fn links_equal(a: Target<'_>, b: Target<'_>) -> bool {
    match (a, b) {
        (Target::Reference { id: a, href: x }, Target::Reference { id: b, href: y }) => a == b && x == y,
        (Target::Object(a), Target::Object(b)) => equal(a, b),
        (Target::Object(object), Target::Reference { id, href }) | (Target::Reference { id, href }, Target::Object(object)) => {
            refers_only(object, id, href)
        }
    }
}

/// Whether the object has this identifier and path, and nothing else.
fn refers_only(object: &dyn Record, id: Option<&str>, href: Option<&str>) -> bool {
    object.table().fields.iter().enumerate().all(|(index, field)| {
        let view = object.view(index);
        match (&view, field.tag, field.attribute) {
            (View::Text(value), "id", true) => value.as_deref() == id,
            (View::Text(value), "href", true) => value.as_deref() == href,
            _ => !view.is_set(),
        }
    })
}

/// Copies what is set into a new record of the same type.
#[inline(never)]
pub(crate) fn copy(from: &dyn Record, to: &mut dyn Record) {
    for index in 0..from.table().fields.len() {
        match (from.view(index), to.slot(index)) {
            (View::Boolean(from), Slot::Boolean(to)) => *to = *from,
            (View::Integer(from), Slot::Integer(to)) => *to = *from,
            (View::Decimal(from), Slot::Decimal(to)) => *to = *from,
            (View::Date(from), Slot::Date(to)) => *to = *from,
            (View::Text(from), Slot::Text(to)) => to.clone_from(from),
            (View::Texts(from), Slot::Texts(to)) => to.clone_from(from),
            (View::Enum(from), Slot::Enum(to)) => from.text().into_iter().for_each(|text| to.set(text)),
            (View::Enums(from), Slot::Enums(to)) => {
                if let Some(texts) = from.texts() {
                    to.clear();
                    texts.into_iter().for_each(|text| to.push(text));
                }
            }
            (View::Object(from), Slot::Object(to)) => from.record().into_iter().for_each(|record| copy(record, to.reset())),
            (View::Link(from), Slot::Link(to)) => match from.target() {
                Some(Target::Reference { id, href }) => to.set_reference(id.map(str::to_owned), href.map(str::to_owned)),
                Some(Target::Object(record)) => copy(record, to.reset()),
                None => {}
            },
            (View::List(from), Slot::List(to)) => {
                if let Some((from_href, from_items)) = from.parts() {
                    let (href, items) = to.parts_mut();
                    *href = from_href.map(str::to_owned);
                    link::iter(from_items).for_each(|record| copy(record, items.push()));
                }
            }
            (View::Objects(from), Slot::Objects(to)) if from.is_set() => {
                to.clear();
                link::iter(from).for_each(|record| copy(record, to.push()));
            }
            (View::ObjectMap(from), Slot::ObjectMap(to)) => {
                if let Some(entries) = from.entries() {
                    to.clear();
                    entries.into_iter().for_each(|(key, record)| copy(record, to.insert(key)));
                }
            }
            (View::TextMap(from), Slot::TextMap(to)) => {
                if let Some(entries) = from.entries() {
                    to.clear();
                    entries.into_iter().for_each(|(key, text)| to.insert(key, text));
                }
            }
            (View::TextMaps(from), Slot::TextMaps(to)) => to.clone_from(from),
            (View::Structure(from), Slot::Structure(to)) => to.clone_from(from),
            (View::Structures(from), Slot::Structures(to)) => to.clone_from(from),
            (View::Json(from), Slot::Json(to)) => to.clone_from(from),
            _ => {}
        }
    }
}
