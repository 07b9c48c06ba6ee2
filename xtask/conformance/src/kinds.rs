//! Structs of the API by name.

use crate::calls::KINDS;
use crate::node::Outcome;
use crate::show;
use virt_sdk::ovirt::Connection;
use virt_sdk::table_access::Slot;
use virt_sdk::{List, Record};

/// A struct of the API, without its type.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// Name of the Rust type.
    pub(crate) name: &'static str,
    /// Makes an object with nothing set.
    pub(crate) make: fn() -> Box<dyn Record>,
    /// Reads the object that stands at a path.
    pub(crate) follow: fn(&Connection, &str) -> Outcome,
    /// Reads the list that stands at a path.
    pub(crate) follow_list: fn(&Connection, &str) -> Outcome,
}

impl Kind {
    /// The struct `T`, which has that name.
    pub(crate) const fn of<T: Record + Clone + Default>(name: &'static str) -> Self {
        Self { name, make: make::<T>, follow: follow::<T>, follow_list: follow_list::<T> }
    }

    /// The struct of that name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The struct whose objects stand in that element, or whose lists do, and whether it is a list.
    pub(crate) fn of_element(element: &str) -> Option<(&'static Self, bool)> {
        KINDS.iter().find_map(|kind| {
            let table = (kind.make)().table();
            (table.element == element).then_some((kind, false)).or((table.list_element == element).then_some((kind, true)))
        })
    }
}

fn make<T: Record + Default>() -> Box<dyn Record> {
    Box::new(T::default())
}

fn follow<T: Record + Default>(connection: &Connection, href: &str) -> Outcome {
    let mut object = T::default();
    let index = object.table().fields.iter().position(|field| field.attribute && field.tag == "href");
    if let Some(Slot::Text(slot)) = index.map(|index| object.slot(index)) {
        *slot = Some(href.to_owned());
    }
    show::record(connection.follow_link(&object))
}

fn follow_list<T: Record + Clone + Default>(connection: &Connection, href: &str) -> Outcome {
    let mut list = List::<T>::new();
    list.href = Some(href.to_owned());
    show::list(connection.follow_link(&list))
}
