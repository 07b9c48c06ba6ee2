//! Carries out calls: token, renewal, further attempts, one span for each.

use super::failure::late;
use super::reply::{Asked, Opened, Reply, content_type};
use super::request::Request;
use super::retry::{Attempts, Retry};
use super::session::{Refused, Session, Token};
use super::span;
use super::transport::{Transport, server};
use super::wire::Shown;
use crate::core::error::{Error, ErrorKind, Result};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tracing::{Instrument, Span};

/// How often a token is renewed for one attempt: once because it expired, and once more because the engine may have
/// been restarted in between.
const RENEWALS: u32 = 2;

/// How much of an answer that is not of the API is looked at, in bytes, to find out whether it is about the token.
const PAGE: usize = 16 * 1024;

/// What APIs do each in their own way.
pub(crate) struct Api {
    /// Header that shows the token.
    pub(crate) token_header: HeaderName,
    /// Whether a body that is not of the API says that the token has expired.
    pub(crate) is_expiry: fn(&[u8]) -> bool,
    /// The error that an answer means which is not a success.
    pub(crate) refusal: fn(&Reply) -> Error,
    /// Kind of content of its answers, such as `application/xml`.
    pub(crate) content_type: &'static str,
    /// Elements or members that hold secrets.
    pub(crate) secrets: &'static [&'static str],
}

/// Way to one API, shared by all services of a connection.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    transport: Arc<Transport>,
    /// URL of the root service, without a slash at the end.
    base: Url,
    timeout: Option<Duration>,
    retry: Retry,
    session: Session,
    api: &'static Api,
}

impl Client {
    pub(crate) fn new(
        transport: Arc<Transport>,
        base: Url,
        timeout: Option<Duration>,
        retry: Retry,
        session: Session,
        api: &'static Api,
    ) -> Self {
        Self(Arc::new(Inner { transport, base, timeout, retry, session, api }))
    }

    pub(crate) fn base(&self) -> &Url {
        &self.0.base
    }

