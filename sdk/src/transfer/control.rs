//! The engine's side of a transfer: it opens the disk to the client, keeps it locked meanwhile, and checks it afterwards.

use super::engine_version::EngineVersion;
use super::imageio::{Access, Keeper};
use super::poll::Poll;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::retry::Retry;
use crate::core::http::session::BoxFuture;
use crate::core::link::Link;
use crate::ovirt::Connection;
use crate::ovirt::services::ImageTransferService;
use crate::ovirt::types::{
    Disk, DiskFormat, DiskStatus, ImageTransfer, ImageTransferDirection, ImageTransferPhase as Phase, ImageTransferTimeoutPolicy,
};
use reqwest::Url;
use std::time::Duration;
use tokio::time::Instant;

/// How long a single call may take, lest an engine that does not answer is waited for without end.
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// A request with a time limit.
macro_rules! limited {
    ($request:expr) => {{
        let mut request = $request;
        request.call.set_timeout(CALL_LIMIT);
        request
    }};
}

/// How long the engine may take to tell the phase for a message.
const PHASE_LIMIT: Duration = Duration::from_secs(10);

/// How long a transfer that is to end may be paused.
const PAUSED_END: Duration = Duration::from_secs(60);

/// What is to be transferred, as the engine is told.
pub(super) struct Wanted {
    pub(super) subject: ImageId,
    pub(super) direction: ImageTransferDirection,
    pub(super) host: Option<String>,
    pub(super) backup: Option<String>,
    pub(super) shallow: bool,
    pub(super) inactivity_timeout: Option<Duration>,
    /// What the engine is to do when nothing is heard of this client any more.
    pub(super) timeout_policy: ImageTransferTimeoutPolicy,
}

/// What is downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageId {
    /// A disk, by its id: what a guest that uses it sees.
    Disk(String),
    /// A disk snapshot, by its id: what the disk was when the snapshot was made. Since engine 4.2.
    Snapshot(String),
}

impl ImageId {
    fn id(&self) -> &str {
        match self {
            Self::Disk(id) | Self::Snapshot(id) => id,
        }
    }
}

impl std::fmt::Display for ImageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disk(id) => write!(f, "disk {id}"),
            Self::Snapshot(id) => write!(f, "snapshot {id}"),
        }
    }
}

/// How long the engine may take.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// To open the disk.
    pub(super) start: Duration,
    /// To check and unlock it.
    pub(super) finish: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { start: Duration::from_secs(300), finish: Duration::from_secs(600) }
    }
}

/// A transfer at the engine.
#[derive(Clone)]
pub(super) struct Transfer {
    connection: Connection,
    service: ImageTransferService,
    pub(super) id: String,
    pub(super) disk: Option<String>,
    version: EngineVersion,
    limits: Limits,
    is_upload: bool,
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
}

impl Transfer {
    /// Starts one. What it is of is locked from here on, until [`finalize`](Self::finalize) or [`cancel`](Self::cancel).
    pub(super) async fn start(connection: &Connection, version: EngineVersion, wanted: Wanted, limits: Limits) -> Result<Self> {
        let transfers = connection.system_service().image_transfers_service();
        let added = transfers.add().image_transfer(described(&wanted, version)).send().await?;
        let disk = match &wanted.subject {
            ImageId::Disk(id) => Some(id.clone()),
            ImageId::Snapshot(_) => None,
        };
        let is_upload = wanted.direction == ImageTransferDirection::Upload;
        let id = added.id.ok_or_else(|| Error::new(ErrorKind::Decode, "the engine started a transfer without telling its id"))?;
        Ok(Self { is_upload, ..Self::of(connection, version, id, disk, limits) })
    }

    /// An upload that was started before.
    pub(super) fn of(connection: &Connection, version: EngineVersion, id: String, disk: Option<String>, limits: Limits) -> Self {
        let service = connection.system_service().image_transfers_service().image_transfer_service(&id);
        Self { connection: connection.clone(), service, id, disk, version, limits, is_upload: true }
    }

    /// One that was found at the engine, to end it.
    pub(super) async fn found(connection: &Connection, id: String, disk: &str) -> Option<Self> {
        let version = EngineVersion::of(connection).await.ok()?;
        Some(Self::of(connection, version, id, Some(disk.to_owned()), Limits::default()))
    }

