//! An engine that serves the data of its disks, somebody who transfers images, somebody else, and local files.

use crate::servers::{Kept, engine_of};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::LocalSet;
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::types::{
    Disk, DiskFormat, DiskStatus, ImageTransfer, ImageTransferDirection, ImageTransferPhase as Phase, StorageDomain,
};
use virt_sdk::reqwest;
use virt_sdk::{Error, Link, Result, Retry};
use virt_simulator::{Builder, SeenRequest, Simulator};

/// How long anything may take that is waited for.
const LIMIT: Duration = Duration::from_secs(60);

/// Header of requests that are not those of whoever transfers images.
const OTHER: &str = "x-other";

/// How long intermediate states last where they are to last until the clock is moved.
pub(super) const STEP: Duration = Duration::from_secs(60);

pub(super) struct Site {
    pub(super) engine: Kept<Simulator>,
    /// Of whoever transfers images.
    pub(super) connection: Connection,
    /// Of somebody else, who looks on or interferes.
    other: Connection,
    http: reqwest::Client,
    folder: TempDir,
}

/// A connection that does not let tests wait.
fn connect(engine: &Simulator, url: &str, is_other: bool) -> Connection {
    let builder = Connection::builder(url).username(engine.username()).password(engine.password());
    let builder = builder.retry(Retry::new().attempts(6).first_pause(Duration::from_millis(5))).timeout(LIMIT);
    let builder = if is_other { builder.header(OTHER, "1") } else { builder };
    builder.build().expect("the settings are right")
}

impl Site {
    pub(super) async fn new() -> Self {
        Self::of(Simulator::builder()).await
    }

    pub(super) async fn version(version: &str) -> Self {
        Self::of(Simulator::builder().engine_version(version)).await
    }

    /// One where nothing goes on unless somebody moves the clock.
    pub(super) async fn frozen() -> Self {
        Self::of(Simulator::builder().transition(STEP)).await
    }

    pub(super) async fn of(builder: Builder) -> Self {
        // No other text contains it.
        let engine = engine_of(builder.password("s3cret of a site")).await;
        let (connection, other) = (connect(&engine, engine.url(), false), connect(&engine, engine.url(), true));
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(OTHER, reqwest::header::HeaderValue::from_static("1"));
        let http = reqwest::Client::builder().default_headers(headers).build().expect("the settings are right");
        let folder = tempfile::Builder::new().prefix("virt-sdk-").tempdir().expect("a folder can be made");
        Self { engine, connection, other, http, folder }
    }

    /// A connection to something between it and the engine.
    pub(super) fn connect_to(&self, api: &str) -> Connection {
        connect(&self.engine, api, false)
    }

    pub(super) fn other(&self) -> virt_sdk::ovirt::services::SystemService {
        self.other.system_service()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a local file.
    pub(super) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("there is room");
        path
    }

