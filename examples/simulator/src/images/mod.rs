//! Data of disks, and the tickets that open it to clients of the image endpoint.

mod map;
mod range;
mod serve;
mod sparse;
mod ticket;

pub(crate) use serve::{disguise, serve};
pub(crate) use sparse::SparseFile;
pub(crate) use ticket::{Access, Ticket, TicketRequest};

use crate::clock::Clock;
use std::collections::HashMap;
use std::io;
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
    clock: Arc<Clock>,
    url: OnceLock<String>,
}

/// What the engine learns about an open ticket.
#[derive(Debug)]
pub(crate) struct State {
    /// Whether a request is running.
    pub(crate) active: bool,
    /// Bytes moved so far.
    pub(crate) transferred: u64,
    /// Where the client finds the data.
    pub(crate) url: String,
}

impl Images {
    /// No disks, in a new temporary folder.
    ///
    /// # Errors
    ///
    /// That of making the folder.
    pub(crate) fn new(lifetime: Duration, clock: Arc<Clock>) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("virt-simulator-").tempdir()?;
        Ok(Images {
            folder: Mutex::new(Some(folder)),
            disks: Mutex::default(),
            tickets: Mutex::default(),
            given: Mutex::default(),
            lifetime,
            clock,
            url: OnceLock::new(),
        })
    }

    /// Says where the endpoint listens.
    pub(crate) fn set_url(&self, url: String) {
        // Set once, before the first request.
        let _ = self.url.set(url);
    }

    /// Removes all data from the file system.
    pub(crate) fn clear(&self) {
        lock(&self.tickets).clear();
        lock(&self.disks).clear();
        drop(lock(&self.folder).take());
    }

    /// Adds an empty disk, which takes no space.
    pub(crate) fn add(&self, disk: &str, size: u64) {
        let path = lock(&self.folder).as_ref().map(|folder| folder.path().join(disk));
        lock(&self.disks).insert(disk.to_owned(), Arc::new(SparseFile::new(path.unwrap_or_default(), size)));
    }

    /// Copies the data of a disk to another one.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let (source, target) = {
            let disks = lock(&self.disks);
            (disks.get(from).cloned(), disks.get(to).cloned())
        };
        if let (Some(source), Some(target)) = (source, target) {
            // A copy that fails for want of space leaves an empty disk; there is nobody to tell.
            let _ = target.copy_from(&source);
        }
    }

    /// Gives a disk another size.
    pub(crate) fn resize(&self, disk: &str, size: u64) {
        if let Some(disk) = self.disk(disk) {
            disk.resize(size);
        }
    }

    /// Removes a disk and its data.
    pub(crate) fn remove(&self, disk: &str) {
        if let Some(file) = lock(&self.disks).remove(disk) {
            file.delete();
        }
    }

    /// Bytes that a disk takes.
    pub(crate) fn used(&self, disk: &str) -> Option<u64> {
        self.disk(disk).map(|disk| disk.used())
    }

    /// Length of the file that was written to a disk.
    pub(crate) fn length(&self, disk: &str) -> Option<u64> {
        self.disk(disk).map(|disk| disk.end()).filter(|end| *end > 0)
    }

    /// Whether the bytes of a disk are a qcow2 file that stands alone and fits.
    pub(crate) fn is_qcow2(&self, disk: &str, size: u64) -> bool {
        let Some(disk) = self.disk(disk) else { return false };
        let Ok(header) = disk.read(0, 32) else { return false };
        let number = |from: usize| {
            let bytes: Option<[u8; 8]> = header.get(from..from + 8).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u64::from_be_bytes)
        };
        let stands_alone = number(8) == Some(0);
        header.starts_with(QCOW2_MAGIC) && stands_alone && number(24).is_some_and(|virtual_size| virtual_size <= size)
    }

    /// Opens a disk with a ticket. False where the disk has no data to open.
    pub(crate) fn open(&self, disk: &str, request: TicketRequest) -> bool {
        let Some(disk) = self.disk(disk) else { return false };
        disk.allow(request.size);
        let ticket = Ticket::new(request, disk, self.lifetime, Arc::clone(&self.clock));
        lock(&self.given).push(ticket.secret().to_owned());
        lock(&self.tickets).insert(ticket.secret().to_owned(), Arc::new(ticket));
        true
    }

    /// Secrets of all tickets so far.
    pub(crate) fn secrets(&self) -> Vec<String> {
        lock(&self.given).clone()
    }

    /// Keeps the ticket of a transfer alive again. False where it has none.
    pub(crate) fn renew(&self, transfer: &str) -> bool {
        self.ticket_of(transfer).map(|ticket| ticket.renew()).is_some()
    }

    /// Lets the ticket of a transfer expire in its time.
    pub(crate) fn stop_renewal(&self, transfer: &str) {
        if let Some(ticket) = self.ticket_of(transfer) {
            ticket.stop_renewal();
        }
    }

    /// Counts as activity of the client of a transfer.
    pub(crate) fn touch(&self, transfer: &str) {
        if let Some(ticket) = self.ticket_of(transfer) {
            ticket.touch();
        }
    }

    /// Bytes moved with the ticket of a transfer.
    pub(crate) fn transferred(&self, transfer: &str) -> Option<u64> {
        self.ticket_of(transfer).map(|ticket| ticket.transferred())
    }

    /// Closes the ticket of a transfer; requests in flight fail.
    pub(crate) fn close(&self, transfer: &str) {
        lock(&self.tickets).retain(|_, ticket| {
            let is_other = ticket.transfer() != transfer;
            if !is_other {
                ticket.cancel();
            }
            is_other
        });
    }

    /// What is known about the ticket of a transfer.
    pub(crate) fn state(&self, transfer: &str) -> Option<State> {
        let ticket = self.ticket_of(transfer)?;
        let url = format!("{}/images/{}", self.url.get()?, ticket.secret());
        Some(State { active: ticket.is_active(), transferred: ticket.transferred(), url })
    }

    /// Transfers whose clients have been idle for too long.
    pub(crate) fn silent(&self) -> Vec<String> {
        let tickets = lock(&self.tickets);
        tickets.values().filter(|ticket| ticket.is_silent()).map(|ticket| ticket.transfer().to_owned()).collect()
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
}

/// Locks, also after a panic of another holder: the data behind it stays usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
