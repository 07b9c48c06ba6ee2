//! What goes over the wire, told to whoever listens to `virt_sdk::wire` at the level trace. No secret is told.

use super::excerpt;
use super::reply::Asked;
use super::session::Token;
use crate::core::error::REDACTED;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::borrow::Cow;

/// Target of the events.
const TARGET: &str = "virt_sdk::wire";

/// How much of a body is told, in bytes.
const LONGEST: usize = 64 * 1024;

/// Headers whose values are no secrets. Those of the caller may be anything.
const PLAIN: &[&str] = &[
    "accept",
    "accept-encoding",
    "all-content",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "correlation-id",
    "date",
    "filter",
    "host",
    "prefer",
    "range",
    "retry-after",
    "server",
    "transfer-encoding",
    "user-agent",
    "vary",
    "version",
    "x-request-id",
];

/// What of a body is told.
#[derive(Clone, Copy)]
pub(crate) enum Shown {
    /// All but elements or members of these names.
    Except(&'static [&'static str]),
    /// Nothing: it is about credentials, or data.
    Nothing,
}

fn is_told() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::TRACE)
}

/// Tells of a request.
pub(crate) fn request(asked: &Asked, request: &reqwest::Request, shown: Shown) {
    if !is_told() {
        return;
    }
    let (server, call, query) = (asked.server(), asked.call(), query(request.url(), shown));
    tracing::trace!(target: TARGET, server, headers = ?headers(request.headers()), "sent {call}{query}");
    if let Some(sent) = request.body().and_then(reqwest::Body::as_bytes) {
        body("sent", sent, shown, None);
    }
}

/// Tells of the head of an answer.
pub(crate) fn response(asked: &Asked, response: &reqwest::Response) {
    if is_told() {
        let server = asked.server();
        let status = response.status().as_u16();
        tracing::trace!(target: TARGET, server, headers = ?headers(response.headers()), "received {status}");
    }
}

/// Tells of a body, in which the `token` may stand that the request showed.
pub(crate) fn body(direction: &str, bytes: &[u8], shown: Shown, token: Option<&Token>) {
    if !is_told() || bytes.is_empty() {
        return;
    }
    let text = match shown {
        Shown::Except(secrets) => redacted(bytes, secrets),
        Shown::Nothing => REDACTED.to_owned(),
    };
    let text = match token.map(|token| token.secret.expose_secret()) {
        Some(secret) if !secret.is_empty() => text.replace(secret, REDACTED),
        _ => text,
    };
    tracing::trace!(target: TARGET, bytes = bytes.len(), "{direction} {}", excerpt::cut(&text, LONGEST));
}

fn headers(headers: &HeaderMap) -> Vec<(&HeaderName, &str)> {
    let shown = |name: &HeaderName| PLAIN.contains(&name.as_str());
    headers.iter().map(|(name, value)| (name, value.to_str().ok().filter(|_| shown(name)).unwrap_or(REDACTED))).collect()
}

fn query(url: &Url, shown: Shown) -> String {
    // Even a key may be a secret where nothing is known.
    let Shown::Except(secrets) = shown else { return String::new() };
    let is_secret = |key: &str| key.rsplit('.').next().is_some_and(|name| secrets.contains(&name));
    let shown = |(key, value): (Cow<'_, str>, Cow<'_, str>)| match is_secret(&key) {
        true => format!("{key}={REDACTED}"),
        false => format!("{key}={value}"),
    };
    let pairs: Vec<String> = url.query_pairs().map(shown).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// A document without its secrets. Of what is no document, the readable part.
fn redacted(bytes: &[u8], secrets: &[&str]) -> String {
    match bytes.trim_ascii_start().first() {
        #[cfg(feature = "ovirt")]
        Some(b'<') => crate::core::xml::redacted(&String::from_utf8_lossy(bytes), secrets),
        Some(b'{' | b'[' | b'"') => match serde_json::from_slice(bytes) {
            // A text alone may be a token.
            Ok(Value::String(_)) => REDACTED.to_owned(),
            Ok(Value::Object(members)) if members.len() == 1 && members.get("value").is_some_and(Value::is_string) => {
                REDACTED.to_owned()
            }
            Ok(value) => redacted_json(value, secrets).to_string(),
            // What it holds cannot be told apart.
            Err(_) => REDACTED.to_owned(),
        },
        _ => excerpt::of(bytes).unwrap_or_default(),
    }
}

fn redacted_json(value: Value, secrets: &[&str]) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| match secrets.contains(&name.as_str()) {
                    true => (name, Value::from(REDACTED)),
                    false => (name, redacted_json(value, secrets)),
                })
                .collect(),
        ),
        Value::Array(items) => items.into_iter().map(|item| redacted_json(item, secrets)).collect(),
        value => value,
    }
}
