//! How far a transfer has come.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a transfer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Size of the disk, in bytes.
    pub size: u64,
    /// How much of the disk is dealt with, in bytes: moved, or found to be zeros, or done by a run before this one.
    pub done: u64,
    /// Data that was moved over the network, in bytes.
    pub transferred: u64,
}

/// What a transfer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The image is looked at, the disk is made, and the engine opens it.
    Preparing,
    /// Data is moved.
    Transferring,
    /// The server computes its checksum, or the engine checks the disk.
    Finishing,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preparing => "preparing",
            Self::Transferring => "transferring",
            Self::Finishing => "finishing",
        })
    }
}

/// Progress is told whenever so many bytes went over the network.
const OFTEN: u64 = 1 << 20;

/// What is called when there is progress.
pub(super) type OnProgress = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Counts progress, and tells it.
#[derive(Default)]
pub(super) struct Meter {
    told: Option<OnProgress>,
    size: AtomicU64,
    done: AtomicU64,
    transferred: AtomicU64,
}

impl Meter {
    pub(super) fn new(told: Option<OnProgress>) -> Arc<Self> {
        Arc::new(Self { told, ..Self::default() })
    }

    pub(super) fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Relaxed);
    }

    /// Tells that something else is being done now.
    pub(super) fn enter(&self, stage: Stage) {
        if let Some(told) = &self.told {
            let [size, done, transferred] =
                [&self.size, &self.done, &self.transferred].map(|count| count.load(Ordering::Relaxed));
            told(&Progress { stage, size, done: done.min(size), transferred });
        }
    }

    /// Takes in that so many bytes of the disk are dealt with.
    pub(super) fn done(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        self.enter(Stage::Transferring);
    }

    /// Takes in that so many bytes of the disk have to be dealt with once more.
    pub(super) fn undone(&self, bytes: u64) {
        let less = |done: u64| Some(done.saturating_sub(bytes));
        // It always changes.
        let _ = self.done.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Takes in that so many bytes went over the network.
    pub(super) fn transferred(&self, bytes: u64) {
        let before = self.transferred.fetch_add(bytes, Ordering::Relaxed);
        // They come in pieces of any size, and more often than anybody wants to know.
        if before / OFTEN != (before + bytes) / OFTEN {
            self.enter(Stage::Transferring);
        }
    }

    /// Bytes that went over the network so far.
    pub(super) fn bytes(&self) -> u64 {
        self.transferred.load(Ordering::Relaxed)
    }
}
