//! Routes of methods in the two dialects, `/api` and `/rest`.
//!
//! `/api` is what the documents say. `/rest` follows from the names; see the section "Wire names" of NOTICE.

use crate::declared;
use crate::ir::{Body, Kind, Parameter, Place, Route, Type, Verb};

/// Services that have no route in `/rest`.
const NO_LEGACY: &[&str] = &["content.library.usages", "content.security_policies", "content.trusted_certificates"];

/// Services whose paths in `/rest` are those in `/api`.
const SAME_LEGACY: &[&str] = &["cis.tasks", "content.library.item.changes"];

/// Parameters that go into a header in `/api`.
pub(crate) const HEADERS: &[(&str, &str)] = &[("client_token", "Client-Token")];

/// Where a member stands.
pub(crate) fn place(name: &str, wire: Option<&str>) -> Place {
    Place::Element { tag: wire.unwrap_or(name).to_owned(), item: None, rel: None }
}

/// What a method does to the resource of its service.
pub(crate) fn kind(name: &str) -> Kind {
    match name {
        "create" => Kind::Add,
        "get" => Kind::Get,
        "list" => Kind::List,
        "update" => Kind::Update,
        "delete" => Kind::Remove,
        _ => Kind::Action,
    }
}

/// The route in `/api`.
pub(crate) fn route(method: &declared::Method, parameters: &[Parameter]) -> Route {
    let written = method.path.as_ref().map_or("", |path| path.text.as_str());
    let (path, query) = written.split_once('?').unwrap_or((written, ""));
    let verb = method.verb.unwrap_or(Verb::Get);
    let fixed_query: Vec<(String, String)> =
        query.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let declared = |parameter: &Parameter| method.parameters.iter().find(|other| other.name.text == parameter.name);
    let (mut query, mut headers, mut fields, mut whole) = (Vec::new(), Vec::new(), Vec::new(), None);
    for parameter in inputs(parameters).filter(|parameter| !path.contains(&placeholder(parameter))) {
        let name = parameter.name.clone();
        if let Some((_, header)) = HEADERS.iter().find(|(header, _)| *header == name) {
            headers.push((name, (*header).to_owned()));
        } else if matches!(verb, Verb::Get | Verb::Delete) {
            let key = match declared(parameter).and_then(|declared| declared.query.clone()) {
                Some(key) => key,
                None if matches!(parameter.ty, Type::Struct(_)) => String::new(),
                None => name.clone(),
            };
            query.push((name, key));
        } else if declared(parameter).is_some_and(|declared| declared.body) {
            whole = Some(name);
        } else {
            fields.push(name);
        }
    }
    let result = result(parameters);
    let body = match whole {
        Some(parameter) => Body::Object { parameter, element: String::new() },
        None => self::fields(fields),
    };
    let status = match (&result, verb) {
        (None, _) => 204,
        (Some(_), Verb::Post) if fixed_query.is_empty() => 201,
        _ => 200,
    };
    Route {
        verb,
        path: Some(format!("/api{path}")),
        fixed_query,
        query,
        headers,
        body,
        result,
        status: method.status.unwrap_or(status),
    }
}

/// The route in `/rest`. `identifier` is that of the service, with its namespace.
pub(crate) fn legacy_route(
    service: &str,
    identifier: &str,
    name: &str,
    route: &Route,
    parameters: &[Parameter],
) -> Option<Route> {
    if NO_LEGACY.contains(&service) {
        return None;
    }
    if SAME_LEGACY.contains(&service) {
        let path = route.path.as_deref().unwrap_or_default();
        let path = format!("/rest{}", path.strip_prefix("/api").unwrap_or(path));
        let query = route.query.iter().map(|(name, _)| (name.clone(), name.clone())).collect();
        return Some(Route { path: Some(path), query, status: 200, ..route.clone() });
    }
    let mut path = format!("/rest/{}", identifier.replace('.', "/").replace('_', "-"));
    let kind = kind(name);
    let id = inputs(parameters).find(|parameter| parameter.mandatory && matches!(parameter.ty, Type::Id(_)));
    let id = id.filter(|_| kind != Kind::List).map(|parameter| parameter.name.as_str());
    path.extend(id.map(|id| format!("/id:{{{id}}}")));
    let rest: Vec<String> =
        inputs(parameters).map(|parameter| parameter.name.clone()).filter(|name| Some(name.as_str()) != id).collect();
    let (verb, is_action) = match kind {
        Kind::List => (Verb::Get, false),
        Kind::Get if id.is_some() && rest.is_empty() => (Verb::Get, false),
        Kind::Remove if rest.is_empty() => (Verb::Delete, false),
        Kind::Add => (Verb::Post, false),
        Kind::Update => (Verb::Patch, false),
        Kind::Get | Kind::Remove | Kind::Action => (Verb::Post, true),
    };
    let fixed_query = is_action.then(|| ("~action".to_owned(), name.replace('_', "-"))).into_iter().collect();
    let (query, body) = match kind {
        Kind::List => (rest.into_iter().map(|name| (name.clone(), name)).collect(), Body::None),
        _ => (Vec::new(), fields(rest)),
    };
    Some(Route { verb, path: Some(path), fixed_query, query, headers: Vec::new(), body, result: result(parameters), status: 200 })
}

/// Where the value of a parameter stands in a path.
fn placeholder(parameter: &Parameter) -> String {
    format!("{{{}}}", parameter.name)
}

fn inputs(parameters: &[Parameter]) -> impl Iterator<Item = &Parameter> {
    parameters.iter().filter(|parameter| parameter.direction.is_in())
}

fn result(parameters: &[Parameter]) -> Option<String> {
    parameters.iter().find(|parameter| parameter.direction.is_out()).map(|parameter| parameter.name.clone())
}

fn fields(fields: Vec<String>) -> Body {
    if fields.is_empty() { Body::None } else { Body::Fields { fields } }
}
