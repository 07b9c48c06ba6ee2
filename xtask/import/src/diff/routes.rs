//! How calls are made.

use model::{Body, Method, Parameter, Route};

/// Verb, path and body, without what the parameters tell themselves.
pub(super) fn request(method: &Method) -> String {
    shown(&method.route)
}

/// The same in the older dialect; empty where that has no such call.
pub(super) fn legacy_request(method: &Method) -> String {
    method.legacy_route.as_ref().map(shown).unwrap_or_default()
}

fn shown(route: &Route) -> String {
    // A segment below the path of a service, or the whole path.
    let path = route.path.as_ref().map(|path| format!(" /{}", path.trim_start_matches('/'))).unwrap_or_default();
    let query: Vec<String> = route.fixed_query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let body = match &route.body {
        Body::Object { element, .. } if !element.is_empty() => format!(" <{element}>"),
        Body::Action { .. } => " <action>".to_owned(),
        Body::None | Body::Object { .. } | Body::Fields { .. } => String::new(),
    };
    format!("{}{path}{query}{body}", route.verb.as_str())
}

/// What a call returns.
pub(super) fn result(method: &Method) -> String {
    method.result().map(|parameter| format!("{}: {}", parameter.name, parameter.ty)).unwrap_or_default()
}

/// Where the value of a parameter goes.
pub(super) fn place(method: &Method, parameter: &Parameter) -> String {
    let named = |pairs: &[(String, String)]| pairs.iter().find(|(name, _)| *name == parameter.name).map(|(_, key)| key.clone());
    if let Some(key) = named(&method.route.query) {
        return if key.is_empty() { "members in the query".to_owned() } else { format!("?{key}=") };
    }
    if let Some(header) = named(&method.route.headers) {
        return format!("{header}:");
    }
    match &method.route.body {
        Body::Object { parameter: object, .. } if *object == parameter.name => "body".to_owned(),
        Body::Action { fields } => named(fields).map(|tag| format!("<action><{tag}>")).unwrap_or_default(),
        Body::Fields { fields } if fields.contains(&parameter.name) => "member of the body".to_owned(),
        _ => String::new(),
    }
}
