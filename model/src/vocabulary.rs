//! The words of a model document: which elements there are, and what each may carry.

use crate::fault::{Document, Fault};
use roxmltree::Node;

/// What one element may carry.
struct Element {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
}

const ELEMENTS: &[Element] = &[
    Element { name: "model", required: &["name", "version", "root"], optional: &[], children: &["doc", "parameter"] },
    Element { name: "parameter", required: &["name"], optional: &[], children: &[] },
    Element { name: "enum", required: &["name"], optional: &["since", "deprecated"], children: &["doc", "value"] },
    Element { name: "value", required: &["name"], optional: &["since", "deprecated"], children: &[] },
    Element {
        name: "struct",
        required: &["name"],
        optional: &["base", "builtin", "since", "deprecated"],
        children: &["doc", "attribute", "link"],
    },
    Element {
        name: "attribute",
        required: &["name", "type"],
        optional: &["secret", "since", "deprecated", "removed"],
        children: &[],
    },
    Element { name: "link", required: &["name", "type"], optional: &["secret", "since", "deprecated", "removed"], children: &[] },
    Element {
        name: "service",
        required: &["name"],
        optional: &["base", "package", "area", "pseudo", "since", "deprecated"],
        children: &["doc", "method", "signature", "locator"],
    },
    Element {
        name: "method",
        required: &["name"],
        optional: &["since", "deprecated"],
        children: &["doc", "in", "out", "inout", "mandatory", "optional"],
    },
    Element {
        name: "signature",
        required: &["name", "of"],
        optional: &["since", "deprecated"],
        children: &["doc", "in", "out", "inout", "mandatory", "optional"],
    },
    Element { name: "in", required: &["name", "type"], optional: &["mandatory", "since", "deprecated"], children: &[] },
    Element { name: "out", required: &["name", "type"], optional: &["since", "deprecated"], children: &[] },
    Element { name: "inout", required: &["name", "type"], optional: &["mandatory", "since", "deprecated"], children: &[] },
    Element { name: "mandatory", required: &[], optional: &[], children: &[] },
    Element { name: "optional", required: &[], optional: &[], children: &[] },
    Element { name: "locator", required: &["name", "service"], optional: &["parameter", "since", "deprecated"], children: &[] },
    Element { name: "doc", required: &[], optional: &[], children: &[] },
];

/// Elements that a document may consist of.
const ROOTS: &[&str] = &["model", "enum", "struct", "service"];

/// Reports every element and attribute that the vocabulary does not know.
pub(crate) fn check(document: &Document, root: Node<'_, '_>, faults: &mut Vec<Fault>) {
    check_element(document, root, ROOTS, "a document", faults);
}

fn check_element(document: &Document, node: Node<'_, '_>, allowed: &[&str], parent: &str, faults: &mut Vec<Fault>) {
    let tag = node.tag_name().name();
    let known = ELEMENTS.iter().find(|element| element.name == tag);
    let Some(element) = known.filter(|_| allowed.contains(&tag)) else {
        let message = format!("unknown element `{tag}` in {parent}; {}", choice(allowed));
        faults.push(Fault::at(document, node.range().start, message));
        return;
    };
    for attribute in node.attributes() {
        let name = attribute.name();
        let value = attribute.value();
        let right = match name {
            _ if !element.required.contains(&name) && !element.optional.contains(&name) => {
                let all = [element.required, element.optional].concat();
                let message = format!("unknown attribute `{name}` of `{tag}`; {}", choice(&all));
                faults.push(Fault::at(document, attribute.range().start, message));
                continue;
            }
            "secret" | "builtin" | "pseudo" | "mandatory" => (value == "true").then_some(()).ok_or("`true`, or no attribute"),
            "since" | "removed" => is_version(value).then_some(()).ok_or("a version such as `4.2.1`"),
            "deprecated" => (value == "true" || is_version(value)).then_some(()).ok_or("`true`, or a version such as `4.2.1`"),
            "name" | "of" | "parameter" => is_name(value).then_some(()).ok_or("lower-case words joined by `_`"),
            _ => Ok(()),
        };
        if let Err(right) = right {
            let message = format!("`{name}=\"{value}\"`: it must be {right}");
            faults.push(Fault::at(document, attribute.range_value().start, message));
        }
    }
    for name in element.required.iter().filter(|name| !node.has_attribute(**name)) {
        let message = format!("`{tag}` has no attribute `{name}`; add it");
        faults.push(Fault::at(document, node.range().start, message));
    }
    for child in node.children() {
        if child.is_element() {
            check_element(document, child, element.children, &format!("`{tag}`"), faults);
        } else if child.is_text() && !element.children.is_empty() && !child.text().unwrap_or_default().trim().is_empty() {
            let message = format!("text in `{tag}`; put descriptions into `doc`");
            faults.push(Fault::at(document, child.range().start, message));
        }
    }
}

fn choice(allowed: &[&str]) -> String {
    match allowed {
        [] => "nothing may stand here".to_owned(),
        _ => format!("it may be {}", allowed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('_').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

fn is_version(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}
