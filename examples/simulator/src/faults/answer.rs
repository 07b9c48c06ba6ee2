//! Answers instead of those of the engine.

use super::{Effect, Target};
use crate::api;
use crate::net::{Answer, Hangup, full, head};
use hyper::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::json;

const HTML: &str = "text/html;charset=UTF-8";
const JSON: &str = "application/json;charset=UTF-8";
const TEXT: &str = "text/plain; charset=UTF-8";
const XML: &str = "application/xml;charset=UTF-8";

/// What an engine says to a client whose grant has expired.
const EXPIRED: &str = "The provided authorization grant for the auth code has expired.";

/// The answer that an effect gives, where it gives one.
pub(super) fn answer(effect: &Effect, target: Target, is_action: bool) -> Option<Answer> {
    match effect {
        Effect::Refuse { status, reason, detail, retry_after } => {
            let words = Words::new(target, *status, reason.as_deref(), detail.as_deref());
            let mut answer = words.refusal(target, is_action);
            if let Some(seconds) = retry_after {
                head(&mut answer, RETRY_AFTER, &seconds.to_string());
            }
            if target == Target::Api && *status == 401 {
                head(&mut answer, WWW_AUTHENTICATE, "Basic realm=\"RESTAPI\"");
            }
            Some(answer)
        }
        Effect::Html { status } => Some(page(*status)),
        Effect::InvalidGrant { status, is_page: true } => {
            let text = format!("<html><head><title>Error</title></head><body>invalid_grant: {EXPIRED}</body></html>");
            Some(full(real(*status), HTML, text))
        }
        Effect::InvalidGrant { status, is_page: false } => {
            let error = json!({ "error_code": "invalid_grant", "error": EXPIRED });
            Some(full(real(*status), JSON, error.to_string()))
        }
        Effect::Empty { status } => Some(full(real(*status), TEXT, "")),
        Effect::HangUp => {
            let mut answer = full(500, TEXT, "");
            answer.extensions_mut().insert(Hangup);
            Some(answer)
        }
        _ => None,
    }
}

/// The page of a proxy whose engine does not answer as it should.
pub(super) fn page(status: u16) -> Answer {
    let status = real(status);
    let name = phrase(status);
    let text = format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{status} {name}</title>\n</head>\
         <body>\n<h1>{name}</h1>\n<p>The server is temporarily unable to service your request.</p>\n</body></html>\n"
    );
    full(status, HTML, text)
}

/// A status that an answer can end with.
fn real(status: u16) -> u16 {
    if (200..600).contains(&status) { status } else { 500 }
}

fn phrase(status: u16) -> &'static str {
    hyper::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}

/// Why a request is refused.
struct Words {
    status: u16,
    reason: String,
    detail: String,
}

impl Words {
    fn new(target: Target, status: u16, reason: Option<&str>, detail: Option<&str>) -> Self {
        let status = real(status);
        let (usual_reason, usual_detail) = usual(target, status);
        let (reason, detail) = (reason.unwrap_or(usual_reason), detail.unwrap_or(usual_detail));
        Words { status, reason: reason.to_owned(), detail: detail.to_owned() }
    }

    fn refusal(&self, target: Target, is_action: bool) -> Answer {
        match target {
            Target::SignIn => {
                let error = json!({ "error_code": self.reason, "error": self.detail });
                full(self.status, JSON, error.to_string())
            }
            Target::Images => full(self.status, TEXT, format!("{}\n", self.detail)),
            _ => full(self.status, XML, api::fault_document(&self.reason, &self.detail, is_action)),
        }
    }
}

/// What is usually said with a status: the reason and the detail.
fn usual(target: Target, status: u16) -> (&'static str, &'static str) {
    match (target, status) {
        (Target::SignIn, 400 | 401 | 403) => {
            ("access_denied", "Cannot authenticate user 'N/A': The user name or password is incorrect..")
        }
        (Target::SignIn, _) => ("server_error", "The authorization server encountered an unexpected condition."),
        (Target::Images, 403) => ("", "You are not allowed to access this resource"),
        (Target::Images, 500..) => ("", "Server failed to perform the request, check logs"),
        (Target::Images, _) => ("", phrase(status)),
        (_, 401) => ("Operation Failed", "[The user is not signed in.]"),
        (_, 403) => ("Operation Failed", "[User is not authorized to perform this action.]"),
        (_, 404) => ("Operation Failed", "Entity not found"),
        (_, 409) => ("Operation Failed", "[Related operation is currently in progress. Please try again later.]"),
        (_, 503) => ("Service Unavailable", "[The engine is starting. Please try again later.]"),
        (_, 500..) => ("Operation Failed", "[Internal Engine Error]"),
        _ => ("Operation Failed", phrase(status)),
    }
}
