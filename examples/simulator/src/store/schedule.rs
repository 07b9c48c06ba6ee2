//! What happens to objects later: effects with the time at which they are due.

use super::Value;
use std::time::{Duration, Instant};

/// What happens to an object when its time has come.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// A member gets a value.
    Set(&'static str, Value),
    /// A member gets back the value that it had, and nothing follows from that.
    Restore(&'static str, Value),
    /// The object goes away.
    Remove,
}

#[derive(Debug)]
struct Due {
    at: Instant,
    path: String,
    effect: Effect,
}

/// Effects that are still to come. They are applied when somebody looks, so no timer is needed.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    due: Vec<Due>,
}

impl Schedule {
    /// Plans an effect on the object at a path.
    pub(crate) fn plan(&mut self, at: Instant, path: &str, effect: Effect) {
        self.due.push(Due { at, path: path.to_owned(), effect });
    }

    /// Plans texts for a member, one after the other with a delay before each, and returns the time
    /// of the last.
    pub(crate) fn sequence(
        &mut self,
        start: Instant,
        step: Duration,
        path: &str,
        member: &'static str,
        texts: &[&str],
    ) -> Instant {
        let mut at = start;
        for text in texts {
            at += step;
            self.plan(at, path, Effect::Set(member, Value::from(*text)));
        }
        at
    }

    /// Drops what is planned for an object, such as the start that a stop overtakes.
    pub(crate) fn cancel(&mut self, path: &str) {
        self.due.retain(|due| due.path != path);
    }

    /// Makes everything that is planned for an object due.
    pub(crate) fn hasten(&mut self, path: &str, now: Instant) {
        self.due.iter_mut().filter(|due| due.path == path).for_each(|due| due.at = now);
    }

    /// Whether anything is planned for an object.
    pub(crate) fn is_busy(&self, path: &str) -> bool {
        self.due.iter().any(|due| due.path == path)
    }

    /// When the last thing that is planned for an object happens.
    pub(crate) fn last(&self, path: &str) -> Option<Instant> {
        self.due.iter().filter(|due| due.path == path).map(|due| due.at).max()
    }

    /// Puts everything that is planned for an object off.
    pub(crate) fn postpone(&mut self, path: &str, by: Duration) {
        self.due.iter_mut().filter(|due| due.path == path).for_each(|due| due.at += by);
    }

    /// Takes out what was due first, if anything is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(Instant, String, Effect)> {
        let ready = self.due.iter().enumerate().filter(|(_, due)| due.at <= now);
        let (first, _) = ready.min_by_key(|(_, due)| due.at)?;
        let Due { at, path, effect } = self.due.remove(first);
        Some((at, path, effect))
    }
}
