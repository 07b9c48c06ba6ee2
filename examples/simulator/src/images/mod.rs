//! Data of disks, and the tickets that open it to clients of the image endpoint.

mod map;
mod range;
mod serve;
mod sparse;
mod storage;
mod ticket;

pub(crate) use serve::{Endpoint, disguise, serve};
pub(crate) use sparse::SparseFile;
pub(crate) use storage::{Format, State, Storage, Trouble};
#[cfg(unix)]
pub(crate) use ticket::new_permission;
pub(crate) use ticket::{Access, Renewal, Ticket, TicketRequest};

use crate::clock::Clock;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// First bytes of a qcow2 file.
const QCOW2_MAGIC: &[u8] = b"QFI\xfb";

/// Disks by id, and tickets by their secret.
#[derive(Debug)]
pub(crate) struct Images {
    folder: Mutex<Option<TempDir>>,
    disks: Mutex<HashMap<String, Arc<SparseFile>>>,
    tickets: Mutex<HashMap<String, Arc<Ticket>>>,
    /// Secrets of all tickets so far.
    given: Mutex<Vec<String>>,
    /// How long a ticket lives on when the engine no longer renews it.
    lifetime: Duration,
    renewal: Renewal,
    clock: Arc<Clock>,
    origins: OnceLock<Origins>,
}

/// Where the data of disks is served.
#[derive(Debug)]
struct Origins {
    /// By the host.
    host: String,
    /// By the machine of the engine, in the name of the host.
    proxy: String,
}

impl Images {
    /// No disks, in a new temporary folder.
    ///
    /// # Errors
    ///
    /// That of making the folder.
    pub(crate) fn new(lifetime: Duration, renewal: Renewal, clock: Arc<Clock>) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("virt-simulator-").tempdir()?;
        Ok(Images {
            folder: Mutex::new(Some(folder)),
            disks: Mutex::default(),
            tickets: Mutex::default(),
            given: Mutex::default(),
            lifetime,
            renewal,
            clock,
            origins: OnceLock::new(),
        })
    }

    /// Says where the endpoint of the host listens, and that of the proxy.
    pub(crate) fn set_origins(&self, host: String, proxy: String) {
        // Set once, before the first request.
        let _ = self.origins.set(Origins { host, proxy });
    }

    /// The ticket with that secret.
    pub(crate) fn ticket(&self, secret: &str) -> Option<Arc<Ticket>> {
        lock(&self.tickets).get(secret).cloned()
    }

    fn ticket_of(&self, transfer: &str) -> Option<Arc<Ticket>> {
        lock(&self.tickets).values().find(|ticket| ticket.transfer() == transfer).cloned()
    }

    fn disk(&self, disk: &str) -> Option<Arc<SparseFile>> {
        lock(&self.disks).get(disk).cloned()
    }

    /// Whether the bytes of a disk are a qcow2 file that stands alone and fits.
    fn is_qcow2(&self, disk: &str, size: u64) -> bool {
        let Some(disk) = self.disk(disk) else { return false };
        let Ok(header) = disk.read(0, 32) else { return false };
        let number = |from: usize| {
            let bytes: Option<[u8; 8]> = header.get(from..from + 8).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u64::from_be_bytes)
        };
        let stands_alone = number(8) == Some(0);
        header.starts_with(QCOW2_MAGIC) && stands_alone && number(24).is_some_and(|virtual_size| virtual_size <= size)
    }
}

/// Bytes are kept as they come, whatever the format of the disk.
impl Storage for Images {
    fn clear(&self) {
        lock(&self.tickets).clear();
        lock(&self.disks).clear();
        drop(lock(&self.folder).take());
    }

    fn add(&self, disk: &str, size: u64, _: Format) {
        let path = lock(&self.folder).as_ref().map(|folder| folder.path().join(disk));
        lock(&self.disks).insert(disk.to_owned(), Arc::new(SparseFile::new(path.unwrap_or_default(), size)));
    }

    fn copy(&self, from: &str, to: &str) {
        let (source, target) = {
            let disks = lock(&self.disks);
            (disks.get(from).cloned(), disks.get(to).cloned())
        };
        if let (Some(source), Some(target)) = (source, target) {
            // A copy that fails for want of space leaves an empty disk; there is nobody to tell.
            let _ = target.copy_from(&source);
        }
    }

    fn resize(&self, disk: &str, size: u64) {
        if let Some(disk) = self.disk(disk) {
            disk.resize(size);
        }
    }

    fn convert(&self, _: &str, _: Format) {}

    fn remove(&self, disk: &str) {
        if let Some(file) = lock(&self.disks).remove(disk) {
            file.delete();
        }
    }

    fn used(&self, disk: &str) -> Option<u64> {
        self.disk(disk).map(|disk| disk.used())
    }

    fn length(&self, disk: &str) -> Option<u64> {
        self.disk(disk).map(|disk| disk.end()).filter(|end| *end > 0)
    }

    fn file(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn is_sound(&self, disk: &str, size: u64, is_file: bool) -> bool {
        !is_file || self.is_qcow2(disk, size)
    }

    fn open(&self, disk: &str, request: TicketRequest) -> bool {
        let Some(disk) = self.disk(disk) else { return false };
        disk.allow(request.size);
        let ticket = Ticket::new(request, disk, (self.lifetime, self.renewal), Arc::clone(&self.clock));
        lock(&self.given).extend([ticket.secret().to_owned(), ticket.permission().to_owned()]);
        lock(&self.tickets).insert(ticket.secret().to_owned(), Arc::new(ticket));
        true
    }

    fn renew(&self, transfer: &str) -> bool {
        self.ticket_of(transfer).map(|ticket| ticket.renew()).is_some()
    }

    fn stop_renewal(&self, transfer: &str) {
        if let Some(ticket) = self.ticket_of(transfer) {
            ticket.stop_renewal();
        }
    }

    fn extend(&self, transfer: &str) {
        if let Some(ticket) = self.ticket_of(transfer) {
            ticket.extend();
        }
    }

    fn close(&self, transfer: &str) {
        lock(&self.tickets).retain(|_, ticket| {
            let is_other = ticket.transfer() != transfer;
            if !is_other {
                ticket.cancel();
            }
            is_other
        });
    }

    fn is_closed(&self, transfer: &str) -> bool {
        self.ticket_of(transfer).is_none()
    }

    fn state(&self, transfer: &str) -> Option<State> {
        let (ticket, origins) = (self.ticket_of(transfer)?, self.origins.get()?);
        let url = |origin: &str| format!("{origin}/images/{}", ticket.secret());
        Some(State {
            active: ticket.is_active(),
            transferred: ticket.transferred(),
            transfer_url: url(&origins.host),
            proxy_url: url(&origins.proxy),
            signed_ticket: ticket.permission().to_owned(),
        })
    }

    fn troubles(&self) -> Vec<(String, Trouble)> {
        let tickets = lock(&self.tickets);
        let silent = tickets.values().filter(|ticket| ticket.is_silent());
        silent.map(|ticket| (ticket.transfer().to_owned(), Trouble::Silent)).collect()
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.given).clone()
    }
}

/// Locks, also after a panic of another holder: the data behind it stays usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
