//! What the documents declare, item by item, each with its place in the file.

use crate::fault::{Document, Fault};
use crate::ir::{Deprecated, Direction, Notes, Use, Verb};
use crate::vocabulary;
use roxmltree::Node;

/// Text with the place where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) text: String,
    pub(crate) at: Spot,
}

/// Place in a document: its index, and a byte offset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) document: usize,
    pub(crate) offset: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Declared {
    pub(crate) headers: Vec<Header>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) structs: Vec<Struct>,
    pub(crate) errors: Vec<ErrorType>,
    pub(crate) services: Vec<Service>,
    /// Names of the documents that could not be read, and so may declare anything.
    pub(crate) unreadable: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) name: Located,
    pub(crate) version: String,
    pub(crate) root: Option<Located>,
    pub(crate) namespace: Option<String>,
    pub(crate) doc: String,
    /// Descriptions of the parameters that many methods share.
    pub(crate) parameters: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: Located,
    pub(crate) notes: Notes,
    pub(crate) values: Vec<Value>,
}

#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) name: Located,
    pub(crate) notes: Notes,
}

#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) name: Located,
    pub(crate) base: Option<Located>,
    pub(crate) builtin: bool,
    pub(crate) wire: Option<String>,
    pub(crate) notes: Notes,
    pub(crate) members: Vec<Member>,
    pub(crate) unions: Vec<Union>,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Located,
    pub(crate) ty: Located,
    pub(crate) link: bool,
    pub(crate) secret: bool,
    pub(crate) wire: Option<String>,
    pub(crate) mandatory: bool,
    pub(crate) uses: Vec<(String, Use)>,
    pub(crate) notes: Notes,
}

#[derive(Debug)]
pub(crate) struct Union {
    pub(crate) by: Located,
    pub(crate) cases: Vec<Case>,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) value: Located,
    /// Names of the members, and whether they are mandatory.
    pub(crate) members: Vec<(Located, bool)>,
}

#[derive(Debug)]
pub(crate) struct ErrorType {
    pub(crate) name: Located,
    pub(crate) base: Option<Located>,
    pub(crate) status: Option<u16>,
    pub(crate) legacy_status: Option<u16>,
    pub(crate) retryable: bool,
    pub(crate) notes: Notes,
    pub(crate) members: Vec<Member>,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: Located,
    pub(crate) base: Option<Located>,
    pub(crate) package: Option<String>,
    pub(crate) area: Option<String>,
    pub(crate) pseudo: bool,
    pub(crate) resource: Option<String>,
    pub(crate) notes: Notes,
    pub(crate) methods: Vec<Method>,
    pub(crate) locators: Vec<Locator>,
}

#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: Located,
    pub(crate) of: Option<Located>,
    pub(crate) notes: Notes,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) mandatory: Vec<Located>,
    pub(crate) optional: Vec<Located>,
    pub(crate) errors: Vec<Located>,
    pub(crate) privileges: Vec<(String, Option<Located>)>,
    pub(crate) verb: Option<Verb>,
    pub(crate) path: Option<Located>,
    pub(crate) status: Option<u16>,
}

