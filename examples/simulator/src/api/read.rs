//! Reader of request bodies, driven by the tables of the model.

use super::fault::Fault;
use super::values;
use crate::store::{Object, Value};
use model::{Member, Model, Place, Type};
use roxmltree::{Document, Node};

/// Nesting that no honest request reaches; the types of the model are recursive.
const DEPTH: usize = 40;

/// Elements that a client may send back as it received them, and that say nothing.
const IGNORED: &[&str] = &["actions", "link", "creation_status"];

/// What a body holds at its top.
#[derive(Debug)]
pub(crate) enum Body {
    /// One object.
    One(Object),
    /// A list of objects.
    Many(Vec<Object>),
}

/// Reads a body that holds an object of a struct, or a list of them.
///
/// # Errors
///
/// 400 as the engine answers it; `syntax` where the body is no such document.
pub(crate) fn body(model: &Model, kind: &str, text: &str, syntax: &Fault) -> Result<Body, Fault> {
    let document = Document::parse(text).map_err(|_| syntax.clone())?;
    let root = document.root_element();
    let known = model.structs.get(kind).ok_or_else(|| syntax.clone())?;
    let reader = Reader { model, syntax };
    if root.tag_name().name() == known.list_element {
        let items = elements(root).map(|node| reader.object(kind, node, 1)).collect::<Result<_, _>>()?;
        return Ok(Body::Many(items));
    }
    if root.tag_name().name() != known.element {
        return Err(syntax.clone());
    }
    reader.object(kind, root, 0).map(Body::One)
}

/// Reads one element as an object of a struct.
///
/// # Errors
///
/// As [`body`].
pub(crate) fn element(model: &Model, kind: &str, node: Node<'_, '_>, syntax: &Fault) -> Result<Object, Fault> {
    Reader { model, syntax }.object(kind, node, 0)
}

struct Reader<'a> {
    model: &'a Model,
    syntax: &'a Fault,
}

impl Reader<'_> {
    fn object(&self, kind: &str, node: Node<'_, '_>, depth: usize) -> Result<Object, Fault> {
        let known = self.model.structs.get(kind).filter(|_| depth < DEPTH).ok_or_else(|| self.syntax.clone())?;
        let mut object = Object::default();
        for attribute in node.attributes() {
            let member = known.members.iter().find(|member| is_attribute(member, attribute.name()));
            if let Some(member) = member {
                object.set(&member.name, self.text(member, &member.ty, attribute.value())?);
            }
        }
        for child in elements(node).filter(|child| !IGNORED.contains(&child.tag_name().name())) {
            let member = known.members.iter().find(|member| is_element(member, child.tag_name().name()));
            let member = member.ok_or_else(|| self.syntax.clone())?;
            if let Some(value) = self.value(member, child, depth)? {
                object.set(&member.name, value);
            }
        }
        Ok(object)
    }

    fn value(&self, member: &Member, node: Node<'_, '_>, depth: usize) -> Result<Option<Value>, Fault> {
        match &member.ty {
            Type::Struct(name) => self.object(name, node, depth + 1).map(|object| Some(Value::Object(object))),
            Type::List(item) => {
                let wanted = match &member.place {
                    Place::Element { item, .. } => item.as_deref(),
                    Place::Attribute(_) => None,
                };
                let mut values = Vec::new();
                for child in elements(node).filter(|child| !IGNORED.contains(&child.tag_name().name())) {
                    if Some(child.tag_name().name()) != wanted {
                        return Err(self.syntax.clone());
                    }
                    values.push(match item.as_ref() {
                        Type::Struct(name) => Value::Object(self.object(name, child, depth + 1)?),
                        plain => self.text(member, plain, content(child))?,
                    });
                }
                Ok(Some(Value::List(values)))
            }
            Type::String => Ok(Some(Value::from(content(node)))),
            _ if content(node).is_empty() => Ok(None),
            plain => self.text(member, plain, content(node)).map(Some),
        }
    }

    fn text(&self, member: &Member, ty: &Type, text: &str) -> Result<Value, Fault> {
        values::check(self.model, ty, values::is_wide(&member.declared_in, &member.name), text).map(Value::Text)
    }
}

fn is_attribute(member: &Member, name: &str) -> bool {
    matches!(&member.place, Place::Attribute(attribute) if attribute == name)
}

fn is_element(member: &Member, name: &str) -> bool {
    matches!(&member.place, Place::Element { tag, .. } if tag == name)
}

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

fn content<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default()
}
