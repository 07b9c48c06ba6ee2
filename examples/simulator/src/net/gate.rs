//! Whether a listener lets anybody in, and when the connections that it has are to end.

use crate::clock::Clock;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// Side that opens and closes.
#[derive(Debug)]
pub(crate) struct Gate {
    state: watch::Sender<State>,
    /// Whether the listener listens, as it says itself.
    listens: Arc<watch::Sender<bool>>,
}

/// What a listener and its connections see of a gate.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    state: watch::Receiver<State>,
    /// What the times of the gate are measured on; none where it never closes.
    clock: Option<Arc<Clock>>,
    listens: Arc<watch::Sender<bool>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// Everybody is let in.
    #[default]
    Open,
    /// Connections are refused until a time.
    Until(Instant),
    /// Connections are refused until somebody opens the gate.
    Closed,
}

impl Default for Gate {
    fn default() -> Self {
        Gate { state: watch::Sender::default(), listens: Arc::new(watch::Sender::new(true)) }
    }
}

impl Gate {
    /// Ends all connections at once, and refuses new ones until a time.
    pub(crate) fn reset(&self, refuses_until: Option<Instant>) {
        self.state.send_replace(refuses_until.map_or(State::Open, State::Until));
    }

    /// Ends all connections at once, and refuses new ones until it is opened.
    pub(crate) fn close(&self) {
        self.state.send_if_modified(|state| std::mem::replace(state, State::Closed) != State::Closed);
    }

    /// Lets connections in again, where it is closed.
    pub(crate) fn open(&self) {
        self.state.send_if_modified(|state| std::mem::replace(state, State::Open) != State::Open);
    }

    /// Waits until the listener listens, or until it does not.
    pub(crate) async fn settled(&self, listens: bool) {
        // The sender lives as long as this.
        let _ = self.listens.subscribe().wait_for(|now| *now == listens).await;
    }

    /// The way through the gate.
    pub(crate) fn passage(&self, clock: Arc<Clock>) -> Passage {
        Passage { state: self.state.subscribe(), clock: Some(clock), listens: Arc::clone(&self.listens) }
    }
}

impl Passage {
    /// A way that is always open.
    pub(super) fn open() -> Self {
        let (_, state) = watch::channel(State::default());
        Passage { state, clock: None, listens: Arc::default() }
    }

    /// Says whether the listener listens.
    pub(super) fn report(&self, listens: bool) {
        self.listens.send_replace(listens);
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
        loop {
            let state = *self.state.borrow_and_update();
            match state {
                State::Open => return,
                State::Until(time) => tokio::select! {
                    () = clock.wait_until(time) => return,
                    () = self.reset() => {}
                },
                State::Closed => self.reset().await,
            }
        }
    }

    /// Whether connections are refused.
    pub(super) fn is_closed(&mut self) -> bool {
        let state = *self.state.borrow_and_update();
        match state {
            State::Open => false,
            State::Until(time) => self.clock.as_ref().is_some_and(|clock| time > clock.now()),
            State::Closed => true,
        }
    }
}
