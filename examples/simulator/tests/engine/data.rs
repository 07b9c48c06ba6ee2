//! The image endpoint: the protocol of the daemon, with its traps.

use crate::support::{Api, Reply};
use crate::transfers::{Transfer, act, transfer};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MIB: u64 = 1 << 20;

async fn open(size: u64) -> (Api, Transfer) {
    let api = Api::start().await;
    let disk = api.disk("d", size).await;
    let upload = transfer(&api, &disk, "<format>raw</format>").await;
    (api, upload)
}

async fn put(api: &Api, url: &str, offset: u64, data: Vec<u8>) -> Reply {
    let range = format!("bytes {offset}-*/*");
    Reply::of(api.http.put(format!("{url}?flush=n")).header("content-range", range).body(data)).await
}

async fn patch(api: &Api, url: &str, body: &str) -> Reply {
    Reply::of(api.http.patch(url).body(body.to_owned())).await
}

async fn range(api: &Api, url: &str, range: &str) -> Reply {
    Reply::of(api.http.get(url).header("range", range)).await
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).expect("JSON")
}

#[tokio::test]
async fn abilities_depend_on_the_ticket() {
    let (api, upload) = open(MIB).await;
    let reply = Reply::of(api.http.request(Method::OPTIONS, &upload.url)).await.expect(200);
    assert_eq!(reply.header("allow"), Some("OPTIONS,GET,PUT,PATCH"));
    assert_eq!(
        json_of(&reply),
        json!({ "features": ["checksum", "extents", "flush", "zero"], "max_readers": 8, "max_writers": 8 })
    );
    act(&api, &upload, "finalize").await.expect(200);
    api.wait(&upload.path, "phase", "finished_success").await;

    let download = transfer(&api, &upload.disk, "<direction>download</direction>").await;
    let reply = Reply::of(api.http.request(Method::OPTIONS, &download.url)).await.expect(200);
    assert_eq!(reply.header("allow"), Some("OPTIONS,GET"));
    assert_eq!(json_of(&reply)["features"], json!(["checksum", "extents"]));
    let refused = put(&api, &download.url, 0, vec![1]).await.expect(403);
    assert!(refused.body.contains("forbids write"), "{}", refused.body);
    assert_eq!(refused.header("connection"), Some("close"));

    let base = download.url.rsplit_once('/').expect("a path").0;
    let reply = Reply::of(api.http.request(Method::OPTIONS, format!("{base}/*"))).await.expect(200);
    assert!(json_of(&reply).get("max_readers").is_none());
    let info = Reply::of(api.http.get(base.replace("/images", "/info/"))).await.expect(200);
    assert_eq!(json_of(&info), json!({ "version": "2.5.1" }));
    let missing = Reply::of(api.http.get(format!("{base}/missing"))).await.expect(403);
    assert_eq!(missing.body, "You are not allowed to access this resource: No such ticket missing\n");
    Reply::of(api.http.get(format!("{}/nonsense", download.url))).await.expect(404);
    Reply::of(api.http.delete(&download.url)).await.expect(405);
    Reply::of(api.http.get(format!("{base}/"))).await.expect(400);
}

#[tokio::test]
async fn ranges_are_read_and_not_cut_down() {
    let (api, upload) = open(MIB).await;
    put(&api, &upload.url, 10, b"hello".to_vec()).await.expect(200);
    let part = range(&api, &upload.url, "bytes=9-15").await.expect(206);
    assert_eq!(part.body.as_bytes(), b"\0hello\0");
    assert_eq!(part.header("content-range"), Some("bytes 9-15/1048576"));
    assert_eq!(part.header("content-length"), Some("7"));
    let beyond = range(&api, &upload.url, "bytes=0-1048576").await.expect(416);
    assert_eq!(beyond.header("content-range"), Some("bytes */1048576"));
    assert_eq!(range(&api, &upload.url, "bytes=1048575-").await.expect(206).body, "\0");
    assert_eq!(range(&api, &upload.url, "bytes=1048576-").await.expect(206).body, "");
    range(&api, &upload.url, "bytes=1048577-").await.expect(400);
    for bad in ["bytes=-5", "bytes=5-4", "bytes=0-1,4-5"] {
        assert_eq!(range(&api, &upload.url, bad).await.expect(416).header("content-range"), None);
    }
    assert_eq!(Reply::of(api.http.get(&upload.url)).await.expect(200).body.len(), 1 << 20);
}

