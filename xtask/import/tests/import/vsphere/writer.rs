//! A model as the OpenAPI document that VMware would publish of it, in our words.

use super::document::{Doc, object, text, texts};
use super::{names, operations, schemas};
use model::{Model, Notes};

/// The whole document. It has parts in other namespaces too, which nobody may look into.
pub(super) fn document(model: &Model) -> Doc {
    let info = object([("title", text("vSphere Automation API")), ("version", text(&model.version))]);
    let servers = Doc::List(vec![object([("url", text("https://{host}/api"))])]);
    let served = model.services.values().filter(|service| !service.methods.is_empty());
    let tags = served.map(|service| {
        let told = versions("resource", &service.notes);
        object([("name", text(names::camel(&service.name))), ("description", text(format!("{}{told}", service.notes.doc)))])
    });
    let foreign = object([("operationId", text("Appliance.Health_get$Task")), ("parameters", text("not ours to read"))]);
    let paths = operations::paths(model).with("/appliance/health", object([("get", foreign)]));
    let strange = object([("type", text("no type at all")), ("allOf", text("not ours to read"))]);
    let schemas = schemas::schemas(model).with("Appliance.Strange", strange);
    object([
        ("openapi", text("3.0.3")),
        ("info", info),
        ("servers", servers),
        ("tags", Doc::List(tags.collect())),
        ("paths", paths),
        ("components", object([("schemas", schemas)])),
    ])
}

/// What the description of a thing says of its versions.
pub(super) fn versions(noun: &str, notes: &Notes) -> String {
    let since = notes.since.as_ref().map(|since| format!("\n\nThis {noun} was added in __vSphere API {since}__."));
    let deprecated = notes.deprecated.as_ref().and_then(|deprecated| deprecated.since.as_ref());
    let deprecated = deprecated.map(|since| format!("\n\nThis {noun} is deprecated as of __vSphere API {since}__."));
    since.unwrap_or_default() + &deprecated.unwrap_or_default()
}

/// A schema that is another one.
pub(super) fn reference(name: &str) -> Doc {
    object([("$ref", text(format!("#/components/schemas/{name}")))])
}

/// Names in the order in which required ones are published.
pub(super) fn sorted(names: impl Iterator<Item = String>) -> Doc {
    let mut names: Vec<String> = names.collect();
    names.sort();
    texts(names)
}
