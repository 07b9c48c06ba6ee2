//! The way to an image: which of its addresses is used, and what is done when one fails.

use super::abilities::Abilities;
use super::server::Server;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::authority::CaSource;
use crate::core::http::own_client;
use crate::core::http::session::BoxFuture;
use crate::core::http::settings::Settings;
use crate::core::http::transport::{Transport, server};
use crate::transfer::lock::lock;
use futures_util::future::{Either, select};
use reqwest::Url;
use secrecy::SecretString;
use std::net::{SocketAddr, UdpSocket};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// How long an address may take to say what it can do.
const OPTIONS_LIMIT: Duration = Duration::from_secs(10);

/// How often in a row a request fails on the way before other addresses are tried.
const BEFORE_OTHERS: u32 = 3;

/// How often a server may fail at one request.
const SERVER_FAILURES: u32 = 4;

/// How long an engine may take at least to tell where an image is.
const SHORTEST_RENEWAL: Duration = Duration::from_secs(30);

/// How often one request may find that the ticket is not valid any more, where nobody gives another.
const LOST_TICKETS: u32 = 3;

/// Pause after the first failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where an image can be reached.
#[derive(Clone)]
pub(crate) struct Access {
    /// At the host.
    pub(crate) direct: Option<Url>,
    /// By way of the engine.
    pub(crate) proxy: Option<Url>,
    /// What the proxies of old engines want to be shown.
    pub(crate) signed_ticket: Option<SecretString>,
}

/// Who keeps an image open: the engine.
pub(crate) trait Keeper: Send + Sync {
    /// Sees to it that the image is open, and tells where.
    fn renew(&self) -> BoxFuture<'_, Result<Access>>;

    /// Whether it may be right only some time after a ticket was lost where the image is.
    fn may_find_out_later(&self) -> bool;

    /// Says that the image is still needed.
    fn extend(&self) -> BoxFuture<'_, Result<()>>;
}

/// On which terms an image is reached.
#[derive(Clone)]
pub(crate) struct Terms {
    /// How long nothing may move on a connection.
    pub(crate) stall_timeout: Duration,
    /// How long to try again what fails on the way.
    pub(crate) retry_for: Duration,
    /// Whether processes on the host itself go past the network.
    pub(crate) uses_unix_socket: bool,
}

/// The way to one image. All workers share it.
pub(crate) struct Route {
    transport: Arc<Transport>,
    keeper: Arc<dyn Keeper>,
    terms: Terms,
    state: Mutex<State>,
    /// Only one looks for another way at a time.
    search: tokio::sync::Mutex<()>,
    started: Instant,
    /// When something was last sent, in milliseconds since the start.
    last_use: AtomicU64,
}

#[derive(Clone)]
struct State {
    current: Server,
    abilities: Abilities,
    /// Counts changes.
    generation: u64,
}

/// What went wrong with one request so far.
#[derive(Default)]
pub(crate) struct Failures {
    since: Option<Instant>,
    network: u32,
    server: u32,
    ticket: u32,
}

/// What kind of failure it was.
enum Cause {
    /// The request or its answer was lost.
    Network,
    /// The server failed, or is busy.
    Server,
    /// The ticket is not valid.
    Ticket,
    /// It would fail again.
    Final,
}

fn cause(error: &Error) -> Cause {
    match (error.status(), error.kind()) {
        (Some(401 | 403), _) => Cause::Ticket,
        (Some(502..=504 | 429), _) => Cause::Network,
        (Some(500), _) => Cause::Server,
        (_, ErrorKind::Connection | ErrorKind::Timeout) => Cause::Network,
        _ => Cause::Final,
    }
}

impl Route {
    /// Finds out which address answers: the host's, else the proxy's.
    ///
    /// # Errors
    ///
    /// That of the host, if none answers, even when asked again some times.
    pub(crate) async fn open(transport: Arc<Transport>, keeper: Arc<dyn Keeper>, access: Access, terms: Terms) -> Result<Self> {
        let mut failures = 0;
        let (current, abilities) = loop {
            match reachable(&transport, &access, &terms).await {
                Ok(found) => break found,
                // One that never answered may be none.
                Err(error) if matches!(cause(&error), Cause::Network) && failures < BEFORE_OTHERS => {
                    failures += 1;
                    pause(failures).await;
                }
                Err(error) => return Err(error),
            }
        };
        let state = State { current, abilities, generation: 0 };
        Ok(Self {
            transport,
            keeper,
            terms,
            state: Mutex::new(state),
            search: tokio::sync::Mutex::default(),
            started: Instant::now(),
            last_use: AtomicU64::new(0),
        })
    }

