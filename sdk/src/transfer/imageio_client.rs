//! The data of transfers that somebody else controls.

use super::download::{Plan, To};
use super::image::Format;
use super::image::qcow2::NewBacking;
use super::imageio::{Access, Keeper, Route};
use super::new_disk::request;
use super::progress::{Meter, Stage};
use super::run::{self, blocking};
use super::send::{self, Sending};
use super::settings::{Settings, setters};
use super::source::Source;
use super::target::Target;
#[cfg(doc)]
use crate::core::error::ErrorKind;
use crate::core::error::Result;
use crate::core::http::authority::CaSource;
use crate::core::http::session::BoxFuture;
use crate::core::http::settings::Settings as HttpSettings;
use crate::core::http::transport::Transport;
use reqwest::Url;
use std::path::Path;
use std::sync::Arc;

/// Moves the data of an image transfer that somebody else starts and ends: a backup program, a script, a test. [`upload`](super::upload()) and
/// [`download`](super::download()) do all of it.
///
/// ```no_run
/// # async fn example() -> virt_sdk::Result<()> {
/// use virt_sdk::transfer::ImageioClient;
///
/// let moved = ImageioClient::new("https://host.example.com:54322/images/5b1e…").upload("fedora.qcow2").await?;
/// println!("{} bytes sent", moved.transferred);
/// # Ok(())
/// # }
/// ```
#[must_use = "it moves data with `upload` or `download`"]
pub struct ImageioClient {
    url: String,
    proxy_url: Option<String>,
    http_client: Option<reqwest::Client>,
    is_zero: bool,
    format: Option<Format>,
    backing: Option<NewBacking>,
    is_incremental: bool,
    settings: Settings,
}

setters!(ImageioClient);

/// What was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// Size of the disk, in bytes.
    pub size: u64,
    /// Data that went over the network, in bytes.
    pub transferred: u64,
    /// Checksum of the disk, if it was asked for: BLAKE2b-256 of the BLAKE2b-256 of its blocks of 4 MiB, in hexadecimal digits.
    pub checksum: Option<String>,
}

impl ImageioClient {
    /// For the image at a `transfer_url`.
    pub fn new(transfer_url: impl Into<String>) -> Self {
        Self {
            url: transfer_url.into(),
            proxy_url: None,
            http_client: None,
            is_zero: false,
            format: None,
            backing: None,
            is_incremental: false,
            settings: Settings::default(),
        }
    }

    /// Where else the image can be reached: the `proxy_url`.
    pub fn proxy_url(mut self, url: impl Into<String>) -> Self {
        self.proxy_url = Some(url.into());
        self
    }

    /// The client to send with, such as that of a [connection](crate::ovirt::Connection::http_client), which trusts whom that
    /// trusts. Default: one that trusts the authorities of the system.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Whether the disk is known to hold zeros, as a new one does, so that none have to be written. Default: false.
    pub fn disk_is_zero(mut self, is_zero: bool) -> Self {
        self.is_zero = is_zero;
        self
    }

    /// Format of the file of a download: raw, or qcow2. Default: qcow2 if the name ends in `.qcow2`, else raw.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// The file, in that format (`qcow2` or `raw`), that a download refers to by this name where the server has no data of its
    /// own: of a shallow transfer, or of what [has changed](Self::incremental). The image is then qcow2. Default: none; there are zeros.
    pub fn backing_file(mut self, name: impl Into<String>, format: impl Into<String>) -> Self {
        self.backing = Some(NewBacking { file: name.into(), format: format.into() });
        self
    }

    /// Whether only what has changed since a checkpoint is downloaded, of a transfer that belongs to a backup. Default: false.
    pub fn incremental(mut self, is_incremental: bool) -> Self {
        self.is_incremental = is_incremental;
        self
    }

    /// Sends an image; what the disk has beyond it becomes zero. Everything is on the disk of the server in the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Image`] if the source cannot be read, or is no image that can be uploaded; [`ErrorKind::Request`] if it is larger
    /// than the disk; [`ErrorKind::Checksum`] if the checksums differ; [`ErrorKind::Cancelled`] if it was called off;
    /// [`ErrorKind::Authorization`] if the ticket is not valid (any more); else those of any request.
    pub async fn upload(self, source: impl Into<Source>) -> Result<Moved> {
        let source = source.into();
        run::apart(|dropped| self.run(dropped, |client, meter| client.send(source, meter))).await
    }

