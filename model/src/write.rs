//! Documents from declared items, in the one format that all committed ones have.

use crate::declared::{self, Declared, Enum, ErrorType, Header, Located, Member, Method, Service, Struct};
use crate::fault::{Document, Fault};
use crate::ir::{Direction, Notes, Verb};
use crate::vocabulary::USES;
use std::fmt::Write;

/// Writes documents anew in the one format: order of attributes, indents, line ends. Comments are lost.
///
/// # Errors
///
/// Faults of documents that [`read`](crate::read) refuses.
pub fn write(documents: &[Document]) -> Result<Vec<Document>, Vec<Fault>> {
    crate::read(documents)?;
    // What `read` accepted has no fault here either, and one item in each document.
    let declared = declared::read(documents, &mut Vec::new());
    let mut written = texts(&declared);
    written.sort_by_key(|(index, _)| *index);
    let documents = written.into_iter().filter_map(|(index, text)| Some((documents.get(index)?, text)));
    Ok(documents.map(|(document, text)| Document { path: document.path.clone(), text }).collect())
}

/// Text of each item, with the index of the document that declares it.
pub(crate) fn texts(declared: &Declared) -> Vec<(usize, String)> {
    let at = |name: &Located| name.at.document;
    let mut texts: Vec<(usize, String)> = declared.headers.iter().map(|item| (at(&item.name), header(item))).collect();
    texts.extend(declared.enums.iter().map(|item| (at(&item.name), enumeration(item))));
    texts.extend(declared.structs.iter().map(|item| (at(&item.name), structure(item))));
    texts.extend(declared.errors.iter().map(|item| (at(&item.name), error(item))));
    texts.extend(declared.services.iter().map(|item| (at(&item.name), service(item))));
    texts
}

pub(crate) fn header(item: &Header) -> String {
    let mut out = Writer::default();
    let tag = Tag::new("model").with("name", &item.name.text).with("version", &item.version);
    out.open(tag.located("root", item.root.as_ref()).optional("namespace", item.namespace.as_deref()));
    out.doc(&item.doc);
    for (name, text) in &item.parameters {
        out.leaf(Tag::new("parameter").with("name", name), text);
    }
    out.close("model")
}

pub(crate) fn enumeration(item: &Enum) -> String {
    let mut out = Writer::default();
    out.open(Tag::new("enum").with("name", &item.name.text).versions(&item.notes));
    out.doc(&item.notes.doc);
    for value in &item.values {
        out.leaf(Tag::new("value").with("name", &value.name.text).versions(&value.notes), &value.notes.doc);
    }
    out.close("enum")
}

pub(crate) fn structure(item: &Struct) -> String {
    let mut out = Writer::default();
    let tag = Tag::new("struct").with("name", &item.name.text).located("base", item.base.as_ref());
    out.open(tag.flag("builtin", item.builtin).optional("wire", item.wire.as_deref()).versions(&item.notes));
    out.doc(&item.notes.doc);
    members(&mut out, &item.members);
    for union in &item.unions {
        out.open(Tag::new("union").with("by", &union.by.text));
        for case in &union.cases {
            let tag = Tag::new("case").with("value", &case.value.text);
            if case.members.is_empty() {
                out.leaf(tag, "");
                continue;
            }
            out.open(tag);
            for (name, mandatory) in &case.members {
                out.leaf(Tag::new("member").with("name", &name.text).flag("mandatory", *mandatory), "");
            }
            out.end("case");
        }
        out.end("union");
    }
    out.close("struct")
}

pub(crate) fn error(item: &ErrorType) -> String {
    let mut out = Writer::default();
    let number = |number: Option<u16>| number.map(|number| number.to_string());
    let tag = Tag::new("error").with("name", &item.name.text).located("base", item.base.as_ref());
    let tag =
        tag.optional("status", number(item.status).as_deref()).optional("legacy_status", number(item.legacy_status).as_deref());
    out.open(tag.flag("retryable", item.retryable).versions(&item.notes));
    out.doc(&item.notes.doc);
    members(&mut out, &item.members);
    out.close("error")
}

fn members(out: &mut Writer, members: &[Member]) {
    for member in members {
        let tag = Tag::new(if member.link { "link" } else { "attribute" });
        let tag = tag.with("name", &member.name.text).with("type", &member.ty.text).optional("wire", member.wire.as_deref());
        let word = |used| USES.iter().find(|(_, other)| *other == used).map_or("", |(word, _)| word);
        let uses: Vec<String> = member.uses.iter().map(|(method, used)| format!("{method}:{}", word(*used))).collect();
        let tag = tag
            .flag("mandatory", member.mandatory)
            .optional("use", Some(uses.join(" ").as_str()).filter(|uses| !uses.is_empty()));
        out.leaf(tag.flag("secret", member.secret).versions(&member.notes), &member.notes.doc);
    }
}