    /// What the server that is used can do.
    pub(crate) fn abilities(&self) -> Abilities {
        self.state().abilities.clone()
    }

    /// Host and port of the server that is used.
    pub(crate) fn server_name(&self) -> String {
        self.state().current.name().to_owned()
    }

    /// Makes a request, again where that may help, be it somewhere else.
    pub(crate) async fn request<T, R: Future<Output = Result<T>>>(&self, ask: impl Fn(Server) -> R) -> Result<T> {
        self.requested(&mut Failures::default(), ask).await
    }

    /// As [`request`](Self::request), but a failure of the server itself is final.
    pub(crate) async fn request_once_served<T, R: Future<Output = Result<T>>>(&self, ask: impl Fn(Server) -> R) -> Result<T> {
        let mut failures = Failures { server: SERVER_FAILURES, ..Failures::default() };
        self.requested(&mut failures, ask).await
    }

    async fn requested<T, R: Future<Output = Result<T>>>(&self, failures: &mut Failures, ask: impl Fn(Server) -> R) -> Result<T> {
        loop {
            let (server, generation) = self.current();
            self.used();
            match ask(server).await {
                Ok(value) => return Ok(value),
                Err(error) => self.recover(error, generation, failures).await?,
            }
        }
    }

    /// The server that is used, and how often that has changed.
    pub(crate) fn current(&self) -> (Server, u64) {
        let state = self.state();
        (state.current.clone(), state.generation)
    }

    /// Notes that something is sent.
    pub(crate) fn used(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_use.store(now, Ordering::Relaxed);
    }

    /// Waits until a request that failed may be made again.
    ///
    /// # Errors
    ///
    /// The failure, if there is no point in that, or it was tried for long enough.
    pub(crate) async fn recover(&self, error: Error, generation: u64, failures: &mut Failures) -> Result<()> {
        let since = *failures.since.get_or_insert_with(Instant::now);
        let server = self.server_name();
        tracing::debug!(target: "virt_sdk::transfer", %server, %error, "a request for an image failed");
        let is_over = since.elapsed() >= self.terms.retry_for;
        match cause(&error) {
            Cause::Final => Err(error),
            _ if is_over => Err(error),
            Cause::Network => {
                failures.network += 1;
                pause(failures.network).await;
                // A server that refuses a large request does not read it, so that its answer may be lost on the way.
                let (server, now) = self.current();
                let probed = if now == generation { server.options(OPTIONS_LIMIT).await.map(drop) } else { Ok(()) };
                match probed.as_ref().map_err(cause) {
                    Err(Cause::Ticket) => self.search(generation, true, &error).await,
                    Err(_) if failures.network == 1 || failures.network.is_multiple_of(BEFORE_OTHERS) => {
                        self.search(generation, false, &error).await
                    }
                    _ => Ok(()),
                }
            }
            Cause::Server => {
                failures.server += 1;
                if failures.server >= SERVER_FAILURES {
                    return Err(error);
                }
                pause(failures.server).await;
                Ok(())
            }
            Cause::Ticket => {
                failures.ticket += 1;
                // An engine takes some time to find out itself.
                if failures.ticket > LOST_TICKETS && !self.keeper.may_find_out_later() {
                    return Err(error);
                }
                pause(failures.ticket).await;
                self.search(generation, true, &error).await
            }
        }
    }

