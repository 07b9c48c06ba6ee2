//! Transfers that are called off, or whose future is dropped, at each of their stages.

use super::between::{Meddle, between};
use super::images::{MIB, pattern, sparse};
use super::site::{STEP, Site, data_disk, for_each, until};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use virt_sdk::ErrorKind;
use virt_sdk::Result;
use virt_sdk::ovirt::types::{DiskFormat, DiskStatus, ImageTransferPhase as Phase};
use virt_sdk::transfer::{ImageId, Uploaded, download, upload};
use virt_simulator::{Fault, SeenRequest, Simulator, Target};

const HOUR: Duration = Duration::from_secs(3600);

/// What can be called off.
struct Running {
    task: JoinHandle<Result<Uploaded>>,
    cancel: oneshot::Sender<()>,
}

fn start(site: &Site) -> Running {
    start_with(site, &site.connection)
}

/// Starts to upload an image to a new disk.
fn start_with(site: &Site, connection: &virt_sdk::ovirt::Connection) -> Running {
    let path = site.file("fedora.img", &sparse(1));
    let (cancel, cancelled) = oneshot::channel();
    let event = async move { drop(cancelled.await) };
    let upload = upload(connection, path).new_disk(data_disk()).connections(1).cancel_on(event);
    // It is never silent, however far the clock is moved.
    let upload = upload.inactivity_timeout(Duration::ZERO);
    Running { task: tokio::spawn(upload.send()), cancel }
}

impl Running {
    /// Calls it off, and checks that nothing is left as soon as that is told.
    async fn call_off(mut self, site: &Site) {
        self.cancel.send(()).expect("it is running");
        let error = site.failed(site.run_out(&mut self.task).await);
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        let text = error.to_string();
        assert!(text.contains("called off") && text.contains("the disk is removed"), "{error}");
        site.assert_nothing_left().await;
    }

    /// Drops its future, and waits until nothing is left.
    async fn drop(self, site: &Site) {
        self.task.abort();
        assert!(self.task.await.expect_err("it was dropped").is_cancelled());
        site.until_nothing_left().await;
        // What calls it off comes too late, which nobody minds.
        let _ = self.cancel.send(());
    }

    async fn end(self, site: &Site, is_dropped: bool) {
        if is_dropped { self.drop(site).await } else { self.call_off(site).await }
    }
}

