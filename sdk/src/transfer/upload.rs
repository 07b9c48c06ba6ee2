//! Uploads: from what is known of the image to a disk that can be used.

use super::control::{ImageId, Outcome, Transfer, Wanted, wait_for_disk};
use super::engine_version::EngineVersion;
use super::image::Format;
use super::imageio::Route;
use super::journal::{Entry, Journal};
use super::new_disk::{self, Known, request};
use super::poll::Poll;
use super::progress::{Meter, Stage};
use super::run::{self, Ending, Held, blocking};
use super::send::{self, Sending};
use super::settings::{Settings, engine_setters, setters};
use super::source::{Opened, Source};
use crate::core::error::{Error, ErrorKind, Result};
use crate::ovirt::Connection;
use crate::ovirt::types::{Disk, DiskFormat, DiskStatus, ImageTransferDirection, ImageTransferTimeoutPolicy};
use std::path::Path;
use std::sync::Arc;

/// Uploads an image to a disk; see [`Upload`].
pub fn upload(connection: &Connection, source: impl Into<Source>) -> Upload {
    Upload { connection: connection.clone(), source: source.into(), to: None, removes_disk: false, settings: Settings::default() }
}

/// An upload that is being set up; [`upload`] starts with one.
///
/// The image may be raw, an ISO or qcow2, in any of its kinds; what the disk holds is what a guest would see of it, whatever
/// format the disk has. Only data goes over the network, zeros do not. Requests that fail are made again, at the proxy if
/// the host is gone; a transfer that the engine paused meanwhile is resumed.
///
/// If it fails, or is called off, the transfer is ended, and a disk that was made for it is removed. A disk that was there
/// before stays, with part of the new data, unless [`remove_disk_on_failure`](Self::remove_disk_on_failure) is set.
///
/// ```no_run
/// use virt_sdk::ovirt::Connection;
/// use virt_sdk::ovirt::types::{Disk, StorageDomain};
/// use virt_sdk::transfer;
///
/// # async fn example(connection: Connection) -> virt_sdk::Result<()> {
/// let disk = Disk::new().name("fedora").storage_domains([StorageDomain::new().name("data")]);
/// let uploaded = transfer::upload(&connection, "fedora.qcow2").new_disk(disk).checksum(true).send().await?;
/// println!("disk {} holds {} bytes", uploaded.disk_id, uploaded.size);
/// # Ok(())
/// # }
/// ```
#[must_use = "an upload starts with `send`"]
pub struct Upload {
    connection: Connection,
    source: Source,
    to: Option<To>,
    removes_disk: bool,
    settings: Settings,
}

enum To {
    New(Box<Disk>),
    Existing(String),
}

setters!(Upload);
engine_setters!(Upload);

/// An upload that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Id of the disk.
    pub disk_id: String,
    /// Id of the transfer, under which the engine logged it.
    pub transfer_id: String,
    /// What the image was.
    pub format: Format,
    /// Size of the disk, in bytes.
    pub size: u64,
    /// Data that went over the network, in bytes.
    pub transferred: u64,
    /// Checksum of the disk, if it was asked for: BLAKE2b-256 of the BLAKE2b-256 of its blocks of 4 MiB, in hexadecimal digits.
    pub checksum: Option<String>,
}

impl Upload {
    /// Makes a disk for the image. What is given stays; what is not is worked out: the name from that of the file, size,
    /// format (`cow` for qcow2, else `raw`), content type (`iso` for an ISO), `sparse` (true, but for a raw disk in block
    /// storage, and for an ISO), initial size, and `backup` (incremental for `cow`). One of its `storage_domains` has to be given,
    /// by name or id.
    pub fn new_disk(mut self, disk: Disk) -> Self {
        self.to = Some(To::New(Box::new(disk)));
        self
    }

    /// Writes the image to a disk that is there. It has to be as large as the image, or larger: the rest will be zeros. It must not
    /// be in use.
    pub fn disk(mut self, id: impl Into<String>) -> Self {
        self.to = Some(To::Existing(id.into()));
        self
    }

    /// Whether a disk that was there before is removed if the upload fails. Default: false.
    pub fn remove_disk_on_failure(mut self, removed: bool) -> Self {
        self.removes_disk = removed;
        self
    }

    /// Keeps a journal in a file, and goes on where an earlier upload with the same journal was interrupted: because the network
    /// or this program was gone. Such an upload leaves the transfer paused, and the disk locked, until it is resumed, or
    /// the transfer is cancelled at the engine. The journal is removed at the end. The image has to be a file that has not changed.
    pub fn resume_from(mut self, journal: impl AsRef<Path>) -> Self {
        self.settings.journal = Some(journal.as_ref().to_owned());
        self
    }

