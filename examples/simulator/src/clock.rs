//! Time as a simulated engine sees it: it passes, and tests move it forward.

use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// As far as the clock can be moved: more than any test needs, and little enough to be added to a time.
const FURTHEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Clock of one simulator. It never goes back.
#[derive(Debug)]
pub(crate) struct Clock {
    began: Timestamp,
    since: Instant,
    moved: watch::Sender<Duration>,
}

impl Clock {
    /// A clock that shows the present.
    pub(crate) fn new() -> Self {
        Clock { began: Timestamp::now(), since: Instant::now(), moved: watch::Sender::new(Duration::ZERO) }
    }

    /// Moves it forward, and wakes whoever waits for a time that this reaches.
    pub(crate) fn advance(&self, step: Duration) {
        self.moved.send_modify(|moved| *moved = moved.saturating_add(step).min(FURTHEST));
    }

    /// The time.
    pub(crate) fn now(&self) -> Instant {
        Instant::now() + *self.moved.borrow()
    }

    /// Time since the simulator began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.since.elapsed() + *self.moved.borrow()
    }

    /// A time as the API writes it.
    pub(crate) fn written(&self, time: Instant) -> String {
        let passed = SignedDuration::try_from(time.saturating_duration_since(self.since)).unwrap_or(SignedDuration::MAX);
        let date = self.began.checked_add(passed).unwrap_or(Timestamp::MAX);
        date.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
    }

    /// Waits until a time, which comes by itself or because the clock is moved.
    pub(crate) async fn wait_until(&self, time: Instant) {
        let mut moved = self.moved.subscribe();
        loop {
            let shift = *moved.borrow_and_update();
            let left = time.saturating_duration_since(Instant::now() + shift);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                // The sender is a part of this clock, so this says that the clock was moved.
                _ = moved.changed() => {}
            }
        }
    }

    /// Waits for some time.
    pub(crate) async fn sleep(&self, time: Duration) {
        self.wait_until(self.now() + time.min(FURTHEST)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn it_moves_forward_only() {
        let clock = Clock::new();
        let before = clock.now();
        clock.advance(DAY);
        assert!(clock.now() >= before + DAY && clock.elapsed() >= DAY);
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert!(clock.now() < before + FURTHEST + DAY);
    }

    #[tokio::test]
    async fn it_wakes_sleepers() {
        let clock = Arc::new(Clock::new());
        let sleeper = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move { clock.sleep(DAY).await }
        });
        tokio::task::yield_now().await;
        clock.advance(DAY);
        tokio::time::timeout(Duration::from_secs(10), sleeper).await.expect("it wakes").expect("it ends");
    }
}
