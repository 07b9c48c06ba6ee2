//! A network that fails as a test wants it: a TCP proxy between a client and a server. Bytes pass as they are, TLS too.
#![allow(dead_code, reason = "a test program may use a part of it")]

mod request_heads;
mod tcp_rules;

use request_heads::{Part, RequestHeads};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tcp_rules::{Carrier, Rules, Shared, State};
pub(crate) use tcp_rules::{Counts, Direction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::{JoinHandle, JoinSet};

/// How long a test waits for a client to run into what it set.
const WAIT: Duration = Duration::from_secs(30);

/// Bytes that are passed on at a time.
const CHUNK: usize = 64 * 1024;

/// A proxy that runs until this is dropped; its connections break then.
pub(crate) struct TcpProxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    server: SocketAddr,
    shared: Arc<Shared>,
    connections: Arc<Mutex<JoinSet<()>>>,
    accepting: Option<JoinHandle<()>>,
}

impl TcpProxy {
    /// Starts one at a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// When there is no port.
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let mut proxy = Self { address, server, shared: Arc::default(), connections: Arc::default(), accepting: None };
        proxy.serve(listener);
        proxy
    }

    /// A URL at the server, as it is through this proxy.
    pub(crate) fn url(&self, url_of_server: &str) -> String {
        url_of_server.replacen(&self.server.to_string(), &self.address.to_string(), 1)
    }

    /// Breaks one connection, by RST to both sides: that which carries the last of so many bytes, counted from now over
    /// all connections. That last byte is passed on, but a side that reads slowly may lose what it has not read.
    pub(crate) fn reset_once(&self, direction: Direction, after: u64) {
        self.set(direction, |rules| rules.reset_once = Some(after));
    }

    /// Breaks every connection once it carried so many bytes, counted from now, or from its start if that is later.
    pub(crate) fn reset_always(&self, direction: Direction, after: u64) {
        self.set(direction, |rules| {
            rules.reset_always = Some(after);
            rules.generation += 1;
        });
    }

    /// Breaks all connections that are open.
    pub(crate) fn reset_all(&self) {
        self.shared.breaks.send_replace(());
    }

    /// Holds everything in this direction once so many bytes were carried, counted from now over all connections.
    pub(crate) fn stall(&self, direction: Direction, after: u64) {
        self.shared.stalled.send_replace(false);
        self.set(direction, |rules| rules.stall = Some(after));
    }

    /// Waits until bytes are held.
    ///
    /// # Panics
    ///
    /// When none come.
    pub(crate) async fn stalled(&self) {
        let mut stalled = self.shared.stalled.subscribe();
        let is_stalled = tokio::time::timeout(WAIT, stalled.wait_for(|is_stalled| *is_stalled)).await;
        assert!(is_stalled.is_ok(), "nothing was held within {WAIT:?}: {:?}", self.counts());
    }

    /// Lets everything pass again: what is held, and what would be broken.
    pub(crate) fn release(&self) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            self.set(direction, |rules| *rules = Rules { generation: rules.generation + 1, ..Rules::default() });
        }
        self.shared.stalled.send_replace(false);
    }

    /// Refuses new connections, as a machine on which nobody listens does. Those that are open stay.
    pub(crate) async fn refuse(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            // It ends as it was told to, with the socket closed.
            let _ = accepting.await;
        }
    }

    /// Accepts connections again, at the same place.
    ///
    /// # Panics
    ///
    /// When another program listens there by now.
    pub(crate) async fn accept(&mut self) {
        if self.accepting.is_none() {
            self.serve(TcpListener::bind(self.address).await.expect("the port is still free"));
        }
    }

    /// Answers the next request whose head contains a text, in place of the server, which never sees it. The answer is
    /// whole, from its status line on; the connection ends if it says so. Several are used up in their order. Of plain
    /// HTTP whose bodies say their length.
    pub(crate) fn answer_once(&self, head_contains: &str, answer: &str) {
        self.lock().answers.push((head_contains.to_owned(), answer.as_bytes().to_vec()));
    }

    /// Heads of the requests so far, those among them that the proxy answered. Of plain HTTP alone.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.lock().requests.clone()
    }

    /// What went through so far.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }

    fn set(&self, direction: Direction, change: impl FnOnce(&mut Rules)) {
        change(&mut self.lock().rules[direction as usize]);
        self.shared.rules.send_replace(());
    }

    fn serve(&mut self, listener: TcpListener) {
        let (server, shared, connections) = (self.server, self.shared.clone(), self.connections.clone());
        self.accepting = Some(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                connections.lock().expect("nobody panics with it").spawn(shared.clone().connection(client, server));
            }
        }));
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
        self.connections.lock().expect("nobody panics with it").abort_all();
    }
}

