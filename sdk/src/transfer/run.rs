//! What holds around every transfer: it runs apart from who waits for it, can be called off, and cleans up after itself.

use super::control::Transfer;
use super::imageio::Route;
use super::poll::Poll;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::session::BoxFuture;
use crate::ovirt::Connection;
use crate::ovirt::types::{Disk, DiskStatus, ImageTransferPhase as Phase};
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long the engine may take to remove a disk.
const REMOVAL: Duration = Duration::from_secs(120);

/// Ends when nobody waits for the result any more.
pub(super) type Dropped = oneshot::Receiver<()>;

/// Runs something as a task of its own, which learns that nobody waits for it any more instead of being dropped.
pub(super) async fn apart<T: Send + 'static, R>(run: impl FnOnce(Dropped) -> R) -> Result<T>
where
    R: Future<Output = Result<T>> + Send + 'static,
{
    let (_waits, dropped) = oneshot::channel();
    tokio::spawn(run(dropped)).await.map_err(broken)?
}

/// A task that ended without an answer.
pub(super) fn broken(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Cancelled, "a task of the transfer was ended from outside").with_source(error)
}

/// Runs what blocks on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(broken)?
}

/// Ends when the caller calls it off, or is gone.
pub(super) async fn called_off(event: Option<BoxFuture<'static, ()>>, dropped: Dropped) {
    // Either way, nobody waits any more.
    match event {
        Some(event) => drop(select(event, dropped).await),
        None => drop(dropped.await),
    }
}

/// Does something unless it is called off first.
pub(super) async fn unless<T>(called_off: impl Future<Output = ()>, work: impl Future<Output = Result<T>>) -> Result<T> {
    match select(pin!(work), pin!(called_off)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(cancelled()),
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the transfer was called off")
}

/// Whether the same transfer may go on later.
pub(super) fn may_go_on(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Cancelled => true,
        _ => matches!(error.status(), Some(429 | 502..=504)),
    }
}

/// What a transfer holds at the engine.
#[derive(Default)]
pub(super) struct Held {
    /// Disk that goes if the transfer fails.
    pub(super) removable_disk: Option<String>,
    /// Disk that it is of, where no other transfer can be of it.
    pub(super) disk: Option<String>,
    /// Whether the engine removes the disk if it is left with a part of the data, which it takes for a file of its format.
    pub(super) may_lose_disk: bool,
    /// Whether there is something to go on with.
    pub(super) has_journal: bool,
    /// The disk that is being made, which whoever gives up has to wait for.
    making: Option<JoinHandle<Result<Disk>>>,
    /// The transfer that is being started, which whoever gives up has to wait for.
    starting: Option<JoinHandle<Result<Transfer>>>,
    /// Whether the engine was asked for one.
    is_asked_for: bool,
    pub(super) transfer: Option<Transfer>,
    /// The way to the data.
    pub(super) route: Option<Arc<Route>>,
}

/// What is to become of a transfer that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It stays, so that another run can go on with it.
    Pause,
    /// The engine ends it, and removes a disk that was being uploaded.
    Cancel,
    /// The engine ends it as if it were whole, which keeps the disk.
    Finalize,
}

impl Held {
    /// Makes a disk such that it is made, or not, before anybody gives up.
    pub(super) async fn make(&mut self, make: impl Future<Output = Result<Disk>> + Send + 'static) -> Result<Disk> {
        let making = self.making.insert(tokio::spawn(make));
        let made = making.await.map_err(broken)?;
        self.making = None;
        made
    }

    /// Starts a transfer such that it is known even if that is broken off.
    pub(super) async fn start(&mut self, start: impl Future<Output = Result<Transfer>> + Send + 'static) -> Result<&Transfer> {
        self.is_asked_for = true;
        let starting = self.starting.insert(tokio::spawn(start));
        let started = starting.await.map_err(broken)?;
        self.starting = None;
        Ok(self.transfer.insert(started?))
    }

    /// Has the engine check what was moved, and let go of it.
    pub(super) async fn finalize(&self, connection: &Connection) -> Result<()> {
        let Some(transfer) = &self.transfer else { return Ok(()) };
        let Err(error) = transfer.finalize().await else { return Ok(()) };
        let mut told = format!("{}: {}", self.named(transfer).await, error.message());
        // Of what did not end in time nobody knows how it will end.
        if error.kind() == ErrorKind::Transfer {
            let removed = self.remove_disk(connection).await;
            told = [told, removed].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        }
        Err(error.with_message(told))
    }

