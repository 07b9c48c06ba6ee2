//! The daemon as tests start it: that it serves what it is given, by each way there is to it.

use crate::imageio::qemu::{Export, qemu_img, qemu_img_compare, qemu_img_create, qemu_nbd};
use crate::imageio::tickets::Ticket;
use crate::imageio::unix_http::exchange;
use crate::imageio::{Imageio, Settings};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Size of the images.
pub(crate) const SIZE: u64 = 8 * 1024 * 1024;

/// How long anything here may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Where the first test of a pair that dies says what it started.
const STARTED: &str = "VIRT_SDK_PEERS_STARTED";

/// A client that trusts one authority, if any.
pub(crate) fn client(ca_pem: Option<&str>) -> Client {
    let roots = ca_pem.map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate"));
    Client::builder().no_proxy().tls_certs_only(roots).timeout(DEADLINE).build().expect("a client")
}

/// An empty raw image beside the daemon.
pub(crate) fn raw_image(imageio: &Imageio) -> PathBuf {
    let path = imageio.folder().join("disk.raw");
    File::create(&path).expect("room for an image").set_len(SIZE).expect("room for an image");
    path
}

/// Bytes of which no two pages are alike.
pub(crate) fn data(length: u64) -> Vec<u8> {
    (0..length / 8).flat_map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect()
}

async fn json_of(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
}

/// Does everything that an image is made for: a megabyte of data, then zeros over its first half.
async fn use_image(client: &Client, url: &str) {
    let options = json_of(client.request(reqwest::Method::OPTIONS, url)).await;
    assert_eq!(options["features"], json!(["checksum", "extents", "flush", "zero"]));
    let put = client.put(format!("{url}?flush=n")).header("content-range", "bytes 1048576-2097151/*").body(data(1 << 20));
    assert_eq!(put.send().await.expect("an answer").status(), 200);
    for operation in [json!({ "op": "zero", "offset": 1_048_576, "size": 524_288 }), json!({ "op": "flush" })] {
        let patch = client.patch(url).body(operation.to_string());
        assert_eq!(patch.send().await.expect("an answer").status(), 200);
    }
    let get = client.get(url).header("range", "bytes=1048576-2097151").send().await.expect("an answer");
    assert_eq!(get.status(), StatusCode::PARTIAL_CONTENT);
    let mut expected = data(1 << 20);
    expected[..524_288].fill(0);
    assert!(get.bytes().await.expect("a whole body") == expected, "other bytes came back");
}

#[tokio::test]
async fn files_and_network_block_devices_are_served_by_http() {
    let Some(imageio) = Imageio::start(Settings::default()).await else { return };
    let (client, raw, qcow2) = (client(None), raw_image(&imageio), imageio.folder().join("disk.qcow2"));
    qemu_img_create(&qcow2, "qcow2", SIZE, "").await;
    let nbd = qemu_nbd(&qcow2, Export::default()).await;
    let file_url = imageio.add_ticket(&Ticket::file(&raw, SIZE)).await;
    let nbd_url = imageio.add_ticket(&Ticket::nbd(&nbd.socket, SIZE)).await;
    use_image(&client, &file_url).await;
    use_image(&client, &nbd_url).await;
    let options = json_of(client.request(reqwest::Method::OPTIONS, &nbd_url)).await;
    assert_eq!((&options["max_readers"], &options["max_writers"]), (&json!(8), &json!(8)));
    assert_eq!(options["unix_socket"], json!(imageio.local_socket));
    // A file is one extent of data, whatever is in it.
    let extents = json_of(client.get(format!("{file_url}/extents"))).await;
    assert_eq!(extents, json!([{ "start": 0, "length": SIZE, "zero": false, "hole": false }]));
    let extents = json_of(client.get(format!("{nbd_url}/extents"))).await;
    let hole = |start: u64, length: u64| json!({ "start": start, "length": length, "zero": true, "hole": true });
    let zeros = json!({ "start": 1_048_576, "length": 524_288, "zero": true, "hole": false });
    let written = json!({ "start": 1_572_864, "length": 524_288, "zero": false, "hole": false });
    assert_eq!(extents, json!([hole(0, 1 << 20), zeros, written, hole(2 << 20, SIZE - (2 << 20))]));
    drop(nbd);
    assert_eq!(qemu_img_compare((&raw, "raw"), (&qcow2, "qcow2")).await, Ok(()));
    fs::write(&raw, data(SIZE)).expect("room for an image");
    let difference = qemu_img_compare((&raw, "raw"), (&qcow2, "qcow2")).await.expect_err("they differ");
    assert!(difference.contains("Content mismatch at offset 0!"), "{difference}");
    // What is behind the ticket is gone, and the daemon stays.
    let gone = client.get(format!("{nbd_url}/extents")).send().await.expect("an answer");
    assert_eq!(gone.status(), 500);
}

