//! What uploads and downloads have in common.

use super::control::Limits;
use super::imageio::{Abilities, Terms};
use super::progress::OnProgress;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::session::BoxFuture;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Connections, unless something else is asked for: more cost a server with TLS more than they bring.
const CONNECTIONS: usize = 4;

/// Bytes after which what was done is made to last, where a journal is kept.
pub(super) const JOURNAL_INTERVAL: u64 = 256 << 20;

/// The longest time of inactivity that servers take: larger numbers make them fail, and so does 0.
const LONGEST_INACTIVITY: Duration = Duration::from_secs(86400);

/// What the engine assumes when nothing is said.
const INACTIVITY: Duration = Duration::from_secs(60);

pub(super) struct Settings {
    pub(super) connections: usize,
    pub(super) wants_checksum: bool,
    pub(super) on_progress: Option<OnProgress>,
    /// What calls it off; only its owner can wait for it.
    pub(super) cancel: Mutex<Option<BoxFuture<'static, ()>>>,
    pub(super) journal: Option<PathBuf>,
    pub(super) journal_interval: u64,
    pub(super) host: Option<String>,
    pub(super) inactivity_timeout: Option<Duration>,
    pub(super) terms: Terms,
    pub(super) limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            wants_checksum: false,
            on_progress: None,
            cancel: Mutex::new(None),
            journal: None,
            journal_interval: JOURNAL_INTERVAL,
            host: None,
            inactivity_timeout: None,
            terms: Terms { stall_timeout: Duration::from_secs(60), retry_for: Duration::from_secs(120), uses_unix_socket: true },
            limits: Limits::default(),
        }
    }
}

impl Settings {
    /// What calls the transfer off, for whoever waits for it.
    pub(super) fn take_cancel(&mut self) -> Option<BoxFuture<'static, ()>> {
        self.cancel.get_mut().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What the engine is told, which is never 0: with it the server would break off requests.
    pub(super) fn inactivity_timeout(&self) -> Option<Duration> {
        let told = |timeout: Duration| if timeout.is_zero() { LONGEST_INACTIVITY } else { timeout };
        self.inactivity_timeout.map(|timeout| told(timeout).clamp(Duration::from_secs(1), LONGEST_INACTIVITY))
    }

    /// How long nothing may be sent before the server is told that somebody is there.
    pub(super) fn keep_open_interval(&self) -> Duration {
        self.inactivity_timeout().unwrap_or(INACTIVITY).min(INACTIVITY) / 3
    }

    /// Connections, of which the server takes `most`.
    pub(super) fn connections(&self, most: usize) -> usize {
        self.connections.clamp(1, most.max(1))
    }

    /// Checks that the server can do what was asked for.
    pub(super) fn check(&self, abilities: &Abilities) -> Result<()> {
        if self.wants_checksum && !abilities.has_checksum() {
            let problem = "the server of the image computes no checksums: ask for none (`checksum(false)`)";
            return Err(Error::new(ErrorKind::Transfer, problem));
        }
        Ok(())
    }
}

/// Methods of a builder that has its [`Settings`] in the field `settings`.
macro_rules! setters {
    ($builder:ident) => {
        impl $builder {
            /// Connections at most; the server may allow fewer. Default: 4. Each takes up to two buffers of 2 MiB.
            pub fn connections(mut self, connections: usize) -> Self {
                self.settings.connections = connections;
                self
            }

            /// Whether the checksum of the whole disk is compared with the one that the server computes, before the transfer is
            /// finalized. The server then reads everything once more, at about 1 GiB/s. Default: false. Needs
            /// ovirt-imageio 2.0 (oVirt 4.4).
            pub fn checksum(mut self, compared: bool) -> Self {
                self.settings.wants_checksum = compared;
                self
            }

            /// What to call when there is progress: for each MiB or so, from several threads, so it should be quick.
            pub fn on_progress(mut self, told: impl Fn(&$crate::transfer::Progress) + Send + Sync + 'static) -> Self {
                self.settings.on_progress = Some(::std::sync::Arc::new(told));
                self
            }

            /// What ends first calls the transfer off: a signal, a timer, the `cancelled` of a token. To drop the future of
            /// the transfer calls it off too, but then nobody learns how that went, and it takes a runtime that goes on.
            pub fn cancel_on(mut self, event: impl Future<Output = ()> + Send + 'static) -> Self {
                self.settings.cancel = ::std::sync::Mutex::new(Some(Box::pin(event)));
                self
            }

            /// Seconds without any request after which the engine takes this client for gone. 0 is understood as a day:
            /// servers break with 0. Default: that of the engine, 60. While nothing is moved because the other side is
            /// slow, the transfer is kept open anyway. Since engine 4.2.3.
            pub fn inactivity_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.settings.inactivity_timeout = Some(timeout);
                self
            }

            /// How long nothing may arrive on a connection, or 2 MiB take to be sent, before the request is made again.
            /// Default: 60 seconds.
            pub fn stall_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.settings.terms.stall_timeout = timeout;
                self
            }

            /// How long a request is made again that fails on the way. Default: two minutes.
            pub fn retry_for(mut self, time: ::std::time::Duration) -> Self {
                self.settings.terms.retry_for = time;
                self
            }

            /// Whether the data goes past the network when this program runs on the host that serves it. Default: true.
            pub fn unix_socket(mut self, used: bool) -> Self {
                self.settings.terms.uses_unix_socket = used;
                self
            }
        }
    };
}

pub(super) use setters;

/// Methods of a builder for transfers that an engine controls.
macro_rules! engine_setters {
    ($builder:ident) => {
        impl $builder {
            /// Id of the host that is to serve the data. Default: any that can.
            pub fn host(mut self, id: impl Into<String>) -> Self {
                self.settings.host = Some(id.into());
                self
            }

            /// How long the engine may take to open the disk. Default: 5 minutes.
            pub fn start_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.settings.limits.start = timeout;
                self
            }

            /// How long the engine may take to check and unlock the disk at the end. Default: 10 minutes.
            pub fn finish_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.settings.limits.finish = timeout;
                self
            }

            /// How many bytes may have to be moved once more after an interruption, where there is something to resume from.
            /// What was moved is made to last that often. Default: 256 MiB.
            pub fn journal_interval(mut self, bytes: u64) -> Self {
                self.settings.journal_interval = bytes;
                self
            }
        }
    };
}

pub(super) use engine_setters;