/// Counts a connection as open.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().counts.open -= 1;
    }
}

impl Shared {
    async fn connection(self: Arc<Self>, mut client: TcpStream, server: SocketAddr) {
        let mut breaks = self.breaks.subscribe();
        {
            let counts = &mut self.lock().counts;
            counts.connections += 1;
            counts.open += 1;
            counts.most = counts.most.max(counts.open);
        }
        let _open = Open(self.clone());
        // A client that is gone already shows that when it is read from.
        let _ = client.set_nodelay(true);
        let Ok(mut upstream) = TcpStream::connect(server).await else {
            let _ = client.set_zero_linger();
            return;
        };
        let _ = upstream.set_nodelay(true);
        let is_whole = {
            let ((client_reads, client_writes), (server_reads, server_writes)) = (client.split(), upstream.split());
            let client_writes = AsyncMutex::new(client_writes);
            let carry = async {
                tokio::try_join!(
                    self.to_server(client_reads, server_writes, &client_writes),
                    self.to_client(server_reads, &client_writes)
                )
            };
            tokio::select! {
                carried = carry => carried.is_ok(),
                _ = breaks.changed() => false,
            }
        };
        if !is_whole {
            // What one side did, or a rule, the other side learns as a broken connection.
            for stream in [client, upstream] {
                let _ = stream.set_zero_linger();
            }
        }
    }

    async fn to_server(
        &self,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
        client: &AsyncMutex<WriteHalf<'_>>,
    ) -> std::io::Result<()> {
        let mut carrier = Carrier::new(self, Direction::ToServer);
        let mut heads = RequestHeads::default();
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = from.read(&mut chunk).await?;
            if length == 0 {
                carrier.carry(&heads.rest(), &mut to).await?;
                return to.shutdown().await;
            }
            let mut bytes = &chunk[..length];
            while let Some(part) = heads.next(&mut bytes, |head| self.answer(head)) {
                match part {
                    Part::Bytes(bytes) => carrier.carry(&bytes, &mut to).await?,
                    Part::Answer(answer) => {
                        let mut client = client.lock().await;
                        client.write_all(&answer).await?;
                        if String::from_utf8_lossy(&answer).to_ascii_lowercase().contains("\r\nconnection: close\r\n") {
                            client.shutdown().await?;
                            return to.shutdown().await;
                        }
                    }
                }
            }
        }
    }

    async fn to_client(&self, mut from: ReadHalf<'_>, client: &AsyncMutex<WriteHalf<'_>>) -> std::io::Result<()> {
        let mut carrier = Carrier::new(self, Direction::ToClient);
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = from.read(&mut chunk).await?;
            let mut client = client.lock().await;
            if length == 0 {
                return client.shutdown().await;
            }
            carrier.carry(&chunk[..length], &mut *client).await?;
        }
    }

    /// Keeps a head, and takes the answer that is meant for it.
    fn answer(&self, head: &str) -> Option<Vec<u8>> {
        let mut state = self.lock();
        state.requests.push(head.to_owned());
        let place = state.answers.iter().position(|(text, _)| head.contains(text))?;
        Some(state.answers.remove(place).1)
    }
}
