//! The content of files, to and from the endpoints that update and download sessions give.

use super::Session;
use super::content::library::item::TransferEndpoint;
use super::failure;
use super::sign_in::session_header;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::reply::{Asked, Opened};
use crate::core::http::session::{Refused, Token};
use crate::core::http::span;
use crate::core::http::wire::Shown;
use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE};
use reqwest::{Body, Method, Request, StatusCode, Url};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::Instrument;

/// How much of a file is read at once, in bytes.
const PIECE: usize = 256 * 1024;

impl Session {
    /// Sends the content of a file, of `size` bytes, to the `upload_endpoint` that
    /// [`add`](super::content::library::item::updatesession::FileService::add) gave for it.
    ///
    /// The token goes along when the endpoint is on the server of this session, and only then. The time limit of the
    /// session does not count: an upload may take as long as it takes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the endpoint has no URL, or when `content` cannot be read or has not exactly `size`
    /// bytes; else those of any request. Nothing is sent again by itself, not even when the token was refused:
    /// `content` may be a pipe. The next attempt has a new token.
    pub async fn upload(&self, endpoint: &TransferEndpoint, content: impl AsyncRead + Send + 'static, size: u64) -> Result<()> {
        let target = Target::of(self, endpoint, Method::PUT)?;
        let (mut request, token) = self.transfer(&target).await?;
        let problem = Problem::default();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
        *request.body_mut() = Some(Body::wrap_stream(pieces(Box::pin(content), size, problem.clone())));
        let opened = self.exchange(&target, request, None).await.map_err(|error| match problem.take() {
            // What the connection says of it is only a consequence.
            Some(problem) => Error::new(ErrorKind::Request, problem).in_call(&target.asked.call()),
            None => error,
        })?;
        if let (StatusCode::UNAUTHORIZED, Some(token)) = (opened.response.status(), &token) {
            self.client().session().forget(token, Refused::Unknown);
        }
        let reply = opened.read().await?;
        if reply.is_success() { Ok(()) } else { Err(failure::error(&reply)) }
    }

    /// Reads the content of a file, without its first `from` bytes, from the `download_endpoint` that a download
    /// session gave when the file was [`prepared`](super::content::library::item::downloadsession::file::PrepareStatus::Prepared).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the endpoint has no URL, or `from` is beyond the end; else those of any request. It is not
    /// sent again by itself, but for a token that was refused: go on from the byte that came last.
    pub async fn download(&self, endpoint: &TransferEndpoint, from: u64) -> Result<Download> {
        let target = Target::of(self, endpoint, Method::GET)?;
        let range = HeaderValue::try_from(format!("bytes={from}-")).ok().filter(|_| from > 0);
        let ranged = |mut request: Request| {
            request.headers_mut().extend(range.clone().map(|range| (RANGE, range)));
            request
        };
        let (request, token) = self.transfer(&target).await?;
        let mut opened = self.exchange(&target, ranged(request), self.timeout()).await?;
        if let (StatusCode::UNAUTHORIZED, Some(token)) = (opened.response.status(), &token)
            && self.client().session().renew(token, Refused::Unknown).await?.is_some()
        {
            let (request, _) = self.transfer(&target).await?;
            opened = self.exchange(&target, ranged(request), self.timeout()).await?;
        }
        let idle = self.timeout();
        let length = opened.response.content_length();
        match opened.response.status() {
            StatusCode::PARTIAL_CONTENT if starts_at(&opened, from) => Ok(Download { skip: 0, left: length, idle, opened }),
            StatusCode::PARTIAL_CONTENT => {
                Err(opened.error(ErrorKind::Decode, format!("the answer does not start at byte {from}")))
            }
            StatusCode::OK => Ok(Download { skip: from, left: length.map(|length| length.saturating_sub(from)), idle, opened }),
            StatusCode::RANGE_NOT_SATISFIABLE => Err(beyond(&opened, from)),
            _ => Err(failure::error(&opened.read().await?)),
        }
    }

    /// A request to an endpoint, with the token if that is ours to show there.
    async fn transfer(&self, target: &Target) -> Result<(Request, Option<Arc<Token>>)> {
        let mut request = Request::new(target.asked.method.clone(), target.asked.url.clone());
        if !target.is_ours {
            return Ok((request, None));
        }
        let token = self.client().session().token().await?;
        let (name, value) = session_header(&token.secret)?;
        request.headers_mut().insert(name, value);
        Ok((request, Some(token)))
    }

    /// Sends a request to an endpoint; `timeout` is how long the beginning of the answer may take.
    async fn exchange(&self, target: &Target, request: Request, timeout: Option<Duration>) -> Result<Opened> {
        let exchange = async {
            let answer = self.client().transport().exchange(&target.asked, request, Shown::Nothing);
            let opened = limited(timeout, &target.asked, answer).await.and_then(|answer| answer);
            opened.inspect(|opened| span::answered(opened.status())).inspect_err(span::failed)
        };
        // Its path may let in whoever has it.
        let exchange = exchange.instrument(span::request(&target.asked, "/{file}")).await;
        exchange.map_err(|error| error.in_call(&target.asked.call()))
    }
}