    /// Receives an image into a file, which has `.part` at the end of its name until it is whole, and replaces one that has
    /// the name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Image`] if the file cannot be written; [`ErrorKind::Checksum`] if the checksums differ; [`ErrorKind::Cancelled`]
    /// if it was called off; [`ErrorKind::Authorization`] if the ticket is not valid (any more); else those of any request.
    pub async fn download(self, path: impl AsRef<Path>) -> Result<Moved> {
        let path = path.as_ref().to_owned();
        Target::check(&path)?;
        let to = To::File(path.clone());
        let received = run::apart(|dropped| self.run(dropped, |client, meter| client.receive(to, meter))).await;
        received.inspect_err(|_| Target::discard(&path))
    }

    async fn run<R: Future<Output = Result<Moved>>>(
        mut self,
        dropped: run::Dropped,
        work: impl FnOnce(Self, Arc<Meter>) -> R,
    ) -> Result<Moved> {
        let called_off = run::called_off(self.settings.take_cancel(), dropped);
        let meter = Meter::new(self.settings.on_progress.clone());
        meter.enter(Stage::Preparing);
        run::unless(called_off, work(self, meter)).await
    }

    async fn route(&self) -> Result<Arc<Route>> {
        let url = |text: &str| Url::parse(text).map_err(|_| request("the address of the image is no URL"));
        let direct = url(&self.url)?;
        let settings = HttpSettings { http_client: self.http_client.clone(), ..HttpSettings::default() };
        let transport = Arc::new(Transport::new(&settings, direct.clone(), CaSource::NONE)?);
        let proxy = self.proxy_url.as_deref().map(url).transpose()?;
        let access = Access { direct: Some(direct), proxy, signed_ticket: None };
        let keeper = Arc::new(Elsewhere(access.clone()));
        let route = Route::open(transport, keeper, access, self.settings.terms.clone()).await?;
        self.settings.check(&route.abilities())?;
        Ok(Arc::new(route))
    }

    async fn send(self, source: Source, meter: Arc<Meter>) -> Result<Moved> {
        let route = self.route().await?;
        let abilities = route.abilities();
        let opened = blocking(move || source.open()).await?;
        let size = route.request(|server| async move { server.size().await }).await?;
        if opened.size() > size {
            return Err(request(format!("the image is of a disk of {} bytes, which does not fit into {size}", opened.size())));
        }
        meter.set_size(size);
        let sending = Sending {
            route: route.clone(),
            size,
            connections: self.settings.connections(abilities.max_writers),
            is_zero: self.is_zero,
            wants_checksum: self.settings.wants_checksum,
            journal: None,
            done: Default::default(),
            meter: meter.clone(),
        };
        let sent = send::send(opened, sending);
        let checksum = route.while_open(self.settings.keep_open_interval(), sent).await?;
        Ok(Moved { size, transferred: meter.bytes(), checksum })
    }

    async fn receive(self, to: To, meter: Arc<Meter>) -> Result<Moved> {
        let Self { format, ref backing, is_incremental, .. } = self;
        let plan = Plan { to: Some(to), format, backing: backing.clone(), is_incremental, ..Plan::default() };
        plan.check(self.settings.wants_checksum)?;
        if is_incremental && backing.is_none() {
            return Err(request(
                "what has changed makes an image only with what was there before; say where that is: `backing_file`",
            ));
        }
        let route = self.route().await?;
        let received = plan.carry_out(route.clone(), &self.settings, &meter, "", true);
        let (size, checksum) = route.while_open(self.settings.keep_open_interval(), received).await?;
        Ok(Moved { size, transferred: meter.bytes(), checksum })
    }
}

/// Stands for an engine that somebody else talks to.
struct Elsewhere(Access);

impl Keeper for Elsewhere {
    fn renew(&self) -> BoxFuture<'_, Result<Access>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn may_find_out_later(&self) -> bool {
        false
    }

    fn extend(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

impl std::fmt::Debug for ImageioClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL lets in whoever has it.
        f.debug_struct("ImageioClient").finish_non_exhaustive()
    }
}
