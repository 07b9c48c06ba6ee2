//! Disks in files, and the sessions that open them.

use super::control::Control;
use super::export::{Cache, Export};
use super::session::{Controls, Session};
use super::{Imageio, qemu_img};
use crate::Error;
use crate::images::{Access, Format, State, Storage, TicketRequest, Trouble, lock};
use serde_json::json;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// Idle time of clients that wish for none, in seconds.
const INACTIVITY: u64 = 60;

/// Pause before another attempt to close a session.
const PAUSE: Duration = Duration::from_millis(500);

/// Bytes of a block, as file systems count them.
const BLOCK: u64 = 512;

/// Sessions by the ids of their transfers.
type Sessions = Mutex<HashMap<String, Arc<Session>>>;

/// Disks by id, as files, and the sessions that open them through the daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    controls: Controls,
    url: String,
    proxy_url: String,
    images: PathBuf,
    /// Sockets of the images that are served.
    sockets: Mutex<Option<TempDir>>,
    lifetime: Duration,
    disks: Mutex<HashMap<String, Disk>>,
    sessions: Arc<Sessions>,
    /// Secrets of all tickets so far.
    given: Mutex<Vec<String>>,
    /// Whether the file system of the images is known to have no way past the page cache.
    needs_cache: AtomicBool,
    is_over: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
struct Disk {
    path: PathBuf,
    format: Format,
}

impl Daemon {
    /// No disks yet, and a daemon that answers.
    ///
    /// # Errors
    ///
    /// That it does not, or that a folder cannot be made.
    pub(crate) fn new(imageio: Imageio, lifetime: Duration) -> Result<Self, Error> {
        let Imageio { control_socket, url, images, proxy } = imageio;
        fs::create_dir_all(&images).map_err(Error::folder)?;
        let images = images.canonicalize().map_err(Error::folder)?;
        let sockets = tempfile::Builder::new().prefix("virt-simulator-").tempdir().map_err(Error::folder)?;
        let (proxy, proxy_url) = proxy.map(|proxy| (Control::new(proxy.control_socket), proxy.url)).unzip();
        let controls = Controls { host: Control::new(control_socket), proxy };
        for control in [Some(&controls.host), controls.proxy.as_ref()].into_iter().flatten() {
            control.get("none").map_err(Error::imageio)?;
        }
        Ok(Daemon {
            controls,
            proxy_url: proxy_url.unwrap_or_else(|| url.clone()),
            url,
            images,
            sockets: Mutex::new(Some(sockets)),
            // The daemon counts whole seconds.
            lifetime: lifetime.max(Duration::from_secs(1)),
            disks: Mutex::default(),
            sessions: Arc::default(),
            given: Mutex::default(),
            needs_cache: AtomicBool::new(false),
            is_over: Arc::default(),
        })
    }

    fn disk(&self, disk: &str) -> Option<Disk> {
        lock(&self.disks).get(disk).cloned()
    }

    fn session(&self, transfer: &str) -> Option<Arc<Session>> {
        lock(&self.sessions).get(transfer).cloned()
    }

    /// Sessions that are not being closed, by the ids of their transfers.
    fn open_sessions(&self) -> Vec<(String, Arc<Session>)> {
        let sessions = lock(&self.sessions);
        let open = sessions.iter().filter(|(_, session)| !session.is_closing());
        open.map(|(transfer, session)| (transfer.clone(), Arc::clone(session))).collect()
    }

    /// Opens a disk, as its host does.
    fn start(&self, disk: &Disk, request: &TicketRequest) -> io::Result<Session> {
        let export = if request.is_file { None } else { Some(self.export(disk, request)?) };
        let url = match &export {
            Some(export) => format!("nbd:unix:{}", export.socket().display()),
            None => format!("file://{}", disk.path.display()),
        };
        let inactivity = request.inactivity.unwrap_or(INACTIVITY);
        let body = json!({
            "uuid": request.ticket,
            "size": request.size,
            "url": url,
            "timeout": self.lifetime.as_secs(),
            "inactivity_timeout": inactivity,
            "ops": [if request.access == Access::Write { "write" } else { "read" }],
            "sparse": request.sparse,
            "dirty": false,
            "transfer_id": request.transfer,
        });
        let session = Session::new(body, &self.url, inactivity, export);
        session.open(&self.controls)?;
        Ok(session)
    }

    fn export(&self, disk: &Disk, request: &TicketRequest) -> io::Result<Export> {
        let sockets = lock(&self.sockets).as_ref().map(|folder| folder.path().to_owned());
        let sockets = sockets.ok_or_else(|| io::Error::other("the simulator has ended"))?;
        let start = |cache| {
            let read_only = request.access == Access::Read;
            Export::start((&disk.path, disk.format), read_only, (&sockets, &request.ticket), cache)
        };
        if self.needs_cache.load(Ordering::Acquire) {
            return start(Cache::Used);
        }
        start(Cache::Bypassed).or_else(|_| {
            let export = start(Cache::Used)?;
            self.needs_cache.store(true, Ordering::Release);
            Ok(export)
        })
    }
}

