//! The words of a model document: which elements there are, and what each may carry.

use crate::fault::{Document, Fault};
use crate::ir::{Use, Verb};
use roxmltree::Node;

/// What one element may carry.
struct Element {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
}

const ELEMENTS: &[Element] = &[
    Element { name: "model", required: &["name", "version"], optional: &["root", "namespace"], children: &["doc", "parameter"] },
    Element { name: "parameter", required: &["name"], optional: &[], children: &[] },
    Element { name: "enum", required: &["name"], optional: &["since", "deprecated"], children: &["doc", "value"] },
    Element { name: "value", required: &["name"], optional: &["since", "deprecated"], children: &[] },
    Element {
        name: "struct",
        required: &["name"],
        optional: &["base", "builtin", "wire", "since", "deprecated"],
        children: &["doc", "attribute", "link", "union"],
    },
    Element {
        name: "attribute",
        required: &["name", "type"],
        optional: &["wire", "mandatory", "use", "secret", "since", "deprecated", "removed"],
        children: &[],
    },
    Element { name: "link", required: &["name", "type"], optional: &["secret", "since", "deprecated", "removed"], children: &[] },
    Element { name: "union", required: &["by"], optional: &[], children: &["case"] },
    Element { name: "case", required: &["value"], optional: &[], children: &["member"] },
    Element { name: "member", required: &["name"], optional: &["mandatory"], children: &[] },
    Element {
        name: "error",
        required: &["name"],
        optional: &["base", "status", "legacy_status", "retryable", "since", "deprecated"],
        children: &["doc", "attribute"],
    },
    Element {
        name: "service",
        required: &["name"],
        optional: &["base", "package", "area", "pseudo", "resource", "since", "deprecated"],
        children: &["doc", "method", "signature", "locator"],
    },
    Element {
        name: "method",
        required: &["name"],
        optional: &["verb", "path", "status", "since", "deprecated"],
        children: &["doc", "in", "out", "inout", "mandatory", "optional", "error", "privilege"],
    },
    Element {
        name: "signature",
        required: &["name", "of"],
        optional: &["since", "deprecated"],
        children: &["doc", "in", "out", "inout", "mandatory", "optional"],
    },
    Element {
        name: "in",
        required: &["name", "type"],
        optional: &["mandatory", "body", "query", "since", "deprecated"],
        children: &[],
    },
    Element { name: "out", required: &["name", "type"], optional: &["since", "deprecated"], children: &[] },
    Element { name: "inout", required: &["name", "type"], optional: &["mandatory", "since", "deprecated"], children: &[] },
    Element { name: "mandatory", required: &[], optional: &[], children: &[] },
    Element { name: "optional", required: &[], optional: &[], children: &[] },
    Element { name: "privilege", required: &["name"], optional: &["on"], children: &[] },
    Element { name: "locator", required: &["name", "service"], optional: &["parameter", "since", "deprecated"], children: &[] },
    Element { name: "doc", required: &[], optional: &[], children: &[] },
];

/// Elements that a document may consist of.
const ROOTS: &[&str] = &["model", "enum", "struct", "error", "service"];

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
            "secret" | "builtin" | "pseudo" | "mandatory" | "body" | "retryable" => {
                (value == "true").then_some(()).ok_or("`true`, or no attribute")
            }
            "status" | "legacy_status" => value.parse::<u16>().map(|_| ()).map_err(|_| "an HTTP status such as `404`"),
            "verb" => {
                VERBS.iter().any(|(verb, _)| *verb == value).then_some(()).ok_or("`GET`, `POST`, `PUT`, `PATCH` or `DELETE`")
            }
            "use" => uses(value).map(|_| ()).ok_or("methods and uses such as `create:required update:unused`"),
            "since" | "removed" => is_version(value).then_some(()).ok_or("a version such as `4.2.1`"),
            "deprecated" => (value == "true" || is_version(value)).then_some(()).ok_or("`true`, or a version such as `4.2.1`"),
            "name" if tag == "value" => is_value(value).then_some(()).ok_or("words joined by `_`"),
            "name" if tag == "privilege" => Ok(()),
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

/// HTTP methods by their names.
pub(crate) const VERBS: &[(&str, Verb)] =
    &[("GET", Verb::Get), ("POST", Verb::Post), ("PUT", Verb::Put), ("PATCH", Verb::Patch), ("DELETE", Verb::Delete)];

/// What a member is used for by each method, from `create:required update:unused`.
pub(crate) fn uses(text: &str) -> Option<Vec<(String, Use)>> {
    let one = |part: &str| {
        let (method, word) = part.split_once(':')?;
        let (_, used) = USES.iter().find(|(name, _)| *name == word)?;
        is_name(method).then(|| (method.to_owned(), *used))
    };
    text.split_whitespace().map(one).collect()
}

/// Words that say what a member is used for.
pub(crate) const USES: &[(&str, Use)] =
    &[("required", Use::Required), ("optional", Use::Optional), ("unused", Use::Unused), ("present", Use::Present)];

/// Lower-case words joined by `_`; in a namespace, several such names joined by dots.
fn is_name(text: &str) -> bool {
    text.split('.')
        .all(|name| name.starts_with(|c: char| c.is_ascii_lowercase()) && name == name.to_ascii_lowercase() && is_value(name))
}

fn is_value(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.split('_').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn is_version(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}
