//! Log of the requests that came in.

use crate::images::lock;
use std::sync::Mutex;

/// Parameters of queries whose values are secrets.
const SECRET: &[&str] = &["password", "token"];

/// A request that a simulator answered: an engine, its image endpoint, or a vCenter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenRequest {
    /// HTTP method, such as `GET`.
    pub method: String,
    /// Path and query. Secrets are replaced: a ticket by `{ticket}`, the address of a file transfer by
    /// `{transfer}`, a password or token in a query by `***`.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
}

/// Requests in the order of their answers.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Vec<SeenRequest>>);

impl Seen {
    /// Adds a request.
    pub(crate) fn push(&self, method: &str, path: &str, query: Option<&str>, status: u16) {
        let path = match query {
            Some(query) => format!("{path}?{}", disguise(query)),
            None => path.to_owned(),
        };
        lock(&self.0).push(SeenRequest { method: method.to_owned(), path, status });
    }

    /// The requests so far.
    pub(crate) fn all(&self) -> Vec<SeenRequest> {
        lock(&self.0).clone()
    }
}

fn disguise(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRET.contains(&name) => format!("{name}=***"),
        _ => pair.to_owned(),
    });
    shown.collect::<Vec<_>>().join("&")
}
