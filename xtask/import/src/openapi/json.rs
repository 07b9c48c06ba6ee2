//! A description in JSON.

use super::node::{DEEPEST, Node, Value};
use crate::json_text;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use model::published::{Text, fault_at};
use model::{Document, Fault};

/// Parses a text that must hold one value.
pub(super) fn parse(source: &Document) -> Result<Node, Fault> {
    match json_text::parse(source)? {
        Some(value) => node(source, value, 0),
        None => Err(fault_at(source, 0, "the text is empty; give an OpenAPI document")),
    }
}

fn node(source: &Document, value: ast::Value<'_>, depth: usize) -> Result<Node, Fault> {
    let at = value.range().start;
    if depth > DEEPEST {
        return Err(fault_at(source, at, format!("more than {DEEPEST} values in one another; descriptions have fewer")));
    }
    let value = match value {
        ast::Value::StringLit(literal) => Value::Text(literal.value.into_owned()),
        ast::Value::NumberLit(literal) => Value::Text(literal.value.to_owned()),
        ast::Value::BooleanLit(literal) => Value::Text(literal.value.to_string()),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(array) => {
            let items = array.elements.into_iter().map(|element| node(source, element, depth + 1));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => {
            let mut fields = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let name = Text { text: property.name.as_str().to_owned(), at: property.name.range().start };
                fields.push((name, node(source, property.value, depth + 1)?));
            }
            return Node::object(source, at, fields);
        }
    };
    Ok(Node { at, value })
}
