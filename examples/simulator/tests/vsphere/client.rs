//! A client that is driven by the model, so that the same test runs in both dialects.

use crate::decode::decode;
use model::{Body, Method, Model, Route, Service, Type, Verb};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Client as Http;
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Api,
    Rest,
}

pub(crate) const BOTH: [Dialect; 2] = [Dialect::Api, Dialect::Rest];

/// A signed-in client.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) origin: String,
    pub(crate) http: Http,
    pub(crate) dialect: Dialect,
    pub(crate) token: String,
}

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Name of the error in the model, such as `vapi.std.errors.not_found`.
    pub(crate) error: String,
    pub(crate) message: String,
}

pub(crate) fn find(name: &str) -> (&'static Service, &'static Method) {
    let (service, method) = name.rsplit_once('.').expect("service.method");
    let service = model::vsphere().services.get(service).unwrap_or_else(|| panic!("no service {service}"));
    (service, service.method(method).unwrap_or_else(|| panic!("no method {name}")))
}

/// The route of a method; in the older dialect that of the newer one where it has none.
pub(crate) fn route(method: &Method, dialect: Dialect) -> (&Route, Dialect) {
    match (dialect, &method.legacy_route) {
        (Dialect::Rest, Some(route)) => (route, Dialect::Rest),
        _ => (&method.route, Dialect::Api),
    }
}

impl Client {
    /// Sends a call. Its arguments are those of the newer dialect; the result too.
    pub(crate) async fn try_call(&self, name: &str, arguments: Value) -> Result<Value, Refusal> {
        let (_, method) = find(name);
        let (route, dialect) = route(method, self.dialect);
        let request = self.request(method, route, dialect, arguments);
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type").map(|value| value.to_str().expect("text").to_owned());
        let text = response.text().await.expect("a body");
        if status >= 400 {
            assert_eq!(content_type.as_deref(), Some("application/json"), "{name}: {text}");
            return Err(refusal(status, dialect, &serde_json::from_str(&text).expect("JSON")));
        }
        assert_eq!(status, route.status, "{name}: {text}");
        let Some(result) = method.result() else {
            assert_eq!(text, "", "{name}");
            return Ok(Value::Null);
        };
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let value = match dialect {
            Dialect::Api => value,
            Dialect::Rest => value.get("value").cloned().unwrap_or_else(|| panic!("{name}: no value in {text}")),
        };
        Ok(decode(model::vsphere(), dialect, &result.ty, value, &method.name, name))
    }

