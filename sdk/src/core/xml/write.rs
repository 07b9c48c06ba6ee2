//! Record → document, over the tables. Only what is set is written.

use crate::core::link::{self, ListSlot, Target};
use crate::core::table::{Field, Record, View};
use std::fmt::{self, Display, Write};

/// A character that no XML document can hold.
#[derive(Debug)]
pub(crate) struct Unwritable {
    character: char,
    /// Name of the element or attribute.
    within: String,
}

impl Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { character, within } = self;
        write!(
            f,
            "the text of `{within}` holds the control character U+{:04X}, which no request can carry; remove it",
            u32::from(*character)
        )
    }
}

impl std::error::Error for Unwritable {}

type Result<T> = std::result::Result<T, Unwritable>;

/// Writes one object under its own root element.
pub(crate) fn record(record: &dyn Record) -> Result<String> {
    let mut out = String::new();
    write_record(record, record.table().element, &mut out)?;
    Ok(out)
}

/// Writes a list under its own root element.
pub(crate) fn list(list: &dyn ListSlot, list_element: &str, item: &str) -> Result<String> {
    let mut out = String::new();
    write_list(list, list_element, item, &mut out)?;
    Ok(out)
}

/// Content of one element that is not a member of a record.
pub(crate) enum Child<'a> {
    /// Plain text.
    Text(&'a str),
    /// One object.
    Record(&'a dyn Record),
    /// Objects, each in an element of that name.
    List(&'a dyn ListSlot, &'static str),
}

/// Writes one element.
pub(crate) fn element(tag: &str, content: &Child<'_>) -> Result<String> {
    let mut out = String::new();
    match content {
        Child::Text(text) => write_text(tag, text, &mut out)?,
        Child::Record(record) => write_record(*record, tag, &mut out)?,
        Child::List(list, item) => write_list(*list, tag, item, &mut out)?,
    }
    Ok(out)
}

fn write_record(record: &dyn Record, tag: &str, out: &mut String) -> Result<()> {
    let fields = record.table().fields;
    let _ = write!(out, "<{tag}");
    for (index, field) in fields.iter().enumerate().take_while(|(_, field)| field.attribute) {
        match record.view(index) {
            View::Text(Some(value)) => write_attribute(field.tag, value, out)?,
            View::Integer(Some(value)) => write_attribute(field.tag, &value.to_string(), out)?,
            View::Enum(value) => value.text().map_or(Ok(()), |text| write_attribute(field.tag, text, out))?,
            _ => {}
        }
    }
    write_content(tag, out, |out| {
        for (index, field) in fields.iter().enumerate().skip_while(|(_, field)| field.attribute) {
            write_member(field, &record.view(index), out)?;
        }
        Ok(())
    })
}

fn write_member(field: &Field, view: &View<'_>, out: &mut String) -> Result<()> {
    let tag = field.tag;
    match view {
        View::None => Ok(()),
        View::Boolean(value) => write_plain(tag, *value, out),
        View::Integer(value) => write_plain(tag, *value, out),
        View::Date(value) => write_plain(tag, *value, out),
        View::Decimal(value) => write_plain(tag, &value.map(decimal), out),
        View::Text(value) => value.as_ref().map_or(Ok(()), |text| write_text(tag, text, out)),
        View::Enum(value) => value.text().map_or(Ok(()), |text| write_text(tag, text, out)),
        View::Texts(values) => {
            values.as_ref().map_or(Ok(()), |texts| write_texts(texts.iter().map(String::as_str), tag, field.item, out))
        }
        View::Enums(values) => values.texts().map_or(Ok(()), |texts| write_texts(texts.into_iter(), tag, field.item, out)),
        View::Object(object) => object.record().map_or(Ok(()), |record| write_record(record, tag, out)),
        View::Link(link) => match link.target() {
            None => Ok(()),
            Some(Target::Object(record)) => write_record(record, tag, out),
            Some(Target::Reference { id, href }) => {
                let _ = write!(out, "<{tag}");
                for (name, value) in [("href", href), ("id", id)] {
                    value.map_or(Ok(()), |value| write_attribute(name, value, out))?;
                }
                out.push_str("/>");
                Ok(())
            }
        },
        View::List(list) => match list.parts() {
            None => Ok(()),
            // A list that was not read, only its path, says nothing about the items.
            Some((Some(_), items)) if items.get(0).is_none() => Ok(()),
            Some(_) => write_list(*list, tag, field.item, out),
        },
        // Only APIs in JSON have these.
        View::Objects(_)
        | View::ObjectMap(_)
        | View::TextMap(_)
        | View::TextMaps(_)
        | View::Structure(_)
        | View::Structures(_)
        | View::Json(_) => Ok(()),
    }
}

fn write_list(list: &dyn ListSlot, tag: &str, item: &str, out: &mut String) -> Result<()> {
    let _ = write!(out, "<{tag}");
    let parts = list.parts();
    if let Some((Some(href), _)) = parts {
        write_attribute("href", href, out)?;
    }
    write_content(tag, out, |out| match parts {
        Some((_, items)) => link::iter(items).try_for_each(|record| write_record(record, item, out)),
        None => Ok(()),
    })
}

fn write_texts<'a>(texts: impl Iterator<Item = &'a str>, tag: &str, item: &str, out: &mut String) -> Result<()> {
    let _ = write!(out, "<{tag}");
    let mut texts = texts;
    write_content(tag, out, |out| texts.try_for_each(|text| write_text(item, text, out)))
}

/// Writes what follows the attributes: content and end tag, or `/>`.
fn write_content(tag: &str, out: &mut String, content: impl FnOnce(&mut String) -> Result<()>) -> Result<()> {
    out.push('>');
    let start = out.len();
    content(out)?;
    if out.len() == start {
        out.pop();
        out.push_str("/>");
    } else {
        let _ = write!(out, "</{tag}>");
    }
    Ok(())
}

fn write_plain(tag: &str, value: &Option<impl Display>, out: &mut String) -> Result<()> {
    if let Some(value) = value {
        let _ = write!(out, "<{tag}>{value}</{tag}>");
    }
    Ok(())
}

fn write_text(tag: &str, text: &str, out: &mut String) -> Result<()> {
    let _ = write!(out, "<{tag}>");
    escape(text, tag, out)?;
    let _ = write!(out, "</{tag}>");
    Ok(())
}

fn write_attribute(name: &str, value: &str, out: &mut String) -> Result<()> {
    let _ = write!(out, " {name}=\"");
    escape(value, name, out)?;
    out.push('"');
    Ok(())
}

/// Shortest text that reads back as the same number.
fn decimal(value: f64) -> String {
    let text = format!("{value:?}");
    if value.is_finite() { text } else { text.replace("inf", "INF") }
}

/// Escapes for text and attributes alike: readers normalise raw line ends and, in attributes, tabs.
fn escape(text: &str, within: &str, out: &mut String) -> Result<()> {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => return Err(Unwritable { character, within: within.to_owned() }),
            _ => out.push(character),
        }
    }
    Ok(())
}
