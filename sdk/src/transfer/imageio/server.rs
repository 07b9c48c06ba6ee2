//! Requests for the data of one image, at one of the addresses at which it is served.

use super::abilities::Abilities;
use super::extents::{self, Context};
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::failure::late;
use crate::core::http::reply::{Asked, Opened, Reply};
use crate::core::http::transport::Transport;
use crate::core::http::wire::Shown;
use crate::transfer::block_hash::{ALGORITHM, BLOCK};
use crate::transfer::image::Extent;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, RANGE};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// How long a server may take over what it does without sending anything meanwhile, such as writing everything to a disk.
const LONG_LIMIT: Duration = Duration::from_secs(15 * 60);

/// How long a server may take to compute the checksum of a GiB.
const CHECKSUM_LIMIT_PER_GIB: Duration = Duration::from_secs(60);

/// An address at which an image is served.
#[derive(Clone)]
pub(crate) struct Server {
    transport: Arc<Transport>,
    /// Whoever has this URL has the image.
    url: Url,
    /// Host and port.
    name: String,
    /// What the proxies of old engines want to be shown.
    authorization: Option<SecretString>,
    /// How long nothing may move.
    patience: Duration,
}

/// What is to be sent.
#[derive(Default)]
struct Parts {
    path: &'static str,
    query: Option<String>,
    header: Option<(HeaderName, String)>,
    body: Option<(&'static str, Bytes)>,
}

impl Server {
    pub(crate) fn new(transport: Arc<Transport>, url: Url, authorization: Option<SecretString>, patience: Duration) -> Self {
        let name = crate::core::http::transport::server(&url);
        Self { transport, url, name, authorization, patience }
    }

    /// The same, by another name.
    pub(crate) fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// Host and port.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Asks what the server can do. Those of old do not know the question.
    pub(crate) async fn options(&self, limit: Duration) -> Result<(Abilities, Option<std::net::SocketAddr>)> {
        let opened = self.ask(Method::OPTIONS, Parts::default(), limit).await?;
        let address = opened.response.remote_addr();
        match opened.status() {
            204 | 405 => {
                drop(self.read(opened, limit).await);
                Ok((Abilities::default(), address))
            }
            200 => {
                let reply = self.read(opened, limit).await?;
                let abilities = Abilities::read(&reply.body).map_err(|error| {
                    reply
                        .error(ErrorKind::Decode, format!("what {} says of its abilities cannot be read", self.name()))
                        .with_source(error)
                })?;
                Ok((abilities, address))
            }
            _ => Err(self.refusal(self.read(opened, limit).await?)),
        }
    }

    /// Asks where the image has data; `size` is where the image ends at the latest.
    pub(crate) async fn extents(&self, context: Context, size: Option<u64>) -> Result<Vec<Extent>> {
        let query = (context == Context::Dirty).then(|| format!("context={}", context.name()));
        let reply = self.reply(Method::GET, Parts { path: "/extents", query, ..Parts::default() }, LONG_LIMIT).await?;
        extents::read(&reply.body, context, size).map_err(|problem| self.wrong(reply.error(ErrorKind::Decode, problem)))
    }

    /// Asks for the bytes from `start` to `end`, without `end`. The answer is checked to be these.
    pub(crate) async fn get(&self, start: u64, end: u64) -> Result<Opened> {
        let range = format!("bytes={start}-{}", end.saturating_sub(1));
        let opened = self.ask(Method::GET, Parts { header: Some((RANGE, range)), ..Parts::default() }, self.patience).await?;
        let length = end.saturating_sub(start);
        match opened.status() {
            206 if opened.response.content_length() == Some(length) && starts_at(&opened, start) => Ok(opened),
            // One that knows no ranges sends everything.
            200 if start == 0 && opened.response.content_length() == Some(length) => Ok(opened),
            200 | 206 => {
                let got = opened.response.content_length().map_or("an unknown number of".to_owned(), |length| length.to_string());
                let problem = format!("{} sends {got} bytes where {length} at {start} were asked for", self.name());
                Err(self.wrong(opened.error(ErrorKind::Decode, problem)))
            }
            _ => Err(self.refusal(self.read(opened, self.patience).await?)),
        }
    }

    /// Finds out how many bytes the image has.
    pub(crate) async fn size(&self) -> Result<u64> {
        let parts = Parts { header: Some((RANGE, "bytes=0-0".to_owned())), ..Parts::default() };
        let opened = self.ask(Method::GET, parts, self.patience).await?;
        let size = match opened.status() {
            206 => content_range(&opened).and_then(|range| range.rsplit('/').next()?.trim().parse().ok()),
            // One that knows no ranges sends everything, which nobody reads here.
            200 => opened.response.content_length(),
            _ => return Err(self.refusal(self.read(opened, self.patience).await?)),
        };
        size.ok_or_else(|| {
            self.wrong(opened.error(ErrorKind::Decode, format!("{} does not tell the size of the image", self.name())))
        })
    }

    /// The next bytes of an answer, which have to come in time; `None` at its end.
    pub(crate) async fn piece(&self, opened: &mut Opened) -> Result<Option<Bytes>> {
        match tokio::time::timeout(self.patience, opened.piece()).await {
            Ok(piece) => piece,
            Err(_) => Err(self.late("GET")),
        }
    }

