use std::error::Error as StdError;
use std::fmt;

/// Result of whatever can fail in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in words that say what to do about it.
///
/// [`kind`](Self::kind) tells the cases apart. The status of the answer, the server's own explanation
/// and the correlation identifier are there whenever the server sent them, whatever else was wrong with
/// the answer. Neither `Display` nor `Debug` shows a password or a token.
pub struct Error(Box<Repr>);

struct Repr {
    kind: ErrorKind,
    message: String,
    /// The call that failed, such as `GET /ovirt-engine/api/vms`.
    call: Option<String>,
    status: Option<u16>,
    fault: Option<Fault>,
    correlation_id: Option<String>,
    /// Where the server's own explanation says more than the status.
    retryable: Option<bool>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The cases of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The connection was set up wrongly: a bad URL, an unreadable CA file, missing credentials.
    Configuration,
    /// The request cannot be sent as it is: an empty identifier, a control character, a missing body.
    Request,
    /// The server cannot be reached, or the connection broke.
    Connection,
    /// The certificate of the server is not trusted, or no secure connection could be agreed on.
    Tls,
    /// The answer did not come in time.
    Timeout,
    /// The server does not accept user, password or token.
    Authentication,
    /// The user may not do this.
    Authorization,
    /// There is no such object.
    NotFound,
    /// The object is not in a state that allows this, or the name is taken.
    Conflict,
    /// The server does not take what was sent: a value that is out of range, of the wrong type, or not supported.
    InvalidArgument,
    /// The server refused or failed for another reason.
    Fault,
    /// The answer is not what the API would send.
    Decode,
}

/// The server's explanation of a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// What failed, such as `Operation Failed`.
    pub reason: Option<String>,
    /// Why it failed, such as `[Cannot remove VM. VM is running.]`.
    pub detail: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.reason, &self.detail) {
            (Some(reason), Some(detail)) => write!(f, "{reason}: {detail}"),
            (Some(text), None) | (None, Some(text)) => f.write_str(text),
            (None, None) => f.write_str("the server gave no reason"),
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Repr {
            kind,
            message,
            call: None,
            status: None,
            fault: None,
            correlation_id: None,
            retryable: None,
            source: None,
        }))
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_fault(mut self, fault: Option<Fault>) -> Self {
        self.0.fault = fault;
        self
    }

    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Adds to the message of an error of that kind.
    pub(crate) fn hint_for(mut self, kind: ErrorKind, hint: &str) -> Self {
        if self.0.kind == kind {
            self.0.message.push_str(hint);
        }
        self
    }

    pub(crate) fn with_answer(mut self, status: u16, correlation_id: Option<String>) -> Self {
        self.0.status = Some(status);
        self.0.correlation_id = correlation_id;
        self
    }

    /// Says which call failed, unless an inner one is named already.
    pub(crate) fn in_call(mut self, call: &str) -> Self {
        self.0.call.get_or_insert_with(|| call.to_owned());
        self
    }

    /// An error of the HTTP client. The URL is left out: it may hold a secret.
    pub(crate) fn from_http(error: reqwest::Error, server: &str) -> Self {
        let error = error.without_url();
        let chain = chain(&error);
        let is_tls =
            ["certificate", "tls", "ssl", "invalidcontenttype"].iter().any(|word| chain.to_ascii_lowercase().contains(word));
        let (kind, message) = if error.is_timeout() {
            (
                ErrorKind::Timeout,
                format!("no answer from {server} in time; allow more with `timeout`, or check that the server is well"),
            )
        } else if is_tls {
            let fix = "give the CA that signed it with `ca_file` or `ca_pem`";
            (ErrorKind::Tls, format!("no secure connection to {server}: {chain}; if its certificate is not trusted, {fix}"))
        } else if error.is_builder() {
            (ErrorKind::Request, format!("the request cannot be sent: {chain}"))
        } else if error.is_connect() {
            (ErrorKind::Connection, format!("cannot reach {server}: {chain}; check the host name, the port and the network"))
        } else {
            (
                ErrorKind::Connection,
                format!("the connection to {server} broke: {chain}; try again, and check scheme and port of the URL"),
            )
        };
        Self::new(kind, message).with_source(error)
    }

    /// Which case it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's explanation, if it gave one.
    pub fn fault(&self) -> Option<&Fault> {
        self.0.fault.as_ref()
    }

    /// Identifier under which the server logged the request, if it gave one.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation_id.as_deref()
    }

    /// Whether the same request may succeed when sent again later: the server could not be reached, was
    /// too slow, or said that it is busy or not ready (status 429, 502, 503 or 504, or a standard error of
    /// vSphere that means so).
    pub fn is_retryable(&self) -> bool {
        if let Some(retryable) = self.0.retryable {
            return retryable;
        }
        matches!(self.kind(), ErrorKind::Connection | ErrorKind::Timeout) || matches!(self.status(), Some(429 | 502..=504))
    }
}

/// What the causes of an error say, from the outside in, without repetition.
fn chain(error: &dyn StdError) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !texts.iter().any(|outer| outer.contains(&text)) {
            texts.push(text);
        }
        next = cause.source();
    }
    texts.join(": ")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(call) = &self.0.call {
            write!(f, "{call}: ")?;
        }
        f.write_str(&self.0.message)?;
        match (self.0.status, &self.0.correlation_id) {
            (Some(status), Some(id)) => write!(f, " (status {status}, correlation id {id})"),
            (Some(status), None) => write!(f, " (status {status})"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.0.kind, self)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
