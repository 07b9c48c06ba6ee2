//! A server that gives canned answers and keeps what it was asked.

use crate::rows::CannedAnswer;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where an engine takes sign-ons.
const TOKEN: &str = "/ovirt-engine/sso/oauth/token";
/// Where an engine takes sign-offs.
const LOGOUT: &str = "/ovirt-engine/services/sso-logout";
/// What stands for the address of the server in records.
const PLACEHOLDER: &str = "HOST:PORT";
/// The most headers that a request of the SDK may have.
const MAX_HEADERS: usize = 64;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Method of HTTP.
    pub(crate) method: String,
    /// Path, encoded.
    pub(crate) path: String,
    /// Query, encoded.
    pub(crate) query: String,
    /// Headers by name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// Body.
    pub(crate) body: String,
}

impl Received {
    /// Whether it is for the sign-on service.
    pub(crate) fn is_sign_on(&self) -> bool {
        is_sign_on(&self.path)
    }
}

fn is_sign_on(path: &str) -> bool {
    path == TOKEN || path == LOGOUT
}

/// A server on a port of its own.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    sso: VecDeque<CannedAnswer>,
    api: VecDeque<CannedAnswer>,
    tokens: usize,
    received: Vec<Received>,
}

impl Server {
    /// Starts the server.
    pub(crate) async fn start() -> Result<Self, String> {
        let listen = async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            Ok::<_, std::io::Error>((listener, address))
        };
        let (listener, address) = listen.await.map_err(|error| format!("the server cannot be started: {error}"))?;
        let state = Arc::new(Mutex::new(State::default()));
        let server = Self { address, state: state.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = state.clone();
                tokio::spawn(async move {
                    // A connection that breaks shows in what the SDK makes of it.
                    let _ = serve(stream, &state).await;
                });
            }
        });
        Ok(server)
    }

    /// A recorded text with the address of this server in it.
    pub(crate) fn addressed(&self, text: &str) -> String {
        text.replace(PLACEHOLDER, &self.address.to_string())
    }

    /// Answers to give from now on, in place of those that are left. What was received is forgotten.
    pub(crate) fn load(&self, sso: &[CannedAnswer], api: &[CannedAnswer]) {
        let addressed = |answer: &CannedAnswer| CannedAnswer {
            status: answer.status,
            headers: answer.headers.iter().map(|(name, value)| (name.clone(), self.addressed(value))).collect(),
            body: self.addressed(&answer.body),
        };
        let mut state = lock(&self.state);
        *state = State {
            sso: sso.iter().map(addressed).collect(),
            api: api.iter().map(addressed).collect(),
            tokens: 0,
            received: Vec::new(),
        };
    }

    /// What was received since the answers were given.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut lock(&self.state).received)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = receive(&mut stream, &mut buffer).await? {
        let answer = {
            let mut state = lock(state);
            let answer = state.answer(&request.path);
            state.received.push(request);
            answer
        };
        stream.write_all(&bytes(&answer)).await?;
    }
    Ok(())
}

impl State {
    fn answer(&mut self, path: &str) -> CannedAnswer {
        if !is_sign_on(path) {
            return self.api.pop_front().unwrap_or(CannedAnswer { status: 200, headers: BTreeMap::new(), body: String::new() });
        }
        self.sso.pop_front().unwrap_or_else(|| {
            let body = if path == LOGOUT {
                "{}".to_owned()
            } else {
                self.tokens += 1;
                format!("{{\"access_token\": \"TOKEN{}\"}}", self.tokens)
            };
            let headers = BTreeMap::from([("Content-Type".to_owned(), "application/json".to_owned())]);
            CannedAnswer { status: 200, headers, body }
        })
    }
}

/// The next request; `None` when the client closed the connection.
async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Received>> {
    loop {
        if let Some((request, length)) = parse(buffer)? {
            buffer.drain(..length);
            return Ok(Some(request));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// The request at the beginning of the bytes, and its length; `None` when it is not complete.
fn parse(bytes: &[u8]) -> std::io::Result<Option<(Received, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let start = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(std::io::Error::other(error)),
    };
    let headers: BTreeMap<String, String> = head
        .headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let Some(body) = bytes.get(start..start.saturating_add(length)) else { return Ok(None) };
    let target = head.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Received {
        method: head.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: String::from_utf8_lossy(body).into_owned(),
        headers,
    };
    Ok(Some((request, start + length)))
}

fn bytes(answer: &CannedAnswer) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Canned\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    // These two have no body by definition, and a client does not read one.
    let body = if matches!(answer.status, 204 | 304) { "" } else { answer.body.as_str() };
    head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    head.into_bytes()
}
