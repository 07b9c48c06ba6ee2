use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What stands for a secret.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// How much of a body that is not of the API is shown with an error, in characters.
const SHOWN_BODY: usize = 200;

/// Result of whatever can fail in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in words that say what to do about it.
///
/// [`kind`](Self::kind) tells the cases apart. The status of the answer, the server's own explanation
/// and the correlation identifier are there whenever the server sent them, whatever else was wrong with
/// the answer. Neither `Display` nor `Debug` shows a password or a token.
#[derive(Clone)]
pub struct Error(Box<Repr>);

#[derive(Clone)]
struct Repr {
    kind: ErrorKind,
    message: String,
    /// The call that failed, such as `GET /ovirt-engine/api/vms`.
    call: Option<String>,
    status: Option<u16>,
    fault: Option<Fault>,
    conflict: Option<Conflict>,
    correlation_id: Option<String>,
    body: Option<String>,
    retry_after: Option<Duration>,
    /// How often the call was sent.
    attempts: u32,
    /// Whether the server cannot have got the request.
    is_unsent: bool,
    /// Whether everything was tried already.
    is_settled: bool,
    /// The transfer of an image that waits to be gone on with.
    #[cfg(feature = "transfer")]
    paused_transfer: Option<String>,
    /// Where the server's own explanation says more than the status.
    retryable: Option<bool>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
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
    /// A local file cannot be read or written, or is no image that can be transferred.
    Image,
    /// The engine ended a transfer of an image, or did not accept it.
    Transfer,
    /// An image that was transferred is not what was sent.
    Checksum,
    /// The caller called it off.
    Cancelled,
}

impl ErrorKind {
    /// The case in a word, such as `not_found`; traces have it too.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Configuration => "configuration",
            ErrorKind::Request => "request",
            ErrorKind::Connection => "connection",
            ErrorKind::Tls => "tls",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Authentication => "authentication",
            ErrorKind::Authorization => "authorization",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Conflict => "conflict",
            ErrorKind::InvalidArgument => "invalid_argument",
            ErrorKind::Fault => "fault",
            ErrorKind::Decode => "decode",
            ErrorKind::Image => "image",
            ErrorKind::Transfer => "transfer",
            ErrorKind::Checksum => "checksum",
            ErrorKind::Cancelled => "cancelled",
        }
    }
}

/// Conflicts that programs treat differently; [`Error::conflict`] tells which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Conflict {
    /// The object is locked: something is being done to it. It will be free again; wait, and send the request again.
    Locked,
    /// Another operation that has to do with this one is under way. Wait for its end, and send the request again.
    OperationInProgress,
    /// There is an object of that name already. Choose another name, or use that object.
    NameTaken,
}

impl Conflict {
    /// Whether it passes by itself.
    fn passes(self) -> bool {
        match self {
            Conflict::Locked | Conflict::OperationInProgress => true,
            Conflict::NameTaken => false,
        }
    }
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
            conflict: None,
            correlation_id: None,
            body: None,
            retry_after: None,
            attempts: 1,
            is_unsent: false,
            is_settled: false,
            #[cfg(feature = "transfer")]
            paused_transfer: None,
            retryable: None,
            source: None,
        }))
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    pub(crate) fn with_conflict(mut self, conflict: Option<Conflict>) -> Self {
        self.0.conflict = conflict;
        self
    }

    /// What can be read in a body that is not of the API.
    pub(crate) fn with_body(mut self, excerpt: Option<String>) -> Self {
        self.0.body = excerpt;
        self
    }

    pub(crate) fn with_retry_after(mut self, time: Option<Duration>) -> Self {
        self.0.retry_after = time;
        self
    }

    /// Says that the server cannot have got the request.
    pub(crate) fn with_unsent(mut self, is_unsent: bool) -> Self {
        self.0.is_unsent = is_unsent;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Takes a secret out of the texts, should the server have sent it back, as it is or as a form has it.
    pub(crate) fn without(mut self, secret: &str) -> Self {
        let form: String = form_urlencoded(secret);
        for secret in [secret, &form].into_iter().filter(|secret| !secret.is_empty()) {
            let fault = self.0.fault.as_mut().map(|fault| [&mut fault.reason, &mut fault.detail]);
            let texts = [Some(&mut self.0.message), self.0.body.as_mut()].into_iter().flatten();
            for text in texts.chain(fault.into_iter().flatten().flatten()).filter(|text| text.contains(secret)) {
                *text = text.replace(secret, REDACTED);
            }
            if self.0.source.as_ref().is_some_and(|source| tells(&**source, secret)) {
                self.0.source = None;
            }
        }
        self
    }

    /// Says that everything was tried already.
    pub(crate) fn settled(mut self) -> Self {
        self.0.is_settled = true;
        self
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.0.is_settled
    }

    pub(crate) fn is_unsent(&self) -> bool {
        self.0.is_unsent
    }

    #[cfg(feature = "transfer")]
    pub(crate) fn with_paused_transfer(mut self, id: &str) -> Self {
        self.0.paused_transfer = Some(id.to_owned());
        self
    }

    /// What is wrong, without what surrounds it.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
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

    /// Which conflict it is, where the server's words tell: an engine's are understood in English, which it speaks
    /// unless a header `Accept-Language` asks for something else. `None` for every other error and conflict.
    pub fn conflict(&self) -> Option<Conflict> {
        self.0.conflict
    }

    /// What can be read in the body of an answer that is neither XML nor JSON, such as the error page of a proxy: up
    /// to 2 KiB, without markup and control characters.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// Identifier of the image transfer that was left paused, so that another upload with the same journal can go on with it.
    #[cfg(feature = "transfer")]
    pub fn paused_transfer(&self) -> Option<&str> {
        self.0.paused_transfer.as_deref()
    }

    /// How long the server wants to be left alone, if it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often the request was sent, or tried to be: more than once where [`Retry`](crate::Retry) says so. That it was sent
    /// again with a new token does not count.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same request may succeed when sent again later: the server could not be reached, was too slow, said
    /// that it is busy or not ready (status 429, 502, 503 or 504, or a standard error of vSphere that means so), or the
    /// object is locked or in use by another operation ([`conflict`](Self::conflict)).
    ///
    /// It does not tell whether the request was carried out: where the connection broke, or nothing came in time, that
    /// is not known.
    pub fn is_retryable(&self) -> bool {
        let passes = self.0.retryable.or(self.0.conflict.map(Conflict::passes));
        passes.unwrap_or_else(|| {
            matches!(self.kind(), ErrorKind::Connection | ErrorKind::Timeout) || matches!(self.status(), Some(429 | 502..=504))
        })
    }
}

/// Whether an error or what caused it has a text in it.
fn tells(error: &(dyn StdError + 'static), text: &str) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.to_string().contains(text) || format!("{error:?}").contains(text) {
            return true;
        }
        next = error.source();
    }
    false
}

/// A text as a form has it.
fn form_urlencoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(call) = &self.0.call {
            write!(f, "{call}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(body) = &self.0.body {
            let shown: String = body.chars().take(SHOWN_BODY).collect();
            let cut = if shown.len() < body.len() { "…" } else { "" };
            write!(f, "; it says: `{shown}{cut}`")?;
        }
        if self.0.attempts > 1 {
            write!(f, "; it was tried {} times", self.0.attempts)?;
        }
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
