//! The simulator with the real daemon: disks are image files, and `cargo xtask peers` installs what serves them.
#![cfg(unix)]

#[path = "../../../sdk/tests/support/imageio.rs"]
mod imageio;
#[allow(dead_code, reason = "it has what the other tests need as well")]
#[path = "engine/support.rs"]
mod support;

use imageio::qemu::{qemu_img, qemu_img_compare};
use imageio::{Imageio, Settings};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Api, Reply};
use virt_simulator::{Builder, Simulator};

const SIZE: u64 = 8 << 20;

/// A simulator whose data the daemon serves.
struct Host {
    // Dropped in this order: the simulator ends its sessions at the daemon.
    api: Api,
    daemon: Imageio,
}

/// An open transfer.
struct Transfer {
    path: String,
    url: String,
}

impl Host {
    /// Nothing where the daemon is not installed.
    async fn start(builder: Builder) -> Option<Self> {
        Self::with(Settings::default(), builder).await
    }

    async fn with(settings: Settings, builder: Builder) -> Option<Self> {
        let daemon = Imageio::start(settings).await?;
        Some(Self { api: Api::with(builder.imageio(used(&daemon))).await, daemon })
    }

    /// Adds a disk. Returns its path in the API, and its file.
    async fn disk(&self, format: &str) -> (String, PathBuf) {
        let body = format!(
            "<disk><format>{format}</format><provisioned_size>{SIZE}</provisioned_size><sparse>true</sparse><storage_domains>\
             <storage_domain><name>data1</name></storage_domain></storage_domains></disk>"
        );
        let disk = format!("/disks/{}", self.api.post("/disks", &body).await.expect(202).id());
        self.api.wait(&disk, "status", "ok").await;
        let file = self.file(&disk).expect("a file");
        (disk, file)
    }

    fn file(&self, disk: &str) -> Option<PathBuf> {
        self.api.engine.disk_file(disk.trim_start_matches("/disks/"))
    }

    async fn transfer(&self, disk: &str, more: &str) -> Transfer {
        let body = format!("<image_transfer><disk id=\"{}\"/>{more}</image_transfer>", disk.trim_start_matches("/disks/"));
        let path = format!("/imagetransfers/{}", self.api.post("/imagetransfers", &body).await.expect(201).id());
        let open = self.api.wait(&path, "phase", "transferring").await;
        let url = open.text("transfer_url").expect("a URL");
        assert!(url.starts_with(&format!("{}/images/", self.daemon.url)), "{url}");
        assert!(self.api.engine.secrets().iter().any(|secret| url.ends_with(secret)));
        Transfer { path, url }
    }

    async fn act(&self, transfer: &Transfer, action: &str) {
        self.api.post(&format!("{}/{action}", transfer.path), "<action/>").await.expect(200);
    }

    async fn put(&self, transfer: &Transfer, data: Vec<u8>) -> u16 {
        Reply::of(self.api.http.put(&transfer.url).body(data)).await.status
    }

    async fn get(&self, transfer: &Transfer) -> Vec<u8> {
        let answer = self.api.http.get(&transfer.url).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("a whole body").into()
    }

    /// Ends a transfer, and waits until it succeeded.
    async fn finalize(&self, transfer: &Transfer) -> Reply {
        self.act(transfer, "finalize").await;
        self.api.wait(&transfer.path, "phase", "finished_success").await
    }

    /// An image of a format, with data in some places, below the folder of the daemon.
    async fn image(&self, format: &str) -> PathBuf {
        let [raw, image] = ["raw", format].map(|name| self.daemon.folder().join(format!("source.{name}")));
        let mut data = vec![0; usize::try_from(SIZE).expect("small")];
        for start in [0, 1 << 20, 5 << 20, (8 << 20) - 4096] {
            data[start..start + 4096].iter_mut().zip((1..=251).cycle()).for_each(|(byte, number)| *byte = number);
        }
        std::fs::write(&raw, data).expect("room for it");
        if format != "raw" {
            qemu_img(["convert".as_ref(), "-O".as_ref(), format.as_ref(), raw.as_os_str(), image.as_os_str()]).await;
        }
        image
    }
}

