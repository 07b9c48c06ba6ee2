//! Update sessions, and the files in them. Files are not `Debug`: their addresses are secrets.

use super::content::Content;
use super::digest::Checksum;
use crate::vsphere::clock::{later, written};
use crate::vsphere::record::present;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long a session lives without activity, as in the configuration of a fresh server.
pub(crate) const IDLE: Duration = Duration::from_secs(300);

/// How long what is left of a session that has ended can still be read.
pub(crate) const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Stage of an update or download session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Active,
    Done,
    Error,
    Canceled,
}

impl Stage {
    /// Its name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::Active => "ACTIVE",
            Stage::Done => "DONE",
            Stage::Error => "ERROR",
            Stage::Canceled => "CANCELED",
        }
    }
}

/// What update and download sessions share.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) item: String,
    pub(crate) content_version: u64,
    pub(crate) stage: Stage,
    /// Why it ended with an error.
    pub(crate) error: Option<Value>,
    /// What the client reported last, in percent.
    pub(crate) progress: i64,
    pub(crate) expires: Timestamp,
}

impl Lease {
    /// A session that has just begun.
    pub(crate) fn new(item: &str, content_version: u64, now: Timestamp) -> Self {
        let (item, expires) = (item.to_owned(), later(now, IDLE));
        Lease { item, content_version, stage: Stage::Active, error: None, progress: 0, expires }
    }

    /// Counts as activity.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        if self.stage == Stage::Active {
            self.expires = self.expires.max(later(now, IDLE));
        }
    }

    /// Ends it with an error.
    pub(crate) fn fail(&mut self, message: Value) {
        self.stage = Stage::Error;
        self.error = Some(message);
    }

    /// Its members as the API has them.
    pub(crate) fn value(&self, id: &str) -> Value {
        json!({
            "id": id,
            "library_item_id": self.item,
            "library_item_content_version": self.content_version.to_string(),
            "error_message": self.error.as_ref().filter(|_| self.stage == Stage::Error),
            "client_progress": self.progress,
            "state": self.stage.name(),
            "expiration_time": written(self.expires),
        })
    }
}

/// Update session.
#[derive(Clone)]
pub(crate) struct UpdateSession {
    pub(crate) lease: Lease,
    /// Who made it.
    pub(crate) user: String,
    /// Types of warnings, and whether they are ignored.
    pub(crate) warning_behavior: Vec<(String, bool)>,
    pub(crate) files: IndexMap<String, SessionFile>,
    /// Names of files that go away when it is completed.
    pub(crate) removed: Vec<String>,
    /// Whether it was completed while files were still on their way.
    pub(crate) completing: bool,
    /// Whether the client has seen the preview in preparation.
    pub(crate) preview_seen: bool,
}

/// File that is added in an update session.
#[derive(Clone)]
pub(crate) struct SessionFile {
    pub(crate) source: Source,
    /// Size that it must have.
    pub(crate) size: Option<u64>,
    /// Checksum that it must have.
    pub(crate) checksum: Option<Checksum>,
    pub(crate) status: Transfer,
    pub(crate) received: u64,
    pub(crate) content: Option<Arc<Content>>,
    /// Why its status is an error.
    pub(crate) error: Option<Value>,
    /// Number of the latest transfer into it; earlier ones no longer count.
    pub(crate) attempt: u64,
    /// Size that the source of a pull announced.
    pub(crate) announced: Option<u64>,
    /// Whether it is only metadata, such as a manifest, and does not become a file of the item.
    pub(crate) metadata: bool,
}

/// Where the bytes of a file come from.
#[derive(Clone)]
pub(crate) enum Source {
    None,
    /// From the client, to this endpoint.
    Push(String),
    /// From this endpoint.
    Pull(Value),
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    Waiting,
    Transferring,
    Ready,
    Error,
}

impl Transfer {
    fn name(self) -> &'static str {
        match self {
            Transfer::Waiting => "WAITING_FOR_TRANSFER",
            Transfer::Transferring => "TRANSFERRING",
            Transfer::Ready => "READY",
            Transfer::Error => "ERROR",
        }
    }
}

impl SessionFile {
    /// A file that has not begun to arrive.
    pub(crate) fn new(source: Source, metadata: bool) -> Self {
        SessionFile {
            source,
            size: None,
            checksum: None,
            status: Transfer::Waiting,
            received: 0,
            content: None,
            error: None,
            attempt: 0,
            announced: None,
            metadata,
        }
    }

    /// Makes it faulty.
    pub(crate) fn fail(&mut self, message: Value) {
        self.status = Transfer::Error;
        self.error = Some(message);
    }

    /// Begins a transfer into it. Returns its number.
    pub(crate) fn begin(&mut self) -> u64 {
        self.attempt += 1;
        self.status = Transfer::Transferring;
        (self.received, self.content, self.error) = (0, None, None);
        self.attempt
    }

    /// The file as the API has it.
    pub(crate) fn value(&self, name: &str) -> Value {
        let actual = self.content.as_ref().and_then(|content| content.main_checksum());
        let checksum = self.checksum.as_ref().or(actual.as_ref()).map(Checksum::value);
        let (source, upload, pull) = match &self.source {
            Source::None => ("NONE", None, None),
            Source::Push(uri) => ("PUSH", Some(json!({ "uri": uri })), None),
            Source::Pull(endpoint) => ("PULL", None, Some(endpoint)),
        };
        present(json!({
            "name": name,
            "source_type": source,
            "size": self.content.as_ref().map(|content| content.length()),
            "checksum_info": checksum,
            "source_endpoint": pull,
            "upload_endpoint": upload,
            "bytes_transferred": self.received,
            "status": self.status.name(),
            "error_message": self.error,
            "keep_in_storage": !self.metadata,
        }))
    }
}

impl UpdateSession {
    /// Whether the server is still fetching a file.
    pub(crate) fn is_pulling(&self) -> bool {
        let pulls = self.files.values().filter(|file| matches!(file.source, Source::Pull(_)));
        pulls.into_iter().any(|file| matches!(file.status, Transfer::Waiting | Transfer::Transferring))
    }

    /// How much of the files that the server fetches has arrived, in percent.
    pub(crate) fn pulled(&self) -> i64 {
        let pulls = self.files.values().filter(|file| matches!(file.source, Source::Pull(_)));
        let (mut done, mut all, mut count) = (0_u128, 0_u128, 0_u128);
        for file in pulls {
            let total = file.announced.or(file.size).unwrap_or(file.received).max(1);
            done += if file.status == Transfer::Ready { u128::from(total) } else { u128::from(file.received.min(total)) };
            all += u128::from(total);
            count += 1;
        }
        if count == 0 { 0 } else { i64::try_from(done * 100 / all.max(1)).unwrap_or(100) }
    }
}
