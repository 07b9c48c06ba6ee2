//! Types, from a schema and what the description beside it says.

use super::node::Node;
use super::prose::{self, Part};
use super::reader::Reader;
use model::published::vsphere::Type;

impl Reader<'_> {
    /// The type of a value. `text` is its description, `at` where that stands.
    pub(super) fn ty(&mut self, schema: &Node, text: &str, at: usize) -> Type {
        let bare = self.schema_type(schema);
        let enumeration = prose::enumeration(text).and_then(|name| self.named(name, at));
        refined(bare, enumeration, &prose::resources(text))
    }

    /// The type that a schema alone tells.
    fn schema_type(&mut self, schema: &Node) -> Type {
        if let Some(reference) = self.single_reference(schema) {
            return self.reference(reference).map_or(Type::Opaque, |name| Type::Named(name.to_owned()));
        }
        let format = self.text(schema, "format").unwrap_or_default().to_owned();
        let Some(kind) = schema.get("type") else { return Type::Opaque };
        match (kind.text().unwrap_or_default(), format.as_str()) {
            ("boolean", _) => Type::Boolean,
            ("integer", _) => Type::Integer,
            ("number", _) => Type::Decimal,
            ("string", "date-time") => Type::Date,
            ("string", _) => Type::Text,
            ("array", _) => {
                let Some(items) = schema.get("items") else {
                    self.fault(schema.at, "an array without `items`; it must say what it holds");
                    return Type::Opaque;
                };
                let item = Box::new(self.schema_type(items));
                if self.flag(schema, "uniqueItems") { Type::Set(item) } else { Type::List(item) }
            }
            ("object", _) => match schema.get("additionalProperties").filter(|values| values.is_object()) {
                Some(values) => Type::Map(Box::new(Type::Text), Box::new(self.schema_type(values))),
                None => {
                    if let Some(properties) = schema.get("properties") {
                        self.fault(
                            properties.at,
                            "an object with `properties` but without a name; make it a schema, and refer to that",
                        );
                    }
                    Type::Dynamic
                }
            },
            (other, _) => {
                let message = format!("unknown type `{other}`; it must be one of OpenAPI, such as `string`");
                self.fault(kind.at, message);
                Type::Opaque
            }
        }
    }

    /// The `$ref` of a schema that consists of it, by itself or in an `allOf` that makes room for a description.
    pub(super) fn single_reference<'n>(&mut self, schema: &'n Node) -> Option<&'n Node> {
        if let Some(reference) = schema.get("$ref") {
            return Some(reference);
        }
        let all = self.list(schema, "allOf");
        if let [_, second, ..] = all {
            self.fault(second.at, "a value that is of several types; it must be of one");
        }
        all.first()?.get("$ref")
    }
}

/// A type with what a description tells of the texts in it.
fn refined(ty: Type, enumeration: Option<&str>, resources: &[(Part, &str)]) -> Type {
    let resource = |wanted: &[Part]| resources.iter().find(|(part, _)| wanted.contains(part)).map(|(_, id)| (*id).to_owned());
    match ty {
        Type::Text => match (enumeration, resource(&[Part::Item])) {
            (Some(name), _) => Type::Named(name.to_owned()),
            (None, Some(id)) => Type::Id(id),
            (None, None) => Type::Text,
        },
        Type::List(item) => Type::List(Box::new(refined(*item, enumeration, resources))),
        Type::Set(item) => Type::Set(Box::new(refined(*item, enumeration, resources))),
        Type::Map(key, value) => {
            let key = resource(&[Part::Key]).map_or(*key, Type::Id);
            let id = resource(&[Part::Value, Part::Item]).map(|id| (Part::Item, id));
            let value = refined(*value, enumeration, id.as_ref().map(|(part, id)| (*part, id.as_str())).as_slice());
            Type::Map(Box::new(key), Box::new(value))
        }
        other => other,
    }
}
