//! The result of a transfer.

use super::report::Shown;
use indicatif::HumanBytes;
use serde_json::{Value, json};
use virt_sdk::transfer::image::Format;

/// What was moved.
pub(super) struct Moved {
    /// Id of the disk, unless a snapshot was downloaded.
    pub(super) disk_id: Option<String>,
    pub(super) snapshot_id: Option<String>,
    pub(super) transfer_id: String,
    /// Format of the local image.
    pub(super) format: Format,
    /// Size of the disk, in bytes.
    pub(super) size: u64,
    /// Bytes that went over the network.
    pub(super) transferred: u64,
    pub(super) checksum: Option<String>,
}

impl Shown for Moved {
    fn json(&self) -> Value {
        let mut json = json!({
            "disk_id": self.disk_id,
            "transfer_id": self.transfer_id,
            "format": self.format.to_string(),
            "size": self.size,
            "transferred": self.transferred,
            "checksum": self.checksum,
        });
        if let (Some(id), Value::Object(members)) = (&self.snapshot_id, &mut json) {
            members.insert("snapshot_id".to_owned(), id.as_str().into());
        }
        json
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let ids = [("disk", &self.disk_id), ("snapshot", &self.snapshot_id), ("checksum", &self.checksum)];
        let [disk, snapshot, checksum] = ids.map(|(label, text)| text.clone().map(|text| (label, text)));
        let moved = [
            ("transfer", self.transfer_id.clone()),
            ("format", self.format.to_string()),
            ("size", bytes(self.size)),
            ("transferred", bytes(self.transferred)),
        ];
        disk.into_iter().chain(snapshot).chain(moved).chain(checksum).collect()
    }
}

/// A number of bytes, exact and readable.
pub(super) fn bytes(count: u64) -> String {
    format!("{count} ({})", HumanBytes(count))
}
