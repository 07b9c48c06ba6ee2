//! What engines do with a transfer at its start and at its end.

use super::between::{Meddle, between};
use super::images::{MIB, pattern, sparse, write_qcow2};
use super::paused::Half;
use super::site::{STEP, Site, data_disk, for_each, until};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use virt_sdk::ovirt::types::{DiskFormat, DiskStatus, HostStatus, ImageTransferPhase as Phase};
use virt_sdk::transfer::{ImageId, Upload, Uploaded, download, upload};
use virt_sdk::{ErrorKind, Result};
use virt_simulator::{Fault, Outage, Target};

/// An upload of an image to a new disk.
fn fedora(site: &Site, connection: &virt_sdk::ovirt::Connection) -> Upload {
    let path = site.file("fedora.img", &sparse(1));
    upload(connection, path).new_disk(data_disk()).connections(1).inactivity_timeout(Duration::ZERO)
}

#[tokio::test]
async fn a_transfer_that_cannot_start_takes_its_disk_along() {
    for_each(&["4.3", "4.4.6", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let hosts = site.other().hosts_service();
        let host = hosts.list().send().await.expect("they are listed")[0].id.clone().expect("it has an id");
        let host = hosts.host_service(&host);
        host.deactivate().send().await.expect("it is deactivated");
        until("maintenance", async || {
            let status = host.get().send().await.expect("it is there").status;
            (status == Some(HostStatus::Maintenance)).then_some(())
        })
        .await;
        let error = site.failed(fedora(&site, &site.connection).send().await);
        assert_eq!(error.kind(), ErrorKind::Transfer, "{version}: {error}");
        let expected = if version == "4.5.7" { "finished_failure" } else { "ended" };
        assert!(error.to_string().contains(expected), "{version}: {error}");
        assert!(error.to_string().contains("the disk is removed"), "{version}: {error}");
        site.assert_nothing_left().await;
    })
    .await;
}

/// Starts an upload at an engine where nothing goes on by itself, such that the first that it learns of its transfer is that it
/// is paused.
async fn paused_at_once(site: &Site, upload: Upload) -> JoinHandle<Result<Uploaded>> {
    // The first look at the phase is answered once it has become another one.
    let held = site.engine.inject(Fault::delay(4 * STEP).method("GET").path("/imagetransfers/*").once());
    let task = tokio::spawn(upload.inactivity_timeout(STEP / 2).send());
    site.until_sent("GET", "/disks/", 1).await;
    site.engine.advance(STEP);
    until("a look at the phase", async || (site.engine.met(held) == 1).then_some(())).await;
    site.engine.advance(STEP);
    site.until_phase(&Phase::Transferring).await;
    site.engine.advance(STEP);
    site.until_phase(&Phase::PausedSystem).await;
    site.engine.advance(4 * STEP);
    site.until_sent("POST", "/resume", 1).await;
    site.engine.advance(STEP);
    task
}

#[tokio::test]
async fn a_transfer_that_starts_with_a_pause_is_resumed() {
    let site = Site::frozen().await;
    let mut task = paused_at_once(&site, fedora(&site, &site.connection)).await;
    site.until_phase(&Phase::FinalizingSuccess).await;
    let uploaded = site.run_out(&mut task).await.expect("it is uploaded");
    assert!(site.sent("POST", "/resume").len() == 1 && site.disk(&uploaded.disk_id).await.status == Some(DiskStatus::Ok));
}

/// Tells another phase than the engine, by what a function says of its phase, and how often it was asked so far.
struct Telling<F> {
    phase: F,
    asked: AtomicUsize,
}

impl<F: Fn(&str, usize) -> Option<&'static str> + Send + Sync + 'static> Telling<F> {
    fn new(phase: F) -> Self {
        Self { phase, asked: AtomicUsize::new(0) }
    }
}

impl<F: Fn(&str, usize) -> Option<&'static str> + Send + Sync + 'static> Meddle for Telling<F> {
    fn answer(&self, what: &str, body: String) -> String {
        let phase = body.split_once("<phase>").and_then(|(_, rest)| rest.split_once("</phase>")).map(|(phase, _)| phase);
        match phase.filter(|_| what.starts_with("GET") && what.contains("/imagetransfers/")) {
            Some(phase) => {
                let other = (self.phase)(phase, self.asked.fetch_add(1, Ordering::SeqCst)).unwrap_or(phase);
                body.replace(&format!("<phase>{phase}</phase>"), &format!("<phase>{other}</phase>"))
            }
            None => body,
        }
    }
}

#[tokio::test]
async fn a_transfer_that_is_resumed_by_somebody_else_goes_on() {
    let site = Site::new().await;
    // It was paused when it was looked at, and is not any more when it is to be resumed, which the engine refuses then.
    let api = between(&site, Telling::new(|_, asked| (asked == 0).then_some("paused_system"))).await;
    let uploaded = fedora(&site, &site.connect_to(&api)).send().await.expect("it is uploaded");
    assert_eq!(site.disk(&uploaded.disk_id).await.status, Some(DiskStatus::Ok));
}

