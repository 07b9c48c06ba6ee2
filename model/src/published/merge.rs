//! The merging of a published description into model documents.

use super::services::{self, KnownServices, Named};
use super::versions::{compare, notes, one_line};
use super::{Description, Remarks, Text, paths, types};
use crate::declared::{self, Declared, Located, Spot};
use crate::fault::{Document, Fault};
use crate::ir::Notes;
use crate::write;
use std::collections::{BTreeMap, BTreeSet};

const PRIMITIVES: &[&str] = &["boolean", "integer", "decimal", "date", "string"];

/// Documents with what a description says.
#[derive(Clone, Debug)]
pub struct Merged {
    /// All documents of the model, sorted by path.
    pub documents: Vec<Document>,
    /// What someone should look at, a sentence each.
    pub remarks: Vec<String>,
}

/// Merges a description into the documents of a model.
///
/// Items, types, versions and deprecations are those of the description; items that it does not have
/// are left out. Kept are descriptions, bases, secrets, packages, mandatory and optional members, the
/// order of what was there, and the text of every document that has nothing new. With `with_text`, the
/// text of the description is taken over where there is none.
///
/// # Errors
///
/// Faults of the documents; else all places of the description that contradict others or the documents.
pub fn merge(documents: &[Document], description: &Description, with_text: bool) -> Result<Merged, Vec<Fault>> {
    crate::read(documents)?;
    // What `read` accepted has no fault here either.
    let mut ours = declared::read(documents, &mut Vec::new());
    let written: BTreeMap<usize, String> = write::texts(&ours).into_iter().collect();
    let places = Places::new(documents, &ours, &written);
    let mut context = Context::new(description, &ours, with_text);
    let mut merged = items(&mut ours, &mut context);
    merged.headers = header(ours.headers, &merged, &mut context);
    for removed in paths::prune(&mut merged) {
        context.remark(removed);
    }
    if !context.faults.is_empty() {
        context.faults.sort();
        context.faults.dedup();
        return Err(context.faults);
    }
    let made = places.documents(&merged);
    crate::read(&made).map_err(|faults| faults.iter().map(|fault| elsewhere(fault, description)).collect::<Vec<_>>())?;
    Ok(Merged { documents: made, remarks: context.remarks })
}

/// An item name that stands in no document yet.
pub(super) fn here(text: &str) -> Located {
    Located { text: text.to_owned(), at: Spot { document: 0, offset: 0 } }
}

/// What all merging looks at and adds to.
pub(super) struct Context<'a> {
    pub(super) description: &'a Description,
    /// Names of parameters that the header describes for all methods.
    pub(super) shared: BTreeSet<String>,
    pub(super) faults: Vec<Fault>,
    remarks: Vec<String>,
    with_text: bool,
    enums: BTreeSet<&'a str>,
    structs: BTreeSet<&'a str>,
    services: BTreeSet<&'a str>,
}

impl<'a> Context<'a> {
    fn new(description: &'a Description, ours: &Declared, with_text: bool) -> Self {
        let mut context = Self {
            description,
            shared: ours.headers.iter().flat_map(|header| &header.parameters).map(|(name, _)| name.clone()).collect(),
            faults: Vec::new(),
            remarks: Vec::new(),
            with_text,
            enums: description.enums.iter().map(|item| item.name.text.as_str()).collect(),
            structs: description.structs.iter().map(|item| item.name.text.as_str()).collect(),
            services: description.services.iter().map(|item| item.name.text.as_str()).collect(),
        };
        let types = description.enums.iter().map(|item| &item.name).chain(description.structs.iter().map(|item| &item.name));
        context.unique(types, "the description", "types");
        context.unique(description.services.iter().map(|item| &item.name), "the description", "services");
        context.service_exists(&description.root);
        context
    }

    pub(super) fn fault(&mut self, at: usize, message: impl Into<String>) {
        self.faults.push(self.description.fault(at, message));
    }

    pub(super) fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// The versions of the source, with our description.
    pub(super) fn notes_without_text(&mut self, remarks: &Remarks, doc: String) -> Notes {
        notes(remarks, doc, self.description, &mut self.faults)
    }