#[tokio::test]
async fn writes_need_a_length_and_room() {
    let (api, upload) = open(MIB).await;
    let url = upload.url.as_str();
    let stream = |text: &'static str| reqwest::Body::wrap(Pieces(Some(text)));
    let chunked = Reply::of(api.http.put(url).body(stream("data"))).await.expect(400);
    assert_eq!(chunked.body, "Content-Length header is required\n");
    let beyond = put(&api, url, MIB - 1, vec![1, 2]).await.expect(416);
    assert_eq!(beyond.header("content-range"), Some("bytes */1048576"));
    put(&api, url, u64::MAX, vec![1]).await.expect(416);
    Reply::of(api.http.put(url).header("content-range", "bytes 5-4/*").body("x")).await.expect(400);
    Reply::of(api.http.put(format!("{url}?flush=maybe")).body("x")).await.expect(400);
    // Only the first byte of the range counts.
    Reply::of(api.http.put(url).header("content-range", "bytes 300-301/*").body("wxyz")).await.expect(200);
    assert_eq!(range(&api, url, "bytes=299-304").await.body, "\0wxyz\0");
    Reply::of(api.http.put(url).header("content-length", "0").body("")).await.expect(200);
    let closing = Reply::of(api.http.put(format!("{url}?close=y")).body("x")).await.expect(200);
    assert_eq!(closing.header("connection"), Some("close"));
}

