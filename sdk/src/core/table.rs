//! Types as tables: each struct of an API has one [`Table`] that names its members and one function
//! that lends them by index. All codecs, `Debug` and `PartialEq` are written once, over these.
//!
//! What is generic here is compiled for hundreds of types: it is kept to the few lines that need the
//! type, and uses `match` where a combinator would be one more function for each of them.
#![allow(clippy::manual_map, clippy::redundant_pattern_matching, reason = "one function less for each type")]

use super::date_time::DateTime;
use super::link::{Items, LinkSlot, ListSlot};
use super::structure::Structure;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What a codec must know of a struct.
#[derive(Debug)]
pub struct Table {
    /// Name of the Rust type.
    pub name: &'static str,
    /// Name on the wire: the element that holds one object, or the full identifier of the struct.
    pub element: &'static str,
    /// Element that holds a list of objects; empty where lists have no name.
    pub list_element: &'static str,
    /// Members; the index is that of [`Record::slot`] and [`Record::view`].
    pub fields: &'static [Field],
}

impl Table {
    /// Index of the member that stands in a child element.
    pub(crate) fn element(&self, tag: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.tag == tag && !field.attribute)
    }

    /// Index of the member that stands in an attribute.
    pub(crate) fn attribute(&self, tag: &str) -> Option<usize> {
        self.fields.iter().take_while(|field| field.attribute).position(|field| field.tag == tag)
    }

    /// Index of the list that a `link` element with this `rel` leads to.
    pub(crate) fn rel(&self, rel: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.rel == rel && !rel.is_empty())
    }
}

/// What a codec must know of a member.
#[derive(Debug)]
pub struct Field {
    /// Name in the API model.
    pub name: &'static str,
    /// Name of the element or attribute.
    pub tag: &'static str,
    /// For a list, name of the elements within; for a struct whose type the model leaves open, that of which it has
    /// the members; else empty.
    pub item: &'static str,
    /// For a list of links, the `rel` of the element that leads to it; else empty.
    pub rel: &'static str,
    /// Whether it stands in an attribute. These come before all others.
    pub attribute: bool,
    /// Whether its value must not be shown.
    pub secret: bool,
}