    /// Names the transfer, with all that is known of where it is.
    async fn named(&self, transfer: &Transfer) -> String {
        let server = self.route.as_ref().map(|route| format!(", data at {}", route.server_name())).unwrap_or_default();
        format!("image transfer {} (phase `{}`{server})", transfer.id, transfer.phase().await)
    }

    /// Lets go of everything after a failure, and says what became of it.
    pub(super) async fn release(mut self, connection: &Connection, error: Error, ending: Ending) -> Error {
        if let Some(making) = self.making.take() {
            // It is removed below.
            drop(making.await);
        }
        if let Some(starting) = self.starting.take() {
            self.transfer = starting.await.ok().and_then(Result::ok);
        }
        if self.transfer.is_none()
            && self.is_asked_for
            && error.status().is_none()
            && let Some(disk) = &self.disk
        {
            // The engine may have started one although its answer was lost.
            self.transfer = find(connection, disk).await;
        }
        let mut told = vec![match &self.transfer {
            Some(transfer) => format!("{}: {}", self.named(transfer).await, error.message()),
            None => error.message().to_owned(),
        }];
        told.push(match (&self.transfer, ending) {
            (Some(transfer), Ending::Pause) => self.paused(transfer).await,
            (Some(transfer), Ending::Cancel) => match transfer.cancel().await {
                Ok(_) => "the transfer is cancelled".to_owned(),
                Err(error) => format!("the transfer could not be cancelled, and keeps the disk locked until it is: {error}"),
            },
            (Some(transfer), Ending::Finalize) if self.may_lose_disk => self.paused(transfer).await,
            (Some(transfer), Ending::Finalize) => match transfer.finalize().await {
                Ok(()) => "the disk is kept, with a part of the new data".to_owned(),
                Err(error) => format!("the disk could not be kept: {error}"),
            },
            (None, _) => String::new(),
        });
        if ending != Ending::Pause {
            told.push(self.remove_disk(connection).await);
        }
        told.retain(|text| !text.is_empty());
        let error = error.with_message(told.join("; "));
        match &self.transfer {
            Some(transfer) if ending == Ending::Pause && self.has_journal => error.with_paused_transfer(&transfer.id),
            _ => error,
        }
    }

    async fn paused(&self, transfer: &Transfer) -> String {
        let id = &transfer.id;
        let go_on = if self.has_journal { "upload again with the same journal to go on, or " } else { "" };
        let hint = format!("{go_on}cancel transfer {id} at the engine: until then the disk is locked");
        // The engine pauses it by itself soon, if it cannot be told to.
        match transfer.pause().await {
            Ok(()) => format!("the transfer is paused; {hint}"),
            Err(_) => hint,
        }
    }

    /// Sees to it that a disk that goes with the transfer is gone.
    async fn remove_disk(&self, connection: &Connection) -> String {
        let Some(disk) = &self.removable_disk else { return String::new() };
        let service = connection.system_service().disks_service().disk_service(disk);
        let mut poll = Poll::new(REMOVAL);
        let mut failure = None;
        loop {
            match service.get().send().await {
                Err(error) if error.kind() == ErrorKind::NotFound => return "the disk is removed".to_owned(),
                // The engine is about to.
                Ok(found) if found.status == Some(DiskStatus::Locked) => {}
                Ok(_) => failure = service.remove().send().await.err().filter(|error| error.kind() != ErrorKind::NotFound),
                Err(error) => failure = Some(error),
            }
            if !poll.wait().await {
                let why = failure.map(|error| format!(": {error}")).unwrap_or_default();
                return format!("disk {disk} is still there, and should be removed{why}");
            }
        }
    }
}

/// The transfer that is open for a disk.
async fn find(connection: &Connection, disk: &str) -> Option<Transfer> {
    let listed = connection.system_service().image_transfers_service().list().send().await.ok()?;
    #[allow(deprecated, reason = "this is what engines tell")]
    let is_ours = |transfer: &&crate::ovirt::types::ImageTransfer| {
        let of = transfer.image.as_ref().and_then(|image| image.id()).or(transfer.disk.as_ref().and_then(|disk| disk.id()));
        of == Some(disk) && !matches!(transfer.phase, Some(Phase::FinishedSuccess | Phase::FinishedFailure))
    };
    let id = listed.iter().find(is_ours)?.id.clone()?;
    Transfer::found(connection, id, disk).await
}
