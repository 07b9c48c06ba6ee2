//! The server without its network.

use super::{DownloadSession, Item, Library, Store, Task, UpdateSession};
use crate::vsphere::clock::{Clock, later};
use crate::vsphere::fault::Fault;
use crate::vsphere::record::Record;
use crate::vsphere::sign_in::Sessions;
use crate::vsphere::transfer;
use indexmap::IndexMap;
use jiff::Timestamp;
use model::Model;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// What a server is started with.
pub(crate) struct Settings {
    pub(crate) origin: String,
    pub(crate) transition: Duration,
    /// Certificates that the server trusts from the start, in PEM.
    pub(crate) trusted: Option<String>,
}

/// What a fresh server has.
pub(crate) struct Fresh {
    pub(crate) configuration: Record,
    pub(crate) machines: IndexMap<String, String>,
}

/// What the next call is answered with instead of its result.
pub(crate) enum Failure {
    /// An error of the model.
    Error(String),
    /// Status, content type and body.
    Raw(u16, String, String),
}

/// File that the server has to fetch. Not `Debug`: addresses can hold secrets.
#[derive(Clone)]
pub(crate) struct PullJob {
    pub(crate) session: String,
    pub(crate) file: String,
    pub(crate) attempt: u64,
    pub(crate) uri: String,
    pub(crate) thumbprint: Option<String>,
    pub(crate) certificate: Option<String>,
}

/// The server.
pub(crate) struct Vcenter {
    pub(crate) model: &'static Model,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    pub(crate) libraries: IndexMap<String, Library>,
    pub(crate) items: IndexMap<String, Item>,
    pub(crate) updates: IndexMap<String, UpdateSession>,
    pub(crate) downloads: IndexMap<String, DownloadSession>,
    pub(crate) tasks: IndexMap<String, Task>,
    /// Trusted certificates in PEM, by the SHA-256 of their bytes.
    pub(crate) certificates: IndexMap<String, String>,
    pub(crate) configuration: Record,
    /// Names of virtual machines.
    pub(crate) machines: IndexMap<String, String>,
    /// Results of operations with a client token, by operation and token.
    pub(crate) repeated: HashMap<(String, String), Value>,
    /// Files that are to be fetched once the state is unlocked.
    pub(crate) pulls: Vec<PullJob>,
    /// What tests asked to go wrong.
    pub(crate) failures: VecDeque<Failure>,
    pub(crate) store: Store,
    /// All addresses of file transfers so far. Who knows one may use it.
    pub(crate) addresses: Vec<String>,
}

impl Vcenter {
    /// A server without libraries.
    pub(crate) fn new(model: &'static Model, settings: Settings, sessions: Sessions, fresh: Fresh, store: Store) -> Self {
        Vcenter {
            model,
            clock: Clock::new(),
            settings,
            sessions,
            libraries: IndexMap::new(),
            items: IndexMap::new(),
            updates: IndexMap::new(),
            downloads: IndexMap::new(),
            tasks: IndexMap::new(),
            certificates: IndexMap::new(),
            configuration: fresh.configuration,
            machines: fresh.machines,
            repeated: HashMap::new(),
            pulls: Vec::new(),
            failures: VecDeque::new(),
            store,
            addresses: Vec::new(),
        }
    }

    /// A new address for the bytes of a file.
    pub(crate) fn new_address(&mut self, name: &str) -> String {
        let address = transfer::uri(&self.settings.origin, name);
        self.addresses.push(address.clone());
        address
    }

    /// Forgets everything that takes space.
    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.updates.clear();
        self.downloads.clear();
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When something ends that begins now and takes a while.
    pub(crate) fn after_transition(&self) -> Timestamp {
        later(self.now(), self.settings.transition)
    }

    /// Where a published library says what it has.
    pub(crate) fn publish_url(&self, library: &str) -> String {
        format!("{}/cls/vcsp/lib/{library}/lib.json", self.settings.origin)
    }

    /// A library.
    ///
    /// # Errors
    ///
    /// That there is none.
    pub(crate) fn library(&self, id: &str) -> Result<&Library, Fault> {
        self.libraries.get(id).ok_or_else(|| Fault::not_found("library", id))
    }

    /// A library, to change it.
    ///
    /// # Errors
    ///
    /// That there is none.
    pub(crate) fn library_mut(&mut self, id: &str) -> Result<&mut Library, Fault> {
        self.libraries.get_mut(id).ok_or_else(|| Fault::not_found("library", id))
    }

    /// An item.
    ///
    /// # Errors
    ///
    /// That there is none.
    pub(crate) fn item(&self, id: &str) -> Result<&Item, Fault> {
        self.items.get(id).ok_or_else(|| Fault::not_found("library item", id))
    }

    /// An item, to change it.
    ///
    /// # Errors
    ///
    /// That there is none.
    pub(crate) fn item_mut(&mut self, id: &str) -> Result<&mut Item, Fault> {
        self.items.get_mut(id).ok_or_else(|| Fault::not_found("library item", id))
    }

    /// Identifiers of the items of a library.
    pub(crate) fn items_of(&self, library: &str) -> Vec<String> {
        self.items.iter().filter(|(_, item)| item.library == library).map(|(id, _)| id.clone()).collect()
    }

    /// Adds a task.
    pub(crate) fn add_task(&mut self, task: Task) -> String {
        // As in the server, an identifier tells which service provides the task.
        let id = format!("{}:{}", uuid::Uuid::new_v4(), task.service);
        self.tasks.insert(id.clone(), task);
        id
    }
}