    /// Asks the engine where the image is now, and tries its addresses.
    async fn search(&self, seen: u64, needs_ticket: bool, failure: &Error) -> Result<()> {
        let _turn = self.search.lock().await;
        if self.state().generation != seen {
            return Ok(());
        }
        if needs_ticket && self.abilities() == Abilities::default() {
            // The tickets of old engines expire unless somebody asks for more time.
            let _ = self.keeper.extend().await;
        }
        let limit = self.terms.retry_for.max(SHORTEST_RENEWAL);
        let renewed = tokio::time::timeout(limit, self.keeper.renew()).await;
        let access = match renewed.unwrap_or_else(|_| Err(failure.clone())) {
            Ok(access) => access,
            // Neither host nor engine can be reached: maybe both can be soon.
            Err(error) if !needs_ticket && matches!(cause(&error), Cause::Network) => return Ok(()),
            Err(error) => return Err(error.with_source(failure.clone())),
        };
        match reachable(&self.transport, &access, &self.terms).await {
            Ok((current, abilities)) => {
                let mut state = self.state();
                let is_other = state.current.url() != current.url();
                if is_other {
                    let (from, to) = (state.current.name(), current.name());
                    tracing::info!(target: "virt_sdk::transfer", from, to, "the image is reached at another address now");
                }
                *state = State { current, abilities, generation: state.generation + 1 };
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }

    /// Does something, and keeps the image open meanwhile: says now and then that somebody is there, while nothing is sent.
    pub(crate) async fn while_open<T>(&self, interval: Duration, work: impl Future<Output = T>) -> T {
        match select(pin!(work), pin!(self.keep_open(interval))).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => match never {},
        }
    }

    async fn keep_open(&self, interval: Duration) -> std::convert::Infallible {
        loop {
            if self.abilities() == Abilities::default() {
                // Old engines give a ticket a time that only this prolongs, whatever is sent. Whoever sends data next meets
                // the failure.
                let _ = self.keeper.extend().await;
                tokio::time::sleep(interval).await;
                continue;
            }
            let idle = self.started.elapsed().saturating_sub(Duration::from_millis(self.last_use.load(Ordering::Relaxed)));
            if idle < interval {
                tokio::time::sleep(interval - idle).await;
            } else {
                self.used();
                let _ = self.current().0.options(OPTIONS_LIMIT).await;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

async fn pause(failures: u32) {
    let factor = 2_u32.checked_pow(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    tokio::time::sleep(FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)).await;
}

/// The first address that answers. From there on, if the server is this very machine, its socket.
async fn reachable(transport: &Arc<Transport>, access: &Access, terms: &Terms) -> Result<(Server, Abilities)> {
    let way = |url: &Url, ticket: Option<&SecretString>| {
        Server::new(transport.clone(), url.clone(), ticket.cloned(), terms.stall_timeout)
    };
    let direct = access.direct.as_ref().map(|url| way(url, None));
    let proxy = access.proxy.as_ref().filter(|proxy| Some(*proxy) != access.direct.as_ref());
    let proxy = proxy.map(|url| way(url, access.signed_ticket.as_ref()));
    let mut failure: Option<Error> = None;
    for server in direct.into_iter().chain(proxy) {
        match server.options(OPTIONS_LIMIT).await {
            Ok((abilities, address)) => {
                let socket = match (&abilities.unix_socket, address) {
                    (Some(path), Some(address)) if terms.uses_unix_socket && is_here(address) => {
                        local(server.url(), path, terms).await
                    }
                    _ => None,
                };
                return Ok(socket.unwrap_or((server, abilities)));
            }
            // The image is there, and not for us: another address would say the same.
            Err(error) if error.status().is_some_and(|status| !matches!(status, 502..=504)) => return Err(error),
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    Err(failure.unwrap_or_else(|| Error::new(ErrorKind::Decode, "the engine tells no address for the data of the image")))
}

/// Whether an address is one of this machine: only then can a socket be bound to it.
fn is_here(address: SocketAddr) -> bool {
    UdpSocket::bind((address.ip(), 0)).is_ok()
}

/// The same image at the socket of the server, if it can be reached there.
#[cfg(unix)]
async fn local(url: &Url, path: &str, terms: &Terms) -> Option<(Server, Abilities)> {
    let client = own_client::builder().unix_socket(path).build().ok()?;
    let mut local = url.clone();
    local.set_scheme("http").ok()?;
    local.set_host(Some("localhost")).ok()?;
    local.set_port(None).ok()?;
    let settings = Settings { http_client: Some(client), ..Settings::default() };
    let transport = Transport::new(&settings, local.clone(), CaSource::NONE).ok()?;
    let name = format!("{} (by its socket)", server(url));
    let server = Server::new(Arc::new(transport), local, None, terms.stall_timeout).named(name);
    let (abilities, _) = server.options(OPTIONS_LIMIT).await.ok()?;
    Some((server, abilities))
}

#[cfg(not(unix))]
async fn local(_url: &Url, _path: &str, _terms: &Terms) -> Option<(Server, Abilities)> {
    None
}
