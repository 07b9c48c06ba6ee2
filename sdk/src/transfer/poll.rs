//! Asking again and again, until something has happened.

use std::time::Duration;
use tokio::time::Instant;

/// The first pause; each is half as long again as the one before.
const FIRST: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(1);

/// Pauses between questions, up to a deadline.
pub(super) struct Poll {
    deadline: Option<Instant>,
    pause: Duration,
}

impl Poll {
    pub(super) fn new(limit: Duration) -> Self {
        Self { deadline: Instant::now().checked_add(limit), pause: FIRST }
    }

    /// Waits until it is time for the next question. False when time is up.
    pub(super) async fn wait(&mut self) -> bool {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = self.pause.mul_f64(1.5).min(LONGEST);
        true
    }
}
