//! The network between a client and the daemon, failing as a test wants it.

use crate::imageio::tickets::Ticket;
use crate::imageio::{Imageio, Settings};
use crate::server::{DEADLINE, SIZE, client, data, poll, raw_image};
use crate::tcp_proxy::{Direction, TcpProxy};
use reqwest::{Client, Response};
use std::fs;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// 40 % of an image.
const PART: u64 = SIZE * 2 / 5;

/// A daemon with a full image, the network before it, and the URL of the image there.
async fn start(settings: Settings) -> Option<(Imageio, TcpProxy, Ticket, String)> {
    let imageio = Imageio::start(settings).await?;
    let raw = raw_image(&imageio);
    fs::write(&raw, data(SIZE)).expect("room for an image");
    let ticket = Ticket::file(&raw, SIZE);
    let url = imageio.add_ticket(&ticket).await;
    let proxy = TcpProxy::start(imageio.address).await;
    let url = proxy.url(&url);
    Some((imageio, proxy, ticket, url))
}

async fn get(client: &Client, url: &str) -> reqwest::Result<Response> {
    client.get(url).send().await?.error_for_status()
}

/// How many bytes of the image come, and whether that was all.
async fn download(client: &Client, url: &str) -> (u64, bool) {
    let Ok(mut response) = get(client, url).await else { return (0, false) };
    let (mut length, expected) = (0, data(SIZE));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                assert!(chunk == expected[length..length + chunk.len()], "other bytes came");
                length += chunk.len();
            }
            Ok(None) => return (length as u64, true),
            Err(_) => return (length as u64, false),
        }
    }
}

#[tokio::test]
async fn a_connection_breaks_once_in_a_download() {
    for tls in [false, true] {
        let Some((imageio, proxy, _, url)) = start(Settings { tls, ..Settings::default() }).await else { return };
        let client = client(imageio.ca_pem.as_deref());
        assert_eq!(download(&client, &url).await, (SIZE, true));
        let before = proxy.counts();
        assert!(before.to_client > SIZE, "{before:?}");
        proxy.reset_once(Direction::ToClient, PART);
        let (length, is_whole) = download(&client, &url).await;
        assert!(!is_whole && length <= PART, "{length}");
        assert_eq!(proxy.counts().to_client - before.to_client, PART);
        assert_eq!(download(&client, &url).await, (SIZE, true));
        assert_eq!(proxy.counts().connections, 2, "the first one served two downloads");
    }
}

#[tokio::test]
async fn a_connection_breaks_once_in_an_upload() {
    let Some((imageio, proxy, ticket, url)) = start(Settings::default()).await else { return };
    let client = client(None);
    let upload = async || client.put(&url).body(vec![7; SIZE as usize]).send().await;
    proxy.reset_once(Direction::ToServer, PART);
    let broken = upload().await.expect_err("the connection broke");
    assert!(broken.is_request() || broken.is_body(), "{broken:?}");
    assert_eq!(proxy.counts().to_server, PART);
    let written = fs::read(imageio.folder().join("disk.raw")).expect("the image");
    let kept = written.iter().filter(|byte| **byte == 7).count() as u64;
    assert!(kept < SIZE, "everything was written");
    assert_eq!(upload().await.expect("an answer").status(), 200);
    assert!(fs::read(imageio.folder().join("disk.raw")).expect("the image").iter().all(|byte| *byte == 7));
    assert!(imageio.ticket(&ticket.uuid).await.is_some());
}

#[tokio::test]
async fn every_connection_breaks_until_it_is_released() {
    let Some((_imageio, proxy, _, url)) = start(Settings::default()).await else { return };
    let client = client(None);
    proxy.reset_always(Direction::ToClient, PART);
    for _ in 0..3 {
        assert!(!download(&client, &url).await.1);
    }
    assert_eq!((proxy.counts().to_client, proxy.counts().connections), (3 * PART, 3));
    proxy.release();
    assert_eq!(download(&client, &url).await, (SIZE, true));
}

#[tokio::test]
async fn bytes_are_held_until_they_are_released() {
    let Some((imageio, proxy, ticket, url)) = start(Settings::default()).await else { return };
    proxy.stall(Direction::ToClient, PART);
    let downloading = tokio::spawn(async move { download(&client(None), &url).await });
    proxy.stalled().await;
    assert_eq!((proxy.counts().to_client, proxy.counts().open), (PART, 1));
    assert!(!downloading.is_finished());
    assert!(imageio.ticket(&ticket.uuid).await.is_some_and(|state| state.connections == 1));
    proxy.release();
    let downloaded = tokio::time::timeout(DEADLINE, downloading).await.expect("it goes on").expect("no panic");
    assert_eq!(downloaded, (SIZE, true));
}

