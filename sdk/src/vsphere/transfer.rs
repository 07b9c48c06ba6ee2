//! The content of files, to and from the endpoints that update and download sessions give.

use super::Session;
use super::content::library::item::TransferEndpoint;
use super::failure;
use super::sign_in::session_header;
use crate::core::client::server;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::reply::Opened;
use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, RANGE};
use reqwest::{Body, Method, RequestBuilder, StatusCode, Url};
use std::fmt;
use std::io;
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of a file is read at once, in bytes.
const PIECE: usize = 256 * 1024;

impl Session {
    /// Sends the content of a file, of `size` bytes, to the `upload_endpoint` that
    /// [`add`](super::content::library::item::updatesession::FileService::add) gave for it.
    ///
    /// The token goes along when the endpoint is on the server of this session, and only then.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the endpoint has no URL, or when `content` cannot be read or has not `size` bytes;
    /// else those of any request. A sent file is not sent again by itself: `content` may be a pipe.
    pub async fn upload(&self, endpoint: &TransferEndpoint, content: impl AsyncRead + Send + 'static, size: u64) -> Result<()> {
        let (request, mut opening) = self.transfer(endpoint, Method::PUT).await?;
        let body = Body::wrap_stream(pieces(Box::pin(content), size));
        let request = request.header(CONTENT_TYPE, "application/octet-stream").header(CONTENT_LENGTH, size).body(body);
        let reply = opening.send(request).await?.read().await?;
        if reply.is_success() { Ok(()) } else { Err(failure::error(&reply)) }
    }

    /// Reads the content of a file, without its first `from` bytes, from the `download_endpoint` that a download
    /// session gave when the file was [`prepared`](super::content::library::item::downloadsession::file::PrepareStatus::Prepared).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the endpoint has no URL, or `from` is beyond the end; else those of any request.
    pub async fn download(&self, endpoint: &TransferEndpoint, from: u64) -> Result<Download> {
        let (request, mut opening) = self.transfer(endpoint, Method::GET).await?;
        let request = if from > 0 { request.header(RANGE, format!("bytes={from}-")) } else { request };
        let opened = opening.send(request).await?;
        match opened.response.status() {
            StatusCode::PARTIAL_CONTENT => Ok(Download { skip: 0, opened }),
            StatusCode::OK => Ok(Download { skip: from, opened }),
            StatusCode::RANGE_NOT_SATISFIABLE => {
                Err(opened.error(ErrorKind::Request, format!("the file has no byte {from}; start at a smaller one")))
            }
            _ => Err(failure::error(&opened.read().await?)),
        }
    }

    /// A request to an endpoint, with the token if that is ours to show there.
    async fn transfer(&self, endpoint: &TransferEndpoint, method: Method) -> Result<(RequestBuilder, Opening)> {
        let wrong = |message: String| Error::new(ErrorKind::Request, message);
        let uri = endpoint.uri.as_deref().ok_or_else(|| wrong("the endpoint has no `uri`".to_owned()))?;
        // The URI itself may let in whoever has it, so that no message shows it.
        let url = Url::parse(uri).map_err(|error| wrong(format!("the `uri` of the endpoint is no URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(format!(
                "the endpoint is reached by `{}:`, not by HTTP; ask for one of type `HTTPS`",
                url.scheme()
            )));
        }
        let opening = Opening { call: format!("{method} of a file"), server: server(&url) };
        let base = self.client().base();
        let is_ours = (url.scheme(), url.host_str(), url.port_or_known_default())
            == (base.scheme(), base.host_str(), base.port_or_known_default());
        let mut request = self.transfers().request(method, url);
        if is_ours {
            let (name, value) = session_header(&self.client().session().token().await?)?;
            request = request.header(name, value);
        }
        Ok((request, opening))
    }
}

/// What messages tell of a transfer.
struct Opening {
    call: String,
    server: String,
}

impl Opening {
    async fn send(&mut self, request: RequestBuilder) -> Result<Opened> {
        let (call, server) = (std::mem::take(&mut self.call), std::mem::take(&mut self.server));
        match request.send().await {
            Ok(response) => Ok(Opened { call, server, response }),
            Err(error) => Err(Error::from_http(error, &server).in_call(&call)),
        }
    }
}

/// The content of a file while it arrives. Dropping it ends the transfer.
pub struct Download {
    /// Bytes still to be passed over, where the server does not start later by itself.
    skip: u64,
    opened: Opened,
}

impl Download {
    /// How many bytes are to come, if the server says so.
    pub fn size(&self) -> Option<u64> {
        Some(self.opened.response.content_length()?.saturating_sub(self.skip))
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connection`] when the connection broke before the end: what arrived is right, and the rest can be
    /// had by another [`download`](Session::download).
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        while let Some(mut piece) = self.opened.piece().await? {
            let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
            self.skip -= passed as u64;
            let rest = piece.split_off(passed);
            if !rest.is_empty() {
                return Ok(Some(rest));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// Exactly `size` bytes of the content, piece by piece.
fn pieces(content: Pin<Box<dyn AsyncRead + Send>>, size: u64) -> impl futures_core::Stream<Item = io::Result<Bytes>> + Send {
    try_unfold((content, size), move |(mut content, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let mut piece = BytesMut::with_capacity(wanted);
        let mut limited = (&mut content).take(wanted as u64);
        while piece.len() < wanted {
            if limited.read_buf(&mut piece).await? == 0 {
                let message = format!("the content ends after {} bytes, {size} were announced", size - left + piece.len() as u64);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
        }
        let left = left - piece.len() as u64;
        Ok(Some((piece.freeze(), (content, left))))
    })
}
