//! What an engine asks of whatever holds the data of its disks.

use super::TicketRequest;
use std::fmt;
use std::path::PathBuf;

/// Data of disks, and the tickets that open it to clients. Disks go by their ids, tickets by the ids of the transfers
/// that they belong to.
pub(crate) trait Storage: fmt::Debug + Send + Sync {
    /// Adds an empty disk, which takes no space.
    fn add(&self, disk: &str, size: u64, format: Format);

    /// Copies the data of a disk to another one.
    fn copy(&self, from: &str, to: &str);

    /// Gives a disk another size.
    fn resize(&self, disk: &str, size: u64);

    /// Gives a disk another format.
    fn convert(&self, disk: &str, format: Format);

    /// Removes a disk and its data.
    fn remove(&self, disk: &str);

    /// Bytes that a disk takes.
    fn used(&self, disk: &str) -> Option<u64>;

    /// Length of the file of a disk.
    fn length(&self, disk: &str) -> Option<u64>;

    /// File of a disk, where it has one that means something to others.
    fn file(&self, disk: &str) -> Option<PathBuf>;

    /// Whether what an upload has left in a disk of a size is what its format says. `is_file` is whether the upload sent
    /// the bytes of a file in its format.
    fn is_sound(&self, disk: &str, size: u64, is_file: bool) -> bool;

    /// Opens a disk with a ticket. False where that fails.
    fn open(&self, disk: &str, request: TicketRequest) -> bool;

    /// Keeps the ticket of a transfer alive again. False where it has none.
    fn renew(&self, transfer: &str) -> bool;

    /// Lets the ticket of a transfer expire in its time.
    fn stop_renewal(&self, transfer: &str);

    /// The client of a transfer asked for more time.
    fn extend(&self, transfer: &str);

    /// Begins to close the ticket of a transfer; requests in flight fail.
    fn close(&self, transfer: &str);

    /// Whether the ticket of a transfer has been closed, or there was none.
    fn is_closed(&self, transfer: &str) -> bool;

    /// What is known about the ticket of a transfer.
    fn state(&self, transfer: &str) -> Option<State>;

    /// Transfers whose sessions are not as they should be.
    fn troubles(&self) -> Vec<(String, Trouble)>;

    /// Everything secret that clients were told so far.
    fn secrets(&self) -> Vec<String>;

    /// Ends all tickets, and removes all data from the file system.
    fn clear(&self);
}

/// Format of the data of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Byte by byte what a guest sees.
    Raw,
    /// An image of the format qcow2.
    Cow,
}

impl Format {
    /// The format that the API calls so; raw for whatever else.
    pub(crate) fn named(text: Option<&str>) -> Self {
        if text == Some("cow") { Format::Cow } else { Format::Raw }
    }
}

/// What the engine learns about an open ticket.
#[derive(Debug)]
pub(crate) struct State {
    /// Whether a request is running.
    pub(crate) active: bool,
    /// Bytes moved so far.
    pub(crate) transferred: u64,
    /// Where the client finds the data.
    pub(crate) transfer_url: String,
    /// Where it finds the same by way of the engine's machine.
    pub(crate) proxy_url: String,
    /// What the proxy of an old engine wants to see.
    pub(crate) signed_ticket: String,
}

/// What is wrong with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Its client has been idle for too long.
    Silent,
    /// The daemon knows its ticket no more.
    #[cfg_attr(not(unix), allow(dead_code, reason = "our own does not forget"))]
    Lost,
}