    /// Waits until data can flow, and tells where. A transfer that was paused is resumed.
    ///
    /// # Errors
    ///
    /// `Transfer`, with the phase, if it cannot get there; `Timeout` if it does not in time.
    pub(super) async fn open(&self) -> Result<Access> {
        let mut poll = Poll::new(self.limits.start);
        let mut is_resumed = false;
        loop {
            let found = self.get().await?;
            let phase = found.phase.clone().unwrap_or(Phase::Unknown);
            match phase {
                Phase::Transferring => {
                    if let Some(access) = access(found)? {
                        return Ok(access);
                    }
                }
                Phase::PausedSystem | Phase::PausedUser if !is_resumed => {
                    is_resumed = true;
                    match limited!(self.service.resume()).send().await {
                        // Somebody else did, which shows next.
                        Err(error) if error.kind() != ErrorKind::Conflict => return Err(error),
                        _ => continue,
                    }
                }
                Phase::Initializing | Phase::Resuming | Phase::Unknown | Phase::Unrecognized(_) => {}
                phase => return Err(self.ended(&phase)),
            }
            if !poll.wait().await {
                let limit = self.limits.start.as_secs();
                let problem = format!("the engine did not open the disk within {limit} seconds: the phase is `{phase}`");
                return Err(Error::new(ErrorKind::Timeout, problem));
            }
        }
    }

