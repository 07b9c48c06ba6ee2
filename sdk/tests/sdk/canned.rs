//! A server that answers every request with the same bytes.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use virt_sdk::ovirt::{Connection, ConnectionBuilder};

/// Starts the server, and returns a builder whose connection has a token for it.
pub(crate) async fn canned(status: &str, headers: &str, body: &str) -> ConnectionBuilder {
    Connection::builder(canned_url(status, headers, body).await).token("canned-token")
}

/// Starts the server, and returns the URL of the engine that it pretends to be.
pub(crate) async fn canned_url(status: &str, headers: &str, body: &str) -> String {
    format!("{}/ovirt-engine/api", canned_origin(status, headers, body).await)
}

/// Starts the server, and returns where it is.
pub(crate) async fn canned_origin(status: &str, headers: &str, body: &str) -> String {
    let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                read_request(&mut stream).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("http://{address}")
}

async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|length| length.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
            _ => return,
        }
    }
}
