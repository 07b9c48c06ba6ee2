//! Paths of operations.

use super::document::{Doc, flag, object, text};
use super::names::{camel, lower_camel, of_privilege, of_type};
use super::schemas::{described, hints, ty};
use super::writer::{reference, sorted, versions};
use model::{Body, Method, Model, Parameter, Service, Type};
use std::collections::BTreeMap;

/// All paths with their operations.
pub(super) fn paths(model: &Model) -> Doc {
    let mut paths = object([]);
    for service in model.services.values() {
        for method in &service.methods {
            let key = key(method);
            let operation = operation(model, service, method);
            let verb = method.route.verb.as_str().to_lowercase();
            let Doc::Object(all) = &mut paths else { panic!("it is one") };
            match all.iter_mut().find(|(other, _)| *other == key) {
                Some((_, item)) => item.set(&verb, operation),
                None => all.push((key, object([(&verb, operation)]))),
            }
        }
    }
    paths
}

/// A path with what tells it apart from others: the fixed query, and names of what the query must have.
pub(super) fn key(method: &Method) -> String {
    let path = method.route.path.as_deref().and_then(|path| path.strip_prefix("/api")).expect("it has one");
    let path = in_path(method).into_iter().fold(path.to_owned(), |path, parameter| {
        path.replace(&format!("{{{}}}", parameter.name), &format!("{{{}}}", lower_camel(&parameter.name)))
    });
    let fixed = method.route.fixed_query.iter().map(|(key, value)| format!("{key}={value}"));
    let required = method.route.query.iter().filter(|(name, _)| method.parameter(name).is_some_and(|p| p.mandatory));
    let query: Vec<String> = fixed.chain(required.map(|(_, key)| key.clone())).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

fn in_path(method: &Method) -> Vec<&Parameter> {
    let path = method.route.path.clone().unwrap_or_default();
    method.parameters.iter().filter(|parameter| path.contains(&format!("{{{}}}", parameter.name))).collect()
}

fn operation(model: &Model, service: &Service, method: &Method) -> Doc {
    let name = camel(&service.name);
    let mut told = format!("{}{}", method.notes.doc, versions("operation", &method.notes));
    if !method.privileges.is_empty() {
        told.push_str("\n\nReturns an authorization error if you do not have all of the privileges described as follows: \n");
        for privilege in &method.privileges {
            told.push_str(&match &privilege.on {
                None => format!("  -  Operation execution requires `{}`. \n", privilege.name),
                Some(on) => {
                    format!("  -  The resource `R` referenced by {} requires `{}`. \n", of_privilege(model, on), privilege.name)
                }
            });
        }
    }
    let id = format!("{name}_{}", lower_camel(&method.name));
    let tags = Doc::List(vec![text(name)]);
    let mut operation = object([("tags", tags), ("description", text(told)), ("operationId", text(id))]);
    if method.notes.deprecated.is_some() {
        operation.set("deprecated", flag(true));
    }
    let parameters = parameters(model, service, method);
    if !parameters.is_empty() {
        operation.set("parameters", Doc::List(parameters));
    }
    if let Some(body) = body(model, service, method) {
        operation.set("requestBody", body);
    }
    operation.with("responses", responses(model, method))
}

fn parameters(model: &Model, service: &Service, method: &Method) -> Vec<Doc> {
    let one = |parameter: &Parameter, name: String, place: &str| {
        let mut told = format!("{}{}", parameter.notes.doc, versions("parameter", &parameter.notes));
        let sessions = ["content.library.item.download_session", "content.library.item.update_session"];
        if sessions.contains(&service.name.as_str()) && method.name == "list" {
            // It is published so, and a fixup corrects it.
            let wrong = Type::Id(service.resource.clone().expect("it has one"));
            told.push_str(&hints(model, &wrong, "parameter", false));
        } else {
            told.push_str(&hints(model, &parameter.ty, "parameter", false));
        }
        let mut doc = object([("name", text(name)), ("in", text(place)), ("description", text(told))]);
        doc.set("required", flag(parameter.mandatory));
        if matches!(parameter.ty, Type::Struct(_)) {
            doc = doc.with("style", text("form")).with("explode", flag(true));
        }
        doc.with("schema", ty(model, &parameter.ty))
    };
    let find = |name: &str| method.parameter(name).expect("it is there");
    let headers = method.route.headers.iter().map(|(name, header)| one(find(name), header.clone(), "header"));
    let path = in_path(method).into_iter().map(|parameter| one(parameter, lower_camel(&parameter.name), "path"));
    let query = method.route.query.iter().map(|(name, key)| {
        let key = if key.is_empty() { name } else { key };
        one(find(name), key.clone(), "query")
    });
    headers.chain(path).chain(query).collect()
}

fn body(model: &Model, service: &Service, method: &Method) -> Option<Doc> {
    let (schema, told, required) = match &method.route.body {
        Body::None | Body::Action { .. } => return None,
        Body::Object { parameter, .. } => {
            let parameter = method.parameter(parameter).expect("it is there");
            let told = format!("{}{}", parameter.notes.doc, hints(model, &parameter.ty, "parameter", false));
            (ty(model, &parameter.ty), told, parameter.mandatory)
        }
        Body::Fields { fields } => {
            let is_create = service.name == "vcenter.ovf.library_item" && method.name == "create";
            let schema = if is_create { reference("Vcenter.Ovf.LibraryItem.create") } else { self::fields(model, method) };
            let required = fields.iter().any(|field| method.parameter(field).is_some_and(|parameter| parameter.mandatory));
            (schema, "Request body".to_owned(), required)
        }
    };
    let content = object([("application/json", object([("schema", schema)]))]);
    Some(object([("description", text(told)), ("content", content), ("required", flag(required))]))
}

/// The object that holds the parameters in the body of a request.
pub(super) fn fields(model: &Model, method: &Method) -> Doc {
    let Body::Fields { fields } = &method.route.body else { panic!("{} has none", method.name) };
    let all: Vec<&Parameter> = fields.iter().filter_map(|field| method.parameter(field)).collect();
    let required = sorted(all.iter().filter(|parameter| parameter.mandatory).map(|parameter| parameter.name.clone()));
    let properties = all.iter().map(|parameter| {
        let told = format!("{}{}", parameter.notes.doc, hints(model, &parameter.ty, "parameter", false));
        (parameter.name.clone(), described(ty(model, &parameter.ty), told, false))
    });
    object([("required", required), ("type", text("object")), ("properties", Doc::Object(properties.collect()))])
}

fn responses(model: &Model, method: &Method) -> Doc {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for error in &method.errors {
        by_status.entry(model.errors[error].status).or_default().push(error);
    }
    let mut responses = object([]);
    for (status, errors) in by_status {
        let (name, told) = match errors.as_slice() {
            [one] => (of_type(model, one), "If it cannot be done.".to_owned()),
            several => {
                let told = several.iter().map(|name| format!("***{}***  if it cannot be done.", of_type(model, name)));
                ("Vapi.Std.Errors.Error".to_owned(), told.collect::<Vec<_>>().join("\n\n"))
            }
        };
        responses.set(&status.to_string(), response(told, Some(reference(&name))));
    }
    let result = method.result();
    let told = result.map(|result| hints(model, &result.ty, "response", false).replace(" must ", " will "));
    let told = format!("Success!{}", told.unwrap_or_default());
    responses.with(&method.route.status.to_string(), response(told, result.map(|result| ty(model, &result.ty))))
}

pub(super) fn response(description: String, schema: Option<Doc>) -> Doc {
    let response = object([("description", text(description))]);
    match schema {
        Some(schema) => response.with("content", object([("application/json", object([("schema", schema)]))])),
        None => response,
    }
}
