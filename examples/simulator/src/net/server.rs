//! A listener on the loopback interface, and the connections it accepts.

use super::connection::{Connection, Limited};
use super::gate::Passage;
use super::{Answer, Request};
use crate::Error;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// How long a connection may stay silent, between requests and in a handshake.
const SILENCE: Duration = Duration::from_secs(60);

/// Pause before another attempt at something that the system refuses.
const PAUSE: Duration = Duration::from_millis(10);

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Extension of an answer that is not to be sent: the connection ends instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hangup;

/// What answers requests.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// Answers one request.
    fn handle(self, request: Request) -> impl Future<Output = Answer> + Send;
}

/// Listener that does not accept yet.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    passage: Passage,
}

impl Listener {
    /// Takes a port of the loopback interface; 0 takes a free one.
    ///
    /// # Errors
    ///
    /// That the port is taken.
    pub(crate) async fn bind(port: u16) -> Result<Self, Error> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let failed = |source| Error::listen(wanted, source);
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Listener { listener, address, passage: Passage::open() })
    }

    /// Lets clients in through a gate only.
    pub(crate) fn behind(self, passage: Passage) -> Self {
        Listener { passage, ..self }
    }

    /// Scheme and authority of the listener.
    pub(crate) fn origin(&self, is_tls: bool) -> String {
        format!("{}://{}", if is_tls { "https" } else { "http" }, self.address)
    }

    /// Serves until `stop` changes or its sender is gone. `alive` is held by every connection, so
    /// that its receiver sees when the last one has ended.
    pub(crate) async fn serve(
        mut self,
        handler: impl Handler,
        tls: Option<TlsAcceptor>,
        mut stop: watch::Receiver<()>,
        alive: mpsc::Sender<Infallible>,
    ) {
        loop {
            let stream = tokio::select! {
                _ = stop.changed() => return,
                () = self.passage.reset() => {
                    if self.passage.is_closed() {
                        let Some(reopened) = self.refuse(&mut stop).await else { return };
                        self = reopened;
                    }
                    continue;
                }
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // Such as too many open files: other connections have to end first.
                    Err(_) => {
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                },
            };
            let (handler, tls, stop, alive) = (handler.clone(), tls.clone(), stop.clone(), alive.clone());
            let mut passage = self.passage.clone();
            tokio::spawn(async move {
                tokio::select! {
                    // First, so that an old connection carries no request after a reset.
                    biased;
                    () = passage.reset() => {}
                    () = connect(stream, handler, tls, stop) => {}
                }
                drop(alive);
            });
        }
    }

    /// Stops listening until the gate opens. Nothing where the server is to stop before.
    async fn refuse(self, stop: &mut watch::Receiver<()>) -> Option<Self> {
        let Listener { listener, address, mut passage } = self;
        drop(listener);
        // A socket that is bound and does not listen keeps others off the port, and refuses connections.
        let held = hold(address).ok();
        passage.report(false);
        tokio::select! {
            _ = stop.changed() => return None,
            () = passage.opened() => {}
        }
        let mut listener = held.and_then(|socket| socket.listen(BACKLOG).ok());
        loop {
            if let Some(listener) = listener {
                passage.report(true);
                return Some(Listener { listener, address, passage });
            }
            tokio::select! {
                _ = stop.changed() => return None,
                () = tokio::time::sleep(PAUSE) => {}
            }
            listener = hold(address).and_then(|socket| socket.listen(BACKLOG)).ok();
        }
    }
}

fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that have ended keep the port busy for a while otherwise.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn connect(stream: TcpStream, handler: impl Handler, tls: Option<TlsAcceptor>, mut stop: watch::Receiver<()>) {
    // Without it small answers wait for acknowledgements; a failure only costs time.
    let _ = stream.set_nodelay(true);
    let connection = Connection::default();
    let Some(tls) = tls else { return converse(Limited { stream, connection }, handler, stop).await };
    let handshake = tokio::time::timeout(SILENCE, tls.accept(stream));
    let stream = tokio::select! {
        _ = stop.changed() => return,
        shaken = handshake => shaken,
    };
    if let Ok(Ok(stream)) = stream {
        converse(Limited { stream, connection }, handler, stop).await;
    }
}

async fn converse(stream: Limited<impl AsyncRead + AsyncWrite + Unpin>, handler: impl Handler, mut stop: watch::Receiver<()>) {
    let known = stream.connection.clone();
    let service = service_fn(move |mut request: Request| {
        let handler = handler.clone();
        request.extensions_mut().insert(known.clone());
        async move {
            let answer = handler.handle(request).await;
            match answer.extensions().get::<Hangup>() {
                Some(Hangup) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                None => Ok(answer),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SILENCE)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // The other side may leave at any time: that is its right, not a failure of ours.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