    async fn get(&self) -> Result<ImageTransfer> {
        limited!(self.service.get()).send().await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let problem = format!("the engine does not know transfer {} any more: it has ended", self.id);
                Error::new(ErrorKind::Transfer, problem).with_source(error)
            }
            _ => error,
        })
    }

    fn ended(&self, phase: &Phase) -> Error {
        let meaning = match phase {
            Phase::PausedSystem => "the engine paused it and cannot resume it: is ovirt-imageio running on the host?",
            Phase::PausedUser => "somebody paused it",
            Phase::CancelledSystem => "the engine cancelled it, as it does when nothing is heard of a client for too long",
            Phase::CancelledUser | Phase::FinalizingCleanup | Phase::FinishedCleanup => "somebody cancelled it",
            Phase::FinalizingFailure | Phase::FinishedFailure => "it failed; the events of the engine may say why",
            _ => "it is ending",
        };
        Error::new(ErrorKind::Transfer, format!("no data can flow in phase `{phase}`: {meaning}"))
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// Those of asking for it.
    pub(super) async fn outcome(&self) -> Result<Option<Outcome>> {
        match limited!(self.service.get()).send().await {
            Ok(found) => Ok(match found.phase {
                Some(Phase::FinishedSuccess) => Some(Outcome::Success),
                Some(Phase::FinishedFailure) => Some(Outcome::Failure),
                _ => None,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.wait_for_disk(&mut Poll::new(self.limits.finish)).await.map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// Phase as the engine tells it now, for messages.
    pub(super) async fn phase(&self) -> String {
        let mut request = self.service.get();
        request.call.set_retry(Retry::none());
        request.call.set_timeout(PHASE_LIMIT);
        match request.send().await {
            Ok(found) => found.phase.map_or("unknown".to_owned(), |phase| phase.to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => "ended".to_owned(),
            Err(_) => "not known: the engine does not answer".to_owned(),
        }
    }

    /// Ends it, and waits until the engine has checked and unlocked the disk.
    ///
    /// # Errors
    ///
    /// `Transfer` if the engine does not accept what was transferred, `Timeout` if it does not get done.
    pub(super) async fn finalize(&self) -> Result<()> {
        self.send_finalize().await?;
        match self.wait_for_end().await? {
            Outcome::Success => Ok(()),
            Outcome::Failure if !self.is_upload => {
                Err(Error::new(ErrorKind::Transfer, "the engine ended the download as a failure"))
            }
            Outcome::Failure => {
                let problem = "the engine does not accept the image; its events may say why (is it what its format says, without a backing file?)";
                Err(Error::new(ErrorKind::Transfer, problem))
            }
        }
    }

    /// Gives it up, and waits until the engine is done. The engine removes a disk that was being uploaded.
    ///
    /// # Errors
    ///
    /// Those of the engine, and `Timeout` if it does not get done.
    pub(super) async fn cancel(&self) -> Result<Outcome> {
        let sent = if self.version.can_cancel() {
            let mut request = limited!(self.service.cancel());
            request.call.set_retry(Retry::new().all_methods(true));
            request.send().await
        } else {
            self.send_finalize().await
        };
        match sent {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.wait_for_end().await
    }

    /// The engine takes it any number of times. One that has ended the transfer may have forgotten it.
    async fn send_finalize(&self) -> Result<()> {
        let mut poll = Poll::new(self.limits.finish);
        loop {
            let mut request = limited!(self.service.finalize());
            request.call.set_retry(Retry::none());
            match request.send().await {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) if error.is_retryable() && poll.wait().await => {}
                result => return result,
            }
        }
    }

    /// Leaves it for later: the disk stays locked.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub(super) async fn pause(&self) -> Result<()> {
        limited!(self.service.pause()).send().await
    }

    /// Waits for one of the phases that are never left. Those before them tell how it will end, but the disk is still locked.
    async fn wait_for_end(&self) -> Result<Outcome> {
        let mut poll = Poll::new(self.limits.finish);
        let mut paused_since = None;
        loop {
            match limited!(self.service.get()).send().await {
                Ok(found) => match found.phase {
                    Some(Phase::FinishedSuccess) => return self.wait_for_disk(&mut poll).await,
                    Some(Phase::FinishedFailure) => return Ok(Outcome::Failure),
                    // The documentation knows this as an end, of one whose disk is illegal. It may also be about to change.
                    Some(Phase::PausedSystem) if paused_since.get_or_insert_with(Instant::now).elapsed() >= PAUSED_END => {
                        let problem = "the engine paused the transfer instead of ending it: the disk is illegal";
                        return Err(Error::new(ErrorKind::Transfer, problem));
                    }
                    _ => {}
                },
                // Engines before 4.4.7 forget a transfer as soon as it has ended; later ones, after a quarter of an hour.
                Err(error) if error.kind() == ErrorKind::NotFound => return self.wait_for_disk(&mut poll).await,
                // An engine that is started again takes its time.
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(error),
            }
            if !poll.wait().await {
                let limit = self.limits.finish.as_secs();
                let problem = format!("the engine did not end the transfer within {limit} seconds; it may still do so");
                return Err(Error::new(ErrorKind::Timeout, problem));
            }
        }
    }

    async fn wait_for_disk(&self, poll: &mut Poll) -> Result<Outcome> {
        let Some(id) = &self.disk else { return Ok(Outcome::Success) };
        match wait_for_disk(&self.connection, id, poll).await? {
            Some(Disk { status: Some(DiskStatus::Illegal), .. }) | None => Ok(Outcome::Failure),
            Some(_) => Ok(Outcome::Success),
        }
    }
}

/// What the engine is told, as far as it understands it.
fn described(wanted: &Wanted, version: EngineVersion) -> ImageTransfer {
    let mut transfer = ImageTransfer::new().direction(wanted.direction.clone());
    transfer = match &wanted.subject {
        #[allow(deprecated, reason = "engines before 4.2 know nothing else")]
        subject if !version.knows_disks() => transfer.image(Link::by_id(subject.id())),
        ImageId::Disk(id) => transfer.disk(Link::by_id(id)),
        ImageId::Snapshot(id) => transfer.snapshot(Link::by_id(id)),
    };
    if let Some(host) = &wanted.host {
        transfer = transfer.host(Link::by_id(host));
    }
    if version.can_cancel()
        && let Some(timeout) = wanted.inactivity_timeout
    {
        transfer = transfer.inactivity_timeout(i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX));
    }
    if version.converts() {
        transfer = transfer.format(DiskFormat::Raw);
        if let Some(backup) = &wanted.backup {
            transfer = transfer.backup(Link::by_id(backup));
        }
    }
    if version.knows_shallow() && wanted.shallow {
        transfer = transfer.shallow(true);
    }
    if version.has_timeout_policy() {
        transfer = transfer.timeout_policy(wanted.timeout_policy.clone());
    }
    transfer
}

/// Addresses that the engine tells; `None` while it tells none.
fn access(transfer: ImageTransfer) -> Result<Option<Access>> {
    let url = |text: Option<String>| {
        let parsed = text.filter(|text| !text.is_empty()).map(|text| Url::parse(&text)).transpose();
        parsed.map_err(|_| Error::new(ErrorKind::Decode, "the engine tells an address for the data of the image that is no URL"))
    };
    let (direct, proxy) = (url(transfer.transfer_url)?, url(transfer.proxy_url)?);
    #[allow(deprecated, reason = "the proxies of old engines ask for it")]
    let signed_ticket = transfer.signed_ticket.filter(|ticket| !ticket.is_empty()).map(Into::into);
    let has_any = direct.is_some() || proxy.is_some();
    Ok(has_any.then_some(Access { direct, proxy, signed_ticket }))
}

/// Waits until a disk is not locked any more; `None` if there is none, or not any more.
///
/// # Errors
///
/// `Timeout` if it stays locked.
pub(super) async fn wait_for_disk(connection: &Connection, id: &str, poll: &mut Poll) -> Result<Option<Disk>> {
    let service = connection.system_service().disks_service().disk_service(id);
    loop {
        match limited!(service.get()).send().await {
            Ok(disk) if disk.status != Some(DiskStatus::Locked) => return Ok(Some(disk)),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.is_retryable() => {}
            Err(error) => return Err(error),
        }
        if !poll.wait().await {
            return Err(Error::new(ErrorKind::Timeout, format!("disk {id} is still locked")));
        }
    }
}

impl Keeper for Transfer {
    fn renew(&self) -> BoxFuture<'_, Result<Access>> {
        Box::pin(self.open())
    }

    fn may_find_out_later(&self) -> bool {
        true
    }

    fn extend(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { limited!(self.service.extend()).send().await })
    }
}
