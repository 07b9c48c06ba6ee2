//! Sends calls: address, headers, token, one renewal.

use super::call::Call;
use super::error::{Error, ErrorKind, Result};
use super::reply::{Opened, Reply};
use super::session::{Session, Token};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::ExposeSecret;
use std::fmt;
use std::sync::Arc;

/// Way to one server, shared by all services of a connection.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    /// URL of the root service, without a slash at the end.
    base: Url,
    headers: HeaderMap,
    session: Session,
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, base: Url, headers: HeaderMap, session: Session) -> Self {
        Self(Arc::new(Inner { http, base, headers, session }))
    }

    pub(crate) fn base(&self) -> &Url {
        &self.0.base
    }

    pub(crate) fn session(&self) -> &Session {
        &self.0.session
    }

    /// Sends a call, and reads the answer. A refused token is renewed once.
    pub(crate) async fn execute(&self, call: &Call) -> Result<Reply> {
        self.open(call).await?.read().await
    }

    /// Sends a call, and leaves the body of the answer to be read. A refused token is renewed once.
    pub(crate) async fn open(&self, call: &Call) -> Result<Opened> {
        let url = self.url(call)?;
        let body = call.body()?;
        let label = format!("{} {}", call.method(), url.path());
        let result = async {
            let token = self.session().token().await?;
            let response = self.send(call, &url, &body, &token).await?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
            match self.session().renew(&token).await? {
                Some(token) => self.send(call, &url, &body, &token).await,
                None => Ok(response),
            }
        };
        match result.await {
            Ok(response) => Ok(Opened { call: label, server: server(&url), response }),
            Err(error) => Err(error.in_call(&label)),
        }
    }

    /// The address of a call.
    fn url(&self, call: &Call) -> Result<Url> {
        let mut url = self.0.base.clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), call.path()?);
        url.set_path(&path);
        if !call.query().is_empty() {
            url.query_pairs_mut().extend_pairs(call.query());
        }
        Ok(url)
    }

    async fn send(&self, call: &Call, url: &Url, body: &Option<String>, token: &Token) -> Result<reqwest::Response> {
        let mut headers = self.0.headers.clone();
        for (name, value) in call.headers() {
            headers.insert(name.clone(), value.clone());
        }
        headers.insert(AUTHORIZATION, bearer(token)?);
        let mut request = self.0.http.request(call.method().clone(), url.clone()).headers(headers);
        if let Some(body) = body {
            request = request.body(body.clone());
        }
        request.send().await.map_err(|error| Error::from_http(error, &server(url)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.base().as_str()).finish_non_exhaustive()
    }
}

/// Host and port, for messages.
pub(crate) fn server(url: &Url) -> String {
    url.authority().rsplit('@').next().unwrap_or_default().to_owned()
}

fn bearer(token: &Token) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| Error::new(ErrorKind::Configuration, "the token holds characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}
