//! Enums, structs and errors, from schemas.

use super::node::Node;
use super::prose;
use super::reader::Reader;
use model::published::Text;
use model::published::vsphere::{Enum, ErrorType, Member, Relevance, Struct, Value};

const ENUM: &[&str] = &["enumeration"];
const CONSTANT: &[&str] = &["constant"];
const SCHEMA: &[&str] = &["schema", "structure", "class", "error"];
const PROPERTY: &[&str] = &["property", "field"];

/// All schemas that were wanted.
#[derive(Default)]
pub(super) struct Schemas {
    pub(super) enums: Vec<Enum>,
    pub(super) structs: Vec<Struct>,
    pub(super) errors: Vec<ErrorType>,
}

impl Reader<'_> {
    /// Reads the schemas of our namespaces and all that something refers to.
    pub(super) fn schemas(&mut self) -> Schemas {
        let mut schemas = Schemas::default();
        let in_scope = self.in_scope();
        self.wanted.extend(in_scope);
        let mut read: Vec<&str> = Vec::new();
        // Reading one may make others wanted.
        loop {
            let open: Vec<&str> = self.wanted.iter().copied().filter(|name| !read.contains(name)).collect();
            if open.is_empty() {
                break;
            }
            for name in open {
                read.push(name);
                if let Some((name, node)) = self.known.get(name).copied() {
                    self.schema(name, node, &mut schemas);
                }
            }
        }
        schemas.enums.sort_by(|a, b| a.name.text.cmp(&b.name.text));
        schemas.structs.sort_by(|a, b| a.name.text.cmp(&b.name.text));
        schemas.errors.sort_by(|a, b| a.name.text.cmp(&b.name.text));
        schemas
    }

    fn schema(&mut self, name: &Text, node: &Node, schemas: &mut Schemas) {
        if node.get("enum").is_some() {
            schemas.enums.push(self.enumeration(name, node));
        } else if node.get("type").and_then(Node::text) != Some("object") {
            self.fault(name.at, format!("schema `{}` is neither an object nor has it an `enum`", name.text));
        } else if self.is_error(&name.text) {
            schemas.errors.push(self.error(name, node));
        } else {
            if let Some(base) = node.get("allOf") {
                self.fault(base.at, format!("schema `{}` extends another one, which only errors do", name.text));
            }
            let versions = self.versions(node, SCHEMA);
            schemas.structs.push(Struct { name: name.clone(), versions, members: self.members(node) });
        }
    }

    fn enumeration(&mut self, name: &Text, node: &Node) -> Enum {
        let description = Self::description(node);
        let at = node.get("description").map_or(node.at, |description| description.at);
        let mut values = Vec::new();
        for value in self.list(node, "enum") {
            let Some(text) = value.text() else {
                self.fault(value.at, "a value of an enum must be text");
                continue;
            };
            let versions = self.told_versions(at, prose::of_value(&description, text), CONSTANT);
            values.push(Value { name: Text { text: text.to_owned(), at: value.at }, versions });
        }
        Enum { name: name.clone(), versions: self.versions(node, ENUM), values }
    }

    fn error(&mut self, name: &Text, node: &Node) -> ErrorType {
        let base = self.single_reference(node).and_then(|reference| self.reference(reference));
        ErrorType {
            name: name.clone(),
            versions: self.versions(node, SCHEMA),
            base: base.map(str::to_owned),
            members: self.members(node),
            statuses: self.statuses.get(&name.text).cloned().unwrap_or_default(),
        }
    }

    fn members(&mut self, node: &Node) -> Vec<Member> {
        let properties = self.object(node, "properties");
        let required = self.required(node, properties);
        let mut members = Vec::new();
        for (name, property) in properties {
            let text = Self::description(property);
            let at = property.get("description").map_or(property.at, |description| description.at);
            members.push(Member {
                versions: self.versions(property, PROPERTY),
                ty: self.ty(property, &text, at),
                mandatory: required.contains(&name.text.as_str()),
                secret: property.get("format").and_then(Node::text) == Some("password"),
                uses: prose::uses(&text),
                relevance: prose::relevance(&text).map(|(by, values)| Relevance { by, values }),
                name: name.clone(),
            });
        }
        members
    }

    /// Names of the properties that must be there.
    pub(super) fn required<'n>(&mut self, node: &'n Node, properties: &[(Text, Node)]) -> Vec<&'n str> {
        let mut names = Vec::new();
        for item in self.list(node, "required") {
            let name = item.text().unwrap_or_default();
            if !properties.iter().any(|(other, _)| other.text == name) {
                self.fault(item.at, format!("`{name}` is required, and is not among the properties"));
            }
            names.push(name);
        }
        names
    }
}
