//! What a [`super::TcpProxy`] does to the bytes that it carries, and what it counts.

use std::sync::{Mutex, MutexGuard};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

/// Where bytes go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    /// From the client to the server: heads of requests, and what is uploaded.
    ToServer,
    /// From the server to the client: heads of answers, and what is downloaded.
    ToClient,
}

/// What went through so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Connections that were accepted.
    pub(crate) connections: usize,
    /// Those of them that are open.
    pub(crate) open: usize,
    /// The most that were open at a time.
    pub(crate) most: usize,
    /// Bytes passed on to the server.
    pub(crate) to_server: u64,
    /// Bytes passed on to the client; an answer of the proxy's own does not count.
    pub(crate) to_client: u64,
}

/// What a proxy and its connections have in common.
#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Changes with every rule, so that what was held looks again.
    pub(super) rules: watch::Sender<()>,
    /// Whether bytes are held.
    pub(super) stalled: watch::Sender<bool>,
    /// Changes when all connections are to break.
    pub(super) breaks: watch::Sender<()>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) counts: Counts,
    pub(super) rules: [Rules; 2],
    pub(super) answers: Vec<(String, Vec<u8>)>,
    pub(super) requests: Vec<String>,
}

/// What happens to the bytes of one direction.
#[derive(Default)]
pub(super) struct Rules {
    /// Bytes, on whatever connection, until one breaks.
    pub(super) reset_once: Option<u64>,
    /// Bytes of each connection after which it breaks.
    pub(super) reset_always: Option<u64>,
    /// Tells `reset_always` from an earlier one.
    pub(super) generation: usize,
    /// Bytes until all are held.
    pub(super) stall: Option<u64>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }
}

/// Carries the bytes of one direction of one connection, as the rules have it.
pub(super) struct Carrier<'a> {
    shared: &'a Shared,
    direction: Direction,
    changes: watch::Receiver<()>,
    /// Bytes that this connection carried since `reset_always` was set.
    carried: u64,
    generation: usize,
}

/// What is to be done with bytes.
enum Verdict {
    /// So many may pass, and the connection may break with the last.
    Pass { length: usize, then_reset: bool },
    /// None may pass before the rules change.
    Hold,
}

impl<'a> Carrier<'a> {
    pub(super) fn new(shared: &'a Shared, direction: Direction) -> Self {
        let generation = shared.lock().rules[direction as usize].generation;
        Self { shared, direction, changes: shared.rules.subscribe(), carried: 0, generation }
    }

    /// Passes bytes on. The error is that of the socket, or that the connection is to break.
    pub(super) async fn carry(&mut self, mut bytes: &[u8], to: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        while !bytes.is_empty() {
            // Before the rules are read: one that comes after is a change.
            self.changes.mark_unchanged();
            match self.verdict(bytes.len()) {
                Verdict::Pass { length, then_reset } => {
                    let (passing, rest) = bytes.split_at(length);
                    to.write_all(passing).await?;
                    bytes = rest;
                    if then_reset {
                        return Err(std::io::ErrorKind::ConnectionReset.into());
                    }
                }
                Verdict::Hold => {
                    self.shared.stalled.send_replace(true);
                    // The sender lives as long as the proxy and its connections.
                    let _ = self.changes.changed().await;
                }
            }
        }
        Ok(())
    }

    /// Counts what may pass.
    fn verdict(&mut self, wanted: usize) -> Verdict {
        let mut state = self.shared.lock();
        let State { counts, rules, .. } = &mut *state;
        let rules = &mut rules[self.direction as usize];
        if rules.stall == Some(0) {
            return Verdict::Hold;
        }
        if rules.generation != self.generation {
            (self.generation, self.carried) = (rules.generation, 0);
        }
        let left = rules.reset_always.map(|after| after.saturating_sub(self.carried));
        let limits = [rules.reset_once, left, rules.stall].into_iter().flatten();
        let length = limits.fold(wanted, |length, limit| length.min(usize::try_from(limit).unwrap_or(usize::MAX)));
        let taken = length as u64;
        self.carried += taken;
        for limit in [&mut rules.reset_once, &mut rules.stall].into_iter().flatten() {
            *limit -= taken;
        }
        match self.direction {
            Direction::ToServer => counts.to_server += taken,
            Direction::ToClient => counts.to_client += taken,
        }
        let is_first = rules.reset_once.take_if(|left| *left == 0).is_some();
        Verdict::Pass { length, then_reset: is_first || left == Some(taken) }
    }
}
