//! What JSON and YAML have in common: values, each with its place.

use model::published::{Text, fault_at};
use model::{Document, Fault};
use std::collections::BTreeSet;

/// Deepest nesting; descriptions have about twenty levels.
pub(super) const DEEPEST: usize = 100;

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    /// Byte offset of its start.
    pub(super) at: usize,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    /// Text, also of a number or truth value.
    Text(String),
    List(Vec<Node>),
    /// Fields in their order, with unique names.
    Object(Vec<(Text, Node)>),
}

impl Node {
    /// An object whose fields must have different names.
    pub(super) fn object(source: &Document, at: usize, fields: Vec<(Text, Node)>) -> Result<Self, Fault> {
        let mut seen = BTreeSet::new();
        match fields.iter().find(|(name, _)| !seen.insert(name.text.as_str())) {
            Some((name, _)) => {
                Err(fault_at(source, name.at, format!("a second `{}` in one object; names must differ", name.text)))
            }
            None => Ok(Self { at, value: Value::Object(fields) }),
        }
    }

    /// The field of that name, if it has a value.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        let found = self.fields().iter().find(|(other, _)| other.text == name).map(|(_, node)| node);
        found.filter(|node| !matches!(node.value, Value::Null))
    }

    /// The fields; none if it is no object.
    pub(super) fn fields(&self) -> &[(Text, Node)] {
        match &self.value {
            Value::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The items; none if it is no list.
    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }
}
