//! Items of libraries, and their files.

use super::content::Content;
use super::digest::Checksum;
use crate::vsphere::clock::written;
use crate::vsphere::record::present;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// Item of a library.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Identifier of its library.
    pub(crate) library: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Type, such as `ovf`.
    pub(crate) kind: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) synced: Option<Timestamp>,
    pub(crate) content_version: u64,
    pub(crate) metadata_version: u64,
    pub(crate) version: u64,
    /// Item that it comes from.
    pub(crate) source: Option<String>,
    pub(crate) files: IndexMap<String, StoredFile>,
    /// Changes of its content, the latest last.
    pub(crate) changes: Vec<Change>,
}

/// File of an item.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    /// Its bytes; none while they are not cached.
    pub(crate) content: Option<Arc<Content>>,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) version: u64,
}

/// Change of the content of an item.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Content version that it led to.
    pub(crate) version: u64,
    pub(crate) time: Timestamp,
    pub(crate) user: String,
    pub(crate) message: String,
}

/// What a new item begins with.
pub(crate) struct Naming {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: Option<String>,
}

impl Item {
    /// An item without files.
    pub(crate) fn new(library: &str, naming: Naming, source: Option<String>, now: Timestamp) -> Self {
        Item {
            library: library.to_owned(),
            name: naming.name,
            description: naming.description,
            kind: naming.kind,
            created: now,
            modified: now,
            synced: None,
            content_version: 1,
            metadata_version: 1,
            version: 1,
            source,
            files: IndexMap::new(),
            changes: Vec::new(),
        }
    }

    /// The item as the API has it. `is_secure` tells whether its library checks certificates.
    pub(crate) fn value(&self, id: &str, is_secure: bool) -> Value {
        let sizes = self.files.values().map(StoredFile::size);
        let verification =
            if is_secure && self.kind.as_deref() == Some("ovf") { json!({ "status": "NOT_AVAILABLE" }) } else { Value::Null };
        present(json!({
            "id": id,
            "library_id": self.library,
            "name": self.name,
            "description": self.description,
            "type": self.kind,
            "creation_time": written(self.created),
            "last_modified_time": written(self.modified),
            "last_sync_time": self.synced.map(written),
            "content_version": self.content_version.to_string(),
            "metadata_version": self.metadata_version.to_string(),
            "version": self.version.to_string(),
            "cached": self.is_cached(),
            "size": sizes.fold(0, u64::saturating_add),
            "source_id": self.source,
            "security_compliance": true,
            "certificate_verification_info": verification,
        }))
    }

    /// Whether all its files are there.
    pub(crate) fn is_cached(&self) -> bool {
        self.files.values().all(|file| file.content.is_some())
    }

    /// Whether files of its kind have a descriptor.
    pub(crate) fn is_ovf(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("ovf"))
    }

    /// Counts a change of its files.
    pub(crate) fn content_changed(&mut self, now: Timestamp, user: &str, message: String) {
        self.content_version += 1;
        self.modified = now;
        self.changes.push(Change { version: self.content_version, time: now, user: user.to_owned(), message });
    }

    /// Counts a change of its properties.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.metadata_version += 1;
        self.modified = now;
    }
}

impl StoredFile {
    /// A file with its bytes.
    pub(crate) fn new(content: Arc<Content>, version: u64) -> Self {
        StoredFile { checksum: content.main_checksum(), content: Some(content), version }
    }

    /// Bytes that it takes.
    pub(crate) fn size(&self) -> u64 {
        self.content.as_ref().map_or(0, |content| content.length())
    }

    /// The file as the API has it.
    pub(crate) fn value(&self, name: &str) -> Value {
        present(json!({
            "name": name,
            "size": self.size(),
            "cached": self.content.is_some(),
            "version": self.version.to_string(),
            "checksum_info": self.checksum.as_ref().filter(|_| self.content.is_some()).map(Checksum::value),
        }))
    }
}
