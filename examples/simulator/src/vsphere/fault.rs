//! Errors of the API, and their answers in both dialects.

use super::dialect::Dialect;
use crate::net::{Answer, full, head};
use hyper::header::WWW_AUTHENTICATE;
use model::Model;
use serde_json::{Value, json};

/// Content type of all JSON answers.
pub(crate) const JSON: &str = "application/json";

/// How to sign in, as the header `WWW-Authenticate` says it.
const CHALLENGE: &str = "Basic realm=\"VAPI endpoint\"";

/// Error that an operation ends with.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Name in the model, such as `vapi.std.errors.not_found`.
    pub(crate) error: String,
    /// What went wrong, for people.
    pub(crate) text: String,
    /// Key of the text in the message catalog, without its prefix.
    pub(crate) key: &'static str,
    /// What the text is about, such as an identifier.
    pub(crate) args: Vec<String>,
}

impl Fault {
    /// An error of the model with a text.
    pub(crate) fn named(error: &str, key: &'static str, text: impl Into<String>) -> Self {
        Fault { error: error.to_owned(), text: text.into(), key, args: Vec::new() }
    }

    fn standard(error: &str, text: impl Into<String>) -> Self {
        Fault::named(&format!("vapi.std.errors.{error}"), "simulated", text)
    }

    /// Something that does not exist.
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        let fault = Fault::standard("not_found", format!("There is no {what} '{id}'."));
        Fault { key: "missing", args: vec![what.to_owned(), id.to_owned()], ..fault }
    }

    /// A parameter or member that is not as it should be.
    pub(crate) fn invalid_argument(text: impl Into<String>) -> Self {
        Fault::standard("invalid_argument", text)
    }

    /// A resource of another type than the operation takes.
    pub(crate) fn invalid_element_type(text: impl Into<String>) -> Self {
        Fault::standard("invalid_element_type", text)
    }

    /// A resource that is configured in another way than the operation takes.
    pub(crate) fn invalid_element_configuration(text: impl Into<String>) -> Self {
        Fault::standard("invalid_element_configuration", text)
    }

    /// A state in which the operation cannot be.
    pub(crate) fn not_allowed(text: impl Into<String>) -> Self {
        Fault::standard("not_allowed_in_current_state", text)
    }

    /// Something of which there can be only one.
    pub(crate) fn already_exists(text: impl Into<String>) -> Self {
        Fault::standard("already_exists", text)
    }

    /// Something that is as wished already.
    pub(crate) fn already_in_desired_state(text: impl Into<String>) -> Self {
        Fault::standard("already_in_desired_state", text)
    }

    /// A version that is no longer the current one.
    pub(crate) fn concurrent_change(text: impl Into<String>) -> Self {
        Fault::standard("concurrent_change", text)
    }

    /// A resource that somebody works with.
    pub(crate) fn busy(text: impl Into<String>) -> Self {
        Fault::standard("resource_busy", text)
    }

    /// A resource that cannot be reached.
    pub(crate) fn inaccessible(text: impl Into<String>) -> Self {
        Fault::standard("resource_inaccessible", text)
    }

    /// Something that the server cannot do.
    pub(crate) fn unsupported(text: impl Into<String>) -> Self {
        Fault::standard("unsupported", text)
    }

    /// Credentials or a session that are not good.
    pub(crate) fn unauthenticated() -> Self {
        Fault::standard("unauthenticated", "Authentication required.")
    }

    /// A parameter or member that does not exist.
    pub(crate) fn unexpected_input(text: impl Into<String>) -> Self {
        Fault::standard("unexpected_input", text)
    }

    /// A path or action that does not exist.
    pub(crate) fn operation_not_found(verb: &str, path: &str) -> Self {
        Fault::standard("operation_not_found", format!("There is no operation at {verb} {path}."))
    }

    /// A fault of the simulator itself.
    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Fault::standard("internal_server_error", text)
    }

    /// The text as sessions and files carry it.
    pub(crate) fn message(&self) -> Value {
        message(self.key, &self.text, &self.args)
    }

    /// The error as a dynamic structure, as tasks and results of deployments carry it.
    pub(crate) fn structure(&self, model: &Model) -> Value {
        let identifier = model.errors.get(&self.error).map(|error| error.identifier.as_str()).unwrap_or_default();
        let literal = model.errors.get(&self.error).map(|error| error.literal.as_str()).unwrap_or_default();
        json!({ "@class": identifier, "error_type": literal, "messages": [self.message()] })
    }

    /// The answer in a dialect.
    pub(crate) fn answer(&self, model: &Model, dialect: Dialect) -> Answer {
        let Some(error) = model.errors.get(&self.error) else {
            let known = Fault::internal(format!("The model has no error named '{}'.", self.error));
            // The standard errors are in every model, so this ends.
            return match model.errors.contains_key(&known.error) {
                true => known.answer(model, dialect),
                false => full(500, JSON, "{}"),
            };
        };
        let is_challenge = error.status == 401;
        let mut body = json!({ "messages": [self.message()] });
        if is_challenge {
            body["challenge"] = json!(CHALLENGE);
        }
        let (status, body) = match dialect {
            Dialect::Api => {
                body["error_type"] = json!(error.literal);
                (error.status, body)
            }
            Dialect::Rest => (error.legacy_status, json!({ "type": error.identifier, "value": body })),
        };
        let mut answer = full(status, JSON, body.to_string());
        if is_challenge {
            head(&mut answer, WWW_AUTHENTICATE, CHALLENGE);
        }
        answer
    }
}

/// A localizable message without translation.
pub(crate) fn message(key: &str, text: &str, args: &[String]) -> Value {
    json!({ "id": format!("com.vmware.vdcs.simulator.{key}"), "default_message": text, "args": args })
}
