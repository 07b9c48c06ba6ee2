//! Tickets: what a client may do with a disk, and what it has done.

use super::lock;
use super::sparse::SparseFile;
use crate::clock::Clock;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a ticket allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

/// What a ticket is to be.
pub(crate) struct TicketRequest {
    /// Its secret, which is the last segment of its URL.
    pub(crate) ticket: String,
    /// Transfer that it belongs to.
    pub(crate) transfer: String,
    /// What it allows.
    pub(crate) access: Access,
    /// Whether it opens the bytes of a file in its format rather than what the disk holds.
    pub(crate) is_file: bool,
    /// End of the bytes that it opens.
    pub(crate) size: u64,
    /// Idle time after which its client counts as gone.
    pub(crate) inactivity: Option<Duration>,
}

/// Access to a disk for whoever knows the secret.
pub(crate) struct Ticket {
    request: TicketRequest,
    disk: Arc<SparseFile>,
    lifetime: Duration,
    clock: Arc<Clock>,
    /// When it expires; never while the engine renews it.
    expires: Mutex<Option<Instant>>,
    last_use: Mutex<Instant>,
    running: AtomicUsize,
    transferred: AtomicU64,
    canceled: AtomicBool,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("transfer", &self.request.transfer).finish_non_exhaustive()
    }
}

impl Ticket {
    /// A ticket that the engine renews.
    pub(super) fn new(request: TicketRequest, disk: Arc<SparseFile>, lifetime: Duration, clock: Arc<Clock>) -> Self {
        Ticket {
            request,
            disk,
            lifetime,
            expires: Mutex::new(None),
            last_use: Mutex::new(clock.now()),
            clock,
            running: AtomicUsize::new(0),
            transferred: AtomicU64::new(0),
            canceled: AtomicBool::new(false),
        }
    }

    /// The disk that it opens.
    pub(super) fn disk(&self) -> &Arc<SparseFile> {
        &self.disk
    }

    /// Its secret.
    pub(super) fn secret(&self) -> &str {
        &self.request.ticket
    }

    /// Transfer that it belongs to.
    pub(super) fn transfer(&self) -> &str {
        &self.request.transfer
    }

    /// End of the bytes that it opens.
    pub(super) fn size(&self) -> u64 {
        self.request.size
    }

    /// Whether it opens the bytes of a file: for one writer, and without knowledge of zeros.
    pub(super) fn is_file(&self) -> bool {
        self.request.is_file
    }

    /// Whether its client may write.
    pub(super) fn may_write(&self) -> bool {
        self.request.access == Access::Write
    }

    /// Why a request is refused, where it is.
    pub(super) fn refusal(&self, writes: bool) -> Option<String> {
        let name = self.transfer();
        if self.canceled.load(Ordering::Acquire) {
            return Some(format!("Transfer={name} was canceled"));
        }
        if lock(&self.expires).is_some_and(|expires| expires <= self.clock.now()) {
            return Some(format!("Transfer={name} expired"));
        }
        (writes && !self.may_write()).then(|| format!("Transfer={name} forbids write"))
    }

    /// Keeps it alive.
    pub(super) fn renew(&self) {
        *lock(&self.expires) = None;
        self.touch();
    }

    /// Lets it expire after its lifetime.
    pub(super) fn stop_renewal(&self) {
        *lock(&self.expires) = Some(self.clock.now() + self.lifetime);
    }

    /// Counts as activity, which also moves the expiry.
    pub(super) fn touch(&self) {
        *lock(&self.last_use) = self.clock.now();
        if let Some(expires) = lock(&self.expires).as_mut() {
            *expires = self.clock.now() + self.lifetime;
        }
    }

    /// Ends it; requests in flight fail at their next step.
    pub(super) fn cancel(&self) {
        self.canceled.store(true, Ordering::Release);
    }

    /// Whether it was ended.
    pub(super) fn is_canceled(&self) -> bool {
        self.canceled.load(Ordering::Acquire)
    }

    /// Whether a request is running.
    pub(super) fn is_active(&self) -> bool {
        self.running.load(Ordering::Acquire) > 0
    }

    /// Whether its client has been idle for too long.
    pub(super) fn is_silent(&self) -> bool {
        let idle = self.clock.now().saturating_duration_since(*lock(&self.last_use));
        !self.is_active() && self.request.inactivity.is_some_and(|limit| idle > limit)
    }

    /// Bytes moved so far.
    pub(super) fn transferred(&self) -> u64 {
        self.transferred.load(Ordering::Acquire)
    }

    /// Counts bytes that were moved.
    pub(super) fn count(&self, bytes: u64) {
        self.transferred.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Marks a request as running for as long as the result lives.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::AcqRel);
        Running(Arc::clone(self))
    }
}

/// A running request.
#[derive(Debug)]
pub(super) struct Running(Arc<Ticket>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
        self.0.touch();
    }
}
