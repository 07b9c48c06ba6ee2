//! Transfers that are paused or cancelled in the middle.

use super::images::{MIB, pattern};
use super::site::{STEP, Site, data_disk, for_each, until};
use std::time::Duration;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use virt_sdk::ovirt::services::ImageTransferService;
use virt_sdk::ovirt::types::{DiskFormat, DiskStatus, ImageTransferPhase as Phase};
use virt_sdk::transfer::{ImageId, Source, Uploaded, download, upload};
use virt_sdk::{ErrorKind, Result};
use virt_simulator::{Fault, Simulator, Target};

const SIZE: usize = 9 * MIB;

/// Time of inactivity after which an upload is paused.
const INACTIVITY: Duration = Duration::from_secs(30);

/// An upload of which the first 5 MiB are there, and at least 4 of them sent.
pub(super) struct Half {
    pub(super) task: JoinHandle<Result<Uploaded>>,
    writer: DuplexStream,
}

impl Half {
    pub(super) async fn of(site: &Site) -> Self {
        let (mut writer, reader) = tokio::io::duplex(MIB);
        let source = Source::reader(reader, SIZE as u64);
        let upload = upload(&site.connection, source).new_disk(data_disk().name("half")).inactivity_timeout(INACTIVITY);
        let task = tokio::spawn(upload.send());
        writer.write_all(&pattern(SIZE, 1)[..5 * MIB]).await.expect("it is read");
        site.until_written(4 * MIB).await;
        until("a disk that is not written to", async || {
            let transfer = site.open_transfer().await.expect("it is open");
            (transfer.active != Some(true)).then_some(())
        })
        .await;
        Self { task, writer }
    }

    /// Lets the rest come.
    pub(super) async fn go_on(mut self) -> Result<Uploaded> {
        // Nobody reads it where the upload has failed.
        let _ = self.writer.write_all(&pattern(SIZE, 1)[5 * MIB..]).await;
        self.task.await.expect("it does not panic")
    }

    async fn finish(self, site: &Site) {
        let uploaded = self.go_on().await.expect("it is uploaded");
        assert!(site.read(&uploaded.disk_id).await == pattern(SIZE, 1));
        site.assert_closed().await;
    }
}

async fn service(site: &Site) -> ImageTransferService {
    let id = site.open_transfer().await.expect("it is open").id.expect("it has an id");
    site.other().image_transfers_service().image_transfer_service(&id)
}

#[tokio::test]
async fn an_upload_that_the_engine_paused_is_resumed() {
    for_each(&["4.2.3", "4.3", "4.4.6", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let half = Half::of(&site).await;
        site.engine.advance(INACTIVITY + Duration::from_secs(1));
        site.until_phase(&Phase::PausedSystem).await;
        // The ticket, which is not renewed any more, expires.
        site.engine.advance(Duration::from_secs(301));
        half.finish(&site).await;
        assert_eq!(site.sent("POST", "/resume").len(), 1, "{version}");
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_somebody_paused_is_resumed() {
    let site = Site::of(Simulator::builder().ticket_lifetime(Duration::ZERO)).await;
    let half = Half::of(&site).await;
    service(&site).await.pause().send().await.expect("it is paused");
    site.until_phase(&Phase::PausedUser).await;
    half.finish(&site).await;
    assert_eq!(site.sent("POST", "/resume").len(), 1);
}

#[tokio::test]
async fn an_upload_that_is_paused_again_and_again_is_resumed_each_time() {
    let site = Site::of(Simulator::builder().ticket_lifetime(Duration::ZERO)).await;
    let mut half = Half::of(&site).await;
    for (round, part) in pattern(SIZE, 1)[5 * MIB..].chunks(MIB).enumerate() {
        if round % 4 != 3 {
            service(&site).await.pause().send().await.expect("it is paused");
        }
        half.writer.write_all(part).await.expect("it is read");
    }
    let uploaded = half.task.await.expect("it does not panic").expect("it is uploaded");
    assert!(site.read(&uploaded.disk_id).await == pattern(SIZE, 1));
    site.assert_closed().await;
}

#[tokio::test]
async fn an_upload_that_is_paused_while_its_ticket_lives_ends_all_the_same() {
    let site = Site::new().await;
    let half = Half::of(&site).await;
    service(&site).await.pause().send().await.expect("it is paused");
    half.finish(&site).await;
}

#[tokio::test]
async fn an_upload_that_somebody_cancels_says_so() {
    for_each(&["4.2.3", "4.3", "4.4.6", "4.4.17", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let half = Half::of(&site).await;
        service(&site).await.cancel().send().await.expect("it is cancelled");
        until("the end of the transfer", async || site.open_transfer().await.is_none().then_some(())).await;
        let error = site.failed(half.go_on().await);
        assert_eq!(error.kind(), ErrorKind::Transfer, "{version}: {error}");
        let (text, request) = (error.to_string(), site.data_requests().remove(0));
        let server = request.header("host").expect("it is named");
        // Engines forget it at once, or keep it for a while.
        let phase = if version >= "4.4.7" || version.starts_with("4.4.1") { "phase `finished_failure`" } else { "phase `ended`" };
        for part in [server, phase, "the disk is removed"] {
            assert!(text.contains(part), "{version}: `{part}` in {text}");
        }
        site.assert_nothing_left().await;
    })
    .await;
}

#[tokio::test]
async fn a_download_that_is_cancelled_leaves_nothing() {
    let site = Site::new().await;
    let disk = site.disk_with(DiskFormat::Raw, &pattern(3 * MIB, 1)).await;
    let earlier = site.file("back.img", b"what was there before");
    let slow = site.engine.inject(Fault::slow(MIB, STEP).at(Target::Images).method("GET").path("/images/*").skip(1).once());
    let task = tokio::spawn(download(&site.connection, ImageId::Disk(disk.clone())).to_file(&earlier).send());
    until("a slow answer", async || (site.engine.met(slow) == 1).then_some(())).await;
    service(&site).await.cancel().send().await.expect("it is cancelled");
    until("the end of the transfer", async || site.open_transfer().await.is_none().then_some(())).await;
    site.engine.stop_host().await;
    let error = site.failed(task.await.expect("it does not panic"));
    assert_eq!(error.kind(), ErrorKind::Transfer, "{error}");
    assert!(error.to_string().contains("127.0.0.1:"), "{error}");
    assert_eq!(site.files(), ["back.img"]);
    assert_eq!(std::fs::read(&earlier).expect("it is there"), b"what was there before");
    assert_eq!(site.disk(&disk).await.status, Some(DiskStatus::Ok));
    site.assert_closed().await;
}
