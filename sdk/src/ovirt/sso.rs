//! Signing in and out at the single sign-on service of an engine.

use crate::core::error::{ErrorKind, Result};
use crate::core::http::credentials::Credentials;
use crate::core::http::reply::{Asked, Reply};
use crate::core::http::retry::Retry;
use crate::core::http::session::{BoxFuture, Grant, Token};
use crate::core::http::settings::wrong;
use crate::core::http::transport::{Terms, Transport};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Arc;
use tokio::time::Instant;

/// What the API needs to be allowed.
const SCOPE: &str = "ovirt-app-api";

const TOKEN_PATH: &str = "/ovirt-engine/sso/oauth/token";
const NEGOTIATE_PATH: &str = "/ovirt-engine/sso/oauth/token-http-auth";
const REVOKE_PATH: &str = "/ovirt-engine/services/sso-logout";

/// The single sign-on service of an engine.
pub(super) struct SingleSignOn {
    transport: Arc<Transport>,
    retry: Retry,
    /// URL of the API; the service is on the same host unless its addresses say otherwise.
    api: Url,
    addresses: Addresses,
}

/// Where the service is, if not where engines have it.
#[derive(Default)]
pub(super) struct Addresses {
    pub(super) token: Option<Url>,
    pub(super) revoke: Option<Url>,
    /// Member of the answer that holds the token.
    pub(super) token_name: Option<String>,
}

impl SingleSignOn {
    pub(super) fn new(transport: Arc<Transport>, retry: Retry, api: Url, addresses: Addresses) -> Self {
        // A sign-in does no harm when carried out twice.
        Self { transport, retry: retry.all_methods(true), api, addresses }
    }

    fn at(&self, address: Option<&Url>, path: &str) -> Url {
        address.cloned().unwrap_or_else(|| {
            let mut url = self.api.clone();
            url.set_path(path);
            url
        })
    }

    fn request(url: &Url, form: &[(&str, &str)], authorization: Option<&HeaderValue>) -> reqwest::Request {
        let mut request = reqwest::Request::new(Method::POST, url.clone());
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.extend(authorization.map(|value| (AUTHORIZATION, value.clone())));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        *request.body_mut() = Some(body.into());
        request
    }

    async fn token(&self, credentials: &Credentials, deadline: Instant) -> Result<SecretString> {
        let address = self.addresses.token.as_ref();
        let (url, form, authorization) = match credentials {
            Credentials::Password { username, password } => {
                let form = vec![
                    ("grant_type", "password"),
                    ("scope", SCOPE),
                    ("username", username.as_str()),
                    ("password", password.expose_secret()),
                ];
                (self.at(address, TOKEN_PATH), form, None)
            }
            Credentials::Negotiate { authorization } => {
                let mut value = HeaderValue::from_str(authorization.expose_secret())
                    .map_err(|_| wrong("what `Credentials::negotiate` was given holds characters that no header can carry"))?;
                value.set_sensitive(true);
                let form = vec![("grant_type", "urn:ovirt:params:oauth:grant-type:http"), ("scope", SCOPE)];
                (self.at(address, NEGOTIATE_PATH), form, Some(value))
            }
            Credentials::Token { token } => return Ok(token.clone()),
        };
        let retry = match credentials {
            // A ticket is good once.
            Credentials::Negotiate { .. } => &Retry::none(),
            _ => &self.retry,
        };
        let make = || Self::request(&url, &form, authorization.as_ref());
        let asked = Asked::new(Method::POST, url.clone());
        let terms = Terms { retry, deadline: Some(deadline), secret: credentials.secret() };
        self.transport.ask(terms, &asked, make, |reply| self.token_of(reply, credentials)).await
    }

