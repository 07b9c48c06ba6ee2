use crate::admin::Admin;
use crate::clock::Clock;
use crate::control::{Control, Outage};
use crate::faults::{Fault, FaultId, Faulty};
use crate::front::{Front, ImageFront, Sessions};
#[cfg(unix)]
use crate::imageio::Daemon;
use crate::images::{Endpoint, Images, Renewal, Storage, lock};
use crate::net::{Authority, Gate, Identity, Listener};
use crate::seen::SeenRequest;
use crate::version::Version;
use crate::{Builder, Error, api, engine, seed};
use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// How long [`Simulator::shutdown`] waits for requests in flight.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause between two looks at the sessions of a real daemon.
const LOOK: Duration = Duration::from_millis(200);

/// A running simulator. Dropping it stops it.
pub struct Simulator {
    url: String,
    username: String,
    password: String,
    admin_url: Option<String>,
    ca_pem: Option<String>,
    engine_proof: Option<Proof>,
    image_proof: Option<Proof>,
    control: Arc<Control>,
    images: Arc<dyn Storage>,
    stop: Option<watch::Sender<()>>,
    alive: mpsc::Receiver<Infallible>,
}

/// Certificates of a listener, in PEM.
struct Proof {
    certificate: String,
    issuer: String,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("url", &self.url).field("username", &self.username).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Starts a fresh engine with the defaults of [`Builder`].
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

    pub(crate) async fn launch(builder: Builder) -> Result<Self, Error> {
        let version = Version::read(&builder.engine_version)?;
        let (certificate, image_certificate) = (builder.engine_certificate(), builder.daemon_certificate());
        let needs_ca = builder.offers_ca || certificate.is_some() || image_certificate.is_some();
        let authority = if needs_ca { Some(Authority::new("virt-simulator CA")?) } else { None };
        let identity = |kind| authority.as_ref().zip(kind).map(|(authority, kind)| Identity::of(kind, authority)).transpose();
        let (identity, image_identity) = (identity(certificate)?, identity(image_certificate)?);
        let ca_pem = authority.as_ref().map(Authority::pem);

        let clock = Arc::new(Clock::new());
        let storage = Storages::of(&builder, &version, &clock)?;
        let model = model::ovirt();
        let host = Endpoint { is_proxy: false, wants_permission: false, is_old: !version.knows_extents() };
        let proxy = Endpoint { is_proxy: true, wants_permission: !version.trusts_tickets(), ..host };
        let mut engine = engine::Engine::new(model, Arc::clone(&storage.used), Arc::clone(&clock), builder.transition, version);
        seed::plant(&mut engine, &builder.username, builder.vms)?;

        let gate = Arc::new(Gate::default());
        let listener = Listener::bind(builder.port).await?.behind(gate.passage(Arc::clone(&clock)));
        let mut own = None;
        if let Some(images) = &storage.own {
            let gate = Arc::new(Gate::default());
            let listeners = (Listener::bind(0).await?.behind(gate.passage(Arc::clone(&clock))), Listener::bind(0).await?);
            let has_tls = image_identity.is_some();
            images.set_origins(listeners.0.origin(has_tls), listeners.1.origin(has_tls));
            own = Some((Arc::clone(images), gate, listeners));
        }
        let admin_listener = if builder.admin { Some(Listener::bind(0).await?) } else { None };
        let origin = listener.origin(identity.is_some());

        let sessions = Sessions::new(&builder.username, &builder.password, builder.token_lifetime, clock);
        let control = Arc::new(Control::new(engine, sessions, gate, own.as_ref().map(|(_, gate, _)| Arc::clone(gate))));
        let front = Front::new(Arc::clone(&control), &origin, ca_pem.clone(), own.is_none());
        let front = Faulty::engine(front, Arc::clone(&control));

        let (stop, stopped) = watch::channel(());
        let (alive, ended) = mpsc::channel(1);
        let (engine_proof, acceptor) = identity.map(split).unzip();
        let (image_proof, image_acceptor) = image_identity.map(split).unzip();
        let admin_url = admin_listener.as_ref().map(|listener| format!("{}/simulator", listener.origin(false)));
        if let Some(listener) = admin_listener {
            tokio::spawn(listener.serve(Admin::new(Arc::clone(&control)), None, stopped.clone(), alive.clone()));
        }
        tokio::spawn(listener.serve(front, acceptor, stopped.clone(), alive.clone()));
        match own {
            Some((images, _, (host_listener, proxy_listener))) => {
                let front = |endpoint| Faulty::images(ImageFront::new(Arc::clone(&images), endpoint), Arc::clone(&control));
                let (host_front, proxy_front) = (front(host), front(proxy));
                tokio::spawn(host_listener.serve(host_front, image_acceptor.clone(), stopped.clone(), alive.clone()));
                tokio::spawn(proxy_listener.serve(proxy_front, image_acceptor, stopped, alive));
            }
            None => {
                tokio::spawn(look_after(Arc::clone(&control), stopped));
            }
        }
        Ok(Simulator {
            url: format!("{origin}{}", api::BASE),
            username: builder.username,
            password: builder.password,
            admin_url,
            ca_pem,
            engine_proof,
            image_proof,
            control,
            images: storage.used,
            stop: Some(stop),
            alive: ended,
        })
    }

