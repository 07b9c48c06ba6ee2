//! Records as they stand in the files.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A call of a method.
#[derive(Debug, Deserialize)]
pub(crate) struct RequestRow {
    /// Name of the service.
    pub(crate) service: String,
    /// Name of the method, which may end in `_`.
    pub(crate) method: String,
    /// Which of several calls of that method.
    pub(crate) variant: String,
    /// Way from the service at the top.
    pub(crate) locators: Vec<Step>,
    /// Arguments by their name on the wire.
    pub(crate) args: Map<String, Value>,
    /// The request, if one was sent.
    #[serde(flatten)]
    pub(crate) request: Option<Request>,
    /// The answer, if there was one.
    pub(crate) response: Option<Response>,
    /// What the call returned, unless it failed.
    #[serde(default, deserialize_with = "present")]
    pub(crate) result: Option<Value>,
    /// How it failed.
    pub(crate) error: Option<Failure>,
}

/// One locator.
#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    /// Its name.
    pub(crate) locator: String,
    /// Its argument.
    pub(crate) id: Option<String>,
}

/// A request as it was sent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Request {
    /// Method of HTTP.
    pub(crate) http_method: String,
    /// Path, encoded.
    pub(crate) path: String,
    /// Query, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// Headers by name.
    pub(crate) headers: BTreeMap<String, String>,
    /// Body.
    pub(crate) body: String,
}

/// An answer to the request of a [`RequestRow`].
#[derive(Debug, Deserialize)]
pub(crate) struct Response {
    /// Status.
    pub(crate) status: u16,
    /// Kind of content, if the server told it.
    pub(crate) content_type: Option<String>,
    /// Body.
    pub(crate) body: String,
}

/// How a call failed.
#[derive(Debug, Deserialize)]
pub(crate) struct Failure {
    /// Class of the error.
    pub(crate) class: String,
    /// Its text.
    #[serde(default)]
    pub(crate) message: String,
    /// Status of the answer, where the error has it.
    pub(crate) code: Option<u16>,
    /// Explanation of the server, where the error has it.
    pub(crate) fault: Option<Value>,
}

/// A document with what it means.
#[derive(Debug, Deserialize)]
pub(crate) struct CaseRow {
    /// What it means.
    #[serde(default, deserialize_with = "present")]
    pub(crate) ok: Option<Value>,
    /// Why it cannot be read.
    pub(crate) error: Option<Failure>,
}

/// A call with all that goes over the network.
#[derive(Debug, Deserialize)]
pub(crate) struct ConnectionRow {
    /// Name.
    pub(crate) case: String,
    /// How the connection is set up.
    pub(crate) connection: Map<String, Value>,
    /// The call, in the language of the recorded client.
    pub(crate) call: String,
    /// Answers.
    pub(crate) server: Answers,
    /// All requests, in order.
    pub(crate) requests: Vec<Request>,
    /// What the call returned, unless it failed.
    #[serde(default, deserialize_with = "present")]
    pub(crate) result: Option<Value>,
    /// How it failed.
    pub(crate) error: Option<Failure>,
    /// How the connection was closed, if it was.
    pub(crate) close: Option<Close>,
}

/// Answers in the order in which they are given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answers {
    /// To sign-on requests; past the last, what an engine would answer.
    pub(crate) sso: Vec<CannedAnswer>,
    /// To all other requests.
    pub(crate) api: Vec<CannedAnswer>,
}

/// One answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CannedAnswer {
    /// Status.
    pub(crate) status: u16,
    /// Headers by name.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Body.
    #[serde(default)]
    pub(crate) body: String,
}

/// The end of a connection.
#[derive(Debug, Deserialize)]
pub(crate) struct Close {
    /// Arguments.
    #[serde(default)]
    pub(crate) args: Map<String, Value>,
    /// Whether it went well.
    #[serde(default)]
    pub(crate) ok: bool,
}

/// Tells `null` from a member that is not there.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
