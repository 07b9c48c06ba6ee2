//! Document → record, over the tables.
//!
//! Unknown elements and attributes are passed over, the order of elements is free, the last of several
//! counts, absent members stay unset. `<x/>` is absent for a scalar and `<x></x>` an empty text.

use super::source::{Result, Source, Start};
use crate::core::link::ListSlot;
use crate::core::table::{Record, Slot};
use std::borrow::Cow;

/// Element that says where something is. No member of any type has this name.
const LINK: &str = "link";

/// What the first element of a document is.
pub(crate) struct Root<'a> {
    source: Source<'a>,
    start: Start<'a>,
}

impl Root<'_> {
    /// Name of the element.
    pub(crate) fn name(&self) -> &str {
        self.start.name()
    }
}

/// Opens a document; `None` when it has no element at all.
pub(crate) fn root(text: &str) -> Result<Option<Root<'_>>> {
    let mut source = Source::new(text);
    let start = source.child()?;
    Ok(start.map(|start| Root { source, start }))
}

/// Reads the root element into a record.
pub(crate) fn read_record(root: Root<'_>, record: &mut dyn Record) -> Result<()> {
    let Root { mut source, start } = root;
    read_into(&mut source, &start, record)?;
    source.end()
}

/// Reads the root element as a list whose items are elements named `item`.
pub(crate) fn read_list(root: Root<'_>, item: &str, list: &mut dyn ListSlot) -> Result<()> {
    let Root { mut source, start } = root;
    read_items(&mut source, &start, item, list)?;
    source.end()
}

pub(super) fn read_into(source: &mut Source<'_>, start: &Start<'_>, record: &mut dyn Record) -> Result<()> {
    let table = record.table();
    source.attributes(start, |name, value| match table.attribute(name) {
        Some(index) => set_scalar(source, name, source.attribute_text(&value)?, record.slot(index)),
        None => Ok(()),
    })?;
    if start.empty {
        return Ok(());
    }
    while let Some(child) = source.child()? {
        if child.name() == LINK {
            read_link(source, &child, record)?;
        } else if let Some(index) = table.element(child.name()) {
            let item = table.fields.get(index).map_or("", |field| field.item);
            read_member(source, &child, item, record.slot(index))?;
        } else {
            source.skip(&child)?;
        }
    }
    Ok(())
}

fn read_member(source: &mut Source<'_>, start: &Start<'_>, item: &str, slot: Slot<'_>) -> Result<()> {
    match slot {
        Slot::Object(slot) => read_into(source, start, slot.reset()),
        Slot::Link(slot) if start.empty => {
            let (mut id, mut href) = (None, None);
            source.attributes(start, |name, value| {
                match name {
                    "id" => id = Some(source.attribute_text(&value)?.into_owned()),
                    "href" => href = Some(source.attribute_text(&value)?.into_owned()),
                    _ => {}
                }
                Ok(())
            })?;
            slot.set_reference(id, href);
            Ok(())
        }
        Slot::Link(slot) => read_into(source, start, slot.reset()),
        Slot::List(slot) => read_items(source, start, item, slot),
        Slot::Texts(slot) => {
            *slot = Some(read_texts(source, start, item)?);
            Ok(())
        }
        Slot::Enums(slot) => {
            slot.clear();
            for text in read_texts(source, start, item)? {
                slot.push(&text);
            }
            Ok(())
        }
        scalar => match source.text(start)? {
            Some(text) => set_scalar(source, start.name(), text, scalar),
            None => Ok(()),
        },
    }
}

fn read_items(source: &mut Source<'_>, start: &Start<'_>, item: &str, list: &mut dyn ListSlot) -> Result<()> {
    let (list_href, items) = list.parts_mut();
    items.clear();
    // A `link` to the list, read before, counts more than what the list says of itself.
    if list_href.is_none() {
        source.attributes(start, |name, value| {
            if name == "href" {
                *list_href = Some(source.attribute_text(&value)?.into_owned());
            }
            Ok(())
        })?;
    }
    if start.empty {
        return Ok(());
    }
    while let Some(child) = source.child()? {
        if child.name() == item {
            read_into(source, &child, items.push())?;
        } else {
            source.skip(&child)?;
        }
    }
    Ok(())
}

fn read_texts(source: &mut Source<'_>, start: &Start<'_>, item: &str) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    if start.empty {
        return Ok(texts);
    }
    while let Some(child) = source.child()? {
        if child.name() == item {
            texts.extend(source.text(&child)?.map(Cow::into_owned));
        } else {
            source.skip(&child)?;
        }
    }
    Ok(texts)
}

/// `<link rel="nics" href="…"/>` says where a list is that was not sent along.
fn read_link(source: &mut Source<'_>, start: &Start<'_>, record: &mut dyn Record) -> Result<()> {
    let (mut list, mut href) = (None, None);
    source.attributes(start, |name, value| {
        match name {
            "rel" => list = record.table().rel(&source.attribute_text(&value)?),
            "href" => href = Some(value),
            _ => {}
        }
        Ok(())
    })?;
    if let (Some(index), Some(href)) = (list, href)
        && let Slot::List(list) = record.slot(index)
    {
        let href = source.attribute_text(&href)?;
        if !href.is_empty() {
            *list.parts_mut().0 = Some(href.into_owned());
        }
    }
    source.skip(start)
}

fn set_scalar(source: &Source<'_>, name: &str, text: Cow<'_, str>, slot: Slot<'_>) -> Result<()> {
    let number = text.trim();
    let wrong = |what: &str| source.error(format!("`{}` is the value of `{name}`, which must be {what}", excerpt(&text)));
    match slot {
        Slot::Boolean(value) => *value = Some(boolean(&text).ok_or_else(|| wrong("`true` or `false`"))?),
        Slot::Integer(value) => *value = Some(number.parse().map_err(|_| wrong("a whole number of at most 64 bits"))?),
        Slot::Decimal(value) => *value = Some(number.parse().map_err(|_| wrong("a number"))?),
        Slot::Date(value) => *value = Some(text.parse().map_err(|_| wrong("a date with time"))?),
        Slot::Enum(value) => value.set(&text),
        Slot::Text(value) => *value = Some(text.into_owned()),
        // No other member stands in an attribute or is made of text alone.
        _ => {}
    }
    Ok(())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The beginning of a text, enough to find it.
fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}