impl Storage for Daemon {
    fn add(&self, disk: &str, size: u64, format: Format) {
        let path = self.images.join(disk);
        // A disk without a file cannot be opened, which is where a failure shows.
        let _ = create(&path, size, format);
        lock(&self.disks).insert(disk.to_owned(), Disk { path, format });
    }

    fn copy(&self, from: &str, to: &str) {
        if let (Some(from), Some(to)) = (self.disk(from), self.disk(to)) {
            // A copy that fails for want of space leaves an empty disk; there is nobody to tell.
            let _ = qemu_img::convert((&from.path, from.format), (&to.path, to.format));
        }
    }

    fn resize(&self, disk: &str, size: u64) {
        if let Some(disk) = self.disk(disk) {
            // What does not fit then is refused by the image.
            let _ = qemu_img::resize(&disk.path, size, disk.format);
        }
    }

    fn convert(&self, disk: &str, format: Format) {
        let mut disks = lock(&self.disks);
        let Some(disk) = disks.get_mut(disk).filter(|disk| disk.format != format) else { return };
        let made = disk.path.with_extension("new");
        let converted = qemu_img::convert((&disk.path, disk.format), (&made, format));
        if converted.and_then(|()| fs::rename(&made, &disk.path)).is_ok() {
            disk.format = format;
        }
    }

    fn remove(&self, disk: &str) {
        if let Some(disk) = lock(&self.disks).remove(disk) {
            // It may never have been made.
            let _ = fs::remove_file(disk.path);
        }
    }

    fn used(&self, disk: &str) -> Option<u64> {
        fs::metadata(self.disk(disk)?.path).ok().map(|file| file.blocks().saturating_mul(BLOCK))
    }

    fn length(&self, disk: &str) -> Option<u64> {
        fs::metadata(self.disk(disk)?.path).ok().map(|file| file.len())
    }

    fn file(&self, disk: &str) -> Option<PathBuf> {
        self.disk(disk).map(|disk| disk.path)
    }

    fn is_sound(&self, disk: &str, size: u64, is_file: bool) -> bool {
        let Some(disk) = self.disk(disk) else { return false };
        let is_cow = is_file || disk.format == Format::Cow;
        !is_cow || qemu_img::is_sound(&disk.path, size)
    }

    fn open(&self, disk: &str, request: TicketRequest) -> bool {
        // A session that is there already could not be renewed.
        if self.is_over.load(Ordering::Acquire) || self.session(&request.transfer).is_some() {
            return false;
        }
        let session = self.disk(disk).and_then(|disk| self.start(&disk, &request).ok());
        let Some(session) = session else { return false };
        lock(&self.given).extend([request.ticket, session.permission.clone()]);
        lock(&self.sessions).insert(request.transfer, Arc::new(session));
        true
    }

    fn renew(&self, transfer: &str) -> bool {
        self.session(transfer).is_some_and(|session| session.open(&self.controls).is_ok())
    }

    fn stop_renewal(&self, transfer: &str) {
        if let Some(session) = self.session(transfer) {
            session.stop_renewal();
        }
    }

    fn extend(&self, transfer: &str) {
        if let Some(session) = self.session(transfer) {
            session.extend(&self.controls);
        }
    }

    fn close(&self, transfer: &str) {
        let Some(session) = self.session(transfer).filter(|session| session.begin_close()) else { return };
        let (controls, sessions, is_over) = (self.controls.clone(), Arc::clone(&self.sessions), Arc::clone(&self.is_over));
        let transfer = transfer.to_owned();
        // A client that does not read keeps the daemon waiting for a minute.
        let work = move || {
            while !session.close(&controls) {
                if is_over.load(Ordering::Acquire) {
                    return;
                }
                std::thread::sleep(PAUSE);
            }
            lock(&sessions).remove(&transfer);
        };
        // Where the system has no thread left, the transfer stays as it is, until the simulator ends.
        let _ = std::thread::Builder::new().name("close-session".to_owned()).spawn(work);
    }

    fn is_closed(&self, transfer: &str) -> bool {
        self.session(transfer).is_none()
    }

    fn state(&self, transfer: &str) -> Option<State> {
        let session = self.session(transfer)?;
        let (active, transferred) = session.state(&self.controls);
        let url = |origin: &str| format!("{origin}/images/{}", session.ticket);
        let signed_ticket = session.permission.clone();
        Some(State { active, transferred, transfer_url: url(&self.url), proxy_url: url(&self.proxy_url), signed_ticket })
    }

    fn troubles(&self) -> Vec<(String, Trouble)> {
        let open = self.open_sessions().into_iter();
        open.filter_map(|(transfer, session)| Some((transfer, session.watch(&self.controls)?))).collect()
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.given).clone()
    }

    fn clear(&self) {
        self.is_over.store(true, Ordering::Release);
        let sessions: Vec<_> = lock(&self.sessions).drain().collect();
        for (_, session) in sessions {
            session.abort(&self.controls);
        }
        for (_, disk) in lock(&self.disks).drain() {
            // It may never have been made.
            let _ = fs::remove_file(disk.path);
        }
        drop(lock(&self.sockets).take());
    }
}

fn create(path: &Path, size: u64, format: Format) -> io::Result<()> {
    match format {
        Format::Raw => File::create(path)?.set_len(size),
        Format::Cow => qemu_img::create(path, size, format),
    }
}