/// A row of a generated table. It is written as a value, not as a call: the compiler checks thousands of them.
#[derive(Clone, Copy)]
pub(crate) enum Row {
    /// Name and tag of a member in an attribute.
    Attribute(&'static str),
    /// Name and tag.
    Element(&'static str, &'static str),
    /// Name, tag, tag of the items if it is a list, and `rel`, of a member whose value must not be shown.
    Secret(&'static str, &'static str, &'static str, &'static str),
    /// Name, tag, tag of the items, and `rel`.
    List(&'static str, &'static str, &'static str, &'static str),
    /// Name, tag, and the struct of which it has the members at least.
    Structure(&'static str, &'static str, &'static str),
}

impl Row {
    const fn field(self) -> Field {
        let (name, tag, item, rel, attribute, secret) = match self {
            Row::Attribute(name) => (name, name, "", "", true, false),
            Row::Element(name, tag) => (name, tag, "", "", false, false),
            Row::Secret(name, tag, item, rel) => (name, tag, item, rel, false, true),
            Row::List(name, tag, item, rel) => (name, tag, item, rel, false, false),
            Row::Structure(name, tag, class) => (name, tag, class, "", false, false),
        };
        Field { name, tag, item, rel, attribute, secret }
    }
}

/// The members of a table.
pub(crate) const fn fields<const N: usize>(rows: [Row; N]) -> [Field; N] {
    let mut fields = [const { Row::Attribute("").field() }; N];
    let mut index = 0;
    while index < N {
        fields[index] = rows[index].field();
        index += 1;
    }
    fields
}

/// A struct of an API. Implemented by generated types only.
pub trait Record: Send + Sync + 'static {
    /// What the struct consists of.
    fn table(&self) -> &'static Table;
    /// Lends a member for writing; [`Slot::None`] past the last.
    #[doc(hidden)]
    fn slot(&mut self, index: usize) -> Slot<'_>;
    /// Lends a member for reading; [`View::None`] past the last.
    #[doc(hidden)]
    fn view(&self, index: usize) -> View<'_>;
}

/// A member lent for writing.
#[doc(hidden)]
pub enum Slot<'a> {
    None,
    Boolean(&'a mut Option<bool>),
    Integer(&'a mut Option<i64>),
    Decimal(&'a mut Option<f64>),
    Date(&'a mut Option<DateTime>),
    Text(&'a mut Option<String>),
    Texts(&'a mut Option<Vec<String>>),
    Enum(&'a mut dyn EnumSlot),
    Enums(&'a mut dyn EnumsSlot),
    Object(&'a mut dyn ObjectSlot),
    Link(&'a mut dyn LinkSlot),
    List(&'a mut dyn ListSlot),
    Objects(&'a mut dyn Items),
    ObjectMap(&'a mut dyn ObjectMapSlot),
    TextMap(&'a mut dyn TextMapSlot),
    TextMaps(&'a mut Option<Vec<BTreeMap<String, String>>>),
    Structure(&'a mut Option<Structure>),
    Structures(&'a mut Option<Vec<Structure>>),
    Json(&'a mut Option<Value>),
}

/// A member lent for reading.
#[doc(hidden)]
pub enum View<'a> {
    None,
    Boolean(&'a Option<bool>),
    Integer(&'a Option<i64>),
    Decimal(&'a Option<f64>),
    Date(&'a Option<DateTime>),
    Text(&'a Option<String>),
    Texts(&'a Option<Vec<String>>),
    Enum(&'a dyn EnumSlot),
    Enums(&'a dyn EnumsSlot),
    Object(&'a dyn ObjectSlot),
    Link(&'a dyn LinkSlot),
    List(&'a dyn ListSlot),
    Objects(&'a dyn Items),
    ObjectMap(&'a dyn ObjectMapSlot),
    TextMap(&'a dyn TextMapSlot),
    TextMaps(&'a Option<Vec<BTreeMap<String, String>>>),
    Structure(&'a Option<Structure>),
    Structures(&'a Option<Vec<Structure>>),
    Json(&'a Option<Value>),
}

/// A type whose values are texts: an enum, of which they are known or not, or an identifier.
#[doc(hidden)]
pub trait Text: Send + Sync + 'static {
    fn from_text(text: &str) -> Self;
    fn as_text(&self) -> &str;
}

impl Text for String {
    fn from_text(text: &str) -> Self {
        text.to_owned()
    }

    fn as_text(&self) -> &str {
        self
    }
}

/// `Option<E>` of an enum.
#[doc(hidden)]
pub trait EnumSlot {
    fn set(&mut self, text: &str);
    fn text(&self) -> Option<&str>;
}

impl<E: Text> EnumSlot for Option<E> {
    #[inline(never)]
    fn set(&mut self, text: &str) {
        *self = Some(E::from_text(text));
    }

    #[inline(never)]
    fn text(&self) -> Option<&str> {
        match self {
            Some(value) => Some(value.as_text()),
            None => None,
        }
    }
}

/// `Option<Vec<E>>` of an enum.
#[doc(hidden)]
pub trait EnumsSlot {
    fn clear(&mut self);
    fn push(&mut self, text: &str);
    fn texts(&self) -> Option<Vec<&str>>;
}

impl<E: Text> EnumsSlot for Option<Vec<E>> {
    fn clear(&mut self) {
        *self = Some(Vec::new());
    }

    fn push(&mut self, text: &str) {
        self.get_or_insert_default().push(E::from_text(text));
    }

    fn texts(&self) -> Option<Vec<&str>> {
        Some(self.as_ref()?.iter().map(E::as_text).collect())
    }
}

/// `Option<Box<T>>` of a struct.
#[doc(hidden)]
pub trait ObjectSlot {
    /// Puts a new object in place of what is there.
    fn reset(&mut self) -> &mut dyn Record;
    fn record(&self) -> Option<&dyn Record>;
}

impl<T: Record + Default> ObjectSlot for Option<Box<T>> {
    #[inline(never)]
    fn reset(&mut self) -> &mut dyn Record {
        *self = Some(Box::new(T::default()));
        match self {
            Some(object) => &mut **object,
            None => unreachable!("an object was set above"),
        }
    }

    #[inline(never)]
    fn record(&self) -> Option<&dyn Record> {
        match self {
            Some(object) => Some(&**object),
            None => None,
        }
    }
}

/// `Option<BTreeMap<String, E>>` of texts.
#[doc(hidden)]
pub trait TextMapSlot {
    fn clear(&mut self);
    fn insert(&mut self, key: &str, text: &str);
    fn entries(&self) -> Option<Vec<(&str, &str)>>;
}

impl<E: Text> TextMapSlot for Option<BTreeMap<String, E>> {
    fn clear(&mut self) {
        *self = Some(BTreeMap::new());
    }

    fn insert(&mut self, key: &str, text: &str) {
        self.get_or_insert_default().insert(key.to_owned(), E::from_text(text));
    }

    fn entries(&self) -> Option<Vec<(&str, &str)>> {
        Some(self.as_ref()?.iter().map(|(key, value)| (key.as_str(), value.as_text())).collect())
    }
}

/// `Option<BTreeMap<String, T>>` of structs.
#[doc(hidden)]
pub trait ObjectMapSlot {
    fn clear(&mut self);
    /// Adds an object with nothing set, in place of an earlier one with that key.
    fn insert(&mut self, key: &str) -> &mut dyn Record;
    fn entries(&self) -> Option<Vec<(&str, &dyn Record)>>;
}

impl<T: Record + Default> ObjectMapSlot for Option<BTreeMap<String, T>> {
    fn clear(&mut self) {
        *self = Some(BTreeMap::new());
    }

    fn insert(&mut self, key: &str) -> &mut dyn Record {
        match self.get_or_insert_default().entry(key.to_owned()) {
            Entry::Occupied(entry) => {
                let object = entry.into_mut();
                *object = T::default();
                object
            }
            Entry::Vacant(entry) => entry.insert(T::default()),
        }
    }

    fn entries(&self) -> Option<Vec<(&str, &dyn Record)>> {
        Some(self.as_ref()?.iter().map(|(key, value)| (key.as_str(), value as &dyn Record)).collect())
    }
}

impl<T: Record + Default> Items for Option<Vec<T>> {
    #[inline(never)]
    fn is_set(&self) -> bool {
        matches!(self, Some(_))
    }

    #[inline(never)]
    fn get(&self, index: usize) -> Option<&dyn Record> {
        match self {
            Some(items) => match items.get(index) {
                Some(item) => Some(item),
                None => None,
            },
            None => None,
        }
    }

    #[inline(never)]
    fn clear(&mut self) {
        *self = Some(Vec::new());
    }

    #[inline(never)]
    fn push(&mut self) -> &mut dyn Record {
        if let None = self {
            *self = Some(Vec::new());
        }
        let Some(items) = self else { unreachable!("items were set above") };
        items.push(T::default());
        match items.as_mut_slice() {
            [.., item] => item,
            [] => unreachable!("an item was added above"),
        }
    }
}