/// Where content goes or comes from.
struct Target {
    /// The path may let in whoever has it, so that no message shows it.
    asked: Arc<Asked>,
    /// Whether it is on the server of the session.
    is_ours: bool,
}

impl Target {
    fn of(session: &Session, endpoint: &TransferEndpoint, method: Method) -> Result<Self> {
        let wrong = |message: String| Error::new(ErrorKind::Request, message);
        let uri = endpoint.uri.as_deref().ok_or_else(|| wrong("the endpoint has no `uri`".to_owned()))?;
        let url = Url::parse(uri).map_err(|error| wrong(format!("the `uri` of the endpoint is no URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(format!(
                "the endpoint is reached by `{}:`, not by HTTP; ask for one of type `HTTPS`",
                url.scheme()
            )));
        }
        let base = session.client().base();
        let is_ours = (url.scheme(), url.host_str(), url.port_or_known_default())
            == (base.scheme(), base.host_str(), base.port_or_known_default());
        Ok(Self { asked: Asked::hidden(method, url, "a file"), is_ours })
    }
}

/// Waits at most so long.
async fn limited<T>(timeout: Option<Duration>, asked: &Asked, future: impl Future<Output = T>) -> Result<T> {
    let Some(timeout) = timeout else { return Ok(future.await) };
    let message = || format!("nothing came from {} for {} s; allow more with `timeout`", asked.server(), timeout.as_secs_f64());
    tokio::time::timeout(timeout, future).await.map_err(|_| Error::new(ErrorKind::Timeout, message()))
}

/// Whether an answer starts at that byte. A server that does not tell is believed.
fn starts_at(opened: &Opened, from: u64) -> bool {
    let range = opened.response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    start.is_none_or(|start| start.parse() == Ok(from))
}

fn beyond(opened: &Opened, from: u64) -> Error {
    opened.error(ErrorKind::Request, format!("the file has no byte {from}; start at a smaller one"))
}

/// The content of a file while it arrives. Dropping it ends the transfer.
pub struct Download {
    /// Bytes still to be passed over, where the server does not start later by itself.
    skip: u64,
    /// Bytes still to come, if the server said how many.
    left: Option<u64>,
    /// How long nothing may come.
    idle: Option<Duration>,
    opened: Opened,
}

impl Download {
    /// How many bytes are still to come, if the server says so.
    pub fn size(&self) -> Option<u64> {
        self.left
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connection`] when the connection broke before the end: what arrived is right, and the rest can be
    /// had by another [`download`](Session::download). [`ErrorKind::Timeout`] when nothing came for as long as
    /// [`timeout`](super::SessionBuilder::timeout) says. [`ErrorKind::Request`] when the download was to start beyond
    /// the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let asked = self.opened.asked.clone();
        while let Some(mut piece) = limited(self.idle, &asked, self.opened.piece()).await?? {
            let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
            self.skip -= passed as u64;
            let rest = piece.split_off(passed);
            if !rest.is_empty() {
                self.left = self.left.map(|left| left.saturating_sub(rest.len() as u64));
                return Ok(Some(rest));
            }
        }
        if self.skip > 0 {
            Err(self.opened.error(ErrorKind::Request, "the file ends before the byte to start at"))
        } else {
            Ok(None)
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// What is wrong with the content that is sent, told from within the stream of it.
#[derive(Clone, Default)]
struct Problem(Arc<Mutex<Option<String>>>);

impl Problem {
    fn tell(&self, message: String) -> io::Error {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.clone());
        io::Error::other(message)
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The content, piece by piece, if it has exactly `size` bytes.
fn pieces(
    content: Pin<Box<dyn AsyncRead + Send>>,
    size: u64,
    problem: Problem,
) -> impl futures_core::Stream<Item = io::Result<Bytes>> + Send {
    try_unfold((content, size), move |(mut content, left)| {
        let problem = problem.clone();
        async move {
            if left == 0 {
                return Ok(None);
            }
            let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let mut piece = BytesMut::with_capacity(wanted);
            let mut limited = (&mut content).take(wanted as u64);
            while piece.len() < wanted {
                let sent = size - left + piece.len() as u64;
                match limited.read_buf(&mut piece).await {
                    Ok(0) => return Err(problem.tell(format!("the content ends after {sent} bytes, {size} were announced"))),
                    Ok(_) => {}
                    Err(error) => return Err(problem.tell(format!("the content cannot be read after {sent} bytes: {error}"))),
                }
            }
            let left = left - piece.len() as u64;
            // Known before the last piece goes out, so that the server does not take the file for complete.
            if left == 0 && content.read(&mut [0]).await.unwrap_or(0) > 0 {
                return Err(problem.tell(format!("the content goes on after the {size} bytes that were announced")));
            }
            Ok(Some((piece.freeze(), (content, left))))
        }
    })
}