    fn token_of(&self, reply: &Reply, credentials: &Credentials) -> Result<SecretString> {
        let whom = match credentials {
            Credentials::Password { username, .. } => format!("`{username}`"),
            Credentials::Negotiate { .. } | Credentials::Token { .. } => "by HTTP".to_owned(),
        };
        let refused = |reason: &str| {
            let message = format!("the engine refused to sign in {whom}: {reason}; {}", self.hint(credentials));
            reply.error(ErrorKind::Authentication, message)
        };
        let answer = match json(reply) {
            Ok(answer) => answer,
            Err(_) if reply.status == 401 => return Err(refused("it answered with status 401")),
            Err(error) => return Err(error),
        };
        match refusal(&answer) {
            Some(refusal) if reply.status >= 500 => {
                let message = format!("the engine failed to sign in {whom}: {refusal}; try again later");
                return Err(reply.error(ErrorKind::Fault, message));
            }
            Some(refusal) => return Err(refused(&refusal)),
            None => {}
        }
        if !reply.is_success() {
            let kind = if reply.status == 401 { ErrorKind::Authentication } else { ErrorKind::Fault };
            return Err(reply.error(kind, format!("the engine failed to sign in {whom}; {}", self.hint(credentials))));
        }
        let name = self.addresses.token_name.as_deref().unwrap_or("access_token");
        match answer.get(name).and_then(Value::as_str) {
            Some(token) => Ok(token.into()),
            None => {
                let message = format!("the answer to the sign-in has no `{name}`; check the URL of the connection");
                Err(reply.error(ErrorKind::Decode, message))
            }
        }
    }

    /// What to check when the engine refuses.
    fn hint(&self, credentials: &Credentials) -> String {
        let host = self.api.host_str().unwrap_or_default();
        let is_name = self.api.domain().is_some_and(|name| name.contains('.'));
        let full_name = if is_name {
            format!("engines take users only under the host name that they were set up with, so see that it is `{host}`")
        } else {
            format!("engines take users only under the full host name that they were set up with, which `{host}` is not")
        };
        let username = match credentials {
            Credentials::Password { username, .. } => username.as_str(),
            _ => return format!("check that the ticket is for the service `HTTP/{host}`; {full_name}"),
        };
        match username.matches('@').count() {
            0 => {
                "a user name ends with the name of its profile, such as admin@internal or, with Keycloak, admin@ovirt@internalsso"
                    .to_owned()
            }
            1 => format!(
                "check user name and password: engines with Keycloak, as oVirt 4.5 sets up, expect names such as \
                 admin@ovirt@internalsso, others such as admin@internal; {full_name}"
            ),
            _ => format!(
                "check user name and password: names such as admin@ovirt@internalsso are for engines with Keycloak, others expect \
                 names such as admin@internal; {full_name}"
            ),
        }
    }

    async fn revoke(&self, token: Arc<Token>) -> Result<()> {
        let form = [("scope", SCOPE), ("token", token.secret.expose_secret())];
        let url = self.at(self.addresses.revoke.as_ref(), REVOKE_PATH);
        let asked = Asked::new(Method::POST, url.clone());
        let ended = |reply: &Reply| match refusal(&json(reply)?) {
            Some(refusal) => Err(reply.error(ErrorKind::Fault, format!("the engine did not end the session: {refusal}"))),
            None if reply.is_success() => Ok(()),
            None => Err(reply.error(ErrorKind::Fault, "the engine did not end the session")),
        };
        let make = || Self::request(&url, &form, None);
        let terms = Terms { retry: &self.retry.to_end(), deadline: None, secret: &token.secret };
        self.transport.ask(terms, &asked, make, ended).await
    }
}

impl Grant for SingleSignOn {
    fn sign_in(&self, credentials: Credentials, deadline: Instant) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(async move { self.token(&credentials, deadline).await })
    }

    fn sign_out(&self, token: Arc<Token>) -> BoxFuture<'_, Result<()>> {
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
        let kind = if reply.status >= 500 { ErrorKind::Fault } else { ErrorKind::Decode };
        reply.error(kind, message)
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
