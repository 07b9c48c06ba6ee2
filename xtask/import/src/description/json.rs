//! `model.json`

use super::node::{Node, Value};
use crate::json_text;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use model::published::{Text, fault_at};
use model::{Document, Fault};

/// Names of lists, and of one item of them.
const LISTS: &[(&str, &str)] = &[
    ("types", "type"),
    ("services", "service"),
    ("documents", "document"),
    ("annotations", "annotation"),
    ("attributes", "attribute"),
    ("links", "link"),
    ("values", "value"),
    ("methods", "method"),
    ("parameters", "parameter"),
    ("locators", "locator"),
];

/// Parses a text that must hold one object.
pub(super) fn parse(source: &Document) -> Result<Node, Fault> {
    match json_text::parse(source)? {
        Some(ast::Value::Object(object)) => node(source, object),
        _ => Err(fault_at(source, 0, "the text must be one JSON object")),
    }
}

fn node(source: &Document, object: ast::Object<'_>) -> Result<Node, Fault> {
    let mut fields = Vec::new();
    for property in object.properties {
        let name = property.name.as_str();
        let singular = LISTS.iter().find(|(list, _)| *list == name).map(|(_, item)| *item);
        match (singular, property.value) {
            (Some(singular), ast::Value::Array(array)) => {
                for element in array.elements {
                    fields.extend(value(source, element)?.map(|value| (singular.to_owned(), value)));
                }
            }
            (Some(_), other) => return Err(fault_at(source, other.range().start, format!("`{name}` must be an array"))),
            (None, ast::Value::Array(array)) => {
                return Err(fault_at(source, array.range.start, format!("`{name}` must not be an array")));
            }
            (None, other) => fields.extend(value(source, other)?.map(|value| (name.to_owned(), value))),
        }
    }
    Ok(Node { at: object.range.start, fields })
}

fn value(source: &Document, value: ast::Value<'_>) -> Result<Option<Value>, Fault> {
    let at = value.range().start;
    let text = |text: String| Some(Value::Text(Text { text, at }));
    Ok(match value {
        ast::Value::StringLit(literal) => text(literal.value.into_owned()),
        ast::Value::NumberLit(literal) => text(literal.value.to_owned()),
        ast::Value::BooleanLit(literal) => text(literal.value.to_string()),
        ast::Value::NullKeyword(_) => None,
        ast::Value::Object(object) => Some(Value::Node(node(source, object)?)),
        ast::Value::Array(_) => return Err(fault_at(source, at, "an array in an array; descriptions have none")),
    })
}
