//! Types as tables: each struct of an API has one [`Table`] that names its members and one function
//! that lends them by index. All codecs, `Debug` and `PartialEq` are written once, over these.
//!
//! What is generic here is compiled for hundreds of types: it is kept to the few lines that need the
//! type, and uses `match` where a combinator would be one more function for each of them.
#![allow(clippy::manual_map, reason = "each closure would be one more function for each type")]

use super::date_time::DateTime;
use super::link::{LinkSlot, ListSlot};

/// What a codec must know of a struct.
#[derive(Debug)]
pub struct Table {
    /// Name of the Rust type.
    pub name: &'static str,
    /// Element that holds one object.
    pub element: &'static str,
    /// Element that holds a list of objects.
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
    /// For a list, name of the elements within; else empty.
    pub item: &'static str,
    /// For a list of links, the `rel` of the element that leads to it; else empty.
    pub rel: &'static str,
    /// Whether it stands in an attribute. These come before all others.
    pub attribute: bool,
    /// Whether its value must not be shown.
    pub secret: bool,
}

/// Makes the rows of the generated tables: one short call each.
impl Field {
    pub(crate) const fn attribute(name: &'static str) -> Self {
        Self { name, tag: name, item: "", rel: "", attribute: true, secret: false }
    }

    pub(crate) const fn element(name: &'static str, tag: &'static str) -> Self {
        Self { name, tag, item: "", rel: "", attribute: false, secret: false }
    }

    pub(crate) const fn list(name: &'static str, tag: &'static str, item: &'static str, rel: &'static str) -> Self {
        Self { name, tag, item, rel, attribute: false, secret: false }
    }

    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
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
}

/// An enum of an API: a text, known or not.
#[doc(hidden)]
pub trait Text: Send + Sync + 'static {
    fn from_text(text: &str) -> Self;
    fn as_text(&self) -> &str;
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
        &mut **self.insert(Box::new(T::default()))
    }

    #[inline(never)]
    fn record(&self) -> Option<&dyn Record> {
        match self {
            Some(object) => Some(&**object),
            None => None,
        }
    }
}
