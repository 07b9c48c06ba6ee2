//! Sign-in and sign-out.

use super::sessions::{Denied, Sessions};
use crate::api::Options;
use crate::net::{Answer, full};
use serde_json::{Value, json};

/// Path of sign-in.
pub(crate) const TOKEN: &str = "/ovirt-engine/sso/oauth/token";

/// Path of sign-out.
pub(crate) const LOGOUT: &str = "/ovirt-engine/services/sso-logout";

const JSON: &str = "application/json;charset=UTF-8";

/// The scope with which programs sign in.
const SCOPE: &str = "ovirt-app-api";

/// Scopes that exist.
const SCOPES: &[&str] = &["ovirt-app-api", "ovirt-app-admin", "ovirt-app-portal"];

/// Expiry far enough away for any test.
const EXPIRY: &str = "9223372036854775807";

/// Answers a request for a token.
pub(crate) fn token(sessions: &mut Sessions, query: &str, body: &str) -> Answer {
    let form = Options::form(query, body);
    let scope = form.text("scope").unwrap_or_default();
    match grant(sessions, &form, scope) {
        Ok(token) => {
            let answer = json!({ "access_token": token, "scope": scope, "exp": EXPIRY, "token_type": "bearer" });
            full(200, JSON, answer.to_string())
        }
        Err((code, text)) => full(400, JSON, failure(scope, code, &text).to_string()),
    }
}

fn grant(sessions: &mut Sessions, form: &Options, scope: &str) -> Result<String, (&'static str, String)> {
    let needed = |name: &str| {
        let text = form.text(name).filter(|text| !text.is_empty());
        text.ok_or_else(|| ("invalid_request", format!("Missing parameter: '{name}'")))
    };
    match needed("grant_type")? {
        "password" => {}
        other => return Err(("unsupported_grant_type", format!("Unsupported parameter value: grant_type={other}"))),
    }
    if !scope.split_whitespace().all(|scope| SCOPES.contains(&scope)) {
        return Err(("invalid_scope", format!("The requested scope is invalid, unknown or malformed: {scope}")));
    }
    let username = needed("username")?;
    let password = needed("password")?;
    sessions.sign_in(username, password).map_err(|denied| {
        let (name, profile) = username.rsplit_once('@').unwrap_or((username, "N/A"));
        let text = match denied {
            Denied::Profile => {
                format!("Cannot authenticate user '{username}': No valid profile found in credentials..")
            }
            Denied::Credentials => {
                format!("Cannot authenticate user '{name}@{profile}': The user name or password is incorrect..")
            }
        };
        ("access_denied", text)
    })
}

/// Errors for programs have a layout of their own; browsers get the one of the standard.
fn failure(scope: &str, code: &str, text: &str) -> Value {
    let is_program = scope.split_whitespace().all(|scope| scope == SCOPE) && !scope.is_empty();
    if is_program { json!({ "error_code": code, "error": text }) } else { json!({ "error": code, "error_description": text }) }
}

/// Answers a request to forget a token.
pub(crate) fn logout(sessions: &mut Sessions, query: &str, body: &str) -> Answer {
    let form = Options::form(query, body);
    match form.text("token").filter(|token| !token.is_empty()) {
        Some(token) => {
            sessions.sign_out(token);
            full(200, JSON, "{}")
        }
        None => {
            let scope = form.text("scope").unwrap_or_default();
            full(200, JSON, failure(scope, "invalid_request", "Missing parameter: 'token'").to_string())
        }
    }
}
