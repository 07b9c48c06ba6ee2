//! Downloads: from a disk or snapshot to an image that is whole.

use super::checksum::compared_with_server;
use super::control::{ImageId, Transfer, Wanted};
use super::engine_version::EngineVersion;
use super::image::qcow2::{Layout, NewBacking, NewImage};
use super::image::{Extent, ExtentKind, Format};
use super::imageio::{Abilities, Context, Route};
use super::journal::{Entry, Journal};
use super::new_disk::request;
use super::progress::{Meter, Stage};
use super::receive::{self, Receiving};
use super::run::{self, Ending, Held, blocking};
use super::settings::{Settings, engine_setters, setters};
use super::source::failed;
use super::target::{Target, partial};
use crate::core::error::{Error, ErrorKind, Result};
use crate::ovirt::Connection;
use crate::ovirt::types::{DiskFormat, ImageTransferDirection, ImageTransferTimeoutPolicy};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWrite;

/// Downloads a disk or snapshot; see [`Download`].
pub fn download(connection: &Connection, image: ImageId) -> Download {
    Download { connection: connection.clone(), image, plan: Plan::default(), settings: Settings::default() }
}

/// A download that is being set up; [`download`] starts with one.
///
/// Only data comes over the network, zeros do not; they become holes of the file. The image has another name, with `.part` at
/// its end, until it is whole. Requests that fail are made again, at the proxy if the host is gone.
///
/// ```no_run
/// use virt_sdk::ovirt::Connection;
/// use virt_sdk::transfer::{self, ImageId};
/// use virt_sdk::transfer::image::Format;
///
/// # async fn example(connection: Connection) -> virt_sdk::Result<()> {
/// let disk = ImageId::Disk("5b1e…".to_owned());
/// transfer::download(&connection, disk).to_file("fedora.qcow2").format(Format::Qcow2).checksum(true).send().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a download starts with `send`"]
pub struct Download {
    connection: Connection,
    image: ImageId,
    plan: Plan,
    settings: Settings,
}

/// What is to be made of the data.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) to: Option<To>,
    pub(super) format: Option<Format>,
    pub(super) backing: Option<NewBacking>,
    pub(super) backup: Option<String>,
    pub(super) shallow: bool,
    pub(super) is_incremental: bool,
    pub(super) resumes: bool,
}

pub(super) enum To {
    File(PathBuf),
    /// Only its owner can write to it.
    Writer(Mutex<Box<dyn AsyncWrite + Send + Unpin>>),
}

setters!(Download);
engine_setters!(Download);

/// A download that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// Id of the transfer, under which the engine logged it.
    pub transfer_id: String,
    /// Format of the file.
    pub format: Format,
    /// Size of the disk, in bytes.
    pub size: u64,
    /// Data that came over the network, in bytes.
    pub transferred: u64,
    /// Checksum of the disk, if it was asked for: BLAKE2b-256 of the BLAKE2b-256 of its blocks of 4 MiB, in hexadecimal digits.
    pub checksum: Option<String>,
}

impl Download {
    /// Makes an image file. A file that has the name is replaced once the new one is whole.
    pub fn to_file(mut self, path: impl AsRef<Path>) -> Self {
        self.plan.to = Some(To::File(path.as_ref().to_owned()));
        self
    }

    /// Writes a raw image, from its start to its end, zeros included. It takes one connection.
    pub fn to_writer(mut self, writer: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        self.plan.to = Some(To::Writer(Mutex::new(Box::new(writer))));
        self
    }

    /// Format of the file: raw, or qcow2. Default: qcow2 if the name ends in `.qcow2`, else raw.
    pub fn format(mut self, format: Format) -> Self {
        self.plan.format = Some(format);
        self
    }

    /// Id of the backup that the disk is read from. Since engine 4.3.
    pub fn backup(mut self, id: impl Into<String>) -> Self {
        self.plan.backup = Some(id.into());
        self
    }

    /// Downloads what has changed since the checkpoint that the [`backup`](Self::backup) starts from. `backing_file`, in that
    /// format (`qcow2` or `raw`), is what was downloaded then; the new image, which is qcow2, refers to it by that name.
    pub fn incremental(mut self, backing_file: impl Into<String>, format: impl Into<String>) -> Self {
        self.plan.is_incremental = true;
        self.plan.backing = Some(NewBacking { file: backing_file.into(), format: format.into() });
        self
    }

