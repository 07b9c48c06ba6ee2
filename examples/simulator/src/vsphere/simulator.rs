use super::Builder;
use super::front::{Front, Served};
use super::state::{Failure, Settings, Vcenter};
use super::{operations, state};
use crate::Error;
use crate::images::lock;
use crate::net::{Identity, Listener};
use crate::seen::{Seen, SeenRequest};
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long [`Simulator::shutdown`] waits for requests in flight.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running simulator. Dropping it stops it.
pub struct Simulator {
    url: String,
    username: String,
    password: String,
    ca_pem: Option<String>,
    vcenter: Arc<Mutex<Vcenter>>,
    seen: Arc<Seen>,
    stop: Option<watch::Sender<()>>,
    alive: mpsc::Receiver<Infallible>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("url", &self.url).field("username", &self.username).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Starts a fresh vCenter, without libraries, with the defaults of [`Builder`].
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub async fn start() -> Result<Self, Error> {
        Simulator::builder().start().await
    }

    /// Prepares to start a simulator.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) async fn launch(builder: Builder) -> Result<Self, Error> {
        let identity = if builder.tls { Some(Identity::new()?) } else { None };
        let store = state::Store::new().map_err(Error::folder)?;
        let listener = Listener::bind(builder.port).await?;
        let url = listener.origin(builder.tls);
        let ca_pem = identity.as_ref().map(|identity| identity.ca_pem.clone());
        let settings = Settings { origin: url.clone(), transition: builder.transition, trusted: ca_pem.clone() };
        let sessions = super::sign_in::Sessions::new(&builder.username, &builder.password, builder.session_lifetime);
        let vcenter = Vcenter::new(model::vsphere(), settings, sessions, operations::fresh(), store);
        let vcenter = Arc::new(Mutex::new(vcenter));
        let seen = Arc::new(Seen::default());
        let front = Front::new(Arc::clone(&vcenter), Arc::clone(&seen), Served { api: builder.api, rest: builder.rest });
        let (stop, stopped) = watch::channel(());
        let (alive, ended) = mpsc::channel(1);
        tokio::spawn(listener.serve(front, identity.map(|identity| identity.acceptor), stopped, alive));
        Ok(Simulator {
            url,
            username: builder.username,
            password: builder.password,
            ca_pem,
            vcenter,
            seen,
            stop: Some(stop),
            alive: ended,
        })
    }

    /// Scheme and authority of the server, such as `http://127.0.0.1:40123`; both dialects are below it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Name of the only user.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Password of the only user.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Certificate of the CA to trust, in PEM; none without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Identifier of the datastore that storage backings of libraries can name.
    pub fn datastore(&self) -> &str {
        operations::DATASTORE
    }

    /// Identifier of the resource pool that machines can be deployed to.
    pub fn resource_pool(&self) -> &str {
        operations::RESOURCE_POOL
    }

    /// Identifier of the virtual machine that can be captured into a library.
    pub fn virtual_machine(&self) -> &str {
        operations::VIRTUAL_MACHINE
    }

    /// Number of API sessions that are open.
    pub fn sessions(&self) -> usize {
        let mut vcenter = lock(&self.vcenter);
        vcenter.settle();
        vcenter.sessions.count()
    }

    /// Everything secret that it knows or gave out so far: the password, tokens, and addresses of file transfers. Tests
    /// search for them in what must not show them, such as a log.
    pub fn secrets(&self) -> Vec<String> {
        let vcenter = lock(&self.vcenter);
        let mut secrets = vcenter.sessions.secrets();
        secrets.extend(vcenter.addresses.iter().cloned());
        secrets
    }

    /// Ends all API sessions, as a restart does: calls that carry their tokens are answered with 401.
    pub fn expire_sessions(&self) {
        lock(&self.vcenter).sessions.clear();
    }

    /// Moves the clock of the simulator forward: API, update and download sessions expire, tasks and
    /// preparations end. Transfers over the network take the time they take.
    pub fn advance(&self, time: Duration) {
        let mut vcenter = lock(&self.vcenter);
        vcenter.clock.advance(time);
        vcenter.settle();
    }

    /// The requests that were answered so far, in the order of their answers.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.seen.all()
    }

    /// Makes the next call, other than a sign-in, fail with a standard error, named as in the model:
    /// `vapi.std.errors.resource_busy`. Several wait for one call each. A name that the model does not
    /// have is answered with `vapi.std.errors.internal_server_error`.
    pub fn fail_next(&self, error: &str) {
        lock(&self.vcenter).failures.push_back(Failure::Error(error.to_owned()));
    }

    /// Makes the next call, other than a sign-in, be answered with this status, content type and body.
    pub fn fail_next_with(&self, status: u16, content_type: &str, body: &str) {
        lock(&self.vcenter).failures.push_back(Failure::Raw(status, content_type.to_owned(), body.to_owned()));
    }

    /// Stops: accepts nothing more, lets requests in flight end, and removes all data.
    pub async fn shutdown(mut self) {
        self.stop = None;
        // Nothing is ever sent: the channel ends with the last connection.
        let _ = tokio::time::timeout(PATIENCE, self.alive.recv()).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop = None;
        lock(&self.vcenter).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_shared() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Simulator>();
        check::<Builder>();
    }
}
