//! What an engine can do about transfers, which depends on its version.

use crate::core::error::Result;
use crate::ovirt::Connection;

/// Version of an engine: major, minor, build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EngineVersion([i64; 3]);

impl EngineVersion {
    /// Asks the engine. One that does not tell counts as the newest.
    pub(super) async fn of(connection: &Connection) -> Result<Self> {
        let api = connection.system_service().get().send().await?;
        let version = api.product_info.and_then(|product| product.version);
        let numbers = version.and_then(|version| Some([version.major?, version.minor?, version.build.unwrap_or_default()]));
        Ok(Self(numbers.unwrap_or([i64::MAX; 3])))
    }

    /// Whether a transfer can be a download.
    pub(super) fn knows_directions(self) -> bool {
        self.0 >= [4, 1, 0]
    }

    /// Whether a transfer can be of something else than an image: a disk, or a snapshot.
    pub(super) fn knows_disks(self) -> bool {
        self.0 >= [4, 2, 0]
    }

    /// Whether a transfer can be cancelled, and be given a time of inactivity.
    pub(super) fn can_cancel(self) -> bool {
        self.0 >= [4, 2, 3]
    }

    /// Whether the data can be of another format than the disk.
    pub(super) fn converts(self) -> bool {
        self.0 >= [4, 3, 0]
    }

    /// Whether disks can be made for incremental backups.
    pub(super) fn knows_incremental_backup(self) -> bool {
        self.0 >= [4, 4, 0]
    }

    /// Whether a single layer of a disk can be downloaded.
    pub(super) fn knows_shallow(self) -> bool {
        self.0 >= [4, 4, 3]
    }

    /// Whether it can be told what to do about a client that is gone.
    pub(super) fn has_timeout_policy(self) -> bool {
        self.0 >= [4, 4, 5]
    }
}

impl std::fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, build] = self.0;
        write!(f, "{major}.{minor}.{build}")
    }
}
