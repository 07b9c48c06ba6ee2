//! Download sessions, and the files in them. Nothing here is `Debug`: addresses of files are secrets.

use super::content::Content;
use super::digest::Checksum;
use super::update_session::Lease;
use crate::vsphere::record::present;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// Download session.
#[derive(Clone)]
pub(crate) struct DownloadSession {
    pub(crate) lease: Lease,
    /// Files that somebody asked to prepare.
    pub(crate) files: IndexMap<String, Preparation>,
}

/// How far a file is with being made ready.
#[derive(Clone)]
pub(crate) struct Preparation {
    /// When it was asked for.
    pub(crate) asked: Timestamp,
    pub(crate) status: Prepare,
    /// Where to fetch it.
    pub(crate) uri: String,
    pub(crate) content: Option<Arc<Content>>,
    /// Whether its last byte was sent.
    pub(crate) downloaded: bool,
    /// Why its status is an error.
    pub(crate) error: Option<Value>,
}

/// Status of a preparation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prepare {
    Requested,
    Preparing,
    Prepared,
    Error,
}

impl Preparation {
    /// The file as the API has it.
    pub(crate) fn value(&self, name: &str) -> Value {
        let status = match self.status {
            Prepare::Requested => "PREPARE_REQUESTED",
            Prepare::Preparing => "PREPARING",
            Prepare::Prepared => "PREPARED",
            Prepare::Error => "ERROR",
        };
        let is_prepared = self.status == Prepare::Prepared;
        let content = self.content.as_ref().filter(|_| is_prepared);
        let length = content.map(|content| content.length());
        let checksum = content.filter(|_| self.downloaded).and_then(|content| content.main_checksum());
        present(json!({
            "name": name,
            "size": length,
            "bytes_transferred": length.unwrap_or_default(),
            "status": status,
            "download_endpoint": is_prepared.then(|| json!({ "uri": self.uri })),
            "checksum_info": checksum.as_ref().map(Checksum::value),
            "error_message": self.error,
        }))
    }
}

/// A file that nobody asked for, as the API has it.
pub(crate) fn unprepared(name: &str) -> Value {
    json!({ "name": name, "bytes_transferred": 0, "status": "UNPREPARED" })
}
