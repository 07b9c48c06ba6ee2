//! Something between a client and an engine: it passes everything on, and can hold requests back and change answers.

use super::site::Site;
use crate::canned::read_request;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use virt_sdk::reqwest;

/// What is done to what passes.
pub(super) trait Meddle: Send + Sync + 'static {
    /// Before a request, such as `POST /ovirt-engine/api/disks`, goes to the engine.
    fn request(&self, _: &str) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Before an answer goes to the client.
    fn answer(&self, _: &str, body: String) -> String {
        body
    }
}

/// Starts it, and returns the URL of the API there.
pub(super) async fn between(site: &Site, meddle: impl Meddle) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let engine = site.engine.url().trim_end_matches("/ovirt-engine/api").to_owned();
    let url = format!("http://{}/ovirt-engine/api", listener.local_addr().expect("it has an address"));
    let meddle = Arc::new(meddle);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass(stream, engine.clone(), meddle.clone()));
        }
    });
    url
}

async fn pass(mut client: TcpStream, engine: String, meddle: Arc<impl Meddle>) {
    let request = read_request(&mut client).await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or_default();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
    let what = format!("{method} {path}");
    meddle.request(&what).await;
    let method: reqwest::Method = method.parse().expect("a method");
    let mut request = reqwest::Client::new().request(method, format!("{engine}{path}")).body(body.to_owned());
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if !["host", "content-length", "accept-encoding", "connection"].contains(&name.to_ascii_lowercase().as_str()) {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.expect("the engine answers");
    let status = answer.status();
    let headers = answer.headers().clone();
    let body = meddle.answer(&what, answer.text().await.expect("it is text"));
    let mut text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for name in ["content-type", "location"] {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            text += &format!("{name}: {value}\r\n");
        }
    }
    // The client may be gone.
    let _ = client.write_all(format!("{text}\r\n{body}").as_bytes()).await;
    let _ = client.shutdown().await;
}
