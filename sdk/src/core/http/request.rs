//! What goes over the wire, whichever API it belongs to.

use super::retry::Retry;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Display;
use std::time::Duration;

/// A request, but for the token and the headers that all requests of a connection have.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path after the base URL, encoded, such as `/vms/123/start`.
    pub(crate) path: String,
    /// The same with names in place of identifiers, such as `/vms/{id}/start`; empty when nobody collects traces.
    pub(crate) template: String,
    /// Query parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) options: CallOptions,
    pub(crate) body: Option<String>,
}

/// What one call has of its own, whatever the connection says.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<Retry>,
}

impl CallOptions {
    /// Sets a header, or says what is wrong with it.
    pub(crate) fn set_header(&mut self, name: &str, value: impl Display) -> Result<(), String> {
        let (name, value) = header(name, &value.to_string())?;
        self.headers.insert(name, value);
        Ok(())
    }
}

/// A header, or what is wrong with it. The value is not shown: it may be a secret.
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        _ => Err(format!("`{name}` is not a header, or its value has characters that no header can carry; correct them")),
    }
}
