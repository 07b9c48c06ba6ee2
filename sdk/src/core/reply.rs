use super::error::{Error, ErrorKind, Result};
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

impl Reply {
    pub(crate) async fn read(call: String, server: &str, response: reqwest::Response) -> Result<Self> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        match response.bytes().await {
            Ok(body) => Ok(Self { call, status, headers, body: body.into() }),
            Err(error) => Err(Error::from_http(error, server).in_call(&call)),
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body)
            .map_err(|error| self.error(ErrorKind::Decode, "the answer is not UTF-8 text").with_source(error))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Kind of content without parameters, in lower case; empty when the server did not say.
    pub(crate) fn content_type(&self) -> String {
        let content_type = self.header("content-type").unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// An error that carries what this answer tells.
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).with_answer(self.status, self.header("correlation-id").map(str::to_owned)).in_call(&self.call)
    }
}