    /// Uploads the image. Returns when the disk can be used.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Image`] if the source cannot be read, or is no image that can be uploaded; [`ErrorKind::Request`] if it does
    /// not fit the disk, or something is missing; [`ErrorKind::Transfer`] if the engine ends the transfer or does not accept the image;
    /// [`ErrorKind::Checksum`] if the checksums differ; [`ErrorKind::Cancelled`] if it was called off; else those of any call to the engine, and of the server of
    /// the data. The text tells phase and host, and what became of the disk.
    pub async fn send(self) -> Result<Uploaded> {
        run::apart(|dropped| self.run(dropped)).await
    }

    async fn run(mut self, dropped: run::Dropped) -> Result<Uploaded> {
        let called_off = run::called_off(self.settings.take_cancel(), dropped);
        let mut held = Held::default();
        let connection = self.connection.clone();
        let (removes_disk, journal) = (self.removes_disk, self.settings.journal.clone());
        held.has_journal = journal.is_some();
        let error = match run::unless(called_off, self.carry_out(&mut held)).await {
            // Everything is moved: it cannot be called off any more.
            Ok(uploaded) => {
                let ended = held.finalize(&connection).await;
                // Where it is not known how it ended, another upload finds out.
                if ended.as_ref().map_or_else(|error| error.kind() == ErrorKind::Transfer, |()| true) {
                    remove_journal(journal.as_deref());
                }
                return ended.map(|()| uploaded);
            }
            Err(error) => error,
        };
        if removes_disk && held.removable_disk.is_none() && held.transfer.is_some() {
            held.removable_disk.clone_from(&held.disk);
        }
        let ending = match journal {
            Some(_) if run::may_go_on(&error) && held.transfer.is_some() => Ending::Pause,
            _ if held.removable_disk.is_some() => Ending::Cancel,
            _ => Ending::Finalize,
        };
        if ending != Ending::Pause && held.transfer.is_some() {
            remove_journal(journal.as_deref());
        }
        Err(held.release(&connection, error, ending).await)
    }

    async fn carry_out(self, held: &mut Held) -> Result<Uploaded> {
        let Self { connection, source, to, settings, .. } = self;
        let meter = Meter::new(settings.on_progress.clone());
        meter.enter(Stage::Preparing);
        let to = to.ok_or_else(|| request("say where the image is to go: `new_disk`, or `disk`"))?;
        let version = EngineVersion::of(&connection).await?;
        let (opened, known) = blocking(move || {
            let opened = source.open()?;
            let known = Known::of(&opened)?;
            Ok((opened, known))
        })
        .await?;
        let mut entry = earlier(&settings, &opened, &to)?;
        let disk = match (&entry, to) {
            (Some(entry), _) => entry.disk.clone(),
            (None, To::Existing(id)) => id,
            (None, To::New(disk)) => {
                let is_named = disk.id.is_some();
                let disk = new_disk::described(&connection, version, *disk, &known).await?;
                let id = disk.id.clone().unwrap_or_default();
                // Of a name that nobody else knows, whatever has it was made here, also if the answer is lost.
                held.removable_disk = Some(id.clone()).filter(|_| !is_named);
                let disks = connection.system_service().disks_service();
                let added = held.make(async move { disks.add().disk(&disk).send().await }).await;
                let added = added.inspect_err(|error| {
                    // What the engine refuses it has not made.
                    if error.status().is_some_and(|status| (400..500).contains(&status)) {
                        held.removable_disk = None;
                    }
                })?;
                let id = added.id.unwrap_or(id);
                held.removable_disk = Some(id.clone());
                id
            }
        };
        let is_new = held.removable_disk.is_some();
        held.disk = Some(disk.clone());
        // On an engine that converts nothing the data is that of the file, whatever format that is in.
        let is_converted = version.converts() || known.format != Format::Qcow2;
        let opened = if is_converted { opened } else { blocking(move || opened.into_bytes()).await? };
        let mut is_zero = false;
        let transfer = match entry.as_ref().and_then(|entry| entry.transfer.clone()) {
            Some(id) => {
                let transfer = Transfer::of(&connection, version, id, Some(disk.clone()), settings.limits);
                if transfer.outcome().await? == Some(Outcome::Success) {
                    // The one before got to its end, and nobody learned of it.
                    let (transfer_id, format, size) = (transfer.id, known.format, known.size);
                    return Ok(Uploaded { disk_id: disk, transfer_id, format, size, transferred: 0, checksum: None });
                }
                held.removable_disk = entry.as_ref().filter(|entry| entry.is_new).map(|entry| entry.disk.clone());
                held.transfer.insert(transfer)
            }
            None => {
                let found = usable(&connection, &disk, &known, &settings).await?;
                if let Some(format) = &found.format {
                    new_disk::check_format(version, format, &known)?;
                }
                held.may_lose_disk = !version.converts() && found.format == Some(DiskFormat::Cow);
                is_zero = is_new && is_converted && (found.sparse == Some(true) || found.format == Some(DiskFormat::Cow));
                let size = match is_converted {
                    true => found.provisioned_size.and_then(|size| u64::try_from(size).ok()).unwrap_or(known.size),
                    false => opened.size(),
                };
                entry = Some(Entry { is_new, ..Entry::new(&disk, size) });
                let wanted = Wanted {
                    subject: ImageId::Disk(disk.clone()),
                    direction: ImageTransferDirection::Upload,
                    host: settings.host.clone(),
                    backup: None,
                    shallow: false,
                    inactivity_timeout: settings.inactivity_timeout(),
                    timeout_policy: match settings.journal {
                        Some(_) => ImageTransferTimeoutPolicy::Pause,
                        None => ImageTransferTimeoutPolicy::Legacy,
                    },
                };
                let (connection, limits) = (connection.clone(), settings.limits);
                held.start(async move { Transfer::start(&connection, version, wanted, limits).await }).await?
            }
        };
        let transfer = transfer.clone();
        let mut entry = entry.unwrap_or_else(|| Entry::new(&disk, known.size));
        entry.transfer = Some(transfer.id.clone());
        if let Opened::Disk(disk) = &opened {
            entry.source = disk.identity().cloned();
        }
        let (size, done) = (entry.size, entry.done.clone());
        meter.set_size(size);
        let journal = match settings.journal.clone() {
            Some(path) => Some(Arc::new(blocking(move || Journal::write(&path, entry)).await?)),
            None => None,
        };
        let access = transfer.open().await?;
        let transport = connection.client().transport().clone();
        let route = Arc::new(Route::open(transport, Arc::new(transfer.clone()), access, settings.terms.clone()).await?);
        held.route = Some(route.clone());
        let abilities = route.abilities();
        settings.check(&abilities)?;
        // What an earlier upload sent may be of other backing files.
        let wants_checksum = settings.wants_checksum || (done.total() > 0 && abilities.has_checksum());
        let sending = Sending {
            route: route.clone(),
            size,
            connections: settings.connections(abilities.max_writers),
            is_zero,
            wants_checksum,
            journal: journal.map(|journal| (journal, settings.journal_interval)),
            done,
            meter: meter.clone(),
        };
        let Known { format, size: disk_size, .. } = known;
        let sent = send::send(opened, sending);
        let checksum = route.while_open(settings.keep_open_interval(), sent).await?;
        let size = if is_converted { size } else { disk_size };
        Ok(Uploaded { disk_id: disk, transfer_id: transfer.id, format, size, transferred: meter.bytes(), checksum })
    }
}

