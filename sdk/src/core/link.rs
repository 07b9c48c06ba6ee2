//! References to other resources, and lists of them.
//!
//! The types of an API refer to each other in many cycles. Behind `Box<dyn Hold<T>>` and `Box<dyn Objects>` the
//! compiler does not walk them, so that every type is provably `Send` in crates with the default recursion limit.
//!
//! What is generic here is compiled for hundreds of types; see [`super::table`].
#![allow(clippy::manual_map, clippy::redundant_pattern_matching, reason = "one function less for each type")]

use super::table::{Record, Slot, View};
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// Owner of a `T` of which the compiler does not look at the fields. The names are unusual so that
/// they do not hide methods of `T`.
trait Hold<T>: Send + Sync {
    fn held(&self) -> &T;
    fn held_mut(&mut self) -> &mut T;
}

impl<T: Send + Sync + 'static> Hold<T> for T {
    fn held(&self) -> &T {
        self
    }

    fn held_mut(&mut self) -> &mut T {
        self
    }
}

/// Another resource: a reference to it by identifier or path, or the object itself.
///
/// A server mostly sends references; with the query parameter `follow` it sends objects. Both ways,
/// [`id`](Self::id) and [`href`](Self::href) tell which resource is meant. A request needs no more:
/// `Vm::new().cluster(Link::by_id("123"))`; where the server also finds it by name, build an object:
/// `Vm::new().cluster(Cluster::new().name("Default"))`.
///
/// Two links are equal when they would be written alike: a reference equals an object that has nothing
/// but the same identifier and path.
pub struct Link<T>(Repr<T>);

enum Repr<T> {
    Reference { id: Option<String>, href: Option<String> },
    Object(Box<dyn Hold<T>>),
}

impl<T> Link<T> {
    /// A reference by identifier.
    pub fn by_id(id: impl Into<String>) -> Self {
        Self(Repr::Reference { id: Some(id.into()), href: None })
    }

    /// A reference by path on the server, such as `/ovirt-engine/api/clusters/123`.
    pub fn by_href(href: impl Into<String>) -> Self {
        Self(Repr::Reference { id: None, href: Some(href.into()) })
    }

    /// The object, if this is more than a reference.
    pub fn get(&self) -> Option<&T> {
        match &self.0 {
            Repr::Reference { .. } => None,
            Repr::Object(object) => Some((**object).held()),
        }
    }
}

impl<T: Default> Link<T> {
    /// The object, if this is more than a reference.
    pub fn into_object(self) -> Option<T> {
        match self.0 {
            Repr::Reference { .. } => None,
            Repr::Object(mut object) => Some(std::mem::take((*object).held_mut())),
        }
    }
}

impl<T: Record> Link<T> {
    /// Identifier of the resource.
    pub fn id(&self) -> Option<&str> {
        match &self.0 {
            Repr::Reference { id, .. } => id.as_deref(),
            Repr::Object(object) => attribute((**object).held(), "id"),
        }
    }

    /// Path of the resource on the server.
    pub fn href(&self) -> Option<&str> {
        match &self.0 {
            Repr::Reference { href, .. } => href.as_deref(),
            Repr::Object(object) => attribute((**object).held(), "href"),
        }
    }
}

impl<T: Record + Default> Link<T> {
    /// The object, for changes. A reference becomes an object with its identifier and path.
    pub fn get_mut(&mut self) -> &mut T {
        if let Repr::Reference { id, href } = &mut self.0 {
            let mut object = T::default();
            for (name, value) in [("id", id.take()), ("href", href.take())] {
                if let Some(Slot::Text(text)) = object.table().attribute(name).map(|index| object.slot(index)) {
                    *text = value;
                }
            }
            self.0 = Repr::Object(Box::new(object));
        }
        match &mut self.0 {
            Repr::Object(object) => (**object).held_mut(),
            Repr::Reference { .. } => unreachable!("a reference was replaced by an object above"),
        }
    }
}