impl Method {
    /// `add_from_snapshot` for the signature `from_snapshot` of `add`.
    pub(crate) fn full_name(&self) -> String {
        match &self.of {
            Some(of) => format!("{}_{}", of.text, self.name.text),
            None => self.name.text.clone(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Located,
    pub(crate) ty: Located,
    pub(crate) direction: Direction,
    pub(crate) mandatory: bool,
    /// Whether it is the whole body.
    pub(crate) body: bool,
    /// Key in the query, where that is not its name.
    pub(crate) query: Option<String>,
    pub(crate) notes: Notes,
}

#[derive(Debug)]
pub(crate) struct Locator {
    pub(crate) name: Located,
    pub(crate) service: Located,
    pub(crate) parameter: Option<Located>,
    pub(crate) notes: Notes,
}

/// Reads all documents; what is wrong is added to `faults`, and the rest read all the same.
pub(crate) fn read(documents: &[Document], faults: &mut Vec<Fault>) -> Declared {
    let mut declared = Declared::default();
    for (index, document) in documents.iter().enumerate() {
        let stem = document.path.rsplit(['/', '\\']).next().unwrap_or_default().trim_end_matches(".xml");
        let tree = match roxmltree::Document::parse(&document.text) {
            Ok(tree) => tree,
            Err(error) => {
                faults.push(malformed(document, &error));
                declared.unreadable.push(stem.to_owned());
                continue;
            }
        };
        let root = tree.root_element();
        vocabulary::check(document, root, faults);
        let reader = Reader { document: index, root };
        let name = reader.name(root);
        if root.tag_name().name() != "model" && name.text != stem {
            let message = format!("`{}` is declared in a file named `{stem}.xml`; name the file `{}.xml`", name.text, name.text);
            faults.push(Fault::at(document, name.at.offset, message));
        }
        match root.tag_name().name() {
            "model" => declared.headers.push(reader.header(name)),
            "enum" => declared.enums.push(reader.enumeration(name)),
            "struct" => declared.structs.push(reader.structure(name)),
            "error" => declared.errors.push(reader.error(name)),
            "service" => declared.services.push(reader.service(name)),
            _ => {}
        }
    }
    declared
}

fn malformed(document: &Document, error: &roxmltree::Error) -> Fault {
    let position = error.pos();
    // The position stands in the text of the error too.
    let text = error.to_string();
    let text = text.trim_end_matches(&format!(" at {position}"));
    Fault {
        path: document.path.clone(),
        line: usize::try_from(position.row).unwrap_or(usize::MAX),
        column: usize::try_from(position.col).unwrap_or(usize::MAX),
        message: format!("malformed XML: {text}; the whole file is left out until it is well-formed"),
    }
}

/// Reads one document that was checked against the vocabulary. What is missing there reads as empty.
struct Reader<'a, 'input> {
    document: usize,
    root: Node<'a, 'input>,
}

impl<'a, 'input> Reader<'a, 'input> {
    fn header(&self, name: Located) -> Header {
        let root = self.root;
        Header {
            name,
            version: self.located(root, "version").text,
            root: self.attribute(root, "root"),
            namespace: root.attribute("namespace").map(str::to_owned),
            doc: notes(root).doc,
            parameters: children(root, &["parameter"]).map(|node| (self.name(node).text, text(node))).collect(),
        }
    }

    fn enumeration(&self, name: Located) -> Enum {
        let values = children(self.root, &["value"]);
        let values = values.map(|node| Value { name: self.name(node), notes: notes(node) }).collect();
        Enum { name, notes: notes(self.root), values }
    }

    fn structure(&self, name: Located) -> Struct {
        let unions = children(self.root, &["union"]).map(|node| Union {
            by: self.located(node, "by"),
            cases: children(node, &["case"]).map(|node| self.case(node)).collect(),
        });
        Struct {
            name,
            base: self.attribute(self.root, "base"),
            builtin: self.root.has_attribute("builtin"),
            wire: self.root.attribute("wire").map(str::to_owned),
            notes: notes(self.root),
            members: self.members(),
            unions: unions.collect(),
        }
    }

    fn case(&self, node: Node<'a, 'input>) -> Case {
        let members = children(node, &["member"]).map(|node| (self.name(node), node.has_attribute("mandatory")));
        Case { value: self.located(node, "value"), members: members.collect() }
    }

    fn error(&self, name: Located) -> ErrorType {
        ErrorType {
            name,
            base: self.attribute(self.root, "base"),
            status: number(self.root, "status"),
            legacy_status: number(self.root, "legacy_status"),
            retryable: self.root.has_attribute("retryable"),
            notes: notes(self.root),
            members: self.members(),
        }
    }

    fn members(&self) -> Vec<Member> {
        let members = children(self.root, &["attribute", "link"]).map(|node| Member {
            name: self.name(node),
            ty: self.located(node, "type"),
            link: node.has_tag_name("link"),
            secret: node.has_attribute("secret"),
            wire: node.attribute("wire").map(str::to_owned),
            mandatory: node.has_attribute("mandatory"),
            uses: node.attribute("use").and_then(vocabulary::uses).unwrap_or_default(),
            notes: notes(node),
        });
        members.collect()
    }

    fn service(&self, name: Located) -> Service {
        let root = self.root;
        let locators = children(root, &["locator"]).map(|node| Locator {
            name: self.name(node),
            service: self.located(node, "service"),
            parameter: self.attribute(node, "parameter"),
            notes: notes(node),
        });
        Service {
            name,
            base: self.attribute(root, "base"),
            package: root.attribute("package").map(str::to_owned),
            area: root.attribute("area").map(str::to_owned),
            pseudo: root.has_attribute("pseudo"),
            resource: root.attribute("resource").map(str::to_owned),
            notes: notes(root),
            methods: children(root, &["method", "signature"]).map(|node| self.method(node)).collect(),
            locators: locators.collect(),
        }
    }

    fn method(&self, node: Node<'a, 'input>) -> Method {
        let parameters = children(node, &["in", "out", "inout"]).map(|node| Parameter {
            name: self.name(node),
            ty: self.located(node, "type"),
            direction: match node.tag_name().name() {
                "in" => Direction::In,
                "out" => Direction::Out,
                _ => Direction::InOut,
            },
            mandatory: node.has_attribute("mandatory"),
            body: node.has_attribute("body"),
            query: node.attribute("query").map(str::to_owned),
            notes: notes(node),
        });
        let privileges = children(node, &["privilege"]).map(|node| (self.name(node).text, self.attribute(node, "on")));
        let paths = |tag: &str| children(node, &[tag]).map(|node| self.at(text(node), node.range().start)).collect();
        Method {
            name: self.name(node),
            of: self.attribute(node, "of"),
            notes: notes(node),
            parameters: parameters.collect(),
            mandatory: paths("mandatory"),
            optional: paths("optional"),
            errors: children(node, &["error"]).map(|node| self.name(node)).collect(),
            privileges: privileges.collect(),
            verb: node
                .attribute("verb")
                .and_then(|text| vocabulary::VERBS.iter().find(|(name, _)| *name == text))
                .map(|(_, verb)| *verb),
            path: self.attribute(node, "path"),
            status: number(node, "status"),
        }
    }

    fn name(&self, node: Node<'a, 'input>) -> Located {
        self.located(node, "name")
    }

    fn located(&self, node: Node<'a, 'input>, name: &str) -> Located {
        self.attribute(node, name).unwrap_or_else(|| self.at(String::new(), node.range().start))
    }

    fn attribute(&self, node: Node<'a, 'input>, name: &str) -> Option<Located> {
        let attribute = node.attribute_node(name)?;
        Some(self.at(attribute.value().to_owned(), attribute.range_value().start))
    }

    fn at(&self, text: String, offset: usize) -> Located {
        Located { text, at: Spot { document: self.document, offset } }
    }
}

fn children<'a, 'input: 'a>(node: Node<'a, 'input>, tags: &[&str]) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| tags.contains(&child.tag_name().name()))
}

fn number(node: Node<'_, '_>, name: &str) -> Option<u16> {
    node.attribute(name)?.parse().ok()
}

fn text(node: Node<'_, '_>) -> String {
    node.text().unwrap_or_default().trim().to_owned()
}

/// Description and versions: a container has its description in a child `doc`, a leaf is it.
fn notes(node: Node<'_, '_>) -> Notes {
    let deprecated = node.attribute("deprecated").map(|value| Deprecated { since: (value != "true").then(|| value.to_owned()) });
    let doc = children(node, &["doc"]).next().unwrap_or(node);
    let version = |name| node.attribute(name).map(str::to_owned);
    Notes { doc: text(doc), since: version("since"), deprecated, removed: version("removed") }
}