    /// Downloads only what is in the topmost layer of the disk, or in that of the snapshot. What is not there shows what is in
    /// `backing_file`, in that format, to which the new image, which is qcow2, refers by that name. Since engine 4.4.3.
    pub fn shallow(mut self, backing_file: impl Into<String>, format: impl Into<String>) -> Self {
        self.plan.shallow = true;
        self.plan.backing = Some(NewBacking { file: backing_file.into(), format: format.into() });
        self
    }

    /// Whether what an interrupted download left is kept, and a later one goes on with it: the file with `.part` at its end, and
    /// its journal, `.part.journal`. As the disk may have changed in between, the checksum of the whole is then
    /// compared, whatever [`checksum`](Self::checksum) says. Default: false.
    pub fn resume(mut self, resumes: bool) -> Self {
        self.plan.resumes = resumes;
        self
    }

    /// Downloads the image. Returns when the file is whole, and the disk is free again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Image`] if the file cannot be written; [`ErrorKind::Request`] if something is missing or contradicts itself;
    /// [`ErrorKind::Transfer`] if the engine ends the transfer; [`ErrorKind::Checksum`] if the checksums differ; [`ErrorKind::NotFound`] if there is nothing to tell what has
    /// changed; [`ErrorKind::Cancelled`] if it was called off; else those of any call to the engine, and of the server of
    /// the data. The text tells phase and host.
    pub async fn send(self) -> Result<Downloaded> {
        run::apart(|dropped| self.run(dropped)).await
    }

    async fn run(mut self, dropped: run::Dropped) -> Result<Downloaded> {
        let called_off = run::called_off(self.settings.take_cancel(), dropped);
        let mut held = Held::default();
        let connection = self.connection.clone();
        let kept = match &self.plan.to {
            Some(To::File(path)) => Some((path.clone(), self.plan.resumes)),
            _ => None,
        };
        match run::unless(called_off, self.carry_out(&mut held)).await {
            // The file is whole: it cannot be called off any more.
            Ok(downloaded) => held.finalize(&connection).await.map(|()| downloaded),
            Err(error) => {
                let kept = kept.filter(|_| held.transfer.is_some());
                let error = held.release(&connection, error, Ending::Cancel).await;
                let Some((path, resumes)) = kept else { return Err(error) };
                // What came is of use unless it is wrong.
                if resumes && error.kind() != ErrorKind::Checksum && partial(&path).exists() {
                    let told = format!("{}; what arrived is kept in {}", error.message(), partial(&path).display());
                    return Err(error.with_message(told));
                }
                Target::discard(&path);
                let _ = std::fs::remove_file(journal(&path));
                Err(error)
            }
        }
    }

    async fn carry_out(self, held: &mut Held) -> Result<Downloaded> {
        let Self { connection, image, plan, mut settings } = self;
        let meter = Meter::new(settings.on_progress.clone());
        meter.enter(Stage::Preparing);
        plan.check(settings.wants_checksum)?;
        if plan.is_incremental && plan.backup.is_none() {
            return Err(request("what has changed is known of a backup only; say which: `backup`"));
        }
        if let Some(path) = plan.path().map(Path::to_owned) {
            blocking(move || Target::check(&path)).await?;
        }
        let version = EngineVersion::of(&connection).await?;
        if !version.knows_directions() {
            return Err(request(format!("engine {version} gives no images: downloads came with 4.1")));
        }
        if plan.backup.is_some() && !version.converts() {
            return Err(request(format!("engine {version} knows no backups: they came with 4.3")));
        }
        if plan.shallow && !version.knows_shallow() {
            return Err(request(format!("engine {version} gives no single layers of disks: that came with 4.4.3")));
        }
        if !version.knows_disks() && matches!(image, ImageId::Snapshot(_)) {
            return Err(request(format!("engine {version} transfers no snapshots: that came with 4.2")));
        }
        if let Some(path) = plan.path().filter(|_| plan.resumes) {
            settings.journal = Some(journal(path));
        }
        if !version.converts() {
            plan.check_format(&connection, &image, version).await?;
        }
        let wanted = Wanted {
            subject: image.clone(),
            direction: ImageTransferDirection::Download,
            host: settings.host.clone(),
            backup: plan.backup.clone(),
            shallow: plan.shallow,
            inactivity_timeout: settings.inactivity_timeout(),
            timeout_policy: ImageTransferTimeoutPolicy::Legacy,
        };
        let (engine, limits) = (connection.clone(), settings.limits);
        let transfer = held.start(async move { Transfer::start(&engine, version, wanted, limits).await }).await?.clone();
        let access = transfer.open().await?;
        let transport = connection.client().transport().clone();
        let route = Arc::new(Route::open(transport, Arc::new(transfer.clone()), access, settings.terms.clone()).await?);
        held.route = Some(route.clone());
        let (name, format) = (image.to_string(), plan.format());
        let moved = plan.carry_out(route.clone(), &settings, &meter, &name, version.converts());
        let (size, checksum) = route.while_open(settings.keep_open_interval(), moved).await?;
        Ok(Downloaded { transfer_id: transfer.id, format, size, transferred: meter.bytes(), checksum })
    }
}