fn attribute<'a>(record: &'a dyn Record, name: &str) -> Option<&'a str> {
    match record.view(record.table().attribute(name)?) {
        View::Text(text) => text.as_deref(),
        _ => None,
    }
}

impl<T: Send + Sync + 'static> From<T> for Link<T> {
    fn from(object: T) -> Self {
        Self(Repr::Object(Box::new(object)))
    }
}

impl<T: Record + Default> Clone for Link<T> {
    fn clone(&self) -> Self {
        match self.target() {
            Target::Reference { id, href } => Self(Repr::Reference { id: id.map(str::to_owned), href: href.map(str::to_owned) }),
            Target::Object(object) => {
                let mut copy = T::default();
                super::table_ops::copy(object, &mut copy);
                copy.into()
            }
        }
    }
}

impl<T> Default for Link<T> {
    fn default() -> Self {
        Self(Repr::Reference { id: None, href: None })
    }
}

impl<T: Record> PartialEq for Link<T> {
    fn eq(&self, other: &Self) -> bool {
        super::table_ops::links_equal(self.target(), other.target())
    }
}

impl<T: Record> fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::table_ops::debug_link(self.target(), f)
    }
}

impl<T: Record> serde::Serialize for Link<T> {
    /// The object as a map, or a map with the `id` and `href` of the reference.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::serialize::target(self.target(), serializer)
    }
}

/// What a [`Link`] holds, without its type.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Target<'a> {
    Reference { id: Option<&'a str>, href: Option<&'a str> },
    Object(&'a dyn Record),
}

impl<T: Record> Link<T> {
    fn target(&self) -> Target<'_> {
        match &self.0 {
            Repr::Reference { id, href } => Target::Reference { id: id.as_deref(), href: href.as_deref() },
            Repr::Object(object) => Target::Object((**object).held()),
        }
    }
}

/// `Option<Link<T>>`.
#[doc(hidden)]
pub trait LinkSlot {
    fn set_reference(&mut self, id: Option<String>, href: Option<String>);
    /// Puts a new object in place of what is there.
    fn reset(&mut self) -> &mut dyn Record;
    fn target(&self) -> Option<Target<'_>>;
}

impl<T: Record + Default> LinkSlot for Option<Link<T>> {
    #[inline(never)]
    fn set_reference(&mut self, id: Option<String>, href: Option<String>) {
        *self = Some(Link(Repr::Reference { id, href }));
    }

    #[inline(never)]
    fn reset(&mut self) -> &mut dyn Record {
        *self = Some(Link(Repr::Object(Box::new(T::default()))));
        match self {
            Some(Link(Repr::Object(object))) => (**object).held_mut(),
            _ => unreachable!("an object was set above"),
        }
    }

    #[inline(never)]
    fn target(&self) -> Option<Target<'_>> {
        match self {
            Some(link) => Some(link.target()),
            None => None,
        }
    }
}

/// A list of objects, with the path on the server that it was read from or can be read from.
///
/// Derefs to a slice. A list that was not read with the object that has it is empty but has its
/// [`href`](Self::href); follow it with [`Connection::follow_link`](crate::ovirt::Connection::follow_link).
pub struct List<T> {
    /// Path of the list on the server.
    pub href: Option<String>,
    items: Erased,
    of: PhantomData<fn() -> T>,
}

/// Items of a [`List`] without their type, so that what works on them is compiled once.
struct Erased {
    /// A `Vec<T>`.
    items: Option<Box<dyn Objects>>,
    /// Makes an empty one.
    make: fn() -> Box<dyn Objects>,
}

