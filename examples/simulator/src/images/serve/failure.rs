//! Refusals of the endpoint: a line of text, and whether the connection ends.

use crate::net::{Answer, full, head};
use hyper::header::{ALLOW, CONNECTION, CONTENT_RANGE};
use std::io;

/// A refused request.
#[derive(Debug)]
pub(super) struct Failure {
    status: u16,
    text: String,
    closes: bool,
    content_range: Option<u64>,
    allow: Option<&'static str>,
}

impl Failure {
    fn new(status: u16, text: impl Into<String>) -> Self {
        Failure { status, text: text.into(), closes: false, content_range: None, allow: None }
    }

    /// 400.
    pub(super) fn bad_request(text: impl Into<String>) -> Self {
        Failure::new(400, text)
    }

    /// 401, where a permission is missing or is not that of the ticket.
    pub(super) fn unauthorized() -> Self {
        Failure::new(401, "You must be authorized to access this resource").closing()
    }

    /// 403, which always ends the connection.
    pub(super) fn forbidden(reason: &str) -> Self {
        let text = format!("You are not allowed to access this resource: {reason}");
        Failure { closes: true, ..Failure::new(403, text) }
    }

    /// 404 for an unknown path.
    pub(super) fn not_found() -> Self {
        Failure::new(404, "Not found")
    }

    /// 404 for extents that the ticket does not give.
    pub(super) fn no_dirty_extents() -> Self {
        Failure::new(404, "Ticket does not support dirty extents")
    }

    /// 405 with the methods that the path takes.
    pub(super) fn wrong_method(allow: &'static str) -> Self {
        Failure { allow: Some(allow), ..Failure::new(405, "Method not allowed") }
    }

    /// 416 that names the size.
    pub(super) fn beyond_end(size: u64) -> Self {
        Failure {
            content_range: Some(size),
            ..Failure::new(416, format!("Requested range is beyond the end of the image ({size})"))
        }
    }

    /// 416 that does not.
    pub(super) fn bad_range(text: impl Into<String>) -> Self {
        Failure::new(416, text)
    }

    /// The same, with the end of the connection: the body was not read.
    pub(super) fn closing(self) -> Self {
        Failure { closes: true, ..self }
    }

    /// The answer.
    pub(super) fn answer(self) -> Answer {
        let mut answer = full(self.status, "text/plain; charset=UTF-8", format!("{}\n", self.text));
        if self.closes {
            head(&mut answer, CONNECTION, "close");
        }
        if let Some(size) = self.content_range {
            head(&mut answer, CONTENT_RANGE, &format!("bytes */{size}"));
        }
        if let Some(allow) = self.allow {
            head(&mut answer, ALLOW, allow);
        }
        answer
    }
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Failure::new(500, "Server failed to perform the request, check logs")
    }
}
