//! What goes over the wire, whichever API it belongs to.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// A request, but for the token and the headers that all requests of a connection have.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path after the base URL, encoded, such as `/vms/123/start`.
    pub(crate) path: String,
    /// Query parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<String>,
}

/// A header, or what is wrong with it. The value is not shown: it may be a secret.
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        _ => Err(format!("`{name}` is not a header, or its value has characters that no header can carry; correct them")),
    }
}
