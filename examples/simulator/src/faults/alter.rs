//! Documents that are not as the model says.

use model::{Member, Model, Place, Struct, Type};
use roxmltree::{Document, Node};
use std::ops::Range;

/// Text that no enum has.
const UNKNOWN: &str = "from_a_newer_engine";

/// Element that no model has.
const ELEMENT: &str = "<from_a_newer_engine since=\"9.9\"><id>1</id><items><item>a</item></items></from_a_newer_engine>";

/// A piece of a document, and what stands there instead.
type Edit = (Range<usize>, String);

/// A document whose enums have texts that they do not know: those of elements of a name, or all.
pub(super) fn unknown_enum(model: &Model, text: &str, element: Option<&str>) -> Option<String> {
    edit(text, |root| match element {
        Some(name) => {
            let named = root.descendants().filter(|node| node.has_tag_name(name));
            named.filter_map(|node| replace(node)).collect()
        }
        None => {
            let mut edits = Vec::new();
            for node in objects(root) {
                if let Some(known) = model.structs.values().find(|known| node.has_tag_name(known.element.as_str())) {
                    enums(model, known, node, &mut edits);
                }
            }
            edits
        }
    })
}

/// A document without the elements and attributes of a name.
pub(super) fn without(text: &str, member: &str) -> Option<String> {
    edit(text, |root| {
        let mut edits = Vec::new();
        for node in root.descendants().filter(Node::is_element) {
            let attribute = node.attributes().find(|attribute| attribute.name() == member);
            edits.extend(attribute.map(|attribute| (attribute.range(), String::new())));
            if node != root && node.has_tag_name(member) {
                edits.push((node.range(), String::new()));
            }
        }
        // What stands in an element that goes away goes with it.
        let ranges: Vec<_> = edits.iter().map(|(range, _)| range.clone()).collect();
        edits.retain(|(range, _)| !ranges.iter().any(|other| other != range && contains(other, range)));
        edits
    })
}

/// A document with elements that no model has.
pub(super) fn unknown_element(text: &str) -> Option<String> {
    edit(text, |root| {
        let items = root.children().filter(|node| node.has_attribute("id") || node.has_attribute("href"));
        let places = std::iter::once(root).chain(items).filter_map(|node| node.first_child());
        places.map(|child| (child.range().start..child.range().start, ELEMENT.to_owned())).collect()
    })
}

/// The document of an action whose work goes on.
pub(super) fn pending(text: &str) -> Option<String> {
    edit(text, |root| {
        let status = root.children().find(|node| node.has_tag_name("status")).and_then(|status| status.first_child());
        status.map(|text| (text.range(), "pending".to_owned())).into_iter().collect()
    })
}

/// Whether a document is that of an action.
pub(super) fn is_action(text: &str) -> bool {
    Document::parse(text).is_ok_and(|document| document.root_element().has_tag_name("action"))
}

/// Makes edits that do not overlap. Nothing where the text is no document.
fn edit(text: &str, plan: impl FnOnce(Node<'_, '_>) -> Vec<Edit>) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let mut edits = plan(document.root_element());
    edits.sort_by_key(|(range, _)| range.start);
    let mut edited = String::with_capacity(text.len());
    let mut end = 0;
    for (range, instead) in edits {
        edited.push_str(text.get(end..range.start)?);
        edited.push_str(&instead);
        end = range.end;
    }
    edited.push_str(text.get(end..)?);
    Some(edited)
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The object of a document, or the objects of its list.
fn objects<'a, 'i>(root: Node<'a, 'i>) -> Vec<Node<'a, 'i>> {
    std::iter::once(root).chain(root.children().filter(Node::is_element)).filter(|node| node.has_attribute("id")).collect()
}

/// Finds the enums of an object.
fn enums(model: &Model, known: &Struct, node: Node<'_, '_>, edits: &mut Vec<Edit>) {
    for attribute in node.attributes() {
        if known.members.iter().any(|member| is_enum_attribute(member, attribute.name())) {
            edits.push((attribute.range_value(), UNKNOWN.to_owned()));
        }
    }
    for child in node.children().filter(Node::is_element) {
        let Some(member) = known.members.iter().find(|member| stands_in(member, child)) else { continue };
        let values = if member.ty.is_list() { child.children().collect() } else { vec![child] };
        for value in values.into_iter().filter(Node::is_element) {
            match member.ty.item() {
                Type::Enum(_) => edits.extend(replace(value)),
                Type::Struct(name) => model.structs.get(name).into_iter().for_each(|inner| enums(model, inner, value, edits)),
                _ => {}
            }
        }
    }
}

fn is_enum_attribute(member: &Member, name: &str) -> bool {
    matches!(member.ty, Type::Enum(_)) && matches!(&member.place, Place::Attribute(attribute) if attribute == name)
}

fn stands_in(member: &Member, node: Node<'_, '_>) -> bool {
    matches!(&member.place, Place::Element { tag, .. } if node.has_tag_name(tag.as_str()))
}

fn replace(node: Node<'_, '_>) -> Option<Edit> {
    let text = node.first_child().filter(|child| child.is_text() && node.children().count() == 1)?;
    Some((text.range(), UNKNOWN.to_owned()))
}