#[tokio::test]
async fn before_anything_is_done() {
    let site = Site::new().await;
    let path = site.file("fedora.img", &sparse(1));
    let upload = upload(&site.connection, path).new_disk(data_disk()).cancel_on(std::future::ready(()));
    let error = site.failed(upload.send().await);
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn while_the_disk_is_made() {
    for is_dropped in [false, true] {
        let site = Site::frozen().await;
        let running = start(&site);
        site.until_sent("POST", "/disks", 1).await;
        site.until_sent("GET", "/disks/", 1).await;
        assert_eq!(site.only_disk().await.status, Some(DiskStatus::Locked));
        running.end(&site, is_dropped).await;
        assert_eq!(site.sent("POST", "/imagetransfers").len(), 0);
    }
}

#[tokio::test]
async fn while_the_answer_about_the_disk_is_awaited() {
    for is_dropped in [false, true] {
        let site = Site::new().await;
        site.engine.inject(Fault::delay(HOUR).method("POST").path("/disks"));
        let running = start(&site);
        site.until_sent("POST", "/disks", 1).await;
        running.end(&site, is_dropped).await;
    }
}

/// Holds requests of one kind back until they may go.
struct Holding {
    what: &'static str,
    is_held: Arc<AtomicBool>,
    go: tokio::sync::watch::Receiver<bool>,
}

impl Meddle for Holding {
    async fn request(&self, what: &str) {
        if what == self.what {
            self.is_held.store(true, Ordering::SeqCst);
            let mut go = self.go.clone();
            go.wait_for(|may_go| *may_go).await.expect("it may go some time");
        }
    }
}

/// Calls an upload off, or drops it, while a request of a kind is on its way to an engine that carries it out only later.
async fn call_off_what_comes_late(what: &'static str, is_dropped: bool) {
    let site = Site::new().await;
    let (go, may_go) = tokio::sync::watch::channel(false);
    let is_held = Arc::new(AtomicBool::new(false));
    let api = between(&site, Holding { what, is_held: is_held.clone(), go: may_go }).await;
    // It outlives the upload: with the last of them, its session would end, and what comes late be refused.
    let connection = site.connect_to(&api);
    let running = start_with(&site, &connection);
    until("a request", async || is_held.load(Ordering::SeqCst).then_some(())).await;
    let Running { mut task, cancel } = running;
    let engine_requests = || site.engine.requests().len();
    let before = engine_requests();
    if is_dropped {
        task.abort();
    } else {
        cancel.send(()).expect("it is running");
    }
    // Whoever does not wait for the answer cleans up now, and finds nothing.
    for _ in 0..50 {
        if engine_requests() > before + 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    go.send(true).expect("somebody waits");
    if !is_dropped {
        let error = site.failed(site.run_out(&mut task).await);
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    }
    let path = &what["POST ".len()..];
    let is_done = |request: &SeenRequest| request.path == path && (200..300).contains(&request.status);
    until("the end of what was held", async || site.sent("POST", path).iter().any(is_done).then_some(())).await;
    site.until_nothing_left().await;
    drop(connection);
}

#[tokio::test]
async fn while_the_request_for_the_disk_is_on_its_way() {
    call_off_what_comes_late("POST /ovirt-engine/api/disks", false).await;
    call_off_what_comes_late("POST /ovirt-engine/api/disks", true).await;
}

#[tokio::test]
async fn while_the_request_for_the_transfer_is_on_its_way() {
    call_off_what_comes_late("POST /ovirt-engine/api/imagetransfers", false).await;
    call_off_what_comes_late("POST /ovirt-engine/api/imagetransfers", true).await;
}

#[tokio::test]
async fn while_the_answer_about_the_transfer_is_awaited() {
    for is_dropped in [false, true] {
        let site = Site::new().await;
        site.engine.inject(Fault::delay(2 * STEP).method("POST").path("/imagetransfers"));
        let running = start(&site);
        site.until_sent("POST", "/imagetransfers", 1).await;
        running.end(&site, is_dropped).await;
    }
}

#[tokio::test]
async fn while_the_transfer_starts() {
    for is_dropped in [false, true] {
        let site = Site::frozen().await;
        let running = start(&site);
        site.until_sent("GET", "/disks/", 1).await;
        site.engine.advance(STEP);
        site.until_sent("GET", "/imagetransfers/", 1).await;
        assert_eq!(site.open_transfer().await.and_then(|transfer| transfer.phase), Some(Phase::Initializing));
        running.end(&site, is_dropped).await;
        assert!(site.data_requests().is_empty());
    }
}

#[tokio::test]
async fn while_data_moves() {
    for_each(&["4.1", "4.2.3", "4.4.6", "4.5.7"], |version| async move {
        for is_dropped in [false, true] {
            let site = Site::version(version).await;
            site.engine.inject(Fault::delay(HOUR).at(Target::Images).method("PUT").skip(1));
            let running = start(&site);
            site.until_sent("PUT", "/images/", 2).await;
            running.end(&site, is_dropped).await;
        }
    })
    .await;
}

#[tokio::test]
async fn while_the_server_of_the_data_is_silent() {
    for is_dropped in [false, true] {
        let site = Site::new().await;
        site.engine.inject(Fault::delay(HOUR).at(Target::Images).method("OPTIONS"));
        let running = start(&site);
        site.until_sent("OPTIONS", "/images/", 1).await;
        running.end(&site, is_dropped).await;
    }
}

#[tokio::test]
async fn what_is_called_off_while_the_engine_checks_the_disk_is_done() {
    for is_dropped in [false, true] {
        let site = Site::frozen().await;
        let Running { mut task, cancel } = start(&site);
        site.until_sent("GET", "/disks/", 1).await;
        site.engine.advance(STEP);
        site.until_sent("POST", "/imagetransfers", 1).await;
        site.engine.advance(STEP);
        site.until_phase(&Phase::FinalizingSuccess).await;
        let _ = cancel.send(());
        if is_dropped {
            task.abort();
            site.engine.advance(STEP);
            until("the end of the transfer", async || site.open_transfer().await.is_none().then_some(())).await;
        } else {
            site.run_out(&mut task).await.expect("it is uploaded");
        }
        assert_eq!(site.only_disk().await.status, Some(DiskStatus::Ok));
        site.assert_closed().await;
    }
}

#[tokio::test]
async fn while_the_engine_is_away() {
    let site = Site::new().await;
    site.engine.inject(Fault::delay(HOUR).at(Target::Images).method("PUT"));
    let mut running = start(&site);
    site.until_sent("PUT", "/images/", 1).await;
    let away = site.engine.inject(Fault::status(503).path("/imagetransfers/**"));
    running.cancel.send(()).expect("it is running");
    until("an engine that is away", async || (site.engine.met(away) >= 2).then_some(())).await;
    site.engine.remove_fault(away);
    let error = site.failed(site.run_out(&mut running.task).await);
    assert!(error.kind() == ErrorKind::Cancelled && error.to_string().contains("the disk is removed"), "{error}");
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn a_download() {
    for (is_dropped, resumes) in [(false, false), (true, false), (false, true)] {
        let site = Site::new().await;
        let disk = site.disk_with(DiskFormat::Raw, &pattern(3 * MIB, 1)).await;
        site.engine.inject(Fault::slow(MIB, HOUR).at(Target::Images).method("GET").path("/images/*").skip(1));
        let (cancel, cancelled) = oneshot::channel::<()>();
        let download = download(&site.connection, ImageId::Disk(disk.clone())).to_file(site.path("back.img")).resume(resumes);
        let mut task = tokio::spawn(download.cancel_on(async move { drop(cancelled.await) }).send());
        site.until_sent("GET", "/images/", 3).await;
        if is_dropped {
            task.abort();
            until("the end of the transfer", async || site.open_transfer().await.is_none().then_some(())).await;
            until("a clean folder", async || site.files().is_empty().then_some(())).await;
        } else {
            drop(cancel);
            let error = site.failed(site.run_out(&mut task).await);
            assert!(error.kind() == ErrorKind::Cancelled && error.to_string().contains("called off"), "{error}");
            assert!(error.to_string().contains("the transfer is cancelled"), "{error}");
        }
        let kept: &[&str] = if resumes { &["back.img.part", "back.img.part.journal"] } else { &[] };
        assert_eq!(site.files(), kept);
        assert_eq!(site.disk(&disk).await.status, Some(DiskStatus::Ok));
        site.assert_closed().await;
    }
}

#[tokio::test]
async fn progress_tells_each_stage_in_order() {
    use virt_sdk::transfer::{Progress, Stage};
    let site = Site::of(Simulator::builder()).await;
    let path = site.file("fedora.img", &sparse(1));
    let told: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let tell = told.clone();
    let upload = upload(&site.connection, path).new_disk(data_disk()).connections(1);
    let upload = upload.on_progress(move |progress| tell.lock().expect("nobody panics with it").push(*progress));
    let uploaded = upload.send().await.expect("it is uploaded");
    let told = told.lock().expect("nobody panics with it").clone();
    let mut stages: Vec<Stage> = told.iter().map(|progress| progress.stage).collect();
    stages.dedup();
    assert_eq!(stages, [Stage::Preparing, Stage::Transferring, Stage::Finishing]);
    assert!(told.is_sorted_by_key(|progress| (progress.done, progress.transferred)), "{told:?}");
    let last = told.last().expect("there is progress");
    assert_eq!((last.size, last.done, last.transferred), (uploaded.size, uploaded.size, uploaded.transferred));
}
