//! What tests and the administration of the program do to a running engine.

use crate::clock::Clock;
use crate::engine::Engine;
use crate::faults::Faults;
use crate::front::Sessions;
use crate::images::lock;
use crate::net::Gate;
use crate::seen::Log;
use crate::{Error, api};
use model::Model;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// More than any test waits, and little enough to be added to a time.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How an engine that restarts is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outage {
    /// Not at all: it is back at once.
    #[default]
    None,
    /// For so long, every request is answered with 503 and an HTML page, as by the proxy in front of an engine.
    Unavailable(Duration),
    /// For so long, connections are refused.
    Refused(Duration),
}

/// Everything that can be done to an engine beside its API.
pub(crate) struct Control {
    /// The API model.
    pub(crate) model: &'static Model,
    /// What everything that happens by itself runs on.
    pub(crate) clock: Arc<Clock>,
    /// The engine.
    pub(crate) engine: Mutex<Engine>,
    /// Who has signed in.
    pub(crate) sessions: Mutex<Sessions>,
    /// What goes wrong.
    pub(crate) faults: Faults,
    /// The requests so far.
    pub(crate) seen: Log,
    /// The way to the host that serves image data, unless that is a real one.
    pub(crate) host_gate: Option<Arc<Gate>>,
    gate: Arc<Gate>,
    away_until: Mutex<Option<Instant>>,
}

impl Control {
    /// Puts an engine under control.
    pub(crate) fn new(engine: Engine, sessions: Sessions, gate: Arc<Gate>, host_gate: Option<Arc<Gate>>) -> Self {
        Control {
            model: engine.model,
            clock: Arc::clone(&engine.clock),
            engine: Mutex::new(engine),
            sessions: Mutex::new(sessions),
            faults: Faults::default(),
            seen: Log::default(),
            host_gate,
            gate,
            away_until: Mutex::default(),
        }
    }

    /// Whether the engine is away, so that every request is answered with 503.
    pub(crate) fn is_away(&self) -> bool {
        lock(&self.away_until).is_some_and(|time| self.clock.now() < time)
    }

    /// Makes every token unknown.
    pub(crate) fn expire_tokens(&self) {
        lock(&self.sessions).clear();
    }

    /// Restarts the engine.
    pub(crate) fn restart(&self, outage: Outage) {
        self.expire_tokens();
        let end = |time: Duration| Some(self.clock.now() + time.min(LONGEST));
        let (away, refused) = match outage {
            Outage::None => (None, None),
            Outage::Unavailable(time) => (end(time), None),
            Outage::Refused(time) => (None, end(time)),
        };
        *lock(&self.away_until) = away;
        self.gate.reset(refused);
    }

    /// Locks an object for some time.
    ///
    /// # Errors
    ///
    /// If there is no such object, or it is none that an engine locks.
    pub(crate) fn lock(&self, path: &str, time: Duration) -> Result<(), Error> {
        api::lock(&mut lock(&self.engine), path, time.min(LONGEST)).map_err(|reason| Error::cannot_lock(path, reason))
    }
}