    /// Address of the API, such as `http://127.0.0.1:40123/ovirt-engine/api`.
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

    /// Address of the administration; none unless [`Builder::admin`] asked for it.
    pub fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref()
    }

    /// Certificate of the CA of the engine, in PEM, which is also what the engine offers for download; none without TLS
    /// unless [`Builder::offer_ca`] asked for it. It is the one to trust, unless a [`Certificate`](crate::Certificate)
    /// is wrong in a way that makes it not.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Certificate at the top of the chain of the engine's own certificate, in PEM: the CA, another CA, or the
    /// certificate itself where it signed itself. None where the engine has no TLS.
    pub fn engine_issuer_pem(&self) -> Option<&str> {
        self.engine_proof.as_ref().map(|proof| proof.issuer.as_str())
    }

    /// The engine's own certificate, in PEM: what people put where that of a CA belongs. None where the engine has no
    /// TLS.
    pub fn engine_certificate_pem(&self) -> Option<&str> {
        self.engine_proof.as_ref().map(|proof| proof.certificate.as_str())
    }

    /// As [`Simulator::engine_issuer_pem`], of the image endpoint.
    pub fn image_issuer_pem(&self) -> Option<&str> {
        self.image_proof.as_ref().map(|proof| proof.issuer.as_str())
    }

    /// As [`Simulator::engine_certificate_pem`], of the image endpoint.
    pub fn image_certificate_pem(&self) -> Option<&str> {
        self.image_proof.as_ref().map(|proof| proof.certificate.as_str())
    }

    /// File of a disk, by its id, where the simulator keeps disks as image files (`Builder::imageio`): in the format of
    /// the disk, as long as there is the disk. It changes while a transfer writes to it. None otherwise.
    pub fn disk_file(&self, disk_id: &str) -> Option<PathBuf> {
        self.images.file(disk_id)
    }

    /// Number of tokens that were issued and neither revoked nor expired.
    pub fn sessions(&self) -> usize {
        lock(&self.control.sessions).count()
    }

    /// Everything secret that it knows or gave out so far: the password, tokens and cookies, identifiers of tickets. Tests
    /// search for them in what must not show them, such as a log.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = lock(&self.control.sessions).secrets();
        secrets.extend(self.images.secrets());
        secrets
    }

    /// Makes every token unknown: requests that carry one are answered with 401 from now on.
    pub fn expire_tokens(&self) {
        self.control.expire_tokens();
    }

    /// The requests that were answered so far, in the order of their answers. One whose answer a fault delays is there
    /// as soon as it was carried out.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.control.seen.all()
    }

    /// Forgets the requests that were answered so far.
    pub fn forget_requests(&self) {
        self.control.seen.clear();
    }

    /// Moves the clock forward, by a hundred years in all at most. Everything that happens by itself runs on it:
    /// intermediate states, the lifetimes of tokens and tickets, locks, outages, and the delays of faults. Real time
    /// goes on as well.
    pub fn advance(&self, time: Duration) {
        self.control.clock.advance(time);
    }

    /// Lets something go wrong from the next request on.
    pub fn inject(&self, fault: Fault) -> FaultId {
        self.control.faults.inject(fault)
    }

    /// Takes a fault away. False where it was taken away before.
    pub fn remove_fault(&self, fault: FaultId) -> bool {
        self.control.faults.remove(fault)
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.control.faults.clear();
    }

    /// How many requests a fault has met; 0 also for one that was taken away.
    pub fn met(&self, fault: FaultId) -> u64 {
        self.control.faults.all().iter().find(|listed| listed.id == fault).map_or(0, |listed| listed.met)
    }

    /// Locks a disk, virtual machine, template or snapshot for some time, as if something were being done to it: its
    /// status says so, and what needs it unlocked is refused with 409 in the engine's own words. What is under way with
    /// it waits. `path` is its href, or what follows `/ovirt-engine/api` there, such as `/disks/123`.
    ///
    /// # Errors
    ///
    /// If there is no such object, or it is none of these.
    pub fn lock(&self, path: &str, time: Duration) -> Result<(), Error> {
        self.control.lock(path, time)
    }

    /// Restarts the engine: all tokens are gone, and all connections to it are closed. Objects, faults and the image
    /// endpoint stay.
    pub fn restart(&self) {
        self.restart_with(Outage::None);
    }

    /// As [`Simulator::restart`], and the engine is away for some time.
    pub fn restart_with(&self, outage: Outage) {
        self.control.restart(outage);
    }

    /// Takes the host of the image data off the network: connections to the `transfer_url` of every transfer are closed,
    /// and new ones are refused from when this returns. The `proxy_url` goes on to work, and the engine takes no notice.
    pub async fn stop_host(&self) {
        if let Some(gate) = &self.control.host_gate {
            gate.close();
            gate.settled(false).await;
        }
    }

    /// Brings the host back after [`Simulator::stop_host`], at the same place.
    pub async fn start_host(&self) {
        if let Some(gate) = &self.control.host_gate {
            gate.open();
            gate.settled(true).await;
        }
    }

    /// Stops: accepts nothing more, lets requests in flight end, and removes all data.
    pub async fn shutdown(mut self) {
        self.stop = None;
        // Nothing is ever sent: the channel ends with the last connection.
        let _ = tokio::time::timeout(PATIENCE, self.alive.recv()).await;
    }
}