impl Plan {
    fn path(&self) -> Option<&Path> {
        match &self.to {
            Some(To::File(path)) => Some(path),
            _ => None,
        }
    }

    /// Format of the file that is made.
    fn format(&self) -> Format {
        let named = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("qcow2"));
        let is_qcow2 = self.backing.is_some() || self.path().is_some_and(named);
        self.format.unwrap_or(if is_qcow2 { Format::Qcow2 } else { Format::Raw })
    }

    /// Checks what contradicts itself.
    pub(super) fn check(&self, wants_checksum: bool) -> Result<()> {
        let format = self.format();
        let problem = match &self.to {
            None => "say where the image is to go: `to_file`, or `to_writer`".to_owned(),
            Some(_) if !matches!(format, Format::Raw | Format::Qcow2) => {
                format!("an image in the format {format} cannot be made; choose raw or qcow2")
            }
            Some(_) if self.is_incremental && wants_checksum => {
                "servers compute the checksum of the whole disk, which does not tell whether its changes are right: ask for none"
                    .to_owned()
            }
            Some(_) if self.backing.is_some() && format != Format::Qcow2 => {
                "only a qcow2 image can refer to a backing file; choose that format".to_owned()
            }
            Some(To::Writer(_)) if format == Format::Qcow2 => {
                "a qcow2 image cannot be written from its start to its end; choose a file".to_owned()
            }
            Some(To::Writer(_)) if self.resumes => {
                "what was written to a writer cannot be gone on with; choose a file".to_owned()
            }
            Some(_) => return Ok(()),
        };
        Err(request(problem))
    }

    /// Checks that the file is to be of the format of the disk, where the engine converts nothing.
    async fn check_format(&self, connection: &Connection, image: &ImageId, version: EngineVersion) -> Result<()> {
        let ImageId::Disk(id) = image else { return Ok(()) };
        let disk = connection.system_service().disks_service().disk_service(id).get().send().await?;
        let format = if disk.format == Some(DiskFormat::Cow) { Format::Qcow2 } else { Format::Raw };
        if format != self.format() {
            let problem = format!("engine {version} converts nothing: disk {id} can be downloaded in the format {format} only");
            return Err(request(problem));
        }
        Ok(())
    }

    /// Receives the data, checks it, and gives the file its name. Returns the size of the disk, and the checksum.
    pub(super) async fn carry_out(
        mut self,
        route: Arc<Route>,
        settings: &Settings,
        meter: &Arc<Meter>,
        name: &str,
        is_converted: bool,
    ) -> Result<(u64, Option<String>)> {
        let abilities = route.abilities();
        settings.check(&abilities)?;
        let (extents, size) = self.extents(&route, &abilities).await?;
        // Where nothing is converted, the bytes are those of the file.
        let format = if is_converted { self.format() } else { Format::Raw };
        let mut earlier = None;
        if let Some(journal) = &settings.journal {
            let mut entry = Entry::new(name, size);
            entry.extents = Some(self.digest(&extents, format));
            let kept = Journal::read(journal)?
                .filter(|kept| kept.extents == entry.extents && kept.disk == entry.disk && kept.size == size);
            let is_there = self.path().is_some_and(|path| partial(path).exists());
            // Only a checksum tells whether what came then is still what the disk holds.
            let is_told = abilities.has_checksum() && !self.is_incremental;
            if let Some(kept) = kept.filter(|_| is_there && is_told) {
                entry.done = kept.done;
            }
            let (journal, done) = (journal.clone(), entry.done.clone());
            earlier = Some((Arc::new(blocking(move || Journal::write(&journal, entry)).await?), done));
        }
        let (journal, done) = earlier.map_or((None, Default::default()), |(journal, done)| (Some(journal), done));
        meter.set_size(size);
        let wants_checksum = settings.wants_checksum || (done.total() > 0 && abilities.has_checksum());
        let receiving = Receiving {
            route: route.clone(),
            extents,
            size,
            connections: settings.connections(abilities.max_readers),
            wants_checksum,
            journal: journal.clone().map(|journal| (journal, settings.journal_interval)),
            done,
            meter: meter.clone(),
        };
        let to = self.to.take().ok_or_else(|| request("say where the image is to go"))?;
        let (ours, target) = match to {
            To::Writer(writer) => {
                let mut writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
                (receive::receive_in_order(&mut *writer, receiving).await?, None)
            }
            To::File(path) => {
                if receiving.done.total() == 0 {
                    Target::discard(&path);
                }
                let target = self.target(path, format, &receiving.extents, size).await?;
                (receive::receive(target.clone(), receiving).await?, Some(target))
            }
        };
        meter.enter(Stage::Finishing);
        let checksum = if wants_checksum { Some(compared_with_server(&route, size, ours).await?) } else { None };
        if let Some(target) = target {
            // The workers, which had it too, have ended.
            let target =
                Arc::into_inner(target).ok_or_else(|| Error::new(ErrorKind::Image, "the file is still being written"))?;
            blocking(move || target.finish()).await?;
        }
        if let Some(journal) = journal {
            journal.remove();
        }
        Ok((size, checksum))
    }

    /// What is where, and where the image ends.
    async fn extents(&self, route: &Route, abilities: &Abilities) -> Result<(Vec<Extent>, u64)> {
        let context = if self.is_incremental { Context::Dirty } else { Context::Zero };
        let size = route.request(|server| async move { server.size().await }).await?;
        if !abilities.has_extents() {
            if self.is_incremental || self.shallow {
                let problem = "the server of the image does not tell what has changed";
                return Err(Error::new(ErrorKind::Transfer, problem));
            }
            return Ok((vec![Extent::new(0, size, ExtentKind::Data)], size));
        }
        let mut extents = route.request(|server| async move { server.extents(context, Some(size)).await }).await?;
        let end = extents.last().map_or(0, Extent::end);
        if end < size {
            // The server does not say what is there, so it has to be asked for.
            extents.push(Extent::new(end, size - end, ExtentKind::Data));
        }
        Ok((extents, size))
    }

    /// What tells whether it is still the same that is downloaded, into a file of the same layout.
    fn digest(&self, extents: &[Extent], format: Format) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{format} {:?} {:?} {} {}", self.backing, self.backup, self.shallow, self.is_incremental));
        for extent in extents {
            let kind = match extent.kind {
                ExtentKind::Data => 0,
                ExtentKind::Zero => 1_u8,
                ExtentKind::Hole => 2,
            };
            hash.update(extent.length.to_le_bytes());
            hash.update([kind]);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn target(&self, path: PathBuf, format: Format, extents: &[Extent], size: u64) -> Result<Arc<Target>> {
        if format != Format::Qcow2 {
            return blocking(move || Target::raw(&path, size)).await.map(Arc::new);
        }
        let image = NewImage { backing: self.backing.clone(), ..NewImage::new(size) };
        let layout = Layout::new(image, extents.iter().copied()).map_err(failed)?;
        blocking(move || Target::qcow2(&path, layout)).await.map(Arc::new)
    }
}

/// Where the journal of a download is.
fn journal(path: &Path) -> PathBuf {
    let mut name = partial(path).into_os_string();
    name.push(".journal");
    name.into()
}
