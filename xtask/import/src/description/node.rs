//! What JSON and XML have in common: items with fields, each with its place.

use model::published::Text;

/// Item of a description.
#[derive(Debug)]
pub(super) struct Node {
    /// Byte offset of its start.
    pub(super) at: usize,
    /// Fields in their order. A list is a field for each of its items, with a name in the singular.
    pub(super) fields: Vec<(String, Value)>,
}

/// Value of a field.
#[derive(Debug)]
pub(super) enum Value {
    /// Text, also of a number or truth value.
    Text(Text),
    /// Another item.
    Node(Node),
}

impl Value {
    pub(super) fn at(&self) -> usize {
        match self {
            Value::Text(text) => text.at,
            Value::Node(node) => node.at,
        }
    }
}

impl Node {
    /// All fields of that name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.fields.iter().filter(move |(other, _)| other == name).map(|(_, value)| value)
    }

    /// The texts among the fields of that name.
    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &Text> {
        self.all(name).filter_map(|value| match value {
            Value::Text(text) => Some(text),
            Value::Node(_) => None,
        })
    }
}
