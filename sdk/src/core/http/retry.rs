//! Which failures pass by themselves, and how long to wait before a call is sent again.

use crate::core::error::{Error, ErrorKind, Result};
use reqwest::Method;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::time::Instant;

/// The longest wait that a server may ask for. One that asks for more gets no second attempt.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// More than anybody waits, and little enough to be added to a time.
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How often, and after how long, a call is sent again that failed on the way.
///
/// Sent again are calls that are safe to repeat (`GET`, `HEAD`, `OPTIONS`, `PUT`, `DELETE`) when the server could not
/// be reached, the connection broke, or the server answered 502, 503 or 504, as the proxy in front of an engine that
/// restarts does. Calls that are not safe to repeat (`POST`, `PATCH`) are sent again only when they cannot have been
/// carried out: no connection came about, or the server answered 429. Nothing else is sent again by itself: what the
/// server refused, and what it did not answer in time.
///
/// The pause doubles from one attempt to the next, and each is shortened by chance, down to half, so that clients
/// do not come back all at once. A `Retry-After` of up to 60 seconds is waited for, at least. Unless
/// [`attempts`](Self::attempts) says how often, a server that never answered on this connection is tried twice: then the URL
/// is wrong rather than the server away.
///
/// ```
/// use std::time::Duration;
/// use virt_sdk::Retry;
///
/// let patient = Retry::new().attempts(20).longest_pause(Duration::from_secs(30));
/// let builder = virt_sdk::ovirt::Connection::builder("https://engine.example.com/ovirt-engine/api").retry(patient);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Six, if nothing is said.
    attempts: Option<u32>,
    first_pause: Duration,
    longest_pause: Duration,
    all_methods: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: None,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(10),
            all_methods: false,
        }
    }
}

impl Retry {
    /// Six attempts, with pauses of 0.5, 1, 2, 4 and 8 seconds at most: an engine that is back within a quarter of a
    /// minute is not missed.
    pub fn new() -> Self {
        Self::default()
    }

    /// One attempt.
    pub fn none() -> Self {
        Self::default().attempts(1)
    }

    /// How often a call is sent, the first time included. Default: 6, or 2 while the server never answered. 0 means 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts.max(1));
        self
    }

    /// Pause after the first attempt; it doubles after each further one. Default: 0.5 seconds.
    pub fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// What a pause grows to at most. Default: 10 seconds.
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Sends calls again whatever their method. Only for calls that do no harm when carried out twice: an answer that
    /// was lost on the way does not tell whether they were. Default: false.
    pub fn all_methods(mut self, all: bool) -> Self {
        self.all_methods = all;
        self
    }

    /// The same for the end of a session, which has a deadline, and does no harm when done twice.
    pub(crate) fn to_end(&self) -> Self {
        Self { attempts: Some(self.attempts.unwrap_or(2).min(2)), all_methods: true, ..self.clone() }
    }

    /// How long to wait before the next attempt; `None` when there is none. `made` counts the attempts so far,
    /// `is_known` says whether the server ever answered.
    pub(super) fn pause(&self, error: &Error, method: &Method, made: u32, is_known: bool) -> Option<Duration> {
        let attempts = self.attempts.unwrap_or(if is_known { 6 } else { 2 });
        if made >= attempts || !self.may_repeat(error, method) {
            return None;
        }
        let asked = error.retry_after().unwrap_or_default();
        if asked > LONGEST_ASKED.max(self.longest_pause) {
            return None;
        }
        let (first, longest) = (self.first_pause.min(LONGEST_PAUSE), self.longest_pause.min(LONGEST_PAUSE));
        let factor = 2_u32.checked_pow(made.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = first.saturating_mul(factor).min(longest);
        Some(pause.mul_f64(0.5 + chance() / 2.0).max(asked).min(LONGEST_PAUSE))
    }

    fn may_repeat(&self, error: &Error, method: &Method) -> bool {
        let is_safe = self.all_methods || matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE");
        match (error.status(), error.kind()) {
            (Some(429), _) => true,
            (Some(502..=504), _) => is_safe,
            (_, ErrorKind::Connection) => is_safe || error.is_unsent(),
            (None, ErrorKind::Timeout) => error.is_unsent(),
            _ => false,
        }
    }
}