pub(crate) fn service(item: &Service) -> String {
    let mut out = Writer::default();
    let tag = Tag::new("service").with("name", &item.name.text).located("base", item.base.as_ref());
    let tag = tag.optional("package", item.package.as_deref()).optional("area", item.area.as_deref());
    out.open(tag.flag("pseudo", item.pseudo).optional("resource", item.resource.as_deref()).versions(&item.notes));
    out.doc(&item.notes.doc);
    for item in &item.methods {
        method(&mut out, item);
    }
    for locator in &item.locators {
        let tag = Tag::new("locator").with("name", &locator.name.text).with("service", &locator.service.text);
        out.leaf(tag.located("parameter", locator.parameter.as_ref()).versions(&locator.notes), &locator.notes.doc);
    }
    out.close("service")
}

fn method(out: &mut Writer, item: &Method) {
    let name = if item.of.is_some() { "signature" } else { "method" };
    let tag = Tag::new(name).with("name", &item.name.text).located("of", item.of.as_ref());
    let tag = tag.optional("verb", item.verb.map(Verb::as_str)).located("path", item.path.as_ref());
    out.open(tag.optional("status", item.status.map(|status| status.to_string()).as_deref()).versions(&item.notes));
    out.doc(&item.notes.doc);
    for parameter in &item.parameters {
        let tag = Tag::new(match parameter.direction {
            Direction::In => "in",
            Direction::Out => "out",
            Direction::InOut => "inout",
        });
        let tag = tag.with("name", &parameter.name.text).with("type", &parameter.ty.text);
        let tag = tag.flag("mandatory", parameter.mandatory).flag("body", parameter.body);
        out.leaf(tag.optional("query", parameter.query.as_deref()).versions(&parameter.notes), &parameter.notes.doc);
    }
    for path in &item.mandatory {
        out.leaf(Tag::new("mandatory"), &path.text);
    }
    for path in &item.optional {
        out.leaf(Tag::new("optional"), &path.text);
    }
    for error in &item.errors {
        out.leaf(Tag::new("error").with("name", &error.text), "");
    }
    for (name, on) in &item.privileges {
        out.leaf(Tag::new("privilege").with("name", name).located("on", on.as_ref()), "");
    }
    out.end(name);
}

/// An opening tag without its last bracket.
struct Tag {
    name: &'static str,
    text: String,
}

impl Tag {
    fn new(name: &'static str) -> Self {
        Self { name, text: format!("<{name}") }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        // Writing to a `String` cannot fail.
        let _ = write!(self.text, " {name}=\"{}\"", escaped(value).replace('"', "&quot;"));
        self
    }

    fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn located(self, name: &str, value: Option<&Located>) -> Self {
        self.optional(name, value.map(|value| value.text.as_str()))
    }

    fn flag(self, name: &str, set: bool) -> Self {
        self.optional(name, set.then_some("true"))
    }

    fn versions(self, notes: &Notes) -> Self {
        let deprecated = notes.deprecated.as_ref().map(|deprecated| deprecated.since.as_deref().unwrap_or("true"));
        self.optional("since", notes.since.as_deref())
            .optional("deprecated", deprecated)
            .optional("removed", notes.removed.as_deref())
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    fn line(&mut self, line: &str) {
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn open(&mut self, tag: Tag) {
        self.line(&format!("{}>", tag.text));
        self.depth += 1;
    }

    fn end(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line(&format!("</{name}>"));
    }

    fn close(mut self, name: &str) -> String {
        self.end(name);
        self.text
    }

    fn doc(&mut self, doc: &str) {
        if !doc.is_empty() {
            self.leaf(Tag::new("doc"), doc);
        }
    }

    fn leaf(&mut self, tag: Tag, text: &str) {
        if text.is_empty() {
            self.line(&format!("{}/>", tag.text));
        } else {
            self.line(&format!("{}>{}</{}>", tag.text, escaped(text), tag.name));
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_committed_documents_are_written_as_they_are() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ovirt");
        let documents = crate::load(&folder).expect("the documents can be read");
        let written = write(&documents).expect("the documents are right");
        assert_eq!(documents.len(), written.len());
        for (document, written) in documents.iter().zip(&written) {
            assert_eq!(document.path, written.path);
            assert_eq!(document.text, written.text, "{}", document.path);
        }
    }

    #[test]
    fn any_layout_becomes_the_one_format() {
        let documents = [
            ("model.xml", "<model root='r'\n name='made_up' version='1'><doc>a &lt; b &gt; c &amp; d</doc></model>"),
            (
                "services/r.xml",
                "<service area='a &quot; b' name='r'><method name='x'/>\r\n<locator service='r' name='y'>\n  z </locator></service>",
            ),
        ];
        let documents = documents.map(|(path, text)| Document { path: path.to_owned(), text: text.to_owned() });
        let written = write(&documents).expect("the documents are right");
        let texts: Vec<&str> = written.iter().map(|document| document.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "<model name=\"made_up\" version=\"1\" root=\"r\">\n  <doc>a &lt; b &gt; c &amp; d</doc>\n</model>\n",
                "<service name=\"r\" area=\"a &quot; b\">\n  <method name=\"x\">\n  </method>\n  <locator name=\"y\" service=\"r\">z</locator>\n</service>\n",
            ]
        );
        assert_eq!(write(&written).expect("what was written is right").iter().map(|d| &d.text).collect::<Vec<_>>(), texts);
    }

    #[test]
    fn faulty_documents_are_refused() {
        let documents = [Document { path: "model.xml".to_owned(), text: "<model/>".to_owned() }];
        assert!(write(&documents).is_err());
    }
}
