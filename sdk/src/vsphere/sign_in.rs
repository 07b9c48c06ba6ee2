//! Opening and ending sessions, in either dialect.

use super::dialect::{Dialect, Spoken};
use super::{answer, failure};
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::credentials::Credentials;
use crate::core::http::reply::{Asked, Reply};
use crate::core::http::retry::{Attempts, Retry};
use crate::core::http::session::{BoxFuture, Grant, Token};
use crate::core::http::settings::wrong;
use crate::core::http::span;
use crate::core::http::transport::Transport;
use crate::core::http::wire::Shown;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Arc;
use tracing::Instrument;

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
    /// Sends a request about a session itself.
    async fn send(&self, method: Method, dialect: Dialect, (name, value): (HeaderName, HeaderValue)) -> Result<Reply> {
        let mut url = self.base.clone();
        url.set_path(path(dialect));
        let mut request = reqwest::Request::new(method.clone(), url.clone());
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        headers.insert(NO_COOKIE, HeaderValue::from_static("true"));
        headers.insert(name, value);
        let asked = Asked::new(method, url);
        let answer = async {
            let reply = self.transport.exchange(&asked, request, Shown::Nothing).await?.read().await?;
            span::answered(reply.status);
            Ok(reply)
        };
        answer.instrument(span::request(&asked, path(dialect))).await
    }

    /// Opens a session. It does no harm when done twice.
    async fn open(&self, dialect: Dialect, username: &str, password: &SecretString) -> Result<Reply> {
        let retry = self.retry.clone().all_methods(true);
        let mut attempts = Attempts::new(&retry, &Method::POST, None);
        loop {
            let error = match self.send(Method::POST, dialect, basic(username, password)?).await {
                Ok(reply) if matches!(reply.status, 429 | 502..=504) => failure::error(&reply),
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            attempts.failed(error, self.transport.has_answered()).await?;
        }
    }

    /// Finds out the dialect of a server with a token that was got elsewhere.
    pub(super) async fn probe(&self, token: &Token, spoken: &Spoken) -> Result<Dialect> {
        let reply = self.send(Method::GET, Dialect::Api, session_header(&token.secret)?).await?;
        match reply.status {
            404 => Ok(spoken.found(Dialect::Rest)),
            200..=299 | 401 | 403 => Ok(spoken.found(Dialect::Api)),
            // A server that is not well tells nothing of its dialects.
            _ => Err(failure::error(&reply)),
        }
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

    async fn token(&self, credentials: &Credentials) -> Result<SecretString> {
        let (username, password) = match credentials {
            Credentials::Password { username, password } => (username, password),
            Credentials::Token { token } => return Ok(token.clone()),
            Credentials::Negotiate { .. } => {
                return Err(wrong(
                    "a vCenter takes no sign-in by HTTP here; provide `Credentials::password` or `Credentials::token`",
                ));
            }
        };
        let token = self.token_for(username, password).await;
        token.map_err(|error| error.without(password.expose_secret()))
    }

    async fn token_for(&self, username: &str, password: &SecretString) -> Result<SecretString> {
        let open = |dialect| self.sessions.open(dialect, username, password);
        if let Some(dialect) = self.spoken.get() {
            return token_of(&open(dialect).await?, dialect, username);
        }
        let reply = open(Dialect::Api).await?;
        if reply.status != 404 {
            let token = token_of(&reply, Dialect::Api, username)?;
            self.spoken.found(Dialect::Api);
            return Ok(token);
        }
        let token = token_of(&open(Dialect::Rest).await?, Dialect::Rest, username)?;
        self.spoken.found(Dialect::Rest);
        Ok(token)
    }

    async fn end(&self, token: Arc<Token>) -> Result<()> {
        // A token was given out, so the dialect is known.
        let dialect = self.spoken.get().unwrap_or(Dialect::Api);
        let reply = self.sessions.send(Method::DELETE, dialect, session_header(&token.secret)?).await?;
        // A session that the server has ended already is what was wanted.
        if reply.is_success() || reply.status == 401 { Ok(()) } else { Err(failure::error(&reply)) }
    }
}

impl Grant for SignOn {
    fn sign_in(&self, credentials: Credentials) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(async move { self.token(&credentials).await })
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