/// What holds the data of disks.
struct Storages {
    /// Whatever it is.
    used: Arc<dyn Storage>,
    /// The same, where it is of our own and needs to be served.
    own: Option<Arc<Images>>,
}

impl Storages {
    fn of(builder: &Builder, version: &Version, clock: &Arc<Clock>) -> Result<Self, Error> {
        #[cfg(unix)]
        if let Some(imageio) = builder.imageio.clone() {
            return Ok(Storages { used: Arc::new(Daemon::new(imageio, builder.ticket_lifetime)?), own: None });
        }
        let renewal = if version.knows_extents() { Renewal::ByEngine } else { Renewal::ByClient };
        let own = Arc::new(Images::new(builder.ticket_lifetime, renewal, Arc::clone(clock)).map_err(Error::folder)?);
        Ok(Storages { used: Arc::clone(&own) as Arc<dyn Storage>, own: Some(own) })
    }
}

/// Looks after the sessions of a real daemon while nobody asks for anything: their tickets want to be renewed.
async fn look_after(control: Arc<Control>, mut stopped: watch::Receiver<()>) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let control = Arc::clone(&control);
        // A panic is for the next request to find.
        let _ = tokio::task::spawn_blocking(move || lock(&control.engine).settle()).await;
    }
}

fn split(identity: Identity) -> (Proof, TlsAcceptor) {
    (Proof { certificate: identity.certificate_pem, issuer: identity.ca_pem }, identity.acceptor)
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop = None;
        self.images.clear();
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
        check::<Error>();
        check::<Fault>();
    }
}
