use crate::{Error, Simulator};
use std::fmt;
use std::time::Duration;

/// Name of the user unless [`Builder::username`] says otherwise.
const USERNAME: &str = "admin@internal";

/// Password of the user unless [`Builder::password`] says otherwise.
pub(crate) const PASSWORD: &str = "secret";

/// More than any test waits, and little enough to be added to a time.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How to start a [`Simulator`].
#[derive(Clone)]
pub struct Builder {
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) transition: Duration,
    pub(crate) ticket_lifetime: Duration,
    pub(crate) vms: u32,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            port: 0,
            tls: false,
            username: USERNAME.to_owned(),
            password: PASSWORD.to_owned(),
            transition: Duration::from_millis(20),
            ticket_lifetime: Duration::from_secs(300),
            vms: 0,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Builder { port, tls, username, password: _, transition, ticket_lifetime, vms } = self;
        f.debug_struct("Builder")
            .field("port", port)
            .field("tls", tls)
            .field("username", username)
            .field("password", &"[REDACTED]")
            .field("transition", transition)
            .field("ticket_lifetime", ticket_lifetime)
            .field("vms", vms)
            .finish()
    }
}

impl Builder {
    /// Port of the API on the loopback interface. Default 0: a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Whether to serve HTTPS, with a certificate of a new CA ([`Simulator::ca_pem`]). Default: plain
    /// HTTP.
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
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

    /// How long the ticket of a paused image transfer stays valid. Default 300 s, as in an engine.
    pub fn ticket_lifetime(mut self, lifetime: Duration) -> Self {
        self.ticket_lifetime = lifetime.min(LONGEST);
        self
    }

    /// Number of virtual machines to begin with: `vm1`, `vm2`, …, all down. Default 0.
    pub fn vms(mut self, count: u32) -> Self {
        self.vms = count;
        self
    }

    /// Starts the simulator in the tokio runtime of the caller.
    ///
    /// # Errors
    ///
    /// If a port is taken, or the temporary folder for the data of disks cannot be made.
    pub async fn start(self) -> Result<Simulator, Error> {
        Simulator::launch(self).await
    }
}
