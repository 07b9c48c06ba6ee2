//! Items of a description, from the fields that JSON and XML have in common.

use super::node::{Node, Value};
use model::published::{
    self, Annotation, Description, Enum, Locator, Member, Method, Parameter, Remarks, Service, Struct, Text, fault_at,
};
use model::{Document, Fault};

/// Reads all items.
pub(super) fn read(source: Document, root: &Node) -> Result<Description, Vec<Fault>> {
    let mut reader = Reader { source: &source, faults: Vec::new() };
    if root.texts("root").next().is_none() || root.all("type").next().is_none() || root.all("service").next().is_none() {
        let message = "this is no API description: it must have `root`, `types` and `services`, as what \
                       https://HOST/ovirt-engine/api/model.json answers";
        return Err(vec![fault_at(&source, root.at, message)]);
    }
    let name_of_root = reader.text(root, "root");
    let (mut enums, mut structs) = (Vec::new(), Vec::new());
    for node in reader.nodes(root, "type") {
        let kind = reader.text(node, "kind");
        match kind.text.as_str() {
            "enum" => enums.push(reader.enumeration(node)),
            "struct" => structs.push(reader.structure(node)),
            "primitive" => {}
            other => reader.fault(kind.at, format!("unknown kind of type `{other}`; it must be `enum`, `struct` or `primitive`")),
        }
    }
    let services = reader.nodes(root, "service").into_iter().map(|node| reader.service(node)).collect();
    let mut faults = reader.faults;
    if faults.is_empty() {
        return Ok(Description { root: name_of_root, enums, structs, services, source });
    }
    faults.sort();
    Err(faults)
}

struct Reader<'a> {
    source: &'a Document,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, at: usize, message: impl Into<String>) {
        self.faults.push(fault_at(self.source, at, message));
    }

    fn enumeration(&mut self, node: &Node) -> Enum {
        let values = self.nodes(node, "value");
        let values = values.into_iter().map(|node| published::Value { name: self.name(node), remarks: self.remarks(node) });
        let values = values.collect();
        Enum { name: self.name(node), remarks: self.remarks(node), values }
    }

    fn structure(&mut self, node: &Node) -> Struct {
        let mut members = Vec::new();
        for (tag, link) in [("attribute", false), ("link", true)] {
            for node in self.nodes(node, tag) {
                members.push(Member { name: self.name(node), remarks: self.remarks(node), ty: self.text(node, "type"), link });
            }
        }
        Struct { name: self.name(node), remarks: self.remarks(node), members }
    }

    fn service(&mut self, node: &Node) -> Service {
        let methods = self.nodes(node, "method").into_iter().map(|node| self.method(node)).collect();
        let mut locators = Vec::new();
        for node in self.nodes(node, "locator") {
            let parameters = self.nodes(node, "parameter");
            let parameters = parameters.into_iter().map(|node| (self.name(node), self.text(node, "type"))).collect();
            let service = self.text(node, "service");
            locators.push(Locator { name: self.name(node), remarks: self.remarks(node), service, parameters });
        }
        Service { name: self.name(node), remarks: self.remarks(node), methods, locators }
    }

    fn method(&mut self, node: &Node) -> Method {
        let mut parameters = Vec::new();
        for node in self.nodes(node, "parameter") {
            let (given, returned) = (self.flag(node, "in"), self.flag(node, "out"));
            let (name, remarks, ty) = (self.name(node), self.remarks(node), self.text(node, "type"));
            parameters.push(Parameter { name, remarks, ty, given, returned: Some(returned) });
        }
        Method { name: self.name(node), remarks: self.remarks(node), parameters }
    }

    fn remarks(&mut self, node: &Node) -> Remarks {
        let doc = node.texts("doc").next().map(|doc| doc.text.trim().to_owned()).unwrap_or_default();
        let mut annotations = Vec::new();
        for value in node.all("annotation") {
            // A bare text is an annotation whose name is all there is.
            let Value::Node(node) = value else {
                self.fault(value.at(), "an `annotation` must have a `name`");
                continue;
            };
            let mut values = Vec::new();
            for parameter in self.nodes(node, "parameter") {
                let texts: Vec<String> = parameter.texts("value").map(|value| value.text.trim().to_owned()).collect();
                if texts.is_empty() {
                    values.push(String::new());
                }
                values.extend(texts);
            }
            annotations.push(Annotation { name: self.name(node), values });
        }
        Remarks { doc, annotations }
    }

    fn name(&mut self, node: &Node) -> Text {
        self.text(node, "name")
    }

    /// A field that must be there, once, and be text.
    fn text(&mut self, node: &Node, name: &str) -> Text {
        let mut all = node.all(name);
        match (all.next(), all.next()) {
            (Some(Value::Text(text)), None) if !text.text.trim().is_empty() => {
                let before = text.text.len() - text.text.trim_start().len();
                return Text { text: text.text.trim().to_owned(), at: text.at + before };
            }
            (Some(Value::Text(text)), None) => self.fault(text.at, format!("`{name}` is empty; it must have a value")),
            (Some(Value::Node(node)), _) => self.fault(node.at, format!("`{name}` must be text")),
            (Some(_), Some(second)) => self.fault(second.at(), format!("a second `{name}`; there must be one")),
            (None, _) => self.fault(node.at, format!("there is no `{name}`; it must be given")),
        }
        Text { text: String::new(), at: node.at }
    }

    fn flag(&mut self, node: &Node, name: &str) -> bool {
        let text = self.text(node, name);
        match text.text.as_str() {
            "true" => true,
            "false" => false,
            // Said already.
            "" => false,
            other => {
                self.fault(text.at, format!("`{name}` is `{other}`; it must be `true` or `false`"));
                false
            }
        }
    }

    /// Fields that must be items.
    fn nodes<'n>(&mut self, node: &'n Node, name: &str) -> Vec<&'n Node> {
        let mut nodes = Vec::new();
        for value in node.all(name) {
            match value {
                Value::Node(node) => nodes.push(node),
                Value::Text(text) => self.fault(text.at, format!("a `{name}` that is text; it must have at least a `name`")),
            }
        }
        nodes
    }
}