#[tokio::test]
async fn tls_is_for_whoever_trusts_the_authority() {
    let Some(imageio) = Imageio::start(Settings { tls: true, ..Settings::default() }).await else { return };
    let url = imageio.add_ticket(&Ticket::file(&raw_image(&imageio), SIZE)).await;
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let trusting = client(imageio.ca_pem.as_deref());
    use_image(&trusting, &url).await;
    use_image(&trusting, &url.replacen("127.0.0.1", "localhost", 1)).await;
    let refused = client(None).get(&url).send().await.expect_err("nobody is trusted");
    assert!(refused.is_connect(), "{refused:?}");
}

#[tokio::test]
async fn the_unix_socket_serves_the_same_ticket_without_tls() {
    let Some(imageio) = Imageio::start(Settings { tls: true, ..Settings::default() }).await else { return };
    let (raw, socket) = (raw_image(&imageio), &imageio.local_socket);
    let ticket = Ticket::file(&raw, SIZE);
    imageio.add_ticket(&ticket).await;
    let path = format!("/images/{}", ticket.uuid);
    let range = "content-range: bytes 4096-12287/*\r\n";
    let put = exchange(socket, &format!("PUT {path}"), range, &data(8192)).await.expect("an answer");
    assert_eq!((put.status, put.text().as_str()), (200, ""));
    let get = exchange(socket, &format!("GET {path}"), "range: bytes=4096-12287\r\n", b"").await.expect("an answer");
    assert_eq!((get.status, get.body == data(8192)), (206, true));
    assert!(get.head.to_ascii_lowercase().contains("content-range: bytes 4096-12287/8388608"), "{}", get.head);
    let written = fs::read(&raw).expect("the image");
    assert!(written[4096..12288] == data(8192), "other bytes are in the file");
    let without = Settings { local: false, ..Settings::default() };
    let Some(imageio) = Imageio::start(without).await else { return };
    let url = imageio.add_ticket(&Ticket::file(&raw, SIZE)).await;
    let options = json_of(client(None).request(reqwest::Method::OPTIONS, url)).await;
    assert_eq!(options.get("unix_socket"), None);
    assert!(!imageio.local_socket.exists());
}

async fn status_and_text(client: &Client, url: &str) -> (StatusCode, String) {
    let response = client.get(url).header("range", "bytes=0-4095").send().await.expect("an answer");
    (response.status(), response.text().await.expect("a body"))
}

#[tokio::test]
async fn tickets_expire_are_extended_and_removed() {
    let Some(imageio) = Imageio::start(Settings::default()).await else { return };
    let (client, raw) = (client(None), raw_image(&imageio));
    let transfer_id = Some("t1".to_owned());
    let ticket = Ticket { ops: vec!["read"], transfer_id, inactivity_timeout: Some(30), ..Ticket::file(&raw, SIZE) };
    let (url, uuid) = (imageio.add_ticket(&ticket).await, &ticket.uuid);
    assert_eq!(status_and_text(&client, &url).await.0, 206);
    let state = imageio.ticket(uuid).await.expect("it is there");
    assert_eq!((state.active, state.canceled, state.connections, state.transferred), (false, false, 1, Some(4096)));
    let patch = client.patch(&url).body(json!({ "op": "flush" }).to_string()).send().await.expect("an answer");
    assert_eq!(patch.status(), 403);
    imageio.extend_ticket(uuid, Duration::ZERO).await;
    let refused = "You are not allowed to access this resource: ";
    assert_eq!(status_and_text(&client, &url).await, (StatusCode::FORBIDDEN, format!("{refused}Transfer=t1 expired\n")));
    imageio.extend_ticket(uuid, Duration::from_secs(60)).await;
    assert_eq!(status_and_text(&client, &url).await.0, 206);
    assert!(imageio.remove_ticket(uuid).await);
    assert!(imageio.ticket(uuid).await.is_none());
    assert!(imageio.remove_ticket(uuid).await, "nothing is left to remove");
    let unknown = format!("{refused}No such ticket {uuid}\n");
    assert_eq!(status_and_text(&client, &url).await, (StatusCode::FORBIDDEN, unknown));
}

