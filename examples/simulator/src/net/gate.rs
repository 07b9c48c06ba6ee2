//! Whether a listener lets anybody in, and when the connections that it has are to end.

use crate::clock::Clock;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// Side that opens and closes.
#[derive(Debug, Default)]
pub(crate) struct Gate(watch::Sender<State>);

/// What a listener and its connections see of a gate.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    state: watch::Receiver<State>,
    /// What the times of the gate are measured on; none where it never closes.
    clock: Option<Arc<Clock>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Time until which connections are refused.
    refuses_until: Option<Instant>,
}

impl Gate {
    /// Ends all connections at once, and refuses new ones until a time.
    pub(crate) fn reset(&self, refuses_until: Option<Instant>) {
        self.0.send_replace(State { refuses_until });
    }

    /// The way through the gate.
    pub(crate) fn passage(&self, clock: Arc<Clock>) -> Passage {
        Passage { state: self.0.subscribe(), clock: Some(clock) }
    }
}

impl Passage {
    /// A way that is always open.
    pub(super) fn open() -> Self {
        let (_, state) = watch::channel(State::default());
        Passage { state, clock: None }
    }

    /// Waits until connections are to end. Cancelling it loses nothing.
    pub(super) async fn reset(&mut self) {
        if self.state.changed().await.is_err() {
            // Without its gate, nothing closes the way any more.
            std::future::pending::<()>().await;
        }
    }

    /// Waits as long as connections are refused.
    pub(super) async fn opened(&mut self) {
        let Some(clock) = self.clock.clone() else { return };
        while let Some(time) = self.refusal(&clock) {
            tokio::select! {
                () = clock.wait_until(time) => return,
                () = self.reset() => {}
            }
        }
    }

    /// Whether connections are refused.
    pub(super) fn is_closed(&mut self) -> bool {
        self.clock.clone().is_some_and(|clock| self.refusal(&clock).is_some())
    }

    fn refusal(&mut self, clock: &Clock) -> Option<Instant> {
        self.state.borrow_and_update().refuses_until.filter(|time| *time > clock.now())
    }
}