/// The attempts at one call.
pub(crate) struct Attempts<'a> {
    retry: &'a Retry,
    method: &'a Method,
    deadline: Option<Instant>,
    made: u32,
    /// Whether an attempt failed that the server may have carried out.
    is_ambiguous: bool,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(retry: &'a Retry, method: &'a Method, deadline: Option<Instant>) -> Self {
        Self { retry, method, deadline, made: 0, is_ambiguous: false }
    }

    /// How many attempts failed so far.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// Takes in that an attempt failed, and waits until it is time for the next one. `is_known` says whether the
    /// server ever answered.
    ///
    /// # Errors
    ///
    /// The failure, when there is no next one.
    pub(crate) async fn failed(&mut self, error: Error, is_known: bool) -> Result<()> {
        if error.is_settled() {
            return Err(error);
        }
        self.made += 1;
        let next = self.retry.pause(&error, self.method, self.made, is_known).map(|pause| (pause, Instant::now() + pause));
        match next.filter(|(_, next)| self.deadline.is_none_or(|deadline| *next < deadline)) {
            Some((pause, next)) => {
                // What the server was too busy for was not carried out.
                self.is_ambiguous |= !error.is_unsent() && error.status() != Some(429);
                tracing::info!(%error, attempt = self.made, pause_ms = pause.as_secs_f64() * 1e3, "the call is sent again");
                tokio::time::sleep_until(next).await;
                Ok(())
            }
            None => {
                let message = format!("{}{}", error.message(), self.hint(&error, is_known));
                Err(error.with_message(message).with_attempts(self.made))
            }
        }
    }

    /// What a caller must know of the attempts.
    fn hint(&self, error: &Error, is_known: bool) -> &'static str {
        let is_lost = matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) && !error.is_unsent();
        match self.method.as_str() {
            "DELETE" if self.is_ambiguous && error.kind() == ErrorKind::NotFound => {
                "; an attempt before this one may have removed it"
            }
            "POST" | "PATCH" if is_lost && is_known => "; it may have been carried out: look before you send it again",
            _ if is_lost && error.kind() == ErrorKind::Connection && !is_known => "; check scheme and port of the URL",
            _ => "",
        }
    }
}

/// Between 0 and 1, other each time.
fn chance() -> f64 {
    // The standard library seeds each of these by chance. The upper half of the bits is enough, and exact.
    f64::from((RandomState::new().hash_one(()) >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16) -> Error {
        Error::new(ErrorKind::Fault, "").with_answer(status, None)
    }

    fn pause(retry: &Retry, error: &Error, made: u32) -> Option<Duration> {
        retry.pause(error, &Method::GET, made, true)
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_differ() {
        let retry = Retry::new().attempts(u32::MAX);
        for (made, longest) in [(1, 500), (2, 1000), (5, 8000), (6, 10_000), (60, 10_000)] {
            let longest = Duration::from_millis(longest);
            let pause = pause(&retry, &failure(503), made).expect("it is sent again");
            assert!(pause >= longest / 2 && pause <= longest, "{made}: {pause:?}");
        }
        let all: std::collections::BTreeSet<_> = (0..20).map(|_| pause(&retry, &failure(503), 3)).collect();
        assert!(all.len() > 1);
    }

    #[test]
    fn what_the_server_asks_for_is_waited_for_within_reason() {
        let asking = |seconds| failure(503).with_retry_after(Some(Duration::from_secs(seconds)));
        assert_eq!(pause(&Retry::new(), &asking(7), 1), Some(Duration::from_secs(7)));
        assert_eq!(pause(&Retry::new(), &asking(61), 1), None);
        let patient = Retry::new().longest_pause(Duration::from_secs(100));
        assert_eq!(pause(&patient, &asking(61), 1), Some(Duration::from_secs(61)));
    }

    #[test]
    fn no_time_is_too_long() {
        let longest = Duration::MAX;
        let retry = Retry::new().first_pause(longest).longest_pause(longest);
        let pause = pause(&retry, &failure(503).with_retry_after(Some(longest)), 3).expect("it is sent again");
        assert!(Instant::now().checked_add(pause).is_some());
    }

    #[test]
    fn attempts_end() {
        assert_eq!(pause(&Retry::none(), &failure(503), 1), None);
        assert!(pause(&Retry::new(), &failure(503), 5).is_some());
        assert_eq!(pause(&Retry::new(), &failure(503), 6), None);
        assert_eq!(Retry::new().pause(&failure(503), &Method::GET, 2, false), None, "a server that never answered");
        let asked = Retry::new().attempts(3);
        assert!(asked.pause(&failure(503), &Method::GET, 2, false).is_some(), "as often as the caller says");
    }

    #[test]
    fn only_what_is_safe_is_repeated() {
        let broken = || Error::new(ErrorKind::Connection, "");
        let refused = || broken().with_unsent(true);
        let late = || Error::new(ErrorKind::Timeout, "");
        for (error, get, post) in [
            (failure(502), true, false),
            (failure(503), true, false),
            (failure(504), true, false),
            (failure(429), true, true),
            (failure(500), false, false),
            (failure(409), false, false),
            (failure(403), false, false),
            (failure(401), false, false),
            (broken(), true, false),
            (refused(), true, true),
            (late(), false, false),
            (late().with_unsent(true), true, true),
            (Error::new(ErrorKind::Tls, "").with_unsent(true), false, false),
        ] {
            let retry = Retry::new();
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                assert_eq!(retry.may_repeat(&error, &method), get, "{method} {error:?}");
            }
            assert_eq!(retry.may_repeat(&error, &Method::POST), post, "POST {error:?}");
            assert_eq!(retry.all_methods(true).may_repeat(&error, &Method::POST), get, "POST {error:?}");
        }
    }
}
