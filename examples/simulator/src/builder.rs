#[cfg(unix)]
use crate::Imageio;
use crate::control::LONGEST;
use crate::{Certificate, Error, Simulator};
use std::fmt;
use std::time::Duration;

/// Name of the user unless [`Builder::username`] says otherwise.
const USERNAME: &str = "admin@internal";

/// Password of the user unless [`Builder::password`] says otherwise.
pub(crate) const PASSWORD: &str = "secret";

/// Version of the engine unless [`Builder::engine_version`] says otherwise.
const VERSION: &str = "4.5.7";

/// How to start a [`Simulator`].
#[derive(Clone)]
pub struct Builder {
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) image_certificate: Option<Certificate>,
    pub(crate) offers_ca: bool,
    pub(crate) admin: bool,
    pub(crate) engine_version: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) transition: Duration,
    pub(crate) ticket_lifetime: Duration,
    pub(crate) token_lifetime: Duration,
    pub(crate) vms: u32,
    #[cfg(unix)]
    pub(crate) imageio: Option<Imageio>,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            port: 0,
            tls: false,
            certificate: None,
            image_certificate: None,
            offers_ca: false,
            admin: false,
            engine_version: VERSION.to_owned(),
            username: USERNAME.to_owned(),
            password: PASSWORD.to_owned(),
            transition: Duration::from_millis(20),
            ticket_lifetime: Duration::from_secs(300),
            token_lifetime: Duration::from_secs(30 * 60),
            vms: 0,
            #[cfg(unix)]
            imageio: None,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Builder");
        #[cfg(unix)]
        shown.field("imageio", &self.imageio);
        shown
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("certificate", &self.certificate)
            .field("image_certificate", &self.image_certificate)
            .field("offers_ca", &self.offers_ca)
            .field("admin", &self.admin)
            .field("engine_version", &self.engine_version)
            .field("username", &self.username)
            .field("password", &"[REDACTED]")
            .field("transition", &self.transition)
            .field("ticket_lifetime", &self.ticket_lifetime)
            .field("token_lifetime", &self.token_lifetime)
            .field("vms", &self.vms)
            .finish()
    }
}

impl Builder {
    /// Port of the API on the loopback interface. Default 0: a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Whether to serve HTTPS, API and image data alike, with certificates of a new CA
    /// ([`Simulator::ca_pem`]). Default: plain HTTP.
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Serves the API over HTTPS with a certificate of your choice. Default: as [`Builder::tls`] says, with a good one.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Serves image data over HTTPS with a certificate of your choice. Default: as [`Builder::tls`] says, with a good
    /// one.
    pub fn image_certificate(mut self, certificate: Certificate) -> Self {
        self.image_certificate = Some(certificate);
        self
    }

    /// Whether to offer the certificate of a CA for download, as every engine does, also where nothing is served over
    /// HTTPS. Default: only with HTTPS.
    pub fn offer_ca(mut self, offers_ca: bool) -> Self {
        self.offers_ca = offers_ca;
        self
    }

    /// Whether to serve the administration ([`Simulator::admin_url`]), which lets whoever reaches the loopback
    /// interface do what a test can do with a [`Simulator`]. Default: no.
    pub fn admin(mut self, admin: bool) -> Self {
        self.admin = admin;
        self
    }

    /// Version of the engine, such as `4.2`. It is what the entry point says, and image transfers are as they were then:
    /// [the differences](crate#older-engines). Default `4.5.7`.
    pub fn engine_version(mut self, version: impl Into<String>) -> Self {
        self.engine_version = version.into();
        self
    }

    /// Name of the only user. Default `admin@internal`.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = username.into();
        self
    }

    /// Password of the only user. Default `secret`.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }

    /// How long an object stays in an intermediate state, such as a new disk in `locked`. Default
    /// 20 ms.
    pub fn transition(mut self, transition: Duration) -> Self {
        self.transition = transition.min(LONGEST);
        self
    }

    /// How long the ticket of a paused image transfer stays valid; of an engine before 4.3, how long a ticket stays valid
    /// after its client asked for it or had it extended. Default 300 s, as in an engine.
    pub fn ticket_lifetime(mut self, lifetime: Duration) -> Self {
        self.ticket_lifetime = lifetime.min(LONGEST);
        self
    }

    /// How long a token, or the cookie of a session, stays valid when it is not used. Default 30 min, as in an engine.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime.min(LONGEST);
        self
    }

    /// Number of virtual machines to begin with: `vm1`, `vm2`, …, all down. Default 0.
    pub fn vms(mut self, count: u32) -> Self {
        self.vms = count;
        self
    }

    /// Keeps disks as image files of QEMU and has a real daemon serve them, instead of keeping bytes and serving them
    /// itself. Default: it serves them itself.
    ///
    /// The simulator is then what engine and host are to the daemon: it makes and removes the files, one for each disk
    /// ([`Simulator::disk_file`]), runs `qemu-nbd` where the guest's data is transferred (format `raw`), gives and
    /// renews tickets, looks after idle time, and checks uploads with `qemu-img`. Both have to be in `PATH`. A transfer
    /// whose ticket the daemon has forgotten is paused by the system if it is an upload, and resuming it gives the
    /// ticket anew, so that URLs stay valid.
    ///
    /// Tickets live for [`Builder::ticket_lifetime`] in whole seconds, one at least. The files go with the simulator.
    ///
    /// The daemon decides how images are served and by which certificate, whatever the version of the engine, and runs
    /// on real time, whatever [`Simulator::advance`] does. Faults at [`Target::Images`](crate::Target::Images) and
    /// [`Simulator::stop_host`] have nothing to act on.
    #[cfg(unix)]
    pub fn imageio(mut self, imageio: Imageio) -> Self {
        self.imageio = Some(imageio);
        self
    }

    /// Starts the simulator in the tokio runtime of the caller.
    ///
    /// # Errors
    ///
    /// If a port is taken, the version is none, a folder for the data of disks cannot be made, or the daemon that is to
    /// serve them does not answer.
    pub async fn start(self) -> Result<Simulator, Error> {
        Simulator::launch(self).await
    }

    /// Certificate of the API, where it is served over HTTPS.
    pub(crate) fn engine_certificate(&self) -> Option<Certificate> {
        self.certificate.or(self.tls.then_some(Certificate::Good))
    }

    /// Certificate of the image endpoint, where it is served over HTTPS.
    pub(crate) fn daemon_certificate(&self) -> Option<Certificate> {
        self.image_certificate.or(self.tls.then_some(Certificate::Good))
    }
}