    #[track_caller]
    pub(crate) fn call<'a>(&'a self, name: &'a str, arguments: Value) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move { self.try_call(name, arguments).await.unwrap_or_else(|refusal| panic!("{caller}: {name}: {refusal:?}")) }
    }

    /// The result of a call that is a text.
    #[track_caller]
    pub(crate) fn id<'a>(&'a self, name: &'a str, arguments: Value) -> impl Future<Output = String> + 'a {
        let call = self.call(name, arguments);
        async move { call.await.as_str().expect("a text").to_owned() }
    }

    /// The refusal of a call, by the last part of its name.
    #[track_caller]
    pub(crate) fn refused<'a>(&'a self, name: &'a str, arguments: Value) -> impl Future<Output = (String, String)> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let refusal = match self.try_call(name, arguments).await {
                Ok(value) => panic!("{caller}: {name} was answered with {value}"),
                Err(refusal) => refusal,
            };
            (refusal.error.trim_start_matches("vapi.std.errors.").to_owned(), refusal.message)
        }
    }

    fn request(&self, method: &Method, route: &Route, dialect: Dialect, arguments: Value) -> reqwest::RequestBuilder {
        let Value::Object(mut arguments) = arguments else { panic!("arguments are an object") };
        let mut path = route.path.clone().expect("a path");
        for parameter in &method.parameters {
            let hole = format!("{{{}}}", parameter.name);
            if path.contains(&hole) {
                let value = arguments.remove(&parameter.name).unwrap_or_else(|| json!("none"));
                path = path.replace(&hole, &utf8_percent_encode(value.as_str().expect("a text"), NON_ALPHANUMERIC).to_string());
            }
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&route.fixed_query);
        for (name, key) in &route.query {
            if let Some(value) = arguments.remove(name) {
                pairs(key, &value).into_iter().for_each(|(key, value)| {
                    query.append_pair(&key, &value);
                });
            }
        }
        let query = query.finish();
        let separator = if query.is_empty() { "" } else { "?" };
        let verb = match route.verb {
            Verb::Get => reqwest::Method::GET,
            Verb::Post => reqwest::Method::POST,
            Verb::Put => reqwest::Method::PUT,
            Verb::Patch => reqwest::Method::PATCH,
            Verb::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.http.request(verb, format!("{}{path}{separator}{query}", self.origin));
        request = request.header("vmware-api-session-id", &self.token);
        for (name, header) in &route.headers {
            if let Some(value) = arguments.remove(name) {
                request = request.header(header, value.as_str().expect("a text"));
            }
        }
        let ty = |name: &str| method.parameter(name).map(|parameter| parameter.ty.clone()).expect("a parameter");
        let body = match &route.body {
            Body::None => None,
            Body::Object { parameter, .. } => {
                arguments.remove(parameter).map(|value| encode(model::vsphere(), dialect, &ty(parameter), value))
            }
            Body::Fields { fields } => {
                let fields = fields.iter().filter_map(|name| Some((name.clone(), arguments.remove(name)?)));
                let encoded = fields.map(|(name, value)| {
                    let value = encode(model::vsphere(), dialect, &ty(&name), value);
                    (name, value)
                });
                Some(Value::Object(encoded.collect()))
            }
            Body::Action { .. } => panic!("no actions here"),
        };
        assert!(arguments.is_empty(), "unknown arguments {arguments:?}");
        match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        }
    }
}

/// Pairs of a query for a value: members of an object each by itself.
fn pairs(key: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| pairs(&if key.is_empty() { name.clone() } else { format!("{key}.{name}") }, value))
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| pairs(key, item)).collect(),
        Value::String(text) => vec![(key.to_owned(), text.clone())],
        other => vec![(key.to_owned(), other.to_string())],
    }
}

/// A value as a dialect writes it.
fn encode(model: &Model, dialect: Dialect, ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Struct(name), Value::Object(members)) => {
            let known = &model.structs[name];
            let member = |(name, value): (String, Value)| {
                let ty = known.members.iter().find(|member| crate::decode::tag(member) == name).map(|member| member.ty.clone());
                let value = ty.map_or(value.clone(), |ty| encode(model, dialect, &ty, value));
                (name, value)
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        (Type::List(item) | Type::Set(item), Value::Array(items)) => {
            items.into_iter().map(|value| encode(model, dialect, item, value)).collect()
        }
        (Type::Map(_, item), Value::Object(members)) => {
            let members = members.into_iter().map(|(key, value)| (key, encode(model, dialect, item, value)));
            match dialect {
                Dialect::Api => Value::Object(members.collect::<Map<_, _>>()),
                Dialect::Rest => members.map(|(key, value)| json!({ "key": key, "value": value })).collect(),
            }
        }
        (_, value) => value,
    }
}

/// Reads an error and checks its form.
fn refusal(status: u16, dialect: Dialect, body: &Value) -> Refusal {
    let errors = &model::vsphere().errors;
    let (known, members) = match dialect {
        Dialect::Api => (errors.values().find(|error| error.literal == body["error_type"]), body),
        Dialect::Rest => (errors.values().find(|error| error.identifier == body["type"]), &body["value"]),
    };
    let known = known.unwrap_or_else(|| panic!("no standard error: {body}"));
    let expected = if dialect == Dialect::Api { known.status } else { known.legacy_status };
    assert_eq!(status, expected, "{body}");
    let message = &members["messages"][0];
    assert!(message["id"].is_string() && message["args"].is_array(), "{body}");
    let message = message["default_message"].as_str().expect("a text").to_owned();
    Refusal { status, error: known.name.clone(), message }
}
