//! Faults that tests inject: what goes wrong, and for which requests.

mod alter;
mod answer;
mod drip;
mod effect;
mod front;
mod list;
mod requests;

pub(crate) use effect::Effect;
pub(crate) use front::Faulty;
pub use list::FaultId;
pub(crate) use list::{Faults, Listed};
pub(crate) use requests::Requests;
pub use requests::Target;

use std::time::Duration;

/// Something that goes wrong, and the requests for which it does: without more, each request to the API, until the
/// fault is removed.
///
/// ```
/// use virt_simulator::{Fault, Target};
///
/// // The next two requests to start a virtual machine are refused.
/// let busy = Fault::status(409).method("POST").path("/vms/*/start").times(2);
/// // The first piece of image data arrives, and the third one breaks off.
/// let cut = Fault::cut_body(1000).at(Target::Images).method("GET").skip(2).times(1);
/// # let _ = (busy, cut);
/// ```
///
/// All faults that a request meets apply to it, in the order in which they were injected. Of those that answer instead
/// of the engine only the first does; the others wait for another request.
///
/// Times pass on the clock of the simulator: [`Simulator::advance`](crate::Simulator::advance) shortens them.
///
/// The table of all faults is in the documentation of this [crate](crate#faults).
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) effect: Effect,
    pub(crate) requests: Requests,
    /// How many of the requests that it fits pass before it meets one.
    pub(crate) skip: u64,
    /// How many requests it meets; none is for ever.
    pub(crate) times: Option<u64>,
}

impl Fault {
    pub(crate) fn new(effect: Effect) -> Self {
        Fault { effect, requests: Requests::default(), skip: 0, times: None }
    }

    /// Refuses with a status between 400 and 599, and what the engine says with it: the API in its fault XML, to an
    /// action as a part of that; sign-in in its JSON; the image endpoint in a line of text.
    pub fn status(status: u16) -> Self {
        Fault::new(Effect::Refuse { status, reason: None, detail: None, retry_after: None })
    }

    /// As [`Fault::status`], with a reason and a detail of your own. To sign-in the reason is the code of the error,
    /// such as `access_denied`.
    pub fn refusal(status: u16, reason: impl Into<String>, detail: impl Into<String>) -> Self {
        let (reason, detail) = (Some(reason.into()), Some(detail.into()));
        Fault::new(Effect::Refuse { status, reason, detail, retry_after: None })
    }

    /// Refuses with 503 and a `Retry-After` in whole seconds.
    pub fn unavailable(retry_after: Duration) -> Self {
        Fault::new(Effect::Refuse { status: 503, reason: None, detail: None, retry_after: Some(retry_after.as_secs()) })
    }

    /// Answers with a status and an HTML page, as a proxy in front of the engine does.
    pub fn html(status: u16) -> Self {
        Fault::new(Effect::Html { status })
    }

    /// Answers with 400 and `invalid_grant` in the JSON of sign-in.
    pub fn invalid_grant() -> Self {
        Fault::new(Effect::InvalidGrant { status: 400, is_page: false })
    }

    /// Answers with 401 and `invalid_grant` in an HTML page, as an engine did to clients that had been signed in for
    /// long.
    pub fn invalid_grant_page() -> Self {
        Fault::new(Effect::InvalidGrant { status: 401, is_page: true })
    }

    /// Answers with a status and without a body.
    pub fn empty(status: u16) -> Self {
        Fault::new(Effect::Empty { status })
    }

    /// Closes the connection without an answer. The request is not carried out.
    pub fn hang_up() -> Self {
        Fault::new(Effect::HangUp)
    }

    /// Carries the request out, and gives its answer another content type. A text that no header can hold leaves the
    /// answer without one.
    pub fn content_type(content_type: impl Into<String>) -> Self {
        Fault::new(Effect::ContentType(content_type.into()))
    }

    /// Carries the request out, and closes the connection after so many bytes of the answer, those of its head among
    /// them. After 0 bytes the client cannot know whether the request was carried out.
    pub fn close_after(bytes: u64) -> Self {
        Fault::new(Effect::CloseAfter(bytes))
    }

    /// Carries the request out, and closes the connection after the head of the answer and so many bytes of its body.
    pub fn cut_body(bytes: u64) -> Self {
        Fault::new(Effect::CutBody(bytes))
    }

    /// Sends the body of the answer in pieces of so many bytes, at least one, with a pause after each.
    pub fn slow(bytes: usize, pause: Duration) -> Self {
        Fault::new(Effect::Slow { bytes, pause })
    }

    /// Carries the request out at once, and answers after some time.
    pub fn delay(time: Duration) -> Self {
        Fault::new(Effect::Delay(time))
    }

    /// Puts the text `from_a_newer_engine` into all members of the answer that are of an enum, except those of faults
    /// and actions.
    pub fn unknown_enum() -> Self {
        Fault::new(Effect::UnknownEnum(None))
    }

    /// As [`Fault::unknown_enum`], into the elements of one name, such as `status`, which may be of any type.
    pub fn unknown_enum_in(element: impl Into<String>) -> Self {
        Fault::new(Effect::UnknownEnum(Some(element.into())))
    }

    /// Leaves all elements and attributes of one name, such as `id`, out of the answer.
    pub fn without(member: impl Into<String>) -> Self {
        Fault::new(Effect::Without(member.into()))
    }

    /// Adds an element that no model has, with an attribute and children, to the object of the answer, or to its list
    /// and each object there.
    pub fn unknown_element() -> Self {
        Fault::new(Effect::UnknownElement)
    }

    /// Puts the JSON of the answer into a list of one, as some engines do with the token when somebody signs in. Without
    /// [`Fault::at`] it is for signing in and out, where there is JSON.
    pub fn in_list() -> Self {
        Fault::new(Effect::InList).at(Target::SignIn)
    }

    /// Answers 202 to what succeeded: to adding and updating with a `Location` and an empty body, to an action with
    /// status `pending`, to removing with an empty body. Reading is not changed.
    pub fn accepted() -> Self {
        Fault::new(Effect::Accepted)
    }

    /// Which part of the simulator it is at. Default: the API.
    pub fn at(mut self, target: Target) -> Self {
        self.requests.target = target;
        self
    }

    /// HTTP method of the requests, such as `GET`. Default: any.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.requests.method = Some(method.into());
        self
    }

    /// Path of the requests, where `*` is any one segment, and `**` any number of them. Default: any.
    ///
    /// That of a request to the API is what follows `/ovirt-engine/api`, such as `/vms/*/start`, or `/` for the entry
    /// point; any other is whole, such as `/images/*/extents`.
    pub fn path(mut self, pattern: impl Into<String>) -> Self {
        self.requests.path = Some(pattern.into());
        self
    }

    /// Lets so many of these requests pass before it meets one. Default 0.
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Meets so many requests at most. Default: all, until it is removed.
    pub fn times(mut self, requests: u64) -> Self {
        self.times = Some(requests);
        self
    }

    /// Meets one request: as [`Fault::times`] with 1.
    pub fn once(self) -> Self {
        self.times(1)
    }
}
