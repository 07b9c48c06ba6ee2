//! What a fault does.

use std::time::Duration;

/// What goes wrong with a request or with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The request is refused, with the words of the engine where none are given.
    Refuse { status: u16, reason: Option<String>, detail: Option<String>, retry_after: Option<u64> },
    /// The answer is an HTML page.
    Html { status: u16 },
    /// The grant is invalid, which a page or JSON says.
    InvalidGrant { status: u16, is_page: bool },
    /// The answer has no body.
    Empty { status: u16 },
    /// There is no answer.
    HangUp,
    /// The answer has another content type.
    ContentType(String),
    /// The connection ends after so many bytes.
    CloseAfter(u64),
    /// The connection ends after so many bytes of the body.
    CutBody(u64),
    /// The body comes in pieces of so many bytes, with a pause after each.
    Slow { bytes: usize, pause: Duration },
    /// The answer comes later.
    Delay(Duration),
    /// Members have a text that their enum does not know: those of one element, or all.
    UnknownEnum(Option<String>),
    /// A member is missing.
    Without(String),
    /// There are elements that no model has.
    UnknownElement,
    /// The JSON of the answer stands in a list.
    InList,
    /// What succeeded is told to have been accepted.
    Accepted,
}

impl Effect {
    /// Whether it answers instead of the engine.
    pub(crate) fn replaces(&self) -> bool {
        matches!(
            self,
            Effect::Refuse { .. } | Effect::Html { .. } | Effect::InvalidGrant { .. } | Effect::Empty { .. } | Effect::HangUp
        )
    }
}
