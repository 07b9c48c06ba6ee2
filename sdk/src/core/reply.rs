use super::error::{Error, ErrorKind, Result};
use bytes::Bytes;
use reqwest::header::HeaderMap;

/// Answer of a server, whatever its status.
#[doc(hidden)]
pub struct Reply {
    /// The call that was answered, for messages.
    pub(crate) call: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An answer whose body is still to be read.
pub(crate) struct Opened {
    /// The call that was answered, for messages.
    pub(crate) call: String,
    /// Host and port, for messages.
    pub(crate) server: String,
    pub(crate) response: reqwest::Response,
}

impl Opened {
    /// Reads the whole body.
    pub(crate) async fn read(self) -> Result<Reply> {
        self.read_after(Vec::new()).await
    }

    /// Reads the rest of a body that begins with what was read before.
    pub(crate) async fn read_after(mut self, mut body: Vec<u8>) -> Result<Reply> {
        while let Some(piece) = self.piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(Reply { call: self.call, status: self.response.status().as_u16(), headers: self.response.headers().clone(), body })
    }

    /// An error that carries what this answer tells.
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        error(&self.call, self.response.status().as_u16(), self.response.headers(), kind, message)
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>> {
        self.response.chunk().await.map_err(|error| Error::from_http(error, &self.server).in_call(&self.call))
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

    /// Kind of content without parameters, in lower case; empty when the server did not say.
    pub(crate) fn content_type(&self) -> String {
        let content_type = self.header("content-type").unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// An error that carries what this answer tells.
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        error(&self.call, self.status, &self.headers, kind, message)
    }
}

fn error(call: &str, status: u16, headers: &HeaderMap, kind: ErrorKind, message: impl Into<String>) -> Error {
    Error::new(kind, message).with_answer(status, correlation_id(headers)).in_call(call)
}

/// The identifier under which the server logged the request; engines and vCenters have a header each.
fn correlation_id(headers: &HeaderMap) -> Option<String> {
    ["correlation-id", "x-request-id"].into_iter().find_map(|name| header(headers, name)).map(str::to_owned)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