#[tokio::test]
async fn a_short_body_is_told() {
    let (_api, upload) = open(MIB).await;
    let (host, path) = upload.url.trim_start_matches("http://").split_once('/').expect("a path");
    let mut stream = tokio::net::TcpStream::connect(host).await.expect("a connection");
    let head = format!("PUT /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 100\r\n\r\nfour");
    stream.write_all(head.as_bytes()).await.expect("written");
    stream.shutdown().await.expect("half closed");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    // The server may also just hang up: the client has.
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn zeros_are_not_data() {
    let (api, upload) = open(1 << 30).await;
    let url = upload.url.as_str();
    put(&api, url, 0, vec![7; 2 << 20]).await.expect(200);
    put(&api, url, 512 << 20, vec![0; 4 << 20]).await.expect(200);
    let extents = Reply::of(api.http.get(format!("{url}/extents"))).await.expect(200);
    let expected = json!([
        { "start": 0, "length": 2 << 20, "zero": false, "hole": false },
        { "start": 2 << 20, "length": (1 << 30) - (2 << 20), "zero": true, "hole": false },
    ]);
    assert_eq!(json_of(&extents), expected);
    patch(&api, url, r#"{"op":"zero","size":1048576,"offset":1048576,"flush":true}"#).await.expect(200);
    let extents = Reply::of(api.http.get(format!("{url}/extents?context=zero"))).await.expect(200);
    assert_eq!(json_of(&extents)[0], json!({ "start": 0, "length": 1 << 20, "zero": false, "hole": false }));
    let dirty = Reply::of(api.http.get(format!("{url}/extents?context=dirty"))).await.expect(404);
    assert_eq!(dirty.body, "Ticket does not support dirty extents\n");
    Reply::of(api.http.get(format!("{url}/extents?context=odd"))).await.expect(400);
    let disk = api.get(&upload.disk).await;
    assert_eq!(disk.text("actual_size").as_deref(), Some("1048576"));
}

#[tokio::test]
async fn commands_are_checked() {
    let (api, upload) = open(MIB).await;
    let url = upload.url.as_str();
    patch(&api, url, r#"{"op":"flush"}"#).await.expect(200);
    patch(&api, url, r#"{"op":"zero","size":0}"#).await.expect(200);
    for (body, status) in [
        (r#"{"op":"zero"}"#, 400),
        (r#"{"op":"zero","size":"1"}"#, 400),
        (r#"{"op":"zero","size":1,"flush":"y"}"#, 400),
        (r#"{"op":"zero","size":-1}"#, 400),
        (r#"{"op":"shrink"}"#, 400),
        ("nonsense", 400),
        ("[]", 500),
        (r#"{"op":"zero","size":2,"offset":1048575}"#, 416),
        (r#"{"op":"zero","size":1,"offset":18446744073709551615}"#, 416),
    ] {
        patch(&api, url, body).await.expect(status);
    }
}

#[tokio::test]
async fn checksums_do_not_depend_on_sparseness() {
    let (api, upload) = open(10 * MIB).await;
    put(&api, &upload.url, 9 * MIB + 5, b"data".to_vec()).await.expect(200);
    let mut image = vec![0u8; 10 << 20];
    image[(9 << 20) + 5..(9 << 20) + 9].copy_from_slice(b"data");
    let mut outer = Blake2b::<U32>::new();
    image.chunks(4 << 20).for_each(|block| outer.update(Blake2b::<U32>::digest(block)));
    let expected: String = outer.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let reply = Reply::of(api.http.get(format!("{}/checksum", upload.url))).await.expect(200);
    assert_eq!(json_of(&reply), json!({ "algorithm": "blake2b", "block_size": 4 << 20, "checksum": expected }));
    let algorithms = Reply::of(api.http.get(format!("{}/checksum/algorithms", upload.url))).await.expect(200);
    assert!(json_of(&algorithms)["algorithms"].as_array().is_some_and(|names| names.contains(&json!("blake2b"))));
    for query in ["algorithm=crc", "block_size=1048577", "block_size=4096", "block_size=x"] {
        Reply::of(api.http.get(format!("{}/checksum?{query}", upload.url))).await.expect(400);
    }
}

#[tokio::test]
async fn the_log_hides_tickets() {
    let (api, upload) = open(MIB).await;
    put(&api, &upload.url, 0, vec![1]).await.expect(200);
    Reply::of(api.http.get(format!("{}/extents", upload.url))).await.expect(200);
    let secret = upload.url.rsplit('/').next().expect("a ticket");
    let seen = api.engine.requests();
    assert!(seen.iter().all(|request| !request.path.contains(secret)));
    assert!(seen.iter().any(|request| request.method == "PUT" && request.path == "/images/{ticket}?flush=n"));
    assert!(seen.iter().any(|request| request.path == "/images/{ticket}/extents"));
}

#[tokio::test]
async fn many_writers_share_an_image() {
    let (api, upload) = open(64 * MIB).await;
    let writers = (0..16u64).map(|number| {
        let (http, url) = (api.http.clone(), upload.url.clone());
        tokio::spawn(async move {
            let data = vec![u8::try_from(number).expect("small") + 1; (1 << 20) + 100];
            let range = format!("bytes {}-*/*", number * 4 * MIB + 50);
            Reply::of(http.put(url).header("content-range", range).body(data)).await.expect(200);
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("written");
    }
    for number in 0..16u64 {
        let start = number * 4 * MIB;
        let part = api.http.get(&upload.url).header("range", format!("bytes={start}-{}", start + 2 * MIB - 1));
        let part = part.send().await.expect("an answer").bytes().await.expect("a body");
        let value = u8::try_from(number).expect("small") + 1;
        assert!(part[..50].iter().all(|byte| *byte == 0));
        assert!(part[50..50 + (1 << 20) + 100].iter().all(|byte| *byte == value));
        assert!(part[50 + (1 << 20) + 100..].iter().all(|byte| *byte == 0));
    }
}

/// A body of unknown length.
struct Pieces(Option<&'static str>);

impl hyper::body::Body for Pieces {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<bytes::Bytes>, std::io::Error>>> {
        let text = self.0.take();
        std::task::Poll::Ready(text.map(|text| Ok(hyper::body::Frame::data(bytes::Bytes::from_static(text.as_bytes())))))
    }
}
