//! Failures as servers tell them: which of the standard errors it is, and why.

use super::generated::errors::ERRORS;
use super::vapi::std::LocalizableMessage;
use super::vapi::std::errors::ErrorType;
use crate::Structure;
use crate::core::error::{Conflict, Error, ErrorKind, Fault};
use crate::core::http::reply::Reply;
use crate::core::json;
use crate::core::table::Text;
use serde_json::Value;
use std::fmt;

/// What the API model says of a standard error.
pub(crate) struct StandardErrorType {
    /// Name in `/api`.
    pub(crate) literal: &'static str,
    /// Name in `/rest`.
    pub(crate) identifier: &'static str,
    /// Whether the same request may succeed later.
    pub(crate) retryable: bool,
}

/// The kind of each standard error. What stands in none of these is a [`ErrorKind::Fault`].
const KINDS: &[(ErrorKind, &[&str])] = &[
    (ErrorKind::Authentication, &["UNAUTHENTICATED"]),
    (ErrorKind::Authorization, &["UNAUTHORIZED"]),
    (ErrorKind::NotFound, &["NOT_FOUND", "OPERATION_NOT_FOUND"]),
    (
        ErrorKind::Conflict,
        &[
            "ALREADY_EXISTS",
            "ALREADY_IN_DESIRED_STATE",
            "CONCURRENT_CHANGE",
            "FEATURE_IN_USE",
            "NOT_ALLOWED_IN_CURRENT_STATE",
            "RESOURCE_BUSY",
            "RESOURCE_IN_USE",
        ],
    ),
    (
        ErrorKind::InvalidArgument,
        &[
            "INVALID_ARGUMENT",
            "INVALID_ELEMENT_CONFIGURATION",
            "INVALID_ELEMENT_TYPE",
            "INVALID_REQUEST",
            "UNEXPECTED_INPUT",
            "UNSUPPORTED",
        ],
    ),
    (ErrorKind::Timeout, &["TIMED_OUT"]),
];

/// The standard errors that mean a conflict which programs treat differently.
const CONFLICTS: &[(Conflict, &str)] = &[(Conflict::NameTaken, "ALREADY_EXISTS"), (Conflict::Locked, "RESOURCE_BUSY")];

/// A standard error as the server told it; [`Error::standard_error`] gives it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StandardError {
    /// Which one it is. Unknown ones are kept.
    pub error_type: ErrorType,
    /// What went wrong: from the view of the call first, each further message the cause of the one before.
    pub messages: Vec<LocalizableMessage>,
    /// What else the server tells; its form depends on the service.
    pub data: Option<Structure>,
    /// For `UNAUTHENTICATED`, how to authenticate: the value of the header `WWW-Authenticate`.
    pub challenge: Option<String>,
}

impl StandardError {
    /// Reads the body of a failure in either dialect; `None` when it is something else.
    fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let text = |value: &Value, name| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (name, value) = match (text(&body, "error_type"), text(&body, "type")) {
            (Some(literal), _) => (literal, &body),
            (None, Some(identifier)) => (identifier, body.get("value").unwrap_or(&Value::Null)),
            (None, None) => return None,
        };
        let literal = ERRORS.iter().find(|error| error.identifier == name).map_or(name.as_str(), |error| error.literal);
        // A message that cannot be read is no reason to lose the error.
        let listed = value.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let message = |value: &Value| {
            let mut message = LocalizableMessage::new();
            json::read(value, &mut message).ok().map(|()| message)
        };
        Some(Self {
            error_type: ErrorType::from_text(literal),
            messages: listed.iter().filter_map(message).collect(),
            data: value.get("data").and_then(|data| json::structure(data).ok()),
            challenge: text(value, "challenge"),
        })
    }

    /// The texts of the messages, the innermost cause first.
    fn texts(&self) -> Vec<&str> {
        self.messages
            .iter()
            .rev()
            .filter_map(|message| message.localized.as_deref().or(message.default_message.as_deref()))
            .filter(|text| !text.trim().is_empty())
            .collect()
    }
}

impl fmt::Display for StandardError {
    /// The innermost cause first, then what came of it, each in a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.texts().as_slice() {
            [] => write!(f, "{}", self.error_type),
            texts => f.write_str(&texts.join("\n")),
        }
    }
}

impl std::error::Error for StandardError {}

impl Error {
    /// The standard error of vSphere that the server answered with, if this is one.
    pub fn standard_error(&self) -> Option<&StandardError> {
        std::error::Error::source(self)?.downcast_ref()
    }
}

/// The error that a failure means. The name of the error decides, not the status: a busy resource has status 500 in
/// one dialect and 400 in the other.
pub(super) fn error(reply: &Reply) -> Error {
    match StandardError::read(&reply.body) {
        Some(found) => {
            let literal = found.error_type.as_str().to_owned();
            let kind =
                KINDS.iter().find(|(_, names)| names.contains(&literal.as_str())).map_or(ErrorKind::Fault, |(kind, _)| *kind);
            let known = ERRORS.iter().find(|error| error.literal == literal);
            let message = match found.texts().as_slice() {
                [] => format!("{literal}: {}", advice(kind)),
                _ => found.to_string(),
            };
            let fault = Fault { reason: Some(literal.clone()), detail: found.texts().first().map(|text| (*text).to_owned()) };
            let conflict = CONFLICTS.iter().find(|(_, name)| *name == literal).map(|(conflict, _)| *conflict);
            let error = reply.error(kind, message).with_conflict(conflict).with_fault(Some(fault)).with_source(found);
            match known {
                Some(known) => error.with_retryable(known.retryable),
                // The status may tell.
                None => error,
            }
        }
        None => {
            let kind = match reply.status {
                401 => ErrorKind::Authentication,
                403 => ErrorKind::Authorization,
                404 => ErrorKind::NotFound,
                408 | 504 => ErrorKind::Timeout,
                409 => ErrorKind::Conflict,
                _ => ErrorKind::Fault,
            };
            let message = match reply.content_type().as_str() {
                "" | "application/json" => advice(kind).to_owned(),
                other => format!("the server failed, and answered with {other} instead of JSON; {}", advice(kind)),
            };
            reply.error(kind, message)
        }
    }
}

/// What is said when the server gave no reason.
fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Authentication => "the server does not accept the token",
        ErrorKind::Authorization => "the user may not do this; give it a role with the privileges that the method asks for",
        ErrorKind::NotFound => "there is no such resource; check the identifiers, and that the server has this dialect",
        ErrorKind::Conflict => "the resource is not in a state that allows this",
        ErrorKind::InvalidArgument => "the server does not take what was sent",
        ErrorKind::Timeout => "the server did not finish in time",
        _ => "the server failed without saying why; look into its log",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_conflict_is_of_errors_that_there_are() {
        for name in KINDS.iter().flat_map(|(_, names)| *names).chain(CONFLICTS.iter().map(|(_, name)| name)) {
            assert_eq!(ERRORS.iter().filter(|error| error.literal == *name).count(), 1, "{name}");
        }
    }
}