#[tokio::test]
async fn a_transfer_that_cannot_be_resumed_is_cancelled() {
    let site = Site::frozen().await;
    let api = between(&site, Telling::new(|phase, _| (phase == "transferring").then_some("paused_system"))).await;
    let mut task = paused_at_once(&site, fedora(&site, &site.connect_to(&api))).await;
    site.until_sent("POST", "/cancel", 1).await;
    let error = site.failed(site.run_out(&mut task).await);
    assert_eq!(error.kind(), ErrorKind::Transfer, "{error}");
    assert!(error.to_string().contains("paused_system") && error.to_string().contains("the disk is removed"), "{error}");
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn an_unknown_phase_is_waited_through() {
    let site = Site::new().await;
    let fault = || Fault::unknown_enum_in("phase").method("GET").path("/imagetransfers/*").times(3);
    let (start, half) = (site.engine.inject(fault()), Half::of(&site).await);
    assert_eq!(site.engine.met(start), 3);
    let end = site.engine.inject(fault());
    half.go_on().await.expect("it is uploaded");
    assert_eq!(site.engine.met(end), 3);
    site.assert_closed().await;
}

#[tokio::test]
async fn an_engine_that_takes_long_at_the_end_is_waited_for() {
    let site = Site::frozen().await;
    let mut task = tokio::spawn(fedora(&site, &site.connection).send());
    site.until_sent("GET", "/disks/", 1).await;
    site.engine.advance(STEP);
    site.until_sent("POST", "/imagetransfers", 1).await;
    site.engine.advance(STEP);
    site.until_phase(&Phase::FinalizingSuccess).await;
    site.engine.forget_requests();
    site.until_sent("GET", "/imagetransfers/", 4).await;
    assert!(!task.is_finished());
    let disk = site.only_disk().await;
    assert_eq!(disk.status, Some(DiskStatus::Locked));
    site.run_out(&mut task).await.expect("it is uploaded");
    site.assert_closed().await;
}

#[tokio::test]
async fn an_engine_that_never_gets_done_is_given_up() {
    let site = Site::frozen().await;
    let task = tokio::spawn(fedora(&site, &site.connection).finish_timeout(Duration::from_millis(10)).send());
    site.until_sent("GET", "/disks/", 1).await;
    site.engine.advance(STEP);
    site.until_sent("POST", "/imagetransfers", 1).await;
    site.engine.advance(STEP);
    let error = site.failed(task.await.expect("it does not panic"));
    assert!(error.kind() == ErrorKind::Timeout && error.to_string().contains("did not end the transfer"), "{error}");
    assert!(error.to_string().contains("finalizing_success"), "{error}");
    // It may still end well.
    site.engine.advance(STEP);
    until("the end of the transfer", async || site.open_transfer().await.is_none().then_some(())).await;
    assert_eq!(site.only_disk().await.status, Some(DiskStatus::Ok));
}

#[tokio::test]
async fn a_disk_that_is_not_made_in_time_is_removed() {
    let site = Site::frozen().await;
    let mut task = tokio::spawn(fedora(&site, &site.connection).start_timeout(Duration::from_millis(10)).send());
    site.until_sent("GET", "/disks/", 2).await;
    let error = site.failed(site.run_out(&mut task).await);
    assert!(error.kind() == ErrorKind::Timeout && error.to_string().contains("locked"), "{error}");
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn a_transfer_that_does_not_start_in_time_is_cancelled() {
    let site = Site::frozen().await;
    let mut task = tokio::spawn(fedora(&site, &site.connection).start_timeout(Duration::from_millis(300)).send());
    site.until_sent("GET", "/disks/", 1).await;
    site.engine.advance(STEP);
    site.until_sent("POST", "/cancel", 1).await;
    let error = site.failed(site.run_out(&mut task).await);
    assert!(error.kind() == ErrorKind::Timeout && error.to_string().contains("initializing"), "{error}");
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn an_engine_that_is_away_at_the_end_is_waited_for() {
    let site = Site::new().await;
    let half = Half::of(&site).await;
    let faults =
        ["GET", "POST"].map(|method| site.engine.inject(Fault::status(503).method(method).path("/imagetransfers/**").times(2)));
    site.engine.inject(Fault::status(503).method("GET").path("/disks/*").once());
    half.go_on().await.expect("it is uploaded");
    assert_eq!(faults.map(|fault| site.engine.met(fault)), [2, 2]);
    site.assert_closed().await;

    for outage in [Outage::None, Outage::Unavailable(Duration::from_millis(100)), Outage::Refused(Duration::from_millis(100))] {
        let site = Site::new().await;
        let half = Half::of(&site).await;
        site.engine.restart_with(outage);
        half.go_on().await.expect("it is uploaded");
        site.assert_closed().await;
    }
}

#[tokio::test]
async fn an_end_whose_answer_is_lost_is_an_end() {
    for_each(&["4.2", "4.4.6", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let lost = site.engine.inject(Fault::close_after(0).method("POST").path("/imagetransfers/*/finalize").once());
        let uploaded = fedora(&site, &site.connection).send().await;
        assert_eq!(site.engine.met(lost), 1, "{version}");
        let uploaded = uploaded.unwrap_or_else(|error| panic!("{version}: {error}"));
        assert_eq!(site.disk(&uploaded.disk_id).await.status, Some(DiskStatus::Ok), "{version}");
        site.assert_closed().await;
    })
    .await;
}

#[tokio::test]
async fn an_image_that_the_engine_does_not_accept_takes_its_disk_along() {
    // It is changed between the look at it and its transfer.
    let site = Site::version("4.2").await;
    let path = site.path("fedora.qcow2");
    write_qcow2(&path, &pattern(MIB, 1), None);
    let held = site.engine.inject(Fault::delay(STEP).method("POST").path("/disks"));
    let task = tokio::spawn(upload(&site.connection, &path).new_disk(data_disk()).send());
    until("a new disk", async || (site.engine.met(held) == 1).then_some(())).await;
    let mut bytes = std::fs::read(&path).expect("it is there");
    bytes[..4].copy_from_slice(b"what");
    std::fs::write(&path, bytes).expect("there is room");
    site.engine.advance(STEP);
    let error = site.failed(task.await.expect("it does not panic"));
    assert!(error.kind() == ErrorKind::Transfer && error.to_string().contains("does not accept"), "{error}");
    assert!(error.to_string().contains("the disk is removed"), "{error}");
    site.assert_nothing_left().await;

    let site = Site::new().await;
    let api = between(
        &site,
        Telling::new(|phase, _| match phase {
            "finalizing_success" => Some("finalizing_failure"),
            "finished_success" => Some("finished_failure"),
            _ => None,
        }),
    )
    .await;
    let error = site.failed(fedora(&site, &site.connect_to(&api)).send().await);
    assert!(error.kind() == ErrorKind::Transfer && error.to_string().contains("does not accept"), "{error}");
    assert!(error.to_string().contains("finished_failure"), "{error}");
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn a_download_that_the_engine_ends_as_a_failure_says_so() {
    let site = Site::new().await;
    let disk = site.disk_with(DiskFormat::Raw, &pattern(MIB, 1)).await;
    let api = between(&site, Telling::new(|phase, _| (phase == "finished_success").then_some("finished_failure"))).await;
    let download = download(&site.connect_to(&api), ImageId::Disk(disk)).to_file(site.path("back.img"));
    let error = site.failed(download.send().await);
    assert!(error.kind() == ErrorKind::Transfer && error.to_string().contains("finished_failure"), "{error}");
    // Nothing was given to the engine that it could accept.
    assert!(!error.to_string().contains("accept"), "{error}");
    site.assert_closed().await;
}

#[tokio::test]
async fn a_transfer_that_is_paused_instead_of_ended_has_failed() {
    let site = Site::new().await;
    let api = between(
        &site,
        Telling::new(|phase, _| matches!(phase, "finalizing_success" | "finished_success").then_some("paused_system")),
    )
    .await;
    // Whether that is the end shows after a while only.
    let upload = fedora(&site, &site.connect_to(&api)).finish_timeout(Duration::from_millis(500));
    let error = site.failed(upload.send().await);
    assert!(matches!(error.kind(), ErrorKind::Transfer | ErrorKind::Timeout), "{error}");
    assert!(error.to_string().contains("paused_system"), "{error}");
}

/// When the last data has been sent, cancels the transfer, and waits until the engine has forgotten it.
#[tokio::test]
async fn a_transfer_that_is_gone_with_its_disk_has_failed() {
    for_each(&["4.4.6", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let held = site.engine.inject(Fault::delay(STEP).at(Target::Images).method("PATCH").once());
        let mut task = tokio::spawn(fedora(&site, &site.connection).send());
        until("the last flush", async || (site.engine.met(held) == 1).then_some(())).await;
        let id = site.open_transfer().await.expect("it is open").id.expect("it has an id");
        let transfer = site.other().image_transfers_service().image_transfer_service(&id);
        transfer.cancel().send().await.expect("it is cancelled");
        until("an engine without disks", async || site.disks().await.is_empty().then_some(())).await;
        until("the end of the transfer", async || site.open_transfer().await.is_none().then_some(())).await;
        let error = site.failed(site.run_out(&mut task).await);
        assert_eq!(error.kind(), ErrorKind::Transfer, "{version}: {error}");
        site.assert_nothing_left().await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_asked_of_an_engine_that_it_does_not_know() {
    for (version, knows_cancel) in [("4.1", false), ("4.2", false), ("4.2.3", true)] {
        let site = Site::version(version).await;
        site.engine.inject(Fault::hang_up().at(Target::Images).method("PUT"));
        let upload = fedora(&site, &site.connection).retry_for(Duration::from_millis(100));
        let error = site.failed(upload.send().await);
        assert_eq!(error.kind(), ErrorKind::Connection, "{version}: {error}");
        assert_eq!(site.sent("POST", "/cancel").is_empty(), !knows_cancel, "{version}");
        site.assert_nothing_left().await;
    }
}