    /// Our description, or that of the source where there is none.
    pub(super) fn doc(&self, remarks: &Remarks, ours: String) -> String {
        if ours.is_empty() && self.with_text { one_line(&remarks.doc) } else { ours }
    }

    pub(super) fn unique<'n>(&mut self, names: impl Iterator<Item = &'n Text>, owner: &str, what: &str) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(&name.text) {
                self.fault(name.at, format!("{owner} has two {what} `{}`; names must differ", name.text));
            }
        }
    }

    pub(super) fn type_exists(&mut self, ty: &Text) {
        let name = ty.text.strip_suffix("[]").unwrap_or(&ty.text);
        if !PRIMITIVES.contains(&name) && !self.enums.contains(name) && !self.structs.contains(name) {
            let message = format!(
                "unknown type `{name}`; it must be {}, or one of the {} enums and structs here",
                PRIMITIVES.join(", "),
                self.enums.len() + self.structs.len()
            );
            self.fault(ty.at, message);
        }
    }

    pub(super) fn service_exists(&mut self, name: &Text) {
        if !self.services.contains(name.text.as_str()) {
            let message = format!("unknown service `{}`; it must be one of the {} services here", name.text, self.services.len());
            self.fault(name.at, message);
        }
    }

    /// Whether a type is a struct or a list.
    pub(super) fn is_object(&self, ty: &str) -> bool {
        ty.ends_with("[]") || self.structs.contains(ty)
    }
}

/// The items of the description, sorted by name, with what we know of them.
fn items(ours: &mut Declared, context: &mut Context<'_>) -> Declared {
    let description = context.description;
    let mut merged = Declared::default();
    let mut enums: BTreeMap<String, declared::Enum> =
        std::mem::take(&mut ours.enums).into_iter().map(|item| (item.name.text.clone(), item)).collect();
    for source in &description.enums {
        merged.enums.push(types::enumeration(source, enums.remove(&source.name.text), context));
    }

    let known = types::known_members(&ours.structs);
    let bases = Bases::new(ours.structs.iter().map(|item| (&item.name, item.base.as_ref())));
    let by_name: BTreeMap<&str, &super::Struct> =
        description.structs.iter().map(|item| (item.name.text.as_str(), item)).collect();
    let mut structs: BTreeMap<String, declared::Struct> =
        std::mem::take(&mut ours.structs).into_iter().map(|item| (item.name.text.clone(), item)).collect();
    for source in &description.structs {
        let base = bases.nearest(&source.name.text, |name| by_name.get(name).copied());
        let ours = structs.remove(&source.name.text);
        merged.structs.push(types::structure(source, ours, base, &known, context));
    }

    let known = KnownServices::new(&ours.services);
    let bases = Bases::new(ours.services.iter().map(|item| (&item.name, item.base.as_ref())));
    let named: BTreeMap<&str, Named<'_>> = description
        .services
        .iter()
        .map(|item| (item.name.text.as_str(), Named::new(item, &known.method_names(&item.name.text))))
        .collect();
    for source in named.values() {
        let base = bases.nearest(&source.service.name.text, |name| named.get(name));
        merged.services.push(services::service(source, base, &known, context));
    }
    merged
}

/// The bases that our documents tell.
struct Bases(BTreeMap<String, String>);

impl Bases {
    fn new<'n>(items: impl Iterator<Item = (&'n Located, Option<&'n Located>)>) -> Self {
        Self(items.filter_map(|(name, base)| Some((name.text.clone(), base?.text.clone()))).collect())
    }

    /// The nearest base that there still is.
    fn nearest<T>(&self, name: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        std::iter::successors(self.0.get(name), |base| self.0.get(*base)).find_map(|base| find(base))
    }
}