/// Removes a journal that there is nothing to go on with. If it stays, a later upload finds that it does not fit.
fn remove_journal(path: Option<&Path>) {
    let _ = path.map(std::fs::remove_file);
}

/// What an earlier upload with the same journal left.
///
/// # Errors
///
/// `Request`, if it was an upload of something else, or this one cannot be resumed.
fn earlier(settings: &Settings, opened: &Opened, to: &To) -> Result<Option<Entry>> {
    let Some(path) = settings.journal.as_deref() else { return Ok(None) };
    let identity = match opened {
        Opened::Disk(disk) => disk.identity(),
        Opened::Stream(_) => None,
    };
    if identity.is_none() {
        return Err(request("only an upload of a file can be resumed: what is read from elsewhere may not be there again"));
    }
    let Some(entry) = Journal::read(path)? else {
        Journal::check(path)?;
        return Ok(None);
    };
    let is_other_disk = match to {
        To::New(_) => !entry.is_new,
        To::Existing(id) => *id != entry.disk,
    };
    if is_other_disk || entry.source.as_ref() != identity {
        let name = path.display();
        let transfer = entry.transfer.unwrap_or_default();
        return Err(request(format!(
            "the journal {name} is of another upload, or the image has changed since: cancel image transfer {transfer} at the engine, and remove the journal"
        )));
    }
    Ok(Some(entry))
}

/// Waits until a disk can be written to, and checks that the image fits.
async fn usable(connection: &Connection, id: &str, known: &Known, settings: &Settings) -> Result<Disk> {
    let mut poll = Poll::new(settings.limits.start);
    let disk = wait_for_disk(connection, id, &mut poll).await?;
    let disk =
        disk.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no disk {id}, or the engine could not make it")))?;
    if disk.status == Some(DiskStatus::Illegal) {
        return Err(Error::new(ErrorKind::Conflict, format!("disk {id} is illegal: an upload to it failed; remove it")));
    }
    let room = disk.provisioned_size.and_then(|size| u64::try_from(size).ok()).unwrap_or(known.size);
    if room < known.size {
        return Err(request(format!(
            "the image is of a disk of {} bytes, which does not fit into disk {id} of {room}",
            known.size
        )));
    }
    Ok(disk)
}