#[tokio::test]
async fn all_connections_break_at_once() {
    let Some((_imageio, proxy, _, url)) = start(Settings::default()).await else { return };
    proxy.stall(Direction::ToClient, 1000);
    let downloads: Vec<_> = (0..3)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { download(&client(None), &url).await })
        })
        .collect();
    proxy.stalled().await;
    assert!(poll(|| proxy.counts().open == 3).await, "{:?}", proxy.counts());
    proxy.reset_all();
    for download in downloads {
        let (length, is_whole) = tokio::time::timeout(DEADLINE, download).await.expect("it ends").expect("no panic");
        assert!(!is_whole && length < 1000, "{length}");
    }
    assert_eq!((proxy.counts().most, proxy.counts().connections), (3, 3));
    proxy.release();
    assert_eq!(download(&client(None), &url).await, (SIZE, true));
}

#[tokio::test]
async fn new_connections_are_refused_and_open_ones_stay() {
    let Some((_imageio, mut proxy, _, url)) = start(Settings::default()).await else { return };
    let first = client(None);
    assert_eq!(download(&first, &url).await, (SIZE, true));
    proxy.refuse().await;
    let refused = get(&client(None), &url).await.expect_err("nobody listens");
    assert!(refused.is_connect(), "{refused:?}");
    assert_eq!(download(&first, &url).await, (SIZE, true));
    proxy.accept().await;
    assert_eq!(download(&client(None), &url).await, (SIZE, true));
    assert_eq!(proxy.counts().connections, 2);
}

#[tokio::test]
async fn a_request_is_answered_in_place_of_the_server() {
    let Some((imageio, proxy, _, url)) = start(Settings::default()).await else { return };
    let client = client(None);
    let unavailable = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 5\r\n\r\nbusy\n";
    proxy.answer_once("PUT /images/", unavailable);
    proxy.answer_once("PUT /images/", &unavailable.replacen("retry-after: 0", "connection: close", 1));
    assert_eq!(download(&client, &url).await, (SIZE, true), "the download is another request");
    for (status, connections) in [(503, 1), (503, 1), (200, 2)] {
        let put = client.put(&url).body(vec![7; 3 << 20]).send().await.expect("an answer");
        assert_eq!(put.status(), status);
        if status == 503 {
            assert_eq!(put.text().await.expect("a body"), "busy\n");
            let image = fs::read(imageio.folder().join("disk.raw")).expect("the image");
            assert!(image == data(SIZE), "the server saw it");
        }
        assert_eq!(proxy.counts().connections, connections);
    }
    let requests = proxy.requests();
    let methods: Vec<_> = requests.iter().map(|head| head.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(methods, ["GET", "PUT", "PUT", "PUT"]);
    assert!(proxy.counts().to_server < 4 << 20, "{:?}", proxy.counts());
}

#[tokio::test]
async fn a_request_is_found_however_it_is_cut() {
    let Some((_imageio, proxy, ticket, _)) = start(Settings::default()).await else { return };
    proxy.answer_once("PUT", "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    let mut stream = TcpStream::connect(proxy.address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let path = format!("/images/{}", ticket.uuid);
    let sent = [
        format!("PUT {path} HTTP/1.1\r\nContent-Length: 12\r\n\r\nGET /\r\n\r\n\r\n\r"),
        format!("PUT {path} HTTP/1.1\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc"),
    ];
    for request in sent {
        for byte in request.bytes() {
            stream.write_all(&[byte]).await.expect("the connection stays");
        }
    }
    let mut answers = String::new();
    let read = tokio::time::timeout(DEADLINE, stream.read_to_string(&mut answers)).await;
    read.expect("it ends").expect("no error");
    let statuses: Vec<_> = answers.lines().filter(|line| line.starts_with("HTTP/1.1 ")).collect();
    assert_eq!(statuses, ["HTTP/1.1 503 Service Unavailable", "HTTP/1.1 200 OK"]);
    assert_eq!(proxy.requests().len(), 2);
}

#[tokio::test]
async fn a_ticket_stays_while_a_client_does_not_read() {
    let settings = Settings { remove_timeout: Duration::from_secs(1), ..Settings::default() };
    let Some(imageio) = Imageio::start(settings).await else { return };
    let raw = raw_image(&imageio);
    let size = 256 << 20;
    fs::File::options().write(true).open(&raw).and_then(|file| file.set_len(size)).expect("room for an image");
    let ticket = Ticket::file(&raw, size);
    let url = imageio.add_ticket(&ticket).await;
    let proxy = TcpProxy::start(imageio.address).await;
    proxy.stall(Direction::ToClient, 100_000);
    let mut response = get(&client(None), &proxy.url(&url)).await.expect("a head");
    proxy.stalled().await;
    assert!(!imageio.remove_ticket(&ticket.uuid).await);
    let state = imageio.ticket(&ticket.uuid).await.expect("it is there");
    assert_eq!((state.active, state.canceled), (true, true));
    proxy.release();
    while let Ok(Some(_)) = response.chunk().await {}
    assert!(imageio.remove_ticket(&ticket.uuid).await);
    assert!(imageio.ticket(&ticket.uuid).await.is_none());
}
