//! The merging of a published description into model documents.

use super::context::Context;
use super::names::Names;
use super::types::EnumValues;
use super::{Description, SCOPE, errors, is_below, services, types};
use crate::declared::{self, Declared, Located};
use crate::fault::{Document, Fault};
use crate::published::merge::{Merged, Places};
use crate::published::paths;
use crate::published::versions::compare;
use crate::write;
use std::collections::BTreeMap;

/// Merges a description into the documents of a model.
///
/// Items, types, flags, routes and errors are those of the description; items that it does not have are
/// left out. Kept are descriptions, the order of what was there, the text of every document that has
/// nothing new, and what the description does not tell: secrets, types of resources, uses, which members of
/// a union must be there, names on the wire, statuses in `/rest`, first versions.
///
/// # Errors
///
/// Faults of the documents; else all places of the description that contradict others or the documents.
pub fn merge(documents: &[Document], description: &Description) -> Result<Merged, Vec<Fault>> {
    crate::read(documents)?;
    // What `read` accepted has no fault here either.
    let mut ours = declared::read(documents, &mut Vec::new());
    let written: BTreeMap<usize, String> = write::texts(&ours).into_iter().collect();
    let places = Places::new(documents, &ours, &written);
    let names = Names::new(&ours);
    let mut context = Context {
        description,
        enums: description.enums.iter().map(|item| names.of_type(&item.name.text)).collect(),
        names,
        faults: Vec::new(),
        remarks: Vec::new(),
    };
    check(&ours, &mut context);
    let mut merged = items(&mut ours, &mut context);
    merged.headers = header(ours.headers, &mut context);
    for removed in paths::prune(&mut merged) {
        context.remark(removed);
    }
    if !context.faults.is_empty() {
        context.faults.sort();
        context.faults.dedup();
        return Err(context.faults);
    }
    let made = places.documents(&merged);
    crate::read(&made).map_err(|faults| faults.iter().map(|fault| elsewhere(fault, &context)).collect::<Vec<_>>())?;
    Ok(Merged { documents: made, remarks: context.remarks })
}

/// Refuses descriptions that would make a wreck of the documents.
fn check(ours: &Declared, context: &mut Context<'_>) {
    let description = context.description;
    let types = description.enums.iter().map(|item| &item.name).chain(description.structs.iter().map(|item| &item.name));
    let types = types.chain(description.errors.iter().map(|item| &item.name));
    let services = description.services.iter().map(|item| &item.name);
    let mut published: Vec<String> = types.clone().map(|name| context.names.of_type(&name.text)).collect();
    published.extend(services.clone().map(|name| context.names.of_service(&name.text)));
    let mut known = ours
        .enums
        .iter()
        .map(|item| &item.name)
        .chain(ours.structs.iter().map(|item| &item.name))
        .chain(ours.errors.iter().map(|item| &item.name).chain(ours.services.iter().map(|item| &item.name)));
    for namespace in SCOPE {
        if known.clone().any(|name| is_below(&name.text, namespace)) && !published.iter().any(|name| is_below(name, namespace)) {
            let message = format!(
                "there is nothing in the namespace `{namespace}`, of which our documents have much; give a whole description"
            );
            context.fault(0, message);
        }
    }
    let is_lost = |name: &str| !SCOPE.iter().any(|namespace| is_below(name, namespace)) && !published.iter().any(|p| p == name);
    if let Some(name) = known.find(|name| is_lost(&name.text)) {
        let message = format!(
            "`{}` of our documents is in none of the namespaces that are imported, {}; add its own to `SCOPE` in \
             model/src/published/vsphere/mod.rs",
            name.text,
            SCOPE.join(", ")
        );
        context.fault(0, message);
    }
    if let Some(header) = ours.headers.first().filter(|header| compare(&description.version.text, &header.version).is_lt()) {
        let message = format!(
            "this is version {}, and our documents are version {} already; what came since would be lost",
            description.version.text, header.version
        );
        context.fault(description.version.at, message);
    }
    context.unique(types, "the description", "schemas");
    context.unique(services, "the description", "services");
}

/// The items of the description with what we know of them.
fn items(ours: &mut Declared, context: &mut Context<'_>) -> Declared {
    let description = context.description;
    let mut merged = Declared::default();

    let mut enums = by_name(std::mem::take(&mut ours.enums), |item| &item.name);
    for source in &description.enums {
        let ours = enums.remove(&context.names.of_type(&source.name.text));
        merged.enums.push(types::enumeration(source, ours, context));
    }
    let values = |item: &declared::Enum| item.values.iter().map(|value| value.name.text.clone()).collect();
    let values: EnumValues = merged.enums.iter().map(|item| (item.name.text.clone(), values(item))).collect();

    let mut structs = by_name(std::mem::take(&mut ours.structs), |item| &item.name);
    for source in &description.structs {
        let ours = structs.remove(&context.names.of_type(&source.name.text));
        merged.structs.push(types::structure(source, ours, &values, context));
    }

    let mut known = by_name(std::mem::take(&mut ours.errors), |item| &item.name);
    for source in &description.errors {
        let ours = known.remove(&context.names.of_type(&source.name.text));
        merged.errors.extend(errors::error(source, ours, context));
    }

    let known = by_name(std::mem::take(&mut ours.services), |item| &item.name);
    for source in &description.services {
        let ours = known.get(&context.names.of_service(&source.name.text));
        merged.services.push(services::service(source, ours, context));
    }
    merged
}

fn by_name<T>(items: Vec<T>, name: fn(&T) -> &Located) -> BTreeMap<String, T> {
    items.into_iter().map(|item| (name(&item).text.clone(), item)).collect()
}

/// The header, with the version of the description.
fn header(mut headers: Vec<declared::Header>, context: &mut Context<'_>) -> Vec<declared::Header> {
    for header in &mut headers {
        let version = &context.description.version.text;
        if header.version != *version {
            header.version.clone_from(version);
            context.remarks.push(format!("the model is version {version} now"));
        }
    }
    headers
}

/// A fault of a document that was made: it is one of the description.
fn elsewhere(fault: &Fault, context: &Context<'_>) -> Fault {
    let stem = fault.path.rsplit(['/', '\\']).next().unwrap_or_default().trim_end_matches(".xml");
    let description = context.description;
    let is_service = fault.path.contains("services/") || fault.path.contains("services\\");
    let types = description.enums.iter().map(|item| &item.name).chain(description.structs.iter().map(|item| &item.name));
    let mut types = types.chain(description.errors.iter().map(|item| &item.name));
    let at = if is_service {
        description.services.iter().map(|item| &item.name).find(|name| context.names.of_service(&name.text) == stem)
    } else {
        types.find(|name| context.names.of_type(&name.text) == stem)
    };
    let message = format!("the document `{stem}.xml` made of it would be wrong: {}", fault.message);
    description.fault(at.map_or(description.version.at, |name| name.at), message)
}
