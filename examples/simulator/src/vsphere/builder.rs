use super::Simulator;
use crate::Error;
use std::fmt;
use std::time::Duration;

/// More than any test waits, and little enough to be added to a time.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How to start a [`Simulator`].
#[derive(Clone)]
pub struct Builder {
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) api: bool,
    pub(super) rest: bool,
    pub(super) session_lifetime: Duration,
    pub(super) transition: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            port: 0,
            tls: false,
            username: "administrator@vsphere.local".to_owned(),
            password: "secret".to_owned(),
            api: true,
            rest: true,
            session_lifetime: Duration::from_secs(30 * 60),
            transition: Duration::from_millis(20),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Builder { port, tls, username, password: _, api, rest, session_lifetime, transition } = self;
        f.debug_struct("Builder")
            .field("port", port)
            .field("tls", tls)
            .field("username", username)
            .field("password", &"[REDACTED]")
            .field("api", api)
            .field("rest", rest)
            .field("session_lifetime", session_lifetime)
            .field("transition", transition)
            .finish()
    }
}

impl Builder {
    /// Port on the loopback interface. Default 0: a free one.
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

    /// Name of the only user. Default `administrator@vsphere.local`.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = username.into();
        self
    }

    /// Password of the only user. Default `secret`.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }

    /// Whether the newer dialect is served, below `/api`. Default: yes.
    pub fn api(mut self, api: bool) -> Self {
        self.api = api;
        self
    }

    /// Whether the older dialect is served, below `/rest`. Default: yes.
    pub fn rest(mut self, rest: bool) -> Self {
        self.rest = rest;
        self
    }

    /// How long an API session may be idle. Default 30 minutes.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime.min(LONGEST);
        self
    }

    /// How long tasks, and the preparation of files for download, take. Default 20 ms.
    pub fn transition(mut self, transition: Duration) -> Self {
        self.transition = transition.min(LONGEST);
        self
    }

    /// Starts the simulator in the tokio runtime of the caller.
    ///
    /// # Errors
    ///
    /// If the port is taken, or the temporary folder for files cannot be made.
    pub async fn start(self) -> Result<Simulator, Error> {
        Simulator::launch(self).await
    }
}
