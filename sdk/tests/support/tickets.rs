//! Tickets of ovirt-imageio: the right to transfer one image, as an engine gives it to the daemon.

use serde_json::{Value, json};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::Path;

/// A ticket that is to be given.
pub(crate) struct Ticket {
    /// Identifier, which is in the URL of the image and the only secret there is.
    pub(crate) uuid: String,
    /// Where the daemon finds the image: `file://`, `nbd:unix:`, `nbd:HOST:PORT`, or the URL at another daemon.
    pub(crate) url: String,
    /// Bytes that may be transferred; ranges beyond them are refused.
    pub(crate) size: u64,
    /// Seconds that it is valid, from now and from the end of each request.
    pub(crate) timeout: u32,
    /// Seconds until the daemon closes a connection on which nothing happens; 60 where this is none. 0 breaks the
    /// daemon.
    pub(crate) inactivity_timeout: Option<u32>,
    /// Of `read` and `write`; the latter is both.
    pub(crate) ops: Vec<&'static str>,
    /// Whether zeros may become holes.
    pub(crate) sparse: bool,
    /// Whether it may be asked what is dirty; the image has to be served with a bitmap.
    pub(crate) dirty: bool,
    /// What the daemon calls the transfer in errors.
    pub(crate) transfer_id: Option<String>,
    /// Name of the file, for `content-disposition`.
    pub(crate) filename: Option<String>,
}

impl Ticket {
    /// For all that may be done with a sparse image.
    pub(crate) fn new(url: impl Into<String>, size: u64) -> Self {
        let (high, low) = (random(), random());
        Self {
            uuid: format!(
                "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                high >> 32,
                high & 0xffff,
                (high >> 16) & 0xfff,
                low >> 52,
                low & 0xffff_ffff_ffff
            ),
            url: url.into(),
            size,
            timeout: 3000,
            inactivity_timeout: None,
            ops: vec!["read", "write"],
            sparse: true,
            dirty: false,
            transfer_id: None,
            filename: None,
        }
    }

    /// For a file, byte by byte, as transfers in the format of the disk are served.
    pub(crate) fn file(path: &Path, size: u64) -> Self {
        Self::new(format!("file://{}", path.display()), size)
    }

    /// For what `qemu-nbd` serves, as transfers in the raw format are served.
    pub(crate) fn nbd(socket: &Path, size: u64) -> Self {
        Self::new(format!("nbd:unix:{}", socket.display()), size)
    }

    pub(super) fn json(&self) -> Value {
        let mut ticket = json!({
            "uuid": self.uuid,
            "url": self.url,
            "size": self.size,
            "timeout": self.timeout,
            "ops": self.ops,
            "sparse": self.sparse,
            "dirty": self.dirty,
        });
        // Null is not a value of these.
        for (name, value) in [("transfer_id", &self.transfer_id), ("filename", &self.filename)] {
            if let Some(value) = value {
                ticket[name] = json!(value);
            }
        }
        if let Some(seconds) = self.inactivity_timeout {
            ticket["inactivity_timeout"] = json!(seconds);
        }
        ticket
    }
}

/// What the daemon knows of a ticket.
#[derive(Debug)]
pub(crate) struct TicketState {
    /// Whether a request is carried out.
    pub(crate) active: bool,
    /// Whether it is being removed.
    pub(crate) canceled: bool,
    /// Connections that used it and are open.
    pub(crate) connections: u64,
    /// When it expires, in seconds of the daemon's monotonic clock.
    pub(crate) expires: u64,
    /// Seconds since the last request ended, or it was asked for its abilities.
    pub(crate) idle_time: u64,
    /// Bytes, each counted once; unknown where more than one of `ops` is allowed.
    pub(crate) transferred: Option<u64>,
}

impl TicketState {
    pub(super) fn read(state: &Value) -> Option<Self> {
        Some(Self {
            active: state["active"].as_bool()?,
            canceled: state["canceled"].as_bool()?,
            connections: state["connections"].as_u64()?,
            expires: state["expires"].as_u64()?,
            idle_time: state["idle_time"].as_u64()?,
            transferred: state["transferred"].as_u64(),
        })
    }
}

/// Each is seeded anew.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}
