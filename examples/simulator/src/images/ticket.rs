//! Tickets: what a client may do with a disk, and what it has done.

use super::lock;
use super::sparse::SparseFile;
use crate::clock::Clock;
use crate::engine::new_id;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

/// Who keeps a ticket alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// The engine, as long as the transfer is not paused, and whoever uses it.
    ByEngine,
    /// The client, which has to ask for it.
    ByClient,
}

/// A text that stands for what an old engine signs: opaque, and another one each time.
pub(crate) fn new_permission(ticket: &str) -> String {
    STANDARD.encode(format!("{ticket}/{}", new_id()))
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
    /// Seconds of idle time after which its client counts as gone, as the client wants it; 0 is never.
    pub(crate) inactivity: Option<u64>,
    /// Whether zeros may take no space.
    #[cfg_attr(not(unix), allow(dead_code, reason = "our own never do"))]
    pub(crate) sparse: bool,
}

/// Access to a disk for whoever knows the secret.
pub(crate) struct Ticket {
    request: TicketRequest,
    /// What lets its client pass the proxy of an old engine.
    permission: String,
    disk: Arc<SparseFile>,
    lifetime: Duration,
    renewal: Renewal,
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
    /// A new ticket, which lives so long when it is not renewed.
    pub(super) fn new(
        request: TicketRequest,
        disk: Arc<SparseFile>,
        (lifetime, renewal): (Duration, Renewal),
        clock: Arc<Clock>,
    ) -> Self {
        let expires = (renewal == Renewal::ByClient).then(|| clock.now() + lifetime);
        Ticket {
            permission: new_permission(&request.ticket),
            request,
            disk,
            lifetime,
            renewal,
            expires: Mutex::new(expires),
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

    /// What requests to the proxy of an old engine carry.
    pub(super) fn permission(&self) -> &str {
        &self.permission
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
        if self.renewal == Renewal::ByEngine {
            *lock(&self.expires) = None;
        }
        self.extend();
    }

    /// Lets it expire after its lifetime.
    pub(super) fn stop_renewal(&self) {
        if self.renewal == Renewal::ByEngine {
            *lock(&self.expires) = Some(self.clock.now() + self.lifetime);
        }
    }

    /// Counts as activity, which also moves the expiry unless that is for the client to ask for.
    pub(super) fn touch(&self) {
        match self.renewal {
            Renewal::ByEngine => self.extend(),
            Renewal::ByClient => *lock(&self.last_use) = self.clock.now(),
        }
    }

    /// Counts as activity and moves the expiry.
    pub(super) fn extend(&self) {
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
        let limit = self.request.inactivity.filter(|seconds| *seconds > 0).map(Duration::from_secs);
        !self.is_active() && limit.is_some_and(|limit| idle > limit)
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
