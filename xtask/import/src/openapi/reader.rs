//! What all reading looks at and adds to, and the order of it.

use super::node::{Node, Value};
use super::prose;
use model::published::vsphere::{Description, Versions, fold, in_scope};
use model::published::{Text, fault_at, is_version};
use model::{Deprecated, Document, Fault};
use std::collections::{BTreeMap, BTreeSet};

/// Reads all items of the namespaces that our documents cover, and what those refer to.
pub(super) fn read(source: Document, root: &Node) -> Result<Description, Vec<Fault>> {
    let mut reader = Reader::new(&source, root);
    let version = reader.check_root(root);
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    let services = reader.services(root);
    let schemas = reader.schemas();
    let mut faults = reader.faults;
    if faults.is_empty() {
        let (enums, structs, errors) = (schemas.enums, schemas.structs, schemas.errors);
        return Ok(Description { version, services, enums, structs, errors, source });
    }
    faults.sort();
    faults.dedup();
    Err(faults)
}

pub(super) struct Reader<'a> {
    source: &'a Document,
    pub(super) faults: Vec<Fault>,
    /// Schemas by name.
    pub(super) known: BTreeMap<&'a str, (&'a Text, &'a Node)>,
    /// Descriptions of services, by name.
    pub(super) tags: BTreeMap<&'a str, &'a Node>,
    /// Schemas that something refers to.
    pub(super) wanted: BTreeSet<&'a str>,
    /// Statuses of the answers that each error stands for.
    pub(super) statuses: BTreeMap<String, BTreeSet<u16>>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Document, root: &'a Node) -> Self {
        let schemas = root.get("components").and_then(|components| components.get("schemas"));
        let schemas = schemas.map(Node::fields).unwrap_or_default();
        let tags = root.get("tags").map(Node::items).unwrap_or_default();
        Self {
            source,
            faults: Vec::new(),
            known: schemas.iter().map(|(name, node)| (name.text.as_str(), (name, node))).collect(),
            tags: tags.iter().filter_map(|tag| Some((tag.get("name")?.text()?, tag))).collect(),
            wanted: BTreeSet::new(),
            statuses: BTreeMap::new(),
        }
    }

    /// Whether this is the document that is meant, and its version.
    fn check_root(&mut self, root: &Node) -> Text {
        let openapi = root.get("openapi").and_then(Node::text).unwrap_or_default();
        let whole = root.get("paths").is_some_and(Node::is_object) && !self.known.is_empty();
        if !openapi.starts_with("3.") || !whole {
            let message = "this is no OpenAPI 3 document with `paths` and `components.schemas`; give \
                           specifications/vsphere/openapi/automation/vcenter.yaml of https://github.com/vmware/vcf-api-specs";
            self.fault(root.at, message);
        }
        let servers = root.get("servers").map(Node::items).unwrap_or_default();
        for url in servers.iter().filter_map(|server| server.get("url")) {
            if !url.text().unwrap_or_default().trim_end_matches('/').ends_with("/api") {
                self.fault(url.at, "the address of the API must end with `/api`: that is what all paths are below");
            }
        }
        let version = root.get("info").and_then(|info| info.get("version"));
        match version.and_then(|node| Some((node, node.text()?))) {
            Some((node, text)) if is_version(text) => Text { text: text.to_owned(), at: node.at },
            _ => {
                let at = version.map_or(root.at, |node| node.at);
                self.fault(at, "`info.version` must be the version of the API, such as `9.1.0.0`");
                Text { text: String::new(), at }
            }
        }
    }

    pub(super) fn fault(&mut self, at: usize, message: impl Into<String>) {
        self.faults.push(fault_at(self.source, at, message));
    }

    /// The description of an item on one line; empty if it has none.
    pub(super) fn description(node: &Node) -> String {
        node.get("description").and_then(Node::text).map(prose::flat).unwrap_or_default()
    }

    /// A field that must be text if it is there.
    pub(super) fn text<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n str> {
        let field = node.get(name)?;
        if field.text().is_none() {
            self.fault(field.at, format!("`{name}` must be text"));
        }
        field.text()
    }

    /// A field that must be `true` or `false` if it is there.
    pub(super) fn flag(&mut self, node: &Node, name: &str) -> bool {
        match node.get(name).map(|field| (field.at, field.text())) {
            Some((_, Some("true"))) => true,
            None | Some((_, Some("false"))) => false,
            Some((at, _)) => {
                self.fault(at, format!("`{name}` must be `true` or `false`"));
                false
            }
        }
    }

    /// A field that must be a list if it is there.
    pub(super) fn list<'n>(&mut self, node: &'n Node, name: &str) -> &'n [Node] {
        let field = node.get(name);
        if let Some(field) = field.filter(|field| !matches!(field.value, Value::List(_))) {
            self.fault(field.at, format!("`{name}` must be a list"));
        }
        field.map(Node::items).unwrap_or_default()
    }

    /// A field that must be an object if it is there.
    pub(super) fn object<'n>(&mut self, node: &'n Node, name: &str) -> &'n [(Text, Node)] {
        let field = node.get(name);
        if let Some(field) = field.filter(|field| !field.is_object()) {
            self.fault(field.at, format!("`{name}` must be an object"));
        }
        field.map(Node::fields).unwrap_or_default()
    }

    /// The versions that an item has by its flag and its description, which calls it by one of the nouns.
    pub(super) fn versions(&mut self, node: &Node, nouns: &[&str]) -> Versions {
        let text = Self::description(node);
        let flag = self.flag(node, "deprecated").then_some(Deprecated { since: None });
        let at = node.get("description").map_or(node.at, |description| description.at);
        let mut versions = self.told_versions(at, &text, nouns);
        versions.deprecated = versions.deprecated.or(flag);
        versions
    }

    /// The versions that a description tells.
    pub(super) fn told_versions(&mut self, at: usize, text: &str, nouns: &[&str]) -> Versions {
        let since = prose::added(text, nouns);
        let (deprecated, removed) = prose::deprecated(text, nouns);
        let all = since.into_iter().chain(removed).chain(deprecated.iter().filter_map(|deprecated| deprecated.since.as_deref()));
        for wrong in all.filter(|version| !is_version(version)) {
            self.fault(at, format!("the description names `{wrong}` as a version of the API; it must be one such as `9.1.0.0`"));
        }
        Versions { since: since.map(str::to_owned), deprecated, removed: removed.map(str::to_owned) }
    }

    /// The schema that a `$ref` leads to, which is wanted then.
    pub(super) fn reference(&mut self, reference: &Node) -> Option<&'a str> {
        let name = reference.text().and_then(|text| text.strip_prefix("#/components/schemas/"));
        match name.and_then(|name| self.known.get_key_value(name)) {
            Some((name, _)) => {
                self.wanted.insert(name);
                Some(name)
            }
            None => {
                let shown = reference.text().unwrap_or("this");
                self.fault(
                    reference.at,
                    format!("`{shown}` leads to no schema; it must be `#/components/schemas/` and the name of one"),
                );
                None
            }
        }
    }

    /// The schema of a name that stands in a description.
    pub(super) fn named(&mut self, name: &str, at: usize) -> Option<&'a str> {
        match self.known.get_key_value(name) {
            Some((name, _)) => {
                self.wanted.insert(name);
                Some(name)
            }
            None => {
                self.fault(at, format!("the description names the schema `{name}`, which there is not"));
                None
            }
        }
    }

    /// Names of the schemas in our namespaces.
    pub(super) fn in_scope(&self) -> Vec<&'a str> {
        self.known.keys().copied().filter(|name| in_scope(name) && !is_wrapper(name)).collect()
    }

    /// Whether a schema is an error: the one that all extend, or one that extends it.
    pub(super) fn is_error(&self, name: &str) -> bool {
        let mut name = name;
        // A chain that is longer than this goes round in a circle.
        for _ in 0..8 {
            if fold(name) == "vapi.std.errors.error" {
                return true;
            }
            let Some((_, node)) = self.known.get(name) else { return false };
            let bases = node.get("allOf").map(Node::items).unwrap_or_default();
            let base = bases.iter().find_map(|base| base.get("$ref")?.text()?.strip_prefix("#/components/schemas/"));
            let Some(base) = base else { return false };
            name = base;
        }
        false
    }
}

/// Whether a schema was made up to hold the parameters of an operation: it is named like one, not like a type.
pub(super) fn is_wrapper(name: &str) -> bool {
    name.contains(['_', '$']) || name.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_lowercase))
}