    /// Names of the local files.
    pub(super) fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).expect("it is there");
        let mut names: Vec<_> =
            names.map(|entry| entry.expect("it is there").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    pub(super) async fn disk(&self, id: &str) -> Disk {
        self.other().disks_service().disk_service(id).get().send().await.expect("the disk is there")
    }

    pub(super) async fn disks(&self) -> Vec<Disk> {
        self.other().disks_service().list().send().await.expect("they are listed").into_iter().collect()
    }

    /// The disk, where there is one only.
    pub(super) async fn only_disk(&self) -> Disk {
        let mut disks = self.disks().await;
        assert_eq!(disks.len(), 1, "{disks:?}");
        disks.remove(0)
    }

    pub(super) async fn transfers(&self) -> Vec<ImageTransfer> {
        self.other().image_transfers_service().list().send().await.expect("they are listed").into_iter().collect()
    }

    /// The transfer that has not ended.
    pub(super) async fn open_transfer(&self) -> Option<ImageTransfer> {
        let is_open = |transfer: &ImageTransfer| !matches!(transfer.phase, Some(Phase::FinishedSuccess | Phase::FinishedFailure));
        self.transfers().await.into_iter().find(is_open)
    }

    /// Waits until a transfer is in a phase.
    pub(super) async fn until_phase(&self, phase: &Phase) -> ImageTransfer {
        let what = format!("phase {phase}");
        until(&what, async || self.open_transfer().await.filter(|transfer| transfer.phase.as_ref() == Some(phase))).await
    }

    /// Waits until whoever transfers images has sent so many requests of a kind: a method, and what the path contains.
    pub(super) async fn until_sent(&self, method: &str, part: &str, count: usize) {
        let what = format!("{count} × {method} {part}");
        until(&what, async || (self.sent(method, part).len() >= count).then_some(())).await;
    }

    /// Waits until so many bytes of data were written, in requests of whatever length.
    pub(super) async fn until_written(&self, bytes: usize) {
        until("data", async || {
            let written: u64 = self.sent("PUT", "/images/").iter().filter_map(|request| request.body_length).sum();
            (written >= bytes as u64).then_some(())
        })
        .await;
    }

    /// The requests of a kind that whoever transfers images has sent.
    pub(super) fn sent(&self, method: &str, part: &str) -> Vec<SeenRequest> {
        let mut requests = self.engine.requests();
        requests.retain(|request| request.header(OTHER).is_none() && request.method == method && request.path.contains(part));
        requests
    }

    /// Requests for data, by whoever it is.
    pub(super) fn data_requests(&self) -> Vec<SeenRequest> {
        let mut requests = self.engine.requests();
        requests.retain(|request| request.header(OTHER).is_none() && request.path.starts_with("/images/"));
        requests
    }

    /// Waits until a task has ended, and moves the clock meanwhile, so that every state ends.
    pub(super) async fn run_out<T>(&self, task: &mut tokio::task::JoinHandle<T>) -> T {
        let mut looks = 0_u32;
        until("the end of a task", async || {
            looks += 1;
            // Not so often that the client, whose clock is another one, seems to be silent.
            if looks.is_multiple_of(10) {
                self.engine.advance(STEP);
                // Nothing happens unless somebody asks.
                self.disks().await;
            }
            task.is_finished().then_some(())
        })
        .await;
        task.await.expect("it does not panic")
    }

    /// A disk with these bytes, which somebody else has made.
    pub(super) async fn disk_with(&self, format: DiskFormat, bytes: &[u8]) -> String {
        let size = i64::try_from(bytes.len()).expect("it is small");
        let disk = data_disk().name("existing").format(format).provisioned_size(size);
        let added = self.other().disks_service().add().disk(disk).send().await.expect("it is made");
        let id = added.id.expect("it has an id");
        self.until_ok(&id).await;
        self.write(&id, bytes).await;
        self.engine.forget_requests();
        id
    }

    pub(super) async fn until_ok(&self, disk: &str) {
        until("a disk that is ok", async || (self.disk(disk).await.status == Some(DiskStatus::Ok)).then_some(())).await;
    }

    /// Writes what a disk holds, by other means than those that are tested.
    pub(super) async fn write(&self, disk: &str, bytes: &[u8]) {
        let (transfer, put) = self.opened(disk, ImageTransferDirection::Upload, reqwest::Method::PUT).await;
        let put = put.header("content-range", format!("bytes 0-{}/{}", bytes.len() - 1, bytes.len()));
        let answer = put.body(bytes.to_vec()).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        self.finalize(&transfer, disk).await;
    }

    /// Reads what a disk holds, by other means than those that are tested.
    pub(super) async fn read(&self, disk: &str) -> Vec<u8> {
        let (transfer, get) = self.opened(disk, ImageTransferDirection::Download, reqwest::Method::GET).await;
        let answer = get.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let bytes = answer.bytes().await.expect("a body").to_vec();
        self.finalize(&transfer, disk).await;
        bytes
    }

    /// Opens a disk, and begins a request for its data.
    async fn opened(
        &self,
        disk: &str,
        direction: ImageTransferDirection,
        method: reqwest::Method,
    ) -> (String, reqwest::RequestBuilder) {
        #[allow(deprecated, reason = "engines of all versions know it")]
        let wanted = ImageTransfer::new().image(Link::by_id(disk)).direction(direction).format(DiskFormat::Raw);
        let transfers = self.other().image_transfers_service();
        let id = transfers.add().image_transfer(wanted).send().await.expect("it starts").id.expect("it has an id");
        let transfer = transfers.image_transfer_service(&id);
        let request = until("an address for data", async || {
            let found = transfer.get().send().await.expect("it is there");
            if let Some(url) = found.transfer_url {
                return Some(self.http.request(method.clone(), url));
            }
            #[allow(deprecated, reason = "the proxies of old engines ask for it")]
            let (url, permission) = (found.proxy_url?, found.signed_ticket?);
            Some(self.http.request(method.clone(), url).header("authorization", permission))
        });
        let request = request.await;
        (id, request)
    }

    async fn finalize(&self, transfer: &str, disk: &str) {
        let transfer = self.other().image_transfers_service().image_transfer_service(transfer);
        transfer.finalize().send().await.expect("it ends");
        self.until_ok(disk).await;
    }

    /// Checks that no disk, no open transfer and no ticket is left.
    pub(super) async fn assert_nothing_left(&self) {
        let disks = self.disks().await;
        assert!(disks.is_empty(), "{disks:?}");
        self.assert_closed().await;
    }

    /// Checks that no open transfer and no ticket is left, and that no disk is locked or illegal.
    pub(super) async fn assert_closed(&self) {
        for transfer in self.transfers().await {
            let has_ended = matches!(transfer.phase, Some(Phase::FinishedSuccess | Phase::FinishedFailure));
            assert!(has_ended && transfer.transfer_url.is_none(), "{transfer:?}");
        }
        for disk in self.disks().await {
            assert_eq!(disk.status, Some(DiskStatus::Ok), "{disk:?}");
        }
        self.engine.start_host().await;
        self.engine.clear_faults();
        let servers = self
            .data_requests()
            .iter()
            .filter_map(|request| request.header("host").map(str::to_owned))
            .collect::<std::collections::BTreeSet<_>>();
        for server in servers {
            for secret in self.engine.secrets() {
                let answer = self.http.get(format!("http://{server}/images/{secret}")).send().await;
                let answer = answer.expect("an answer");
                assert!(matches!(answer.status().as_u16(), 401 | 403 | 404), "{}", answer.status());
            }
        }
    }

    /// Waits until no disk is left, and checks that nothing else is, where nobody tells when that is so.
    pub(super) async fn until_nothing_left(&self) {
        until("an engine without disks", async || {
            self.engine.advance(STEP);
            (self.disks().await.is_empty() && self.open_transfer().await.is_none()).then_some(())
        })
        .await;
        self.assert_nothing_left().await;
    }

    /// The error of a transfer, in which no secret shows.
    pub(super) fn failed<T: std::fmt::Debug>(&self, result: Result<T>) -> Error {
        let error = result.expect_err("it fails");
        let mut shown = String::new();
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = next {
            shown += &format!("{error}\n{error:?}\n{error:#?}\n");
            next = error.source();
        }
        for secret in self.engine.secrets() {
            assert!(!shown.contains(&secret), "`{secret}` is in {shown}");
        }
        error
    }
}

/// Runs something for each of these versions at once.
pub(super) async fn for_each<R: Future<Output = ()> + 'static>(
    versions: &'static [&'static str],
    run: impl Fn(&'static str) -> R,
) {
    let tasks = LocalSet::new();
    let running: Vec<_> = versions.iter().map(|version| (*version, tasks.spawn_local(run(version)))).collect();
    tasks.await;
    for (version, task) in running {
        task.await.unwrap_or_else(|error| panic!("{version}: {error}"));
    }
}

/// What a new disk needs at least.
pub(super) fn data_disk() -> Disk {
    Disk::new().storage_domains([StorageDomain::new().name("data1")])
}

/// Asks again and again until there is an answer.
pub(super) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} does not come about");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
