//! Opening and ending sessions, in either dialect.

use super::dialect::{Dialect, Spoken};
use super::{answer, failure};
use crate::core::client::server;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::wrong;
use crate::core::reply::{Opened, Reply};
use crate::core::session::{BoxFuture, Grant, Token};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Arc;

/// The header that shows the token.
const SESSION_HEADER: HeaderName = HeaderName::from_static("vmware-api-session-id");

/// Asks a server to leave out the cookie that it would set beside the token.
const NO_COOKIE: HeaderName = HeaderName::from_static("vmware-use-header-authn");

/// Makes the header that shows a token.
pub(super) fn session_header(token: &Token) -> Result<(HeaderName, HeaderValue)> {
    let mut value =
        HeaderValue::from_str(token.expose_secret()).map_err(|_| wrong("the token holds characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok((SESSION_HEADER, value))
}

/// Path of the sessions.
fn path(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Api => "/api/session",
        Dialect::Rest => "/rest/com/vmware/cis/session",
    }
}

/// The server whose sessions are meant.
#[derive(Clone)]
pub(super) struct Sessions {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    /// Those of all requests.
    pub(super) headers: HeaderMap,
}

/// Sends a request about the session itself.
async fn send(sessions: &Sessions, method: Method, dialect: Dialect, credentials: Credentials<'_>) -> Result<Reply> {
    let mut url = sessions.base.clone();
    url.set_path(path(dialect));
    let server = server(&url);
    let call = format!("{method} {}", path(dialect));
    let request = sessions.http.request(method, url).headers(sessions.headers.clone()).header(NO_COOKIE, "true");
    let request = match credentials {
        Credentials::Password(username, password) => request.basic_auth(username, Some(password.expose_secret())),
        Credentials::Token(token) => {
            let (name, value) = session_header(token)?;
            request.header(name, value)
        }
    };
    let response = request.send().await.map_err(|error| Error::from_http(error, &server).in_call(&call))?;
    Opened { call, server, response }.read().await
}

enum Credentials<'a> {
    Password(&'a str, &'a SecretString),
    Token(&'a Token),
}

/// Finds out the dialect of a server with a token that was got elsewhere.
pub(super) async fn probe(sessions: &Sessions, token: &Token, spoken: &Spoken) -> Result<Dialect> {
    let reply = send(sessions, Method::GET, Dialect::Api, Credentials::Token(token)).await?;
    match reply.status {
        404 => Ok(spoken.found(Dialect::Rest)),
        200..=299 | 401 | 403 => Ok(spoken.found(Dialect::Api)),
        // A server that is not well tells nothing of its dialects.
        _ => Err(failure::error(&reply)),
    }
}

/// Sign-in with user name and password.
pub(super) struct PasswordGrant {
    sessions: Sessions,
    username: String,
    password: SecretString,
    spoken: Arc<Spoken>,
}

impl PasswordGrant {
    pub(super) fn new(sessions: Sessions, username: String, password: SecretString, spoken: Arc<Spoken>) -> Self {
        Self { sessions, username, password, spoken }
    }

    async fn token(&self) -> Result<SecretString> {
        if let Some(dialect) = self.spoken.get() {
            return self.token_of(&self.open(dialect).await?, dialect);
        }
        let reply = self.open(Dialect::Api).await?;
        if reply.status != 404 {
            let token = self.token_of(&reply, Dialect::Api)?;
            self.spoken.found(Dialect::Api);
            return Ok(token);
        }
        let token = self.token_of(&self.open(Dialect::Rest).await?, Dialect::Rest)?;
        self.spoken.found(Dialect::Rest);
        Ok(token)
    }

    async fn open(&self, dialect: Dialect) -> Result<Reply> {
        send(&self.sessions, Method::POST, dialect, Credentials::Password(&self.username, &self.password)).await
    }

    /// The token in the answer.
    fn token_of(&self, reply: &Reply, dialect: Dialect) -> Result<SecretString> {
        if !reply.is_success() {
            return Err(self.refusal(reply, dialect));
        }
        let answer: Value = serde_json::from_slice(&reply.body).map_err(|error| answer::not_json(reply, error))?;
        let token = match dialect {
            Dialect::Api => answer.as_str(),
            Dialect::Rest => answer.get("value").and_then(Value::as_str),
        };
        match token {
            Some(token) => Ok(token.into()),
            None => Err(reply.error(ErrorKind::Decode, "the answer to the sign-in has no token; check the URL of the session")),
        }
    }

    fn refusal(&self, reply: &Reply, dialect: Dialect) -> Error {
        let error = failure::error(reply);
        match error.kind() {
            ErrorKind::Authentication => {
                let reason = error.standard_error().map(ToString::to_string).filter(|reason| !reason.is_empty());
                let message = format!(
                    "{}the server refused to sign in `{}`; check user name and password: the name has its domain, such as \
                     administrator@vsphere.local",
                    reason.map(|reason| format!("{reason}\n")).unwrap_or_default(),
                    self.username
                );
                error.with_message(message)
            }
            ErrorKind::NotFound if dialect == Dialect::Rest => {
                error.with_message("the server has no sessions in the dialect `/rest`; check the URL, and try `Dialect::Api`")
            }
            ErrorKind::NotFound => {
                error.with_message("the server has no sessions in the dialect `/api`; check the URL, and try `detect_dialect`")
            }
            _ => error,
        }
    }

    async fn end(&self, token: Token) -> Result<()> {
        // A token was given out, so the dialect is known.
        let dialect = self.spoken.get().unwrap_or(Dialect::Api);
        let reply = send(&self.sessions, Method::DELETE, dialect, Credentials::Token(&token)).await?;
        // A session that the server has ended already is what was wanted.
        if reply.is_success() || reply.status == 401 { Ok(()) } else { Err(failure::error(&reply)) }
    }
}

impl Grant for PasswordGrant {
    fn sign_in(&self) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(self.token())
    }

    fn sign_out(&self, token: Token) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.end(token))
    }
}
