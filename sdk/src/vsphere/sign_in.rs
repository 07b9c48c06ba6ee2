//! Opening and ending sessions, in either dialect.

use super::dialect::{Dialect, Spoken};
use super::{answer, failure};
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::credentials::Credentials;
use crate::core::http::reply::{Asked, Reply};
use crate::core::http::retry::Retry;
use crate::core::http::session::{BoxFuture, Grant, Token};
use crate::core::http::settings::wrong;
use crate::core::http::transport::{Terms, Transport};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Arc;
use tokio::time::Instant;

/// The header that shows the token.
pub(super) const SESSION_HEADER: HeaderName = HeaderName::from_static("vmware-api-session-id");

/// Asks a server to leave out the cookie that it would set beside the token.
const NO_COOKIE: HeaderName = HeaderName::from_static("vmware-use-header-authn");

/// Makes the header that shows a token.
pub(super) fn session_header(token: &SecretString) -> Result<(HeaderName, HeaderValue)> {
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

/// The sessions of a server.
#[derive(Clone)]
pub(super) struct Sessions {
    pub(super) transport: Arc<Transport>,
    pub(super) base: Url,
    /// Those of all requests.
    pub(super) headers: HeaderMap,
    pub(super) retry: Retry,
}

impl Sessions {
    /// Sends a request about a session itself; `read` makes what is wanted of the answer.
    async fn ask<T>(
        &self,
        terms: Terms<'_>,
        method: Method,
        dialect: Dialect,
        (name, value): (HeaderName, HeaderValue),
        read: impl Fn(&Reply) -> Result<T>,
    ) -> Result<T> {
        let mut url = self.base.clone();
        url.set_path(path(dialect));
        let asked = Asked::new(method, url);
        let make = || {
            let mut request = reqwest::Request::new(asked.method.clone(), asked.url.clone());
            let headers = request.headers_mut();
            headers.clone_from(&self.headers);
            headers.insert(NO_COOKIE, HeaderValue::from_static("true"));
            headers.insert(name.clone(), value.clone());
            request
        };
        self.transport.ask(terms, &asked, make, read).await
    }

    /// Finds out the dialect of a server with a token that was got elsewhere.
    pub(super) async fn probe(&self, token: &Token, spoken: &Spoken) -> Result<Dialect> {
        let found = |reply: &Reply| match reply.status {
            404 => Ok(spoken.found(Dialect::Rest)),
            200..=299 | 401 | 403 => Ok(spoken.found(Dialect::Api)),
            // A server that is not well tells nothing of its dialects.
            _ => Err(failure::error(reply)),
        };
        let terms = Terms { retry: &self.retry, deadline: None, secret: &token.secret };
        self.ask(terms, Method::GET, Dialect::Api, session_header(&token.secret)?, found).await
    }
}

/// The header that shows user name and password.
fn basic(username: &str, password: &SecretString) -> Result<(HeaderName, HeaderValue)> {
    let encoded = BASE64_STANDARD.encode(format!("{username}:{}", password.expose_secret()));
    let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).map_err(|_| wrong("the password cannot be sent"))?;
    value.set_sensitive(true);
    Ok((AUTHORIZATION, value))
}

/// Sign-in at a vCenter.
pub(super) struct SignOn {
    sessions: Sessions,
    spoken: Arc<Spoken>,
}

impl SignOn {
    pub(super) fn new(sessions: Sessions, spoken: Arc<Spoken>) -> Self {
        Self { sessions, spoken }
    }

    async fn token(&self, credentials: &Credentials, deadline: Instant) -> Result<SecretString> {
        let (username, password) = match credentials {
            Credentials::Password { username, password } => (username, password),
            Credentials::Token { token } => return Ok(token.clone()),
            Credentials::Negotiate { .. } => {
                return Err(wrong(
                    "a vCenter takes no sign-in by HTTP here; provide `Credentials::password` or `Credentials::token`",
                ));
            }
        };
        self.token_for(username, password, deadline).await
    }

    async fn token_for(&self, username: &str, password: &SecretString, deadline: Instant) -> Result<SecretString> {
        let open = |dialect| self.open(dialect, username, password, deadline);
        if let Some(dialect) = self.spoken.get() {
            return open(dialect).await;
        }
        let (dialect, token) = match open(Dialect::Api).await {
            Err(error) if error.status() == Some(404) => (Dialect::Rest, open(Dialect::Rest).await?),
            token => (Dialect::Api, token?),
        };
        self.spoken.found(dialect);
        Ok(token)
    }

    /// Opens a session, which does no harm when done twice.
    async fn open(&self, dialect: Dialect, username: &str, password: &SecretString, deadline: Instant) -> Result<SecretString> {
        let retry = self.sessions.retry.clone().all_methods(true);
        let token = |reply: &Reply| token_of(reply, dialect, username);
        let terms = Terms { retry: &retry, deadline: Some(deadline), secret: password };
        self.sessions.ask(terms, Method::POST, dialect, basic(username, password)?, token).await
    }

    async fn end(&self, token: Arc<Token>) -> Result<()> {
        // A token was given out, so the dialect is known.
        let dialect = self.spoken.get().unwrap_or(Dialect::Api);
        // A session that the server has ended already is what was wanted.
        let ended = |reply: &Reply| if reply.is_success() || reply.status == 401 { Ok(()) } else { Err(failure::error(reply)) };
        let terms = Terms { retry: &self.sessions.retry.to_end(), deadline: None, secret: &token.secret };
        self.sessions.ask(terms, Method::DELETE, dialect, session_header(&token.secret)?, ended).await
    }
}

impl Grant for SignOn {
    fn sign_in(&self, credentials: Credentials, deadline: Instant) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(async move { self.token(&credentials, deadline).await })
    }

    fn sign_out(&self, token: Arc<Token>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.end(token))
    }
}

/// The token in the answer.
fn token_of(reply: &Reply, dialect: Dialect, username: &str) -> Result<SecretString> {
    if !reply.is_success() {
        return Err(refusal(reply, dialect, username));
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

fn refusal(reply: &Reply, dialect: Dialect, username: &str) -> Error {
    let error = failure::error(reply);
    match error.kind() {
        ErrorKind::Authentication => {
            let reason = error.standard_error().map(ToString::to_string).filter(|reason| !reason.is_empty());
            let message = format!(
                "{}the server refused to sign in `{username}`; check user name and password: the name has its domain, such as \
                 administrator@vsphere.local",
                reason.map(|reason| format!("{reason}\n")).unwrap_or_default(),
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
