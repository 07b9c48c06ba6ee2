//! The engine: the model, all objects, and what is still to happen to them.

use crate::clock::Clock;
use crate::images::Storage;
use crate::rules;
use crate::store::{Effect, Schedule, Store};
use crate::version::Version;
use model::{Kind, Model};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Engine without its network.
#[derive(Debug)]
pub(crate) struct Engine {
    /// What is served.
    pub(crate) model: &'static Model,
    /// All objects.
    pub(crate) store: Store,
    /// What happens to them later.
    pub(crate) schedule: Schedule,
    /// Data of disks, and the tickets to it.
    pub(crate) images: Arc<dyn Storage>,
    /// What everything that happens by itself runs on.
    pub(crate) clock: Arc<Clock>,
    /// Time of the request or of the effect at hand.
    pub(crate) now: Instant,
    /// How long an intermediate state lasts.
    pub(crate) step: Duration,
    /// Version that it behaves as.
    pub(crate) version: Version,
    /// Collection at the top of the tree that owns the objects of a kind.
    collections: HashMap<&'static str, &'static str>,
}

impl Engine {
    /// An engine without any object.
    pub(crate) fn new(
        model: &'static Model,
        images: Arc<dyn Storage>,
        clock: Arc<Clock>,
        step: Duration,
        version: Version,
    ) -> Self {
        Engine {
            model,
            store: Store::default(),
            schedule: Schedule::default(),
            images,
            now: clock.now(),
            clock,
            step,
            version,
            collections: collections(model),
        }
    }

    /// Brings everything up to the present. Each effect happens at its own time, so that what follows from it is
    /// planned from there, also when the clock was moved past all of it.
    pub(crate) fn settle(&mut self) {
        let present = self.clock.now();
        self.now = present;
        rules::transfers::watch(self);
        while let Some((at, path, effect)) = self.schedule.take_due(present) {
            self.now = at;
            match effect {
                Effect::Set(member, value) => {
                    self.store.set(&path, member, value);
                    rules::entered(self, &path, member);
                }
                Effect::Restore(member, value) => self.store.set(&path, member, value),
                Effect::Remove => rules::remove_now(self, &path),
            }
        }
        self.now = present;
    }

    /// The time of the request or of the effect at hand, as the API writes it.
    pub(crate) fn timestamp(&self) -> String {
        self.clock.written(self.now)
    }

    /// Sets a status now and others later, one step each. Returns the time of the last.
    pub(crate) fn steps(&mut self, path: &str, member: &'static str, texts: &[&str]) -> Instant {
        let Some((first, rest)) = texts.split_first() else { return self.now };
        self.store.set(path, member, *first);
        self.schedule.sequence(self.now, self.step, path, member, rest)
    }

    /// Collection at the top of the tree that owns the objects of a kind.
    pub(crate) fn collection_of(&self, kind: &str) -> Option<&'static str> {
        self.collections.get(kind).copied()
    }

    /// Path of an object that something refers to; a guess where the object is gone.
    pub(crate) fn path_of(&self, kind: &str, id: &str) -> Option<String> {
        let known = self.store.find(kind, id).map(str::to_owned);
        known.or_else(|| self.collection_of(kind).map(|collection| format!("{collection}/{id}")))
    }
}

fn collections(model: &'static Model) -> HashMap<&'static str, &'static str> {
    let mut found = HashMap::new();
    let Some(root) = model.services.get(&model.root) else { return found };
    for locator in &root.locators {
        let Some(service) = model.services.get(&locator.service) else { continue };
        let list = service.methods.iter().find(|method| method.kind == Kind::List);
        let kind = list.and_then(|method| method.result()).and_then(|result| result.ty.struct_name());
        if let Some(kind) = kind {
            found.entry(kind).or_insert(locator.segment.as_str());
        }
    }
    found
}

/// A new random id.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
