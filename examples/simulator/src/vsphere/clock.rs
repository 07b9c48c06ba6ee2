//! Time as the simulated server sees it: it passes, and tests move it forward.

use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// Clock of one simulator. It never goes back.
#[derive(Debug)]
pub(crate) struct Clock {
    began: Timestamp,
    since: Instant,
    moved: Duration,
}

impl Clock {
    /// A clock that shows the present.
    pub(crate) fn new() -> Self {
        Clock { began: Timestamp::now(), since: Instant::now(), moved: Duration::ZERO }
    }

    /// Moves it forward.
    pub(crate) fn advance(&mut self, step: Duration) {
        self.moved = self.moved.saturating_add(step);
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        later(self.began, self.since.elapsed().saturating_add(self.moved))
    }
}

/// A time some while after another; the last one there is, where that is beyond it.
pub(crate) fn later(time: Timestamp, step: Duration) -> Timestamp {
    let step = SignedDuration::try_from(step).unwrap_or(SignedDuration::MAX);
    time.checked_add(step).unwrap_or(Timestamp::MAX)
}

/// A time as the API writes it: UTC, with three digits of the second's fraction.
pub(crate) fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_forward_only() {
        let mut clock = Clock::new();
        let before = clock.now();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() >= later(before, Duration::from_secs(3600)));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }

    #[test]
    fn times_have_three_digits_of_fraction() {
        let time: Timestamp = "2026-01-02T03:04:05.6Z".parse().expect("a time");
        assert_eq!(written(time), "2026-01-02T03:04:05.600Z");
    }
}
