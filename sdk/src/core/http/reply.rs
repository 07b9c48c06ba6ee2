use super::excerpt;
use super::failure::{self, late};
use super::session::Token;
use super::span;
use super::transport::server;
use super::wire::{self, Shown};
use crate::core::error::{Error, ErrorKind, Result};
use bytes::Bytes;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, Url};
use secrecy::ExposeSecret;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Span;

/// How much memory an announced length may make this crate set aside at once, in bytes.
const LARGEST_RESERVE: usize = 1 << 20;

/// What a request was, for messages.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// What stands for a path that lets in whoever has it.
    shown_as: Option<&'static str>,
}

impl Asked {
    pub(crate) fn new(method: Method, url: Url) -> Arc<Self> {
        Arc::new(Self { method, url, shown_as: None })
    }

    /// One whose path lets in whoever has it, so that it is called something else.
    pub(crate) fn hidden(method: Method, url: Url, shown_as: &'static str) -> Arc<Self> {
        Arc::new(Self { method, url, shown_as: Some(shown_as) })
    }

    /// Method and path, such as `GET /ovirt-engine/api/vms`.
    pub(crate) fn call(&self) -> String {
        match self.shown_as {
            Some(what) => format!("{} of {what}", self.method),
            None => format!("{} {}", self.method, self.url.path()),
        }
    }

    /// Host and port.
    pub(crate) fn server(&self) -> String {
        server(&self.url)
    }
}

/// Answer of a server, whatever its status.
#[doc(hidden)]
pub struct Reply {
    asked: Arc<Asked>,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// That of the call: what is wrong with its answer is noted there.
    span: Span,
    /// The token that the request showed, which no error may show.
    token: Option<Arc<Token>>,
}

/// An answer whose body is still to be read.
pub(crate) struct Opened {
    pub(crate) asked: Arc<Asked>,
    pub(crate) response: reqwest::Response,
    /// What was read already, to look at it.
    begun: VecDeque<Bytes>,
    /// When the last byte must be there.
    deadline: Option<Instant>,
    shown: Shown,
    /// The token that the request showed.
    token: Option<Arc<Token>>,
}

impl Opened {
    pub(crate) fn new(asked: Arc<Asked>, response: reqwest::Response, shown: Shown) -> Self {
        Self { asked, response, begun: VecDeque::new(), deadline: None, shown, token: None }
    }

    pub(crate) fn with_deadline(self, deadline: Option<Instant>) -> Self {
        Self { deadline, ..self }
    }

    pub(crate) fn with_token(self, token: Arc<Token>) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Reads the whole body.
    pub(crate) fn read(self) -> impl Future<Output = Result<Reply>> {
        self.read_after(Vec::new())
    }

    /// Reads the rest of a body that begins with what was read before.
    pub(crate) async fn read_after(mut self, mut body: Vec<u8>) -> Result<Reply> {
        self.read_into(&mut body).await?;
        Ok(self.into_reply(body))
    }

    /// Reads the body as far as it comes.
    pub(crate) async fn read_what_comes(mut self) -> Reply {
        let mut body = Vec::new();
        // The rest is lost; what is there still tells something.
        let _ = self.read_into(&mut body).await;
        self.into_reply(body)
    }

    async fn read_into(&mut self, body: &mut Vec<u8>) -> Result<()> {
        let length = self.response.content_length().and_then(|length| usize::try_from(length).ok());
        body.reserve_exact(length.unwrap_or_default().min(LARGEST_RESERVE));
        while let Some(piece) = self.piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(())
    }

    fn into_reply(mut self, body: Vec<u8>) -> Reply {
        wire::body("received", &body, self.shown, self.token.as_deref());
        let (status, headers) = (self.status(), std::mem::take(self.response.headers_mut()));
        Reply { asked: self.asked, status, headers, body, span: Span::current(), token: self.token }
    }

    /// The first so many bytes of the body, or what comes of it. They are read again by whoever reads it.
    pub(crate) async fn peek(&mut self, bytes: usize) -> Vec<u8> {
        let mut begin: Vec<u8> = self.begun.iter().flatten().copied().collect();
        while begin.len() < bytes {
            // Whoever reads the body meets the failure again.
            let Ok(Some(piece)) = self.arriving().await else { break };
            begin.extend_from_slice(&piece);
            self.begun.push_back(piece);
        }
        begin
    }

    /// An error that carries what this answer tells.
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        error(&self.asked, self.status(), self.response.headers(), kind, message)
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>> {
        match self.begun.pop_front() {
            Some(piece) => Ok(Some(piece)),
            None => self.arriving().await,
        }
    }

    async fn arriving(&mut self) -> Result<Option<Bytes>> {
        let chunk = {
            let chunk = pin!(self.response.chunk());
            match self.deadline {
                Some(deadline) => tokio::time::timeout_at(deadline, chunk).await,
                None => Ok(chunk.await),
            }
        };
        match chunk {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => {
                let error = failure::of(error, &self.asked.server());
                Err(error.with_answer(self.status(), correlation_id(self.response.headers())).in_call(&self.asked.call()))
            }
            Err(_) => Err(self.error(ErrorKind::Timeout, late(&self.asked.server()))),
        }
    }
}

impl Reply {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body)
            .map_err(|error| self.error(ErrorKind::Decode, "the answer is not UTF-8 text").with_source(error))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub(crate) fn content_type(&self) -> String {
        content_type(&self.headers)
    }

    /// An error that carries what this answer tells: of a body that is neither XML nor JSON, what can be read.
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        let begin = self.body.trim_ascii_start().get(..9).unwrap_or(&self.body).to_ascii_lowercase();
        let is_page = self.content_type() == "text/html" || begin.starts_with(b"<html") || begin.starts_with(b"<!doctype");
        let is_data = !is_page && matches!(self.body.trim_ascii_start().first(), Some(b'<' | b'{' | b'['));
        let excerpt = if is_data { None } else { excerpt::of(&self.body) };
        let error = error(&self.asked, self.status, &self.headers, kind, message).with_body(excerpt);
        let secret = self.token.as_ref().map(|token| token.secret.expose_secret());
        let error = error.without(secret.unwrap_or_default());
        self.span.in_scope(|| span::failed(&error));
        error
    }
}

/// Kind of content without parameters, in lower case; empty when the server did not say.
pub(crate) fn content_type(headers: &HeaderMap) -> String {
    let content_type = header(headers, "content-type").unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn error(asked: &Asked, status: u16, headers: &HeaderMap, kind: ErrorKind, message: impl Into<String>) -> Error {
    let error = Error::new(kind, message).with_answer(status, correlation_id(headers));
    error.with_retry_after(retry_after(headers)).in_call(&asked.call())
}

/// The identifier under which the server logged the request; engines and vCenters have a header each.
fn correlation_id(headers: &HeaderMap) -> Option<String> {
    ["correlation-id", "x-request-id"].into_iter().find_map(|name| header(headers, name)).map(str::to_owned)
}

/// How long the server wants to be left alone: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = header(headers, RETRY_AFTER.as_str())?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(jiff::Timestamp::now())).unwrap_or_default())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
