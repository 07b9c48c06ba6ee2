//! `model.xml`

use super::node::{Node, Value};
use model::published::{Text, fault_at};
use model::{Document, Fault};

/// Elements that only hold a list.
const WRAPPERS: &[&str] = &["services", "documents", "annotations", "parameters", "values"];

/// Deepest nesting; descriptions have about ten levels.
const DEEPEST: usize = 64;

/// Parses a text that must hold one `model` element.
pub(super) fn parse(source: &Document) -> Result<Node, Fault> {
    let tree = roxmltree::Document::parse(&source.text).map_err(|error| {
        if matches!(error, roxmltree::Error::UnclosedRootNode | roxmltree::Error::UnexpectedEndOfStream) {
            // These tell where the root starts, but what is missing is missing at the end.
            return fault_at(
                source,
                source.text.len(),
                "malformed XML: the text ends too early; get the description again, whole",
            );
        }
        let position = error.pos();
        // The position stands in the text of the error too.
        let text = error.to_string();
        let text = text.trim_end_matches(&format!(" at {position}"));
        Fault {
            path: source.path.clone(),
            line: usize::try_from(position.row).unwrap_or(usize::MAX),
            column: usize::try_from(position.col).unwrap_or(usize::MAX),
            message: format!("malformed XML: {text}; get the description again, whole"),
        }
    })?;
    let root = tree.root_element();
    let name = root.tag_name().name();
    if name != "model" {
        let message = format!("the root element is `{name}`; that of a description is `model`");
        return Err(fault_at(source, root.range().start, message));
    }
    node(source, root, 0)
}

fn node(source: &Document, element: roxmltree::Node<'_, '_>, depth: usize) -> Result<Node, Fault> {
    let at = element.range().start;
    if depth > DEEPEST {
        return Err(fault_at(source, at, format!("more than {DEEPEST} elements in one another; descriptions have fewer")));
    }
    let mut fields = Vec::new();
    for child in element.children().filter(roxmltree::Node::is_element) {
        let name = child.tag_name().name();
        if name == "types" {
            // The kind of a type is the name of its element here.
            for item in child.children().filter(roxmltree::Node::is_element) {
                let mut item_node = node(source, item, depth + 1)?;
                let kind = Text { text: item.tag_name().name().to_owned(), at: item.range().start };
                item_node.fields.push(("kind".to_owned(), Value::Text(kind)));
                fields.push(("type".to_owned(), Value::Node(item_node)));
            }
        } else if WRAPPERS.contains(&name) {
            fields.extend(node(source, child, depth + 1)?.fields);
        } else {
            let value = if child.children().any(|grandchild| grandchild.is_element()) {
                Value::Node(node(source, child, depth + 1)?)
            } else {
                // Where the text starts, or the element if it has none.
                let start = child.first_child().map_or(child.range().start, |text| text.range().start);
                Value::Text(Text { text: child.text().unwrap_or_default().to_owned(), at: start })
            };
            fields.push((name.to_owned(), value));
        }
    }
    Ok(Node { at, fields })
}