/// A `Vec<T>` without its type.
trait Objects: Send + Sync {
    fn get(&self, index: usize) -> Option<&dyn Record>;
    fn push(&mut self) -> &mut dyn Record;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Record + Default> Objects for Vec<T> {
    fn get(&self, index: usize) -> Option<&dyn Record> {
        match self.as_slice().get(index) {
            Some(item) => Some(item),
            None => None,
        }
    }

    fn push(&mut self) -> &mut dyn Record {
        Vec::push(self, T::default());
        match self.as_mut_slice() {
            [.., item] => item,
            [] => unreachable!("an item was added above"),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

fn empty<T: Record + Default>() -> Box<dyn Objects> {
    Box::new(Vec::<T>::new())
}

impl<T: Record + Default> List<T> {
    /// An empty list.
    pub fn new() -> Self {
        Self { href: None, items: Erased { items: None, make: empty::<T> }, of: PhantomData }
    }

    /// The items, for changes.
    pub fn items_mut(&mut self) -> &mut Vec<T> {
        let items = self.items.made().as_any_mut().downcast_mut();
        items.unwrap_or_else(|| unreachable!("a list of one type has items of that type"))
    }

    /// The items, without the path.
    pub fn into_vec(mut self) -> Vec<T> {
        std::mem::take(self.items_mut())
    }
}

impl<T: Record> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let items = self.items.items.as_ref().and_then(|items| items.as_any().downcast_ref::<Vec<T>>());
        items.map_or(&[], Vec::as_slice)
    }
}

impl<T: Record + Default> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        let mut list = Self::new();
        if !items.is_empty() {
            list.items.items = Some(Box::new(items));
        }
        list
    }
}

impl<T: Record + Default, const N: usize> From<[T; N]> for List<T> {
    fn from(items: [T; N]) -> Self {
        Vec::from(items).into()
    }
}

impl<T: Record + Default> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T: Record + Default> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<'a, T: Record> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Record + Clone + Default> Clone for List<T> {
    fn clone(&self) -> Self {
        Self { href: self.href.clone(), ..self.to_vec().into() }
    }
}

impl<T: Record + Default> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Record + PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.href == other.href && self[..] == other[..]
    }
}

impl<T: Record + fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(href) = self.href.as_ref().filter(|_| self.is_empty()) {
            return f.debug_struct("List").field("href", href).finish();
        }
        f.debug_list().entries(&self[..]).finish()
    }
}

impl<T: Record + serde::Serialize> serde::Serialize for List<T> {
    /// The items, without the path.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self[..])
    }
}

/// `Option<List<T>>`.
#[doc(hidden)]
pub trait ListSlot {
    /// Path and items; `None` when the member is not set.
    fn parts(&self) -> Option<(Option<&str>, &dyn Items)>;
    /// Path and items, for changes. The member is set from now on.
    fn parts_mut(&mut self) -> (&mut Option<String>, &mut dyn Items);
}

impl<T: Record + Default> ListSlot for Option<List<T>> {
    #[inline(never)]
    fn parts(&self) -> Option<(Option<&str>, &dyn Items)> {
        match self {
            Some(list) => Some((list.href.as_deref(), &list.items)),
            None => None,
        }
    }

    #[inline(never)]
    fn parts_mut(&mut self) -> (&mut Option<String>, &mut dyn Items) {
        if let None = self {
            *self = Some(List::new());
        }
        match self {
            Some(list) => (&mut list.href, &mut list.items),
            None => unreachable!("a list was set above"),
        }
    }
}

/// Items of a list, without their type.
#[doc(hidden)]
pub trait Items {
    /// Whether there is a list, be it empty.
    fn is_set(&self) -> bool;
    fn get(&self, index: usize) -> Option<&dyn Record>;
    fn clear(&mut self);
    /// Adds an item with nothing set.
    fn push(&mut self) -> &mut dyn Record;
}

impl Erased {
    /// The items, made if there are none yet.
    fn made(&mut self) -> &mut dyn Objects {
        let make = self.make;
        &mut **self.items.get_or_insert_with(make)
    }
}

impl Items for Erased {
    fn is_set(&self) -> bool {
        self.items.is_some()
    }

    fn get(&self, index: usize) -> Option<&dyn Record> {
        self.items.as_ref()?.get(index)
    }

    fn clear(&mut self) {
        self.items = None;
    }

    fn push(&mut self) -> &mut dyn Record {
        self.made().push()
    }
}

/// The items, one after the other.
pub(crate) fn iter(items: &dyn Items) -> impl Iterator<Item = &dyn Record> {
    (0..).map_while(|index| items.get(index))
}