    /// How long a call may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.0.timeout
    }

    pub(crate) fn transport(&self) -> &Arc<Transport> {
        &self.0.transport
    }

    pub(crate) fn session(&self) -> &Session {
        &self.0.session
    }

    /// Ends the session, or says that the server did not in time. Nothing is let through afterwards, either way.
    pub(crate) async fn close(&self) -> Result<()> {
        self.session().close(&server(self.base())).await
    }

    /// Sends a request, and reads the whole answer. Whatever is not a success is an error.
    pub(crate) async fn reply(&self, request: &Request) -> Result<Reply> {
        self.call(request, Opened::read).await
    }

    /// Sends a request, and leaves the body of the answer to be read. Whatever is not a success is an error.
    pub(crate) async fn open(&self, request: &Request) -> Result<Opened> {
        self.call(request, |opened| std::future::ready(Ok(opened))).await
    }

    async fn call<T, R: Future<Output = Result<T>>>(&self, request: &Request, read: fn(Opened) -> R) -> Result<T> {
        let asked = Asked::new(request.method.clone(), self.url(request));
        let span = match span::is_collected() {
            true => span::request(&asked, &format!("{}{}", self.base().path().trim_end_matches('/'), request.template)),
            false => Span::none(),
        };
        let attempts = async {
            let timeout = request.options.timeout.or(self.0.timeout);
            let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            let retry = request.options.retry.as_ref().unwrap_or(&self.0.retry);
            let mut attempts = Attempts::new(retry, &request.method, deadline);
            let under_way = AtomicBool::new(false);
            loop {
                let result = match self.attempt(request, &asked, deadline, &under_way).await {
                    Ok(opened) => Box::pin(read(opened)).await,
                    Err(error) => Err(error.in_call(&asked.call())),
                };
                let error = match result {
                    Ok(value) => return Ok(value),
                    Err(error) => error,
                };
                if let Err(error) = Box::pin(attempts.failed(error, self.transport().has_answered())).await {
                    span::failed(&error);
                    return Err(error);
                }
                span::resent(attempts.made());
            }
        };
        attempts.instrument(span).await
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

    /// One attempt, within the time that is left. `under_way` is whether the server may be carrying it out.
    async fn attempt(
        &self,
        request: &Request,
        asked: &Arc<Asked>,
        deadline: Option<Instant>,
        under_way: &AtomicBool,
    ) -> Result<Opened> {
        // In one place, whichever way it is awaited: the future of every request is as large as this one.
        let success = pin!(self.success(request, asked, deadline, under_way));
        match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, success).await.unwrap_or_else(|_| {
                let error = Error::new(ErrorKind::Timeout, late(&asked.server()));
                Err(error.with_unsent(!under_way.load(Ordering::Relaxed)))
            }),
            None => success.await,
        }
    }

    /// Sends a request with a token that the server takes. Whatever is not a success is an error.
    async fn success(
        &self,
        request: &Request,
        asked: &Arc<Asked>,
        deadline: Option<Instant>,
        under_way: &AtomicBool,
    ) -> Result<Opened> {
        let mut token = self.session().token().await.map_err(Error::settled)?;
        let mut renewals = 0;
        loop {
            let signed = self.signed(request, asked, &token);
            under_way.store(true, Ordering::Relaxed);
            let opened = Box::pin(self.0.transport.exchange(asked, signed, Shown::Except(self.0.api.secrets))).await?;
            let mut opened = opened.with_deadline(deadline).with_token(token.clone());
            span::answered(opened.status());
            let Some(refused) = self.refused(&mut opened).await else {
                return match opened.response.status().is_success() {
                    true => Ok(opened),
                    false => Err(self.refusal(opened).await),
                };
            };
            under_way.store(false, Ordering::Relaxed);
            let renewed = match renewals < RENEWALS {
                true => Box::pin(self.session().renew(&token, refused)).await.map_err(Error::settled)?,
                false => None,
            };
            match renewed {
                Some(renewed) => token = renewed,
                None => {
                    let error = self.refusal(opened).await;
                    let hint = if renewals > 0 { ", nor the new one" } else { "; sign in anew, or give credentials" };
                    let message = format!("{}{hint}", error.message());
                    return Err(error.with_message(message));
                }
            }
            renewals += 1;
        }
    }

    /// The error that an answer means. Of a body that breaks off, what is there counts: the status says enough.
    async fn refusal(&self, opened: Opened) -> Error {
        let reply = Box::pin(opened.read_what_comes()).await;
        (self.0.api.refusal)(&reply)
    }

    /// Whether the server does not take the token any more, and why. Some say so in a page, whatever the status.
    async fn refused(&self, opened: &mut Opened) -> Option<Refused> {
        let begins_as = |known: &HeaderValue| known.as_bytes().starts_with(self.0.api.content_type.as_bytes());
        let is_unknown = opened.response.status() == StatusCode::UNAUTHORIZED;
        if !is_unknown && opened.response.headers().get(CONTENT_TYPE).is_some_and(begins_as) {
            return None;
        }
        let is_page = matches!(content_type(opened.response.headers()).as_str(), "text/html" | "application/json");
        if is_page && (self.0.api.is_expiry)(&Box::pin(opened.peek(PAGE)).await) {
            return Some(Refused::Expired);
        }
        is_unknown.then_some(Refused::Unknown)
    }

    /// The request with everything that all requests have.
    fn signed(&self, request: &Request, asked: &Asked, token: &Token) -> reqwest::Request {
        let mut signed = reqwest::Request::new(asked.method.clone(), asked.url.clone());
        let headers = signed.headers_mut();
        headers.clone_from(&token.headers);
        // The header that shows the token stays, whatever the caller says.
        for (name, value) in request.options.headers.iter().filter(|(name, _)| *name != self.0.api.token_header) {
            headers.insert(name.clone(), value.clone());
        }
        if let Some(body) = &request.body {
            *signed.body_mut() = Some(body.clone().into());
        }
        signed
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.base().as_str()).finish_non_exhaustive()
    }
}