/// The header, with the root of the description, and its version if that is above ours: published forms
/// do not tell the version of the model, but that of every addition.
fn header(headers: Vec<declared::Header>, merged: &Declared, context: &mut Context<'_>) -> Vec<declared::Header> {
    let enums = merged.enums.iter().flat_map(|item| item.values.iter().map(|value| &value.notes).chain([&item.notes]));
    let structs = merged.structs.iter().flat_map(|item| item.members.iter().map(|member| &member.notes).chain([&item.notes]));
    let services = merged.services.iter().flat_map(|item| {
        let methods = item.methods.iter().flat_map(|m| m.parameters.iter().map(|p| &p.notes).chain([&m.notes]));
        methods.chain(item.locators.iter().map(|locator| &locator.notes)).chain([&item.notes])
    });
    let since = enums.chain(structs).chain(services).filter_map(|notes| notes.since.as_deref());
    let highest = since.max_by(|a, b| compare(a, b)).map(str::to_owned);
    let mut headers = headers;
    for header in &mut headers {
        header.root = Some(here(&context.description.root.text));
        if let Some(highest) = highest.as_ref().filter(|highest| compare(highest, &header.version).is_gt()) {
            context.remark(format!(
                "the model is version {highest} now, the highest one that an item has; correct `version` if it is another"
            ));
            header.version.clone_from(highest);
        }
    }
    headers
}

/// Which document an item stands in, and what it says.
pub(super) struct Places<'a> {
    documents: &'a [Document],
    /// Document and written form of each item, by folder and name.
    known: BTreeMap<(&'static str, String), (&'a Document, &'a str)>,
    /// Folder of the model, with a `/` at the end unless it is empty.
    folder: String,
}

impl<'a> Places<'a> {
    pub(super) fn new(documents: &'a [Document], ours: &Declared, written: &'a BTreeMap<usize, String>) -> Self {
        let place = |name: &Located| Some((documents.get(name.at.document)?, written.get(&name.at.document)?.as_str()));
        let header = ours.headers.iter().map(|item| ("", "model".to_owned(), place(&item.name)));
        let enums = ours.enums.iter().map(|item| ("enums", item.name.text.clone(), place(&item.name)));
        let structs = ours.structs.iter().map(|item| ("structs", item.name.text.clone(), place(&item.name)));
        let errors = ours.errors.iter().map(|item| ("errors", item.name.text.clone(), place(&item.name)));
        let services = ours.services.iter().map(|item| ("services", item.name.text.clone(), place(&item.name)));
        let all = header.chain(enums).chain(structs).chain(errors).chain(services);
        let header = ours.headers.first().and_then(|header| documents.get(header.name.at.document));
        let folder = header.and_then(|header| header.path.strip_suffix("model.xml")).unwrap_or_default().to_owned();
        Self { documents, known: all.filter_map(|(kind, name, place)| Some(((kind, name), place?))).collect(), folder }
    }

    pub(super) fn documents(&self, merged: &Declared) -> Vec<Document> {
        let mut made: Vec<Document> = Vec::with_capacity(self.documents.len());
        made.extend(merged.headers.iter().map(|item| self.document("", "model", write::header(item))));
        made.extend(merged.enums.iter().map(|item| self.document("enums", &item.name.text, write::enumeration(item))));
        made.extend(merged.structs.iter().map(|item| self.document("structs", &item.name.text, write::structure(item))));
        made.extend(merged.errors.iter().map(|item| self.document("errors", &item.name.text, write::error(item))));
        made.extend(merged.services.iter().map(|item| self.document("services", &item.name.text, write::service(item))));
        made.sort_by(|a, b| a.path.cmp(&b.path));
        made
    }

    fn document(&self, kind: &'static str, name: &str, text: String) -> Document {
        match self.known.get(&(kind, name.to_owned())) {
            // The layout and the comments of a document stay as long as it says the same.
            Some((document, written)) if *written == text => (*document).clone(),
            Some((document, _)) => Document { path: document.path.clone(), text },
            None => Document { path: format!("{}{kind}/{name}.xml", self.folder), text },
        }
    }
}

/// A fault of a document that was made: it is one of the description.
fn elsewhere(fault: &Fault, description: &Description) -> Fault {
    let stem = fault.path.rsplit(['/', '\\']).next().unwrap_or_default().trim_end_matches(".xml");
    let service = fault.path.contains("services/") || fault.path.contains("services\\");
    let types = description.enums.iter().map(|item| &item.name).chain(description.structs.iter().map(|item| &item.name));
    let services = description.services.iter().map(|item| &item.name);
    let at =
        if service { services.chain(types).find(|n| n.text == stem) } else { types.chain(services).find(|n| n.text == stem) };
    let message = format!("the document `{stem}.xml` made of it would be wrong: {}", fault.message);
    description.fault(at.map_or(description.root.at, |name| name.at), message)
}
