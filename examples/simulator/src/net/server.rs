//! A listener on the loopback interface, and the connections it accepts.

use super::{Answer, Request};
use crate::Error;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// How long a connection may stay silent, between requests and in a handshake.
const SILENCE: Duration = Duration::from_secs(60);

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
        Ok(Listener { listener, address })
    }

    /// Scheme and authority of the listener.
    pub(crate) fn origin(&self, is_tls: bool) -> String {
        format!("{}://{}", if is_tls { "https" } else { "http" }, self.address)
    }

    /// Serves until `stop` changes or its sender is gone. `alive` is held by every connection, so
    /// that its receiver sees when the last one has ended.
    pub(crate) async fn serve(
        self,
        handler: impl Handler,
        tls: Option<TlsAcceptor>,
        mut stop: watch::Receiver<()>,
        alive: mpsc::Sender<Infallible>,
    ) {
        loop {
            let stream = tokio::select! {
                _ = stop.changed() => return,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // Such as too many open files: other connections have to end first.
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                        continue;
                    }
                },
            };
            let (handler, tls, stop, alive) = (handler.clone(), tls.clone(), stop.clone(), alive.clone());
            tokio::spawn(async move {
                connect(stream, handler, tls, stop).await;
                drop(alive);
            });
        }
    }
}

async fn connect(stream: TcpStream, handler: impl Handler, tls: Option<TlsAcceptor>, mut stop: watch::Receiver<()>) {
    // Without it small answers wait for acknowledgements; a failure only costs time.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return converse(stream, handler, stop).await };
    let handshake = tokio::time::timeout(SILENCE, tls.accept(stream));
    let stream = tokio::select! {
        _ = stop.changed() => return,
        shaken = handshake => shaken,
    };
    if let Ok(Ok(stream)) = stream {
        converse(stream, handler, stop).await;
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, handler: impl Handler, mut stop: watch::Receiver<()>) {
    let service = service_fn(move |request| {
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(handler.handle(request).await) }
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
