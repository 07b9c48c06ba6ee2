//! The faults that are injected, and whom they meet.

use super::{Effect, Fault, Target};
use crate::images::lock;
use std::sync::Mutex;

/// Names an injected fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaultId(pub(crate) u64);

/// All faults of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<List>);

#[derive(Debug, Default)]
struct List {
    last: u64,
    faults: Vec<Listed>,
}

/// A fault that was injected.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Its name.
    pub(crate) id: FaultId,
    /// What it still has to do.
    pub(crate) fault: Fault,
    /// How many requests it met.
    pub(crate) met: u64,
}

impl Faults {
    /// Adds a fault.
    pub(crate) fn inject(&self, fault: Fault) -> FaultId {
        let mut list = lock(&self.0);
        list.last += 1;
        let id = FaultId(list.last);
        list.faults.push(Listed { id, fault, met: 0 });
        id
    }

    /// Takes a fault away. False where there is none of that name.
    pub(crate) fn remove(&self, id: FaultId) -> bool {
        let mut list = lock(&self.0);
        let before = list.faults.len();
        list.faults.retain(|listed| listed.id != id);
        list.faults.len() < before
    }

    /// Takes all faults away.
    pub(crate) fn clear(&self) {
        lock(&self.0).faults.clear();
    }

    /// All faults, those that have nothing left to do among them.
    pub(crate) fn all(&self) -> Vec<Listed> {
        lock(&self.0).faults.clone()
    }

    /// What goes wrong with a request, which counts as met.
    pub(super) fn meet(&self, target: Target, method: &str, path: &str) -> Vec<Effect> {
        let mut effects: Vec<Effect> = Vec::new();
        for listed in &mut lock(&self.0).faults {
            let fault = &mut listed.fault;
            if fault.times == Some(0) || !fault.requests.fit(target, method, path) {
                continue;
            }
            if fault.effect.replaces() && effects.iter().any(Effect::replaces) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times = fault.times.map(|times| times - 1);
            listed.met += 1;
            effects.push(fault.effect.clone());
        }
        effects
    }
}
