//! A server that answers every request with the same bytes, and keeps what it was sent.

use crate::servers::listen;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use virt_sdk::Retry;
use virt_sdk::ovirt::{Connection, ConnectionBuilder};

/// Starts the server, and returns a builder whose connection has a token for it, and tries everything once.
pub(crate) async fn canned(status: &str, headers: &str, body: &str) -> ConnectionBuilder {
    Connection::builder(canned_url(status, headers, body).await).token("canned-token").retry(Retry::none())
}

/// Starts the server, and returns the URL of the engine that it pretends to be.
pub(crate) async fn canned_url(status: &str, headers: &str, body: &str) -> String {
    format!("{}/ovirt-engine/api", canned_origin(status, headers, body).await)
}

/// Starts the server, and returns where it is.
pub(crate) async fn canned_origin(status: &str, headers: &str, body: &str) -> String {
    let answer = answer(status, headers, body);
    serve(move |_| answer.clone()).await.origin
}

/// An answer as it goes over the wire.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// A server, and what it was sent.
pub(crate) struct Server {
    pub(crate) origin: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// The requests so far, heads and bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panics with it").clone()
    }

    /// The URL of the engine that it pretends to be.
    pub(crate) fn api(&self) -> String {
        format!("{}/ovirt-engine/api", self.origin)
    }
}

/// Starts a server whose answer depends on the request.
pub(crate) async fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    listen();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let origin = format!("http://{}", listener.local_addr().expect("it has an address"));
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (seen, answer) = (requests.clone(), Arc::new(answer));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (seen, answer) = (seen.clone(), answer.clone());
            tokio::spawn(async move {
                let request = read_request(&mut stream).await;
                seen.lock().expect("no test panics with it").push(request.clone());
                let _ = stream.write_all(answer(&request).as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    Server { origin, requests }
}

pub(crate) async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|length| length.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
            _ => return text,
        }
    }
}
