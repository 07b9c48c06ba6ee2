//! Sends calls: address, headers, token, one renewal.

use super::error::{Error, ErrorKind, Result};
use super::reply::Opened;
use super::request::Request;
use super::session::{Session, Token};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long the end of a session may take.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);

/// Makes the header that shows a token.
pub(crate) type Authorize = fn(&Token) -> Result<(HeaderName, HeaderValue)>;

/// Way to one server, shared by all services of a connection.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    /// URL of the root service, without a slash at the end.
    base: Url,
    headers: HeaderMap,
    session: Session,
    authorize: Authorize,
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, base: Url, headers: HeaderMap, session: Session, authorize: Authorize) -> Self {
        Self(Arc::new(Inner { http, base, headers, session, authorize }))
    }

    pub(crate) fn base(&self) -> &Url {
        &self.0.base
    }

    pub(crate) fn session(&self) -> &Session {
        &self.0.session
    }

    /// Ends the session, or says that the server did not in time. Nothing is let through afterwards, either way.
    pub(crate) async fn close(&self) -> Result<()> {
        match tokio::time::timeout(CLOSE_DEADLINE, self.session().close()).await {
            Ok(result) => result,
            Err(_) => {
                let message = format!("{} did not end the session in time; it ends by itself after a while", server(self.base()));
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }

    /// Sends a request, and leaves the body of the answer to be read. A refused token is renewed once.
    pub(crate) async fn open(&self, request: &Request) -> Result<Opened> {
        let url = self.url(request);
        let label = format!("{} {}", request.method, url.path());
        let result = async {
            let token = self.session().token().await?;
            let response = self.send(request, &url, &token).await?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
            match self.session().renew(&token).await? {
                Some(token) => self.send(request, &url, &token).await,
                None => Ok(response),
            }
        };
        match result.await {
            Ok(response) => Ok(Opened { call: label, server: server(&url), response }),
            Err(error) => Err(error.in_call(&label)),
        }
    }

    /// The address of a request.
    fn url(&self, request: &Request) -> Url {
        let mut url = self.0.base.clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), request.path);
        url.set_path(&path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        url
    }

    async fn send(&self, request: &Request, url: &Url, token: &Token) -> Result<reqwest::Response> {
        let mut headers = self.0.headers.clone();
        for (name, value) in &request.headers {
            headers.insert(name.clone(), value.clone());
        }
        let (name, value) = (self.0.authorize)(token)?;
        headers.insert(name, value);
        let mut builder = self.0.http.request(request.method.clone(), url.clone()).headers(headers);
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        builder.send().await.map_err(|error| Error::from_http(error, &server(url)))
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
