//! Log of the requests that came in.

use crate::images::lock;
use crate::net::{Connection, Request};
use hyper::HeaderMap;
use hyper::body::Body as _;
use std::sync::Mutex;
use std::time::Duration;

/// Parameters of queries whose values are secrets.
const SECRET: &[&str] = &["password", "token"];

/// Headers whose values are secrets, beside `authorization`, of which the scheme is shown.
const SECRET_HEADERS: &[&str] = &["authorization", "cookie", "jsessionid", "proxy-authorization"];

/// What stands for a secret.
const HIDDEN: &str = "***";

/// A request that a simulator answered: an engine, its image endpoint, or a vCenter.
///
/// Of one to a vCenter, method, path and status are known, and everything else is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenRequest {
    /// HTTP method, such as `GET`.
    pub method: String,
    /// Path and query. Secrets are replaced: a ticket by `{ticket}`, the address of a file transfer by
    /// `{transfer}`, a password or token in a query by `***`.
    pub path: String,
    /// Status of the answer; 0 where the connection was closed without one.
    pub status: u16,
    /// Headers in their order, with names in lower case. Of `authorization` the value is only the scheme, such as
    /// `Bearer`; cookies and what else may be a secret are replaced by `***`.
    pub headers: Vec<(String, String)>,
    /// Correlation id that the client gave, in the query or in a header, as it is.
    pub correlation_id: Option<String>,
    /// Length of the body in bytes; none where the client did not tell, as in chunked encoding.
    pub body_length: Option<u64>,
    /// Whether it was the first request on its connection.
    pub is_new_connection: bool,
    /// When it came, since the start of the simulator, by its clock.
    pub at: Duration,
}

impl SeenRequest {
    /// What is known of a request before it is answered.
    pub(crate) fn begin(request: &Request, at: Duration) -> Self {
        let path = crate::images::disguise(request.uri().path());
        let query = request.uri().query();
        SeenRequest {
            method: request.method().to_string(),
            path: whole(&path, query),
            status: 0,
            headers: request.headers().keys().flat_map(|name| shown(request.headers(), name)).collect(),
            correlation_id: correlation_id(request.headers(), query.unwrap_or_default()),
            body_length: request.body().size_hint().exact(),
            is_new_connection: request.extensions().get::<Connection>().is_some_and(Connection::begin),
            at,
        }
    }

    /// Value of a header, the first one of that name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Requests in the order of their answers.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Vec<SeenRequest>>);

impl Log {
    /// Adds a request.
    pub(crate) fn push(&self, request: SeenRequest) {
        lock(&self.0).push(request);
    }

    /// The requests so far.
    pub(crate) fn all(&self) -> Vec<SeenRequest> {
        lock(&self.0).clone()
    }

    /// Forgets the requests so far.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

/// Requests to a vCenter in the order of their answers.
#[derive(Debug, Default)]
pub(crate) struct Seen(Log);

impl Seen {
    /// Adds a request.
    pub(crate) fn push(&self, method: &str, path: &str, query: Option<&str>, status: u16) {
        let request = SeenRequest { method: method.to_owned(), path: whole(path, query), status, ..SeenRequest::default() };
        self.0.push(request);
    }

    /// The requests so far.
    pub(crate) fn all(&self) -> Vec<SeenRequest> {
        self.0.all()
    }
}

fn whole(path: &str, query: Option<&str>) -> String {
    match query {
        Some(query) => format!("{path}?{}", disguise(query)),
        None => path.to_owned(),
    }
}

fn disguise(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRET.contains(&name) => format!("{name}={HIDDEN}"),
        _ => pair.to_owned(),
    });
    shown.collect::<Vec<_>>().join("&")
}

fn shown(headers: &HeaderMap, name: &hyper::header::HeaderName) -> Vec<(String, String)> {
    let values = headers.get_all(name).iter().map(|value| {
        let value = String::from_utf8_lossy(value.as_bytes());
        match name.as_str() {
            "authorization" => value.split_once(' ').map_or(HIDDEN, |(scheme, _)| scheme).to_owned(),
            secret if SECRET_HEADERS.contains(&secret) || SECRET.iter().any(|word| secret.contains(word)) => HIDDEN.to_owned(),
            _ => value.into_owned(),
        }
    });
    values.map(|value| (name.as_str().to_owned(), value)).collect()
}

fn correlation_id(headers: &HeaderMap, query: &str) -> Option<String> {
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "correlation_id");
    let header = || headers.get("correlation-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    given.map(|(_, value)| value.into_owned()).or_else(header)
}