#[tokio::test]
async fn a_bitmap_says_what_is_dirty_and_a_shallow_export_what_this_image_holds() {
    let Some(imageio) = Imageio::start(Settings::default()).await else { return };
    let (client, base, top) = (client(None), imageio.folder().join("base.qcow2"), imageio.folder().join("top.qcow2"));
    qemu_img_create(&base, "qcow2", SIZE, "").await;
    let write = async |image: &Path, range: &str| {
        let nbd = qemu_nbd(image, Export::default()).await;
        let url = imageio.add_ticket(&Ticket::nbd(&nbd.socket, SIZE)).await;
        let put = client.put(url).header("content-range", range).body(data(65536)).send().await.expect("an answer");
        assert_eq!(put.status(), 200);
    };
    write(&base, "bytes 0-65535/*").await;
    qemu_img(["bitmap", "--add", base.to_str().expect("UTF-8"), "b0"]).await;
    write(&base, "bytes 131072-196607/*").await;
    let dirty = Export { read_only: true, bitmap: Some("b0".to_owned()), ..Export::default() };
    let nbd = qemu_nbd(&base, dirty).await;
    let url = imageio.add_ticket(&Ticket { dirty: true, ..Ticket::nbd(&nbd.socket, SIZE) }).await;
    let extents = json_of(client.get(format!("{url}/extents?context=dirty"))).await;
    let dirty: Vec<_> = extents.as_array().expect("a list").iter().filter(|extent| extent["dirty"] == true).collect();
    assert_eq!(dirty, [&json!({ "start": 131_072, "length": 65536, "dirty": true, "zero": false })]);
    drop(nbd);
    qemu_img_create(&top, "qcow2", SIZE, &format!("backing_file={},backing_fmt=qcow2", base.display())).await;
    for (shallow, holes) in [(true, json!([true])), (false, json!([false, true, false, true]))] {
        let nbd = qemu_nbd(&top, Export { read_only: true, shallow, ..Export::default() }).await;
        let url = imageio.add_ticket(&Ticket::nbd(&nbd.socket, SIZE)).await;
        let extents = json_of(client.get(format!("{url}/extents"))).await;
        let found: Value = extents.as_array().expect("a list").iter().map(|extent| extent["hole"].clone()).collect();
        assert_eq!(found, holes, "{extents}");
    }
}

#[tokio::test]
async fn a_daemon_passes_on_what_another_serves() {
    let Some(host) = Imageio::start(Settings { tls: true, ..Settings::default() }).await else { return };
    let trusting = Settings { trusted_ca: host.ca_pem.clone(), ..Settings::default() };
    let Some(engine) = Imageio::start(trusting).await else { return };
    let url = host.add_ticket(&Ticket::file(&raw_image(&host), SIZE)).await;
    let url = engine.add_ticket(&Ticket::new(url.replacen("127.0.0.1", "localhost", 1), SIZE)).await;
    use_image(&client(None), &url).await;
}

#[tokio::test]
async fn a_daemon_that_is_started_again_knows_no_ticket() {
    let Some(mut imageio) = Imageio::start(Settings { tls: true, ..Settings::default() }).await else { return };
    let (client, ticket) = (client(imageio.ca_pem.as_deref()), Ticket::file(&raw_image(&imageio), SIZE));
    let url = imageio.add_ticket(&ticket).await;
    assert_eq!(status_and_text(&client, &url).await.0, 206);
    let first = imageio.id();
    imageio.restart().await;
    assert_ne!(imageio.id(), first);
    assert!(imageio.ticket(&ticket.uuid).await.is_none());
    assert_eq!(status_and_text(&client, &url).await.0, 403);
    assert_eq!(imageio.add_ticket(&ticket).await, url);
    use_image(&client, &url).await;
    imageio.kill();
    // A client that was connected may learn of the end by the next request alone.
    let client = crate::server::client(imageio.ca_pem.as_deref());
    let nobody = client.get(&url).send().await.expect_err("nobody listens");
    assert!(nobody.is_connect(), "{nobody:?}");
    imageio.start_again().await;
    assert_eq!(status_and_text(&client, &url).await.0, 403);
}

/// The test runs itself as a second process, and kills that.
#[tokio::test]
async fn nothing_is_left_of_a_test_that_is_killed() {
    let Some(imageio) = Imageio::start(Settings::default()).await else { return };
    if let Some(file) = std::env::var_os(STARTED).map(PathBuf::from) {
        let nbd = qemu_nbd(&raw_image(&imageio), Export { format: "raw", ..Export::default() }).await;
        let ids = [imageio.id().expect("it runs"), nbd.id()];
        let folders = [imageio.folder(), nbd.socket.parent().expect("a folder")];
        fs::write(file.with_extension("new"), json!([ids, folders]).to_string()).expect("the folder can be written to");
        fs::rename(file.with_extension("new"), &file).expect("the folder can be written to");
        tokio::time::sleep(DEADLINE).await;
        panic!("nobody killed it");
    }
    let file = imageio.folder().join("started");
    let name = std::thread::current().name().expect("the name of the test").to_owned();
    let mut test = Command::new(std::env::current_exe().expect("this program"));
    test.args([&name, "--exact"]).env(STARTED, &file).stdout(Stdio::null()).stderr(Stdio::null());
    let mut test = test.spawn().expect("it can be run");
    let is_started = poll(|| file.exists()).await;
    test.kill().expect("it can be killed");
    test.wait().expect("it ended");
    assert!(is_started, "it did not start");
    let (ids, folders): (Vec<u32>, Vec<PathBuf>) =
        serde_json::from_slice(&fs::read(&file).expect("a file")).expect("what was written");
    // Of a process that ended and that nobody asks how, the line is empty.
    let runs = |id: &u32| fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| !line.is_empty());
    assert!(poll(|| !ids.iter().any(runs)).await, "some of {ids:?} run");
    assert!(poll(|| !folders.iter().any(|folder| folder.exists())).await, "some of {folders:?} are left");
}

/// Whether something comes true in time.
pub(crate) async fn poll(is_true: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !is_true() {
        if start.elapsed() > DEADLINE {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    true
}