/// The daemon as a simulator needs to know it.
fn used(daemon: &Imageio) -> virt_simulator::Imageio {
    virt_simulator::Imageio::new(daemon.folder().join("control.sock"), &daemon.url, daemon.folder().join("images"))
}

fn ticket(transfer: &Transfer) -> &str {
    transfer.url.rsplit('/').next().expect("a last segment")
}

/// Whether any process was started with that path, which `qemu-nbd` for the image was.
fn is_served(image: &Path) -> bool {
    let processes = std::fs::read_dir("/proc").expect("processes").filter_map(Result::ok);
    let mut commands = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    commands.any(|command| String::from_utf8_lossy(&command).contains(image.to_str().expect("a plain path")))
}

/// Polls until something is so.
async fn wait(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

const UPLOAD: &str = "<direction>upload</direction>";
const DOWNLOAD: &str = "<direction>download</direction>";

#[tokio::test]
async fn uploads_are_in_the_file_of_the_disk_and_downloads_come_from_it() {
    let Some(host) = Host::start(Simulator::builder()).await else { return };
    let source = host.image("raw").await;
    for (disk_format, in_qemu) in [("raw", "raw"), ("cow", "qcow2")] {
        let (disk, file) = host.disk(disk_format).await;
        let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
        assert!(is_served(&file));
        let abilities = Reply::of(host.api.http.request(reqwest::Method::OPTIONS, &upload.url)).await.expect(200);
        assert!(abilities.body.contains("extents") && abilities.body.contains(r#""max_writers": 8"#), "{}", abilities.body);
        assert_eq!(host.put(&upload, std::fs::read(&source).expect("data")).await, 200);
        let state = host.api.get(&upload.path).await;
        assert_eq!((state.text("transferred"), state.text("active")), (Some(SIZE.to_string()), Some("false".to_owned())));
        assert_eq!(state.text("proxy_url").as_ref(), Some(&upload.url));
        let zero = format!(r#"{{"op": "zero", "offset": {}, "size": {}}}"#, 2 << 20, 2 << 20);
        Reply::of(host.api.http.patch(&upload.url).body(zero)).await.expect(200);
        let done = host.finalize(&upload).await;
        assert_eq!(done.text("transferred"), Some(SIZE.to_string()));
        assert!(!is_served(&file) && host.daemon.ticket(ticket(&upload)).await.is_none());
        qemu_img_compare((&source, "raw"), (&file, in_qemu)).await.expect("the same data");
        let stored = host.api.get(&disk).await;
        assert_eq!(stored.text("status").as_deref(), Some("ok"));
        let used: u64 = stored.text("actual_size").expect("a size").parse().expect("a number");
        assert!(used > 0 && used <= SIZE - (1 << 20), "zeros take no space: {used}");

        let download = host.transfer(&disk, &format!("{DOWNLOAD}<format>raw</format>")).await;
        assert!(host.get(&download).await == std::fs::read(&source).expect("data"));
        assert_eq!(host.put(&download, vec![1]).await, 403);
        host.finalize(&download).await;
        host.api.wait(&disk, "status", "ok").await;
    }
}

#[tokio::test]
async fn qcow2_files_are_transferred_as_they_are_and_verified() {
    let Some(host) = Host::start(Simulator::builder()).await else { return };
    let source = host.image("qcow2").await;
    let (disk, file) = host.disk("cow").await;
    let upload = host.transfer(&disk, UPLOAD).await;
    assert!(!is_served(&file));
    assert_eq!(host.put(&upload, std::fs::read(&source).expect("data")).await, 200);
    host.finalize(&upload).await;
    qemu_img_compare((&source, "qcow2"), (&file, "qcow2")).await.expect("the same data");

    let download = host.transfer(&disk, DOWNLOAD).await;
    assert!(host.get(&download).await == std::fs::read(&file).expect("data"));
    host.finalize(&download).await;

    let (bad, file) = host.disk("cow").await;
    let upload = host.transfer(&bad, UPLOAD).await;
    assert_eq!(host.put(&upload, vec![7; 1 << 20]).await, 200);
    host.act(&upload, "finalize").await;
    host.api.wait(&upload.path, "phase", "finished_failure").await;
    host.api.get(&bad).await.expect(404);
    assert!(!file.exists() && host.file(&bad).is_none());
}

#[tokio::test]
async fn a_cancelled_upload_leaves_nothing() {
    let Some(host) = Host::start(Simulator::builder()).await else { return };
    let (disk, file) = host.disk("cow").await;
    let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
    assert_eq!(host.put(&upload, vec![1; 4096]).await, 200);
    assert!(is_served(&file) && host.daemon.ticket(ticket(&upload)).await.is_some());
    host.act(&upload, "cancel").await;
    host.api.wait(&upload.path, "phase", "finished_failure").await;
    assert!(!is_served(&file) && !file.exists() && host.daemon.ticket(ticket(&upload)).await.is_none());
    host.api.get(&disk).await.expect(404);
}

#[tokio::test]
async fn a_client_that_does_not_read_delays_the_end() {
    let settings = Settings { remove_timeout: Duration::from_secs(1), ..Settings::default() };
    let Some(host) = Host::with(settings, Simulator::builder().vms(1)).await else { return };
    let disk = "/disks/0d000000-0000-4000-8000-000000000001";
    let download = host.transfer(disk, &format!("{DOWNLOAD}<format>raw</format>")).await;
    let unread = host.api.http.get(&download.url).send().await.expect("an answer");
    host.act(&download, "finalize").await;
    // More than one attempt, and the engine answers meanwhile.
    wait("the daemon does not give up", async || host.daemon.log().matches("Timeout cancelling").count() > 1).await;
    assert_eq!(host.api.get(&download.path).await.text("phase").as_deref(), Some("finalizing_success"));
    drop(unread);
    host.api.wait(&download.path, "phase", "finished_success").await;
    host.api.wait(disk, "status", "ok").await;
}

#[tokio::test]
async fn a_daemon_that_was_restarted_pauses_uploads_and_cancels_downloads() {
    let Some(mut host) = Host::start(Simulator::builder()).await else { return };
    let (disk, file) = host.disk("raw").await;
    let (other, _) = host.disk("raw").await;
    let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
    let download = host.transfer(&other, &format!("{DOWNLOAD}<format>raw</format>")).await;
    let range = |from: u64, data: &[u8]| {
        let range = format!("bytes {from}-{}/*", from + data.len() as u64 - 1);
        host.api.http.put(&upload.url).header("content-range", range).body(data.to_vec())
    };
    Reply::of(range(0, &[1; 4096])).await.expect(200);
    let second = range(4096, &[2; 4096]);
    host.daemon.restart().await;
    host.api.wait(&upload.path, "phase", "paused_system").await;
    host.api.wait(&download.path, "phase", "finished_failure").await;
    host.api.wait(&other, "status", "ok").await;
    let refused = second.try_clone().expect("a body in memory");
    Reply::of(refused).await.expect(403);
    host.act(&upload, "resume").await;
    let open = host.api.wait(&upload.path, "phase", "transferring").await;
    assert_eq!(open.text("transfer_url").as_ref(), Some(&upload.url));
    Reply::of(second).await.expect(200);
    host.finalize(&upload).await;
    let data = std::fs::read(&file).expect("a file");
    assert!(data[..4096] == [1; 4096] && data[4096..8192] == [2; 4096]);
}

#[tokio::test]
async fn a_daemon_that_stays_away_pauses_uploads() {
    let Some(mut host) = Host::start(Simulator::builder()).await else { return };
    let (disk, _) = host.disk("raw").await;
    let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
    host.daemon.kill();
    assert_eq!(host.api.get(&upload.path).await.text("phase").as_deref(), Some("transferring"));
    host.api.wait(&upload.path, "phase", "paused_system").await;
    // It cannot go on without it.
    host.act(&upload, "resume").await;
    host.api.wait(&upload.path, "phase", "paused_system").await;
    // Finalizing waits for the ticket to be removed.
    host.act(&upload, "finalize").await;
    assert_eq!(host.api.get(&upload.path).await.text("phase").as_deref(), Some("finalizing_success"));
    host.daemon.start_again().await;
    host.api.wait(&upload.path, "phase", "finished_success").await;
}

#[tokio::test]
async fn clients_that_are_idle_are_given_up() {
    let Some(host) = Host::start(Simulator::builder()).await else { return };
    let check = async |more: &str, phase: &str| {
        let (disk, _) = host.disk("raw").await;
        let more = format!("{more}<format>raw</format><inactivity_timeout>1</inactivity_timeout>");
        let transfer = host.transfer(&disk, &more).await;
        host.api.wait(&transfer.path, "phase", phase).await;
        transfer
    };
    let (upload, ..) = tokio::join!(check(UPLOAD, "paused_system"), check(DOWNLOAD, "finished_failure"));
    // The ticket stays, and going on with it counts as activity.
    assert_eq!(host.put(&upload, vec![1; 4096]).await, 200);
    host.act(&upload, "resume").await;
    host.api.wait(&upload.path, "phase", "transferring").await;
    host.finalize(&upload).await;
}

#[tokio::test]
async fn tickets_are_renewed_unless_the_transfer_is_paused() {
    let Some(host) = Host::start(Simulator::builder().ticket_lifetime(Duration::from_secs(2))).await else { return };
    let (disk, _) = host.disk("raw").await;
    let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
    let expires = async || host.daemon.ticket(ticket(&upload)).await.expect("a ticket").expires;
    let first = expires().await;
    // Also while nobody asks the engine for anything.
    wait("the ticket is not renewed", async || expires().await > first + 3).await;
    assert_eq!(host.put(&upload, vec![1; 4096]).await, 200);
    host.act(&upload, "pause").await;
    host.api.wait(&upload.path, "phase", "paused_user").await;
    // A request that ends would renew it as well.
    let last = expires().await;
    let idle = async || host.daemon.ticket(ticket(&upload)).await.expect("a ticket").idle_time;
    wait("time stands still", async || idle().await > 2).await;
    assert_eq!((expires().await, host.put(&upload, vec![2; 4096]).await), (last, 403));
    host.act(&upload, "resume").await;
    host.api.wait(&upload.path, "phase", "transferring").await;
    assert_eq!(host.put(&upload, vec![2; 4096]).await, 200);
}

#[tokio::test]
async fn a_second_daemon_is_the_proxy() {
    // The way from one daemon to the other is by TLS.
    let Some(daemon) = Imageio::start(Settings { tls: true, ..Settings::default() }).await else { return };
    let trusting = Settings { trusted_ca: daemon.ca_pem.clone(), ..Settings::default() };
    let Some(proxy) = Imageio::start(trusting).await else { return };
    let imageio = used(&daemon).proxy(proxy.folder().join("control.sock"), &proxy.url);
    let host = Host { api: Api::with(Simulator::builder().imageio(imageio)).await, daemon };
    let (disk, file) = host.disk("raw").await;
    let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
    let proxied = host.api.get(&upload.path).await.text("proxy_url").expect("a URL");
    assert_eq!(proxied, format!("{}/images/{}", proxy.url, ticket(&upload)));
    Reply::of(host.api.http.put(proxied).body(vec![3; 4096])).await.expect(200);
    host.finalize(&upload).await;
    assert!(proxy.ticket(ticket(&upload)).await.is_none());
    assert_eq!(std::fs::read(&file).expect("a file")[..4096], [3; 4096]);
}

#[tokio::test]
async fn disks_are_copied_extended_converted_and_removed() {
    let Some(host) = Host::start(Simulator::builder().vms(1)).await else { return };
    let source = host.image("raw").await;
    let (disk, file) = host.disk("cow").await;
    let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
    assert_eq!(host.put(&upload, std::fs::read(&source).expect("data")).await, 200);
    host.finalize(&upload).await;
    let known = host.api.get("/disks").await.attributes("disk", "id");
    let copy = "<action><storage_domain><name>data1</name></storage_domain></action>";
    host.api.post(&format!("{disk}/copy"), copy).await.expect(200);
    let all = host.api.get("/disks").await.attributes("disk", "id");
    let copied = all.iter().find(|id| !known.contains(id)).expect("a copy");
    let copied = host.api.engine.disk_file(copied).expect("a file");
    qemu_img_compare((&source, "raw"), (&copied, "qcow2")).await.expect("the same data");

    host.api.put(&disk, &format!("<disk><provisioned_size>{}</provisioned_size></disk>", 2 * SIZE)).await.expect(200);
    host.api.wait(&disk, "status", "ok").await;
    let info = qemu_img(["info".as_ref(), "--output=json".as_ref(), file.as_os_str()]).await;
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["virtual-size"], 2 * SIZE);
    let convert = "<action><disk><format>raw</format></disk></action>";
    host.api.post(&format!("{disk}/convert"), convert).await.expect(200);
    assert_eq!(file.metadata().expect("a file").len(), 2 * SIZE);
    host.api.wait(&disk, "status", "ok").await;
    host.api.delete(&disk).await.expect(200);
    host.api.wait_gone(&disk).await;
    assert!(!file.exists());
    // Those of virtual machines that were there from the beginning are files, too.
    let first = host.api.engine.disk_file("0d000000-0000-4000-8000-000000000001").expect("a file");
    assert_eq!(first.metadata().expect("a file").len(), 1 << 30);
}

#[tokio::test]
async fn the_end_of_the_simulator_is_that_of_everything() {
    let Some(host) = Host::start(Simulator::builder()).await else { return };
    let (disk, file) = host.disk("raw").await;
    let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
    assert!(is_served(&file));
    let Host { api, daemon } = host;
    api.engine.shutdown().await;
    assert!(!is_served(&file) && !file.exists() && daemon.ticket(ticket(&upload)).await.is_none());
}

#[tokio::test]
async fn a_daemon_that_does_not_answer_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let nobody =
        virt_simulator::Imageio::new(folder.path().join("none.sock"), "http://127.0.0.1:1", folder.path().join("images"));
    let error = Simulator::builder().imageio(nobody).start().await.expect_err("nobody is there");
    assert!(error.to_string().contains("ovirt-imageio does not answer"), "{error}");
}

#[tokio::test]
async fn the_program_does_it_too() {
    let Some(daemon) = Imageio::start(Settings::default()).await else { return };
    let (socket, images) = (daemon.folder().join("control.sock"), daemon.folder().join("images"));
    let mut program = Command::new(env!("CARGO_BIN_EXE_virt-simulator"));
    program.arg("--imageio-control-socket").arg(socket).args(["--imageio-url", &daemon.url, "--vms=1"]);
    // Where it keeps sockets, which go with the daemon.
    program.env("TMPDIR", daemon.folder());
    let mut child = program.arg("--images").arg(&images).stdout(Stdio::piped()).spawn().expect("it starts");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let lines: Vec<String> = output.lines().take(3).map(|line| line.expect("a line")).collect();
    let url = lines[0].trim_start_matches("OVIRT_URL=");
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let disk = "0d000000-0000-4000-8000-000000000001";
    let body = format!("<image_transfer><disk id=\"{disk}\"/><direction>download</direction></image_transfer>");
    let added = http.post(format!("{url}/imagetransfers")).basic_auth("admin@internal", Some("secret")).body(body);
    let path = format!("{url}/imagetransfers/{}", Reply::of(added).await.expect(201).id());
    let get = async || Reply::of(http.get(&path).basic_auth("admin@internal", Some("secret"))).await.text("transfer_url");
    wait("there is no URL", async || get().await.is_some()).await;
    let is_right = get().await.expect("a URL").starts_with(&daemon.url);
    let is_there = (images.join(disk).exists(), is_served(&images.join(disk)));
    // Killed, it cannot remove the files, but nothing goes on to run.
    child.kill().expect("it ends");
    child.wait().expect("it has ended");
    wait("qemu-nbd has not ended", async || !is_served(&images.join(disk))).await;
    assert!(is_right && is_there == (true, true), "{lines:?} {is_there:?}");
}

#[tokio::test]
async fn the_daemon_serves_files_alone_before_4_3() {
    let Some(daemon) = Imageio::start(Settings::default()).await else { return };
    let builder = Simulator::builder().engine_version("4.2").imageio(used(&daemon));
    let host = Host { api: Api::with(builder).await, daemon };
    let (disk, file) = host.disk("raw").await;
    let upload = host.transfer(&disk, &format!("{UPLOAD}<format>raw</format>")).await;
    assert!(!is_served(&file));
    assert_eq!(host.put(&upload, vec![1; 4096]).await, 200);
    host.act(&upload, "finalize").await;
    host.api.wait_gone(&upload.path).await;
    assert_eq!(std::fs::read(&file).expect("a file")[..4096], [1; 4096]);
}
