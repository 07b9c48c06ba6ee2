//! The engine: the model, all objects, and what is still to happen to them.

use crate::images::Images;
use crate::rules;
use crate::store::{Effect, Schedule, Store};
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
    pub(crate) images: Arc<Images>,
    /// Time of the request at hand.
    pub(crate) now: Instant,
    /// How long an intermediate state lasts.
    pub(crate) step: Duration,
    /// Collection at the top of the tree that owns the objects of a kind.
    collections: HashMap<&'static str, &'static str>,
}

impl Engine {
    /// An engine without any object.
    pub(crate) fn new(model: &'static Model, images: Arc<Images>, step: Duration) -> Self {
        Engine {
            model,
            store: Store::default(),
            schedule: Schedule::default(),
            images,
            now: Instant::now(),
            step,
            collections: collections(model),
        }
    }

    /// Brings everything up to the present.
    pub(crate) fn settle(&mut self) {
        self.now = Instant::now();
        rules::transfers::watch(self);
        loop {
            let due = self.schedule.take_due(self.now);
            if due.is_empty() {
                break;
            }
            for (path, effect) in due {
                match effect {
                    Effect::Set(member, value) => {
                        self.store.set(&path, member, value);
                        rules::entered(self, &path, member);
                    }
                    Effect::Remove => rules::remove_now(self, &path),
                }
            }
        }
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

/// The present as the API writes it.
pub(crate) fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}