    /// Writes bytes of an image of `size` bytes. With `defers` they may stay in memory there until the next flush.
    pub(crate) async fn put(&self, start: u64, data: Bytes, size: u64, defers: bool) -> Result<()> {
        let last = start.saturating_add(data.len() as u64).saturating_sub(1);
        let parts = Parts {
            query: defers.then(|| "flush=n".to_owned()),
            header: Some((CONTENT_RANGE, format!("bytes {start}-{last}/{size}"))),
            body: Some(("application/octet-stream", data)),
            ..Parts::default()
        };
        self.reply(Method::PUT, parts, self.patience).await.map(drop)
    }

    /// Makes a range zero.
    pub(crate) async fn zero(&self, start: u64, length: u64) -> Result<()> {
        let body = serde_json::json!({ "op": "zero", "offset": start, "size": length, "flush": false });
        self.patch(&body).await
    }

    /// Makes everything last that was written so far.
    pub(crate) async fn flush(&self) -> Result<()> {
        self.patch(&serde_json::json!({ "op": "flush" })).await
    }

    async fn patch(&self, body: &serde_json::Value) -> Result<()> {
        let body = Some(("application/json", Bytes::from(body.to_string())));
        self.reply(Method::PATCH, Parts { body, ..Parts::default() }, LONG_LIMIT).await.map(drop)
    }

    /// Has the server compute the checksum of the whole image of so many bytes, in hexadecimal digits.
    pub(crate) async fn checksum(&self, size: u64) -> Result<String> {
        let query = Some(format!("algorithm={ALGORITHM}&block_size={BLOCK}"));
        let gibs = u32::try_from(size >> 30).unwrap_or(u32::MAX);
        let limit = LONG_LIMIT.saturating_add(CHECKSUM_LIMIT_PER_GIB.saturating_mul(gibs));
        let reply = self.reply(Method::GET, Parts { path: "/checksum", query, ..Parts::default() }, limit).await?;
        let told: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
        let checksum = told.as_ref().and_then(|told| told.get("checksum")?.as_str());
        checksum
            .map(str::to_owned)
            .ok_or_else(|| self.wrong(reply.error(ErrorKind::Decode, format!("{} tells no checksum", self.name()))))
    }

    /// Sends a request and reads the whole answer. Whatever is not a success is an error.
    async fn reply(&self, method: Method, parts: Parts, limit: Duration) -> Result<Reply> {
        let opened = self.ask(method, parts, limit).await?;
        let reply = self.read(opened, limit).await?;
        if reply.is_success() { Ok(reply) } else { Err(self.refusal(reply)) }
    }

    async fn ask(&self, method: Method, parts: Parts, limit: Duration) -> Result<Opened> {
        let mut url = self.url.clone();
        if !parts.path.is_empty() {
            url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), parts.path));
        }
        url.set_query(parts.query.as_deref());
        let mut request = reqwest::Request::new(method.clone(), url.clone());
        let asked = Asked::hidden(method.clone(), url, "an image");
        let bad_header = |_| Error::new(ErrorKind::Request, "the ticket holds characters that no header can carry");
        if let Some((name, value)) = parts.header {
            request.headers_mut().insert(name, HeaderValue::from_str(&value).map_err(bad_header)?);
        }
        if let Some(authorization) = &self.authorization {
            let mut value = HeaderValue::from_str(authorization.expose_secret()).map_err(bad_header)?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        if let Some((kind, body)) = parts.body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            // Bytes have a length: servers take no body without one.
            *request.body_mut() = Some(body.into());
        }
        let answer = tokio::time::timeout(limit, self.transport.exchange(&asked, request, Shown::Nothing)).await;
        answer.unwrap_or_else(|_| Err(self.late(method.as_str()))).map_err(|error| self.wrong(error))
    }

    async fn read(&self, opened: Opened, limit: Duration) -> Result<Reply> {
        tokio::time::timeout(limit, opened.read()).await.unwrap_or_else(|_| Err(self.late("reading an answer")))
    }

    fn late(&self, what: &str) -> Error {
        Error::new(ErrorKind::Timeout, late(self.name())).in_call(&format!("{what} of an image"))
    }

    /// The error that an answer means which is no success.
    fn refusal(&self, reply: Reply) -> Error {
        let (kind, meaning) = match reply.status {
            401 | 403 => (ErrorKind::Authorization, "does not grant access to the image any more"),
            404 => (ErrorKind::NotFound, "does not have that"),
            400 | 405 | 414 | 416 => (ErrorKind::InvalidArgument, "does not take the request"),
            _ => (ErrorKind::Fault, "failed"),
        };
        let message = format!("{} {meaning}", self.name());
        self.wrong(reply.error(kind, message))
    }

    /// An error without what nobody may see.
    fn wrong(&self, error: Error) -> Error {
        let ticket = self.url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
        let error = error.without(ticket);
        match &self.authorization {
            Some(authorization) => error.without(authorization.expose_secret()),
            None => error,
        }
    }
}

fn content_range(opened: &Opened) -> Option<&str> {
    opened.response.headers().get(CONTENT_RANGE)?.to_str().ok()
}

/// Whether the bytes of an answer are those from there on, as far as it tells.
fn starts_at(opened: &Opened, start: u64) -> bool {
    content_range(opened).is_none_or(|range| range.trim().starts_with(&format!("bytes {start}-")))
}
