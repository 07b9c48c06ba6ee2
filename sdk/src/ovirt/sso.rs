//! Signing in and out at the single sign-on service of an engine.

use super::connection::with_ca_hint;
use crate::core::client::server;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::reply::{Opened, Reply};
use crate::core::session::{BoxFuture, Grant, Token};
use reqwest::Url;
use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// What the API needs to be allowed.
const SCOPE: &str = "ovirt-app-api";

/// Sign-in with user name and password.
pub(super) struct PasswordGrant {
    http: reqwest::Client,
    /// URL of the API; the service is on the same host.
    api: Url,
    username: String,
    password: SecretString,
}

impl PasswordGrant {
    pub(super) fn new(http: reqwest::Client, api: Url, username: String, password: SecretString) -> Self {
        Self { http, api, username, password }
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply> {
        let mut url = self.api.clone();
        url.set_path(path);
        let server = server(&url);
        let request = self.http.post(url).header(ACCEPT, "application/json").form(form);
        let call = format!("POST {path}");
        let response = request.send().await.map_err(|error| with_ca_hint(Error::from_http(error, &server)).in_call(&call))?;
        Opened { call, server, response }.read().await
    }

    async fn token(&self) -> Result<SecretString> {
        let form = [
            ("grant_type", "password"),
            ("scope", SCOPE),
            ("username", &self.username),
            ("password", self.password.expose_secret()),
        ];
        let reply = self.post("/ovirt-engine/sso/oauth/token", &form).await?;
        let answer = json(&reply)?;
        if let Some(refusal) = refusal(&answer) {
            let message = format!("the engine refused to sign in `{}`: {refusal}; {}", self.username, self.hint());
            return Err(reply.error(ErrorKind::Authentication, message));
        }
        if !reply.is_success() {
            let kind = if reply.status == 401 { ErrorKind::Authentication } else { ErrorKind::Fault };
            return Err(reply.error(kind, format!("the engine failed to sign in `{}`; {}", self.username, self.hint())));
        }
        match answer.get("access_token").and_then(Value::as_str) {
            Some(token) => Ok(token.into()),
            None => Err(reply
                .error(ErrorKind::Decode, "the answer to the sign-in has no `access_token`; check the URL of the connection")),
        }
    }

    fn hint(&self) -> &'static str {
        if self.username.contains('@') {
            "check user name and password; engines with Keycloak expect names such as admin@ovirt@internalsso, others such as \
             admin@internal, and each only under the host name that it was set up with"
        } else {
            "a user name ends with the name of its profile, such as admin@internal or, with Keycloak, admin@ovirt@internalsso"
        }
    }

    async fn revoke(&self, token: Token) -> Result<()> {
        let form = [("scope", SCOPE), ("token", token.expose_secret())];
        let reply = self.post("/ovirt-engine/services/sso-logout", &form).await?;
        match refusal(&json(&reply)?) {
            Some(refusal) => Err(reply.error(ErrorKind::Fault, format!("the engine did not end the session: {refusal}"))),
            None => Ok(()),
        }
    }
}

impl Grant for PasswordGrant {
    fn sign_in(&self) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(self.token())
    }

    fn sign_out(&self, token: Token) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.revoke(token))
    }
}

/// The object that the service answered; some engines wrap it into a list.
fn json(reply: &Reply) -> Result<Value> {
    let answer: Value = serde_json::from_slice(&reply.body).map_err(|_| {
        let content_type = match reply.content_type() {
            content_type if content_type.is_empty() => "no kind of content".to_owned(),
            content_type => content_type,
        };
        let message = format!(
            "the sign-on service answered with {content_type} instead of JSON; check that the URL of the connection is that of an \
             engine, such as https://engine.example.com/ovirt-engine/api, and that the engine is up"
        );
        reply.error(ErrorKind::Decode, message)
    })?;
    Ok(match answer {
        Value::Array(mut answers) if !answers.is_empty() => answers.swap_remove(0),
        answer => answer,
    })
}

/// Code and text of a refusal, in either of the two layouts that engines use.
fn refusal(answer: &Value) -> Option<String> {
    let text = |key| answer.get(key).and_then(Value::as_str);
    let error = text("error")?.trim_end_matches('.');
    Some(match (text("error_code"), text("error_description")) {
        (Some(code), _) => format!("{error} ({code})"),
        (None, Some(description)) => format!("{description} ({error})"),
        (None, None) => error.to_owned(),
    })
}
