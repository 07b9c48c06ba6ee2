//! Transfers that go on where an earlier one was interrupted.

use super::images::{MIB, pattern};
use super::site::{Site, data_disk, for_each, until};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use virt_sdk::ovirt::types::{DiskFormat, DiskStatus, ImageTransferPhase as Phase};
use virt_sdk::transfer::{Download, ImageId, Source, Upload, download, upload};
use virt_sdk::{Error, ErrorKind};
use virt_simulator::{Fault, SeenRequest, Simulator, Target};

/// Requests for data that reach the server before the network is gone.
const REQUESTS: u64 = 9;

/// Versions with and without flushing.
const VERSIONS: [&str; 4] = ["4.1", "4.2.3", "4.4.6", "4.5.7"];

fn image() -> Vec<u8> {
    pattern(40 * MIB, 1)
}

/// An upload to a new disk that notes whatever is there.
fn noting(site: &Site, path: &PathBuf) -> Upload {
    let upload = upload(&site.connection, path).new_disk(data_disk()).connections(1).retry_for(Duration::from_millis(200));
    upload.resume_from(site.path("journal")).journal_interval(1)
}

/// Ranges that were written with success.
fn ranges(requests: &[SeenRequest]) -> BTreeSet<String> {
    let done = requests.iter().filter(|request| request.status == 200);
    done.map(|request| request.header("content-range").expect("it has one").to_owned()).collect()
}

/// Uploads an image until the network is gone. Returns where the image is, and the error.
async fn interrupted(site: &Site) -> (PathBuf, Error) {
    let path = site.file("fedora.img", &image());
    let gone = site.engine.inject(Fault::hang_up().at(Target::Images).method("PUT").skip(REQUESTS));
    let error = site.failed(noting(site, &path).send().await);
    site.engine.remove_fault(gone);
    assert_eq!(ranges(&site.sent("PUT", "/images/")).len() as u64, REQUESTS);
    (path, error)
}

#[tokio::test]
async fn an_upload_goes_on_with_what_is_missing() {
    for_each(&VERSIONS, |version| async move {
        let site = Site::version(version).await;
        let (path, error) = interrupted(&site).await;
        assert_eq!(error.kind(), ErrorKind::Connection, "{version}: {error}");
        assert!(error.to_string().contains("journal") && error.to_string().contains("paused"), "{version}: {error}");
        let transfer = site.until_phase(&Phase::PausedUser).await;
        assert_eq!(site.only_disk().await.status, Some(DiskStatus::Locked));
        assert_eq!(site.files(), ["fedora.img", "journal"]);
        let journal = std::fs::read_to_string(site.path("journal")).expect("it is there");
        assert!(site.engine.secrets().iter().all(|secret| !journal.contains(secret)), "{journal}");
        site.engine.forget_requests();

        let uploaded = noting(&site, &path).send().await.unwrap_or_else(|error| panic!("{version}: {error}"));
        assert!(uploaded.transferred < uploaded.size, "{uploaded:?}");
        assert_eq!(Some(&uploaded.transfer_id), transfer.id.as_ref());
        assert_eq!(
            site.sent("POST", "/disks").len() + site.sent("POST", "/imagetransfers").len()
                - site.sent("POST", "/imagetransfers/").len(),
            0
        );
        assert_eq!(site.files(), ["fedora.img"]);
        assert_eq!(site.only_disk().await.id.as_ref(), Some(&uploaded.disk_id));
        site.assert_closed().await;
        assert!(site.read(&uploaded.disk_id).await == image(), "{version}");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_sent_again_that_was_flushed() {
    for_each(&VERSIONS, |version| async move {
        let site = Site::version(version).await;
        let (path, _) = interrupted(&site).await;
        let before = site.sent("PUT", "/images/");
        let length: u64 = before.iter().filter(|put| put.status == 200).filter_map(|put| put.body_length).sum();
        site.engine.forget_requests();
        let uploaded = noting(&site, &path).send().await.unwrap_or_else(|error| panic!("{version}: {error}"));
        let (before, after) = (ranges(&before), ranges(&site.sent("PUT", "/images/")));
        assert!(before.is_disjoint(&after), "{version}: {before:?} {after:?}");
        assert_eq!(uploaded.transferred, uploaded.size - length, "{version}");
    })
    .await;
}

#[tokio::test]
async fn an_upload_goes_on_with_a_checksum_of_the_whole() {
    let site = Site::new().await;
    let (path, _) = interrupted(&site).await;
    let uploaded = noting(&site, &path).checksum(true).send().await.expect("it is uploaded");
    assert!(uploaded.checksum.is_some() && uploaded.transferred < uploaded.size, "{uploaded:?}");
    assert!(site.read(&uploaded.disk_id).await == image());
}

#[tokio::test]
async fn an_upload_goes_on_however_long_that_took() {
    let site = Site::of(Simulator::builder().ticket_lifetime(Duration::ZERO)).await;
    let (path, _) = interrupted(&site).await;
    site.engine.advance(Duration::from_secs(7 * 24 * 3600));
    let uploaded = noting(&site, &path).send().await.expect("it is uploaded");
    assert!(uploaded.transferred < uploaded.size, "{uploaded:?}");
    assert!(site.read(&uploaded.disk_id).await == image());
}

#[tokio::test]
async fn an_upload_is_interrupted_more_than_once() {
    let site = Site::new().await;
    let (path, _) = interrupted(&site).await;
    let gone = site.engine.inject(Fault::hang_up().at(Target::Images).method("PUT").skip(1));
    let error = site.failed(noting(&site, &path).send().await);
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    site.engine.remove_fault(gone);
    let uploaded = noting(&site, &path).send().await.expect("it is uploaded");
    assert!(uploaded.transferred < uploaded.size, "{uploaded:?}");
    assert!(site.read(&uploaded.disk_id).await == image());
}

#[tokio::test]
async fn an_upload_to_a_disk_that_was_there_goes_on() {
    let site = Site::new().await;
    let disk = site.disk_with(DiskFormat::Raw, &pattern(44 * MIB, 2)).await;
    let path = site.file("fedora.img", &image());
    let upload = || {
        let upload = upload(&site.connection, &path).disk(&disk).connections(1).retry_for(Duration::from_millis(200));
        upload.resume_from(site.path("journal")).journal_interval(1)
    };
    let gone = site.engine.inject(Fault::hang_up().at(Target::Images).method("PUT").skip(REQUESTS));
    let error = site.failed(upload().send().await);
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    site.engine.remove_fault(gone);
    // To another disk it does not.
    let other = virt_sdk::transfer::upload(&site.connection, &path).disk("6d3c2a1e-5c3b-4c7a-9d58-0a4f0c7f9a11");
    let error = site.failed(other.resume_from(site.path("journal")).send().await);
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    let uploaded = upload().send().await.expect("it is uploaded");
    assert!(uploaded.transferred < uploaded.size, "{uploaded:?}");
    let mut expected = image();
    expected.resize(44 * MIB, 0);
    assert!(site.read(&disk).await == expected);
}

#[tokio::test]
async fn an_upload_that_is_called_off_goes_on() {
    let site = Site::new().await;
    let path = site.file("fedora.img", &image());
    let held = site.engine.inject(Fault::delay(Duration::from_secs(3600)).at(Target::Images).method("PUT").skip(REQUESTS));
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(noting(&site, &path).cancel_on(async move { drop(cancelled.await) }).send());
    until("data that is held", async || (site.engine.met(held) == 1).then_some(())).await;
    drop(cancel);
    let error = site.failed(task.await.expect("it does not panic"));
    assert!(error.kind() == ErrorKind::Cancelled && error.to_string().contains("paused"), "{error}");
    site.engine.remove_fault(held);
    let uploaded = noting(&site, &path).send().await.expect("it is uploaded");
    assert!(uploaded.transferred < uploaded.size, "{uploaded:?}");
    assert!(site.read(&uploaded.disk_id).await == image());
}

#[tokio::test]
async fn an_upload_goes_on_after_the_end_of_its_program() {
    let site = Site::new().await;
    let path = site.file("fedora.img", &image());
    let held = site.engine.inject(Fault::delay(Duration::from_secs(3600)).at(Target::Images).method("PUT").skip(REQUESTS));
    // A runtime of its own stands for the program: whatever runs there stops where it is.
    let program = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    program.spawn(noting(&site, &path).send());
    until("data that is held", async || (site.engine.met(held) == 1).then_some(())).await;
    program.shutdown_background();
    site.engine.remove_fault(held);
    assert_eq!(site.open_transfer().await.and_then(|transfer| transfer.phase), Some(Phase::Transferring));
    // With a new connection, as that of the program is gone.
    let mut site = site;
    site.connection = site.connect_to(site.engine.url());
    let uploaded = noting(&site, &path).send().await.expect("it is uploaded");
    assert!(uploaded.transferred < uploaded.size, "{uploaded:?}");
    assert!(site.read(&uploaded.disk_id).await == image());
    site.assert_closed().await;
}

#[tokio::test]
async fn a_journal_of_something_else_is_refused_and_nothing_is_lost() {
    let site = Site::new().await;
    let (path, _) = interrupted(&site).await;
    let transfer = site.until_phase(&Phase::PausedUser).await.id.expect("it has an id");
    site.engine.forget_requests();
    let other = site.file("other.img", &image());
    let journal = || std::fs::read(site.path("journal")).expect("it is there");
    let before = journal();
    let error = site.failed(noting(&site, &other).send().await);
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    assert!(error.to_string().contains(&transfer) && error.to_string().contains("journal"), "{error}");
    // What is no file cannot be known again.
    let reader = upload(&site.connection, Source::reader(tokio::io::repeat(1), MIB as u64)).new_disk(data_disk());
    let error = site.failed(reader.resume_from(site.path("journal")).send().await);
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    // Nor can what is no journal.
    let error = site.failed(noting(&site, &path).resume_from(&other).send().await);
    assert!(error.kind() == ErrorKind::Image && error.to_string().contains("other.img"), "{error}");
    assert!(std::fs::read(&other).expect("it is there") == image());
    assert_eq!((site.sent("POST", "/api/").len(), site.data_requests().len()), (0, 0));
    assert!(journal() == before);
    let uploaded = noting(&site, &path).send().await.expect("it is uploaded");
    assert!(uploaded.transferred < uploaded.size, "{uploaded:?}");
}

#[tokio::test]
async fn a_journal_of_an_image_that_has_changed_is_refused() {
    let site = Site::new().await;
    let (path, _) = interrupted(&site).await;
    std::fs::write(&path, pattern(40 * MIB + 512, 1)).expect("there is room");
    let error = site.failed(noting(&site, &path).send().await);
    assert!(error.kind() == ErrorKind::Request && error.to_string().contains("changed"), "{error}");
    site.until_phase(&Phase::PausedUser).await;
}

#[tokio::test]
async fn an_upload_whose_transfer_was_cancelled_says_so_and_starts_anew_then() {
    for_each(&["4.4.6", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let (path, _) = interrupted(&site).await;
        let transfer = site.until_phase(&Phase::PausedUser).await.id.expect("it has an id");
        let transfer = site.other().image_transfers_service().image_transfer_service(&transfer);
        transfer.cancel().send().await.expect("it is cancelled");
        until("an engine without disks", async || site.disks().await.is_empty().then_some(())).await;
        let error = site.failed(noting(&site, &path).send().await);
        assert_eq!(error.kind(), ErrorKind::Transfer, "{version}: {error}");
        assert_eq!(site.files(), ["fedora.img"], "{version}");
        site.assert_nothing_left().await;
        let uploaded = noting(&site, &path).send().await.expect("it is uploaded");
        assert_eq!(uploaded.transferred, uploaded.size, "{version}");
        assert!(site.read(&uploaded.disk_id).await == image(), "{version}");
    })
    .await;
}

#[tokio::test]
async fn a_failure_that_would_come_again_leaves_no_journal() {
    let site = Site::new().await;
    let path = site.file("fedora.img", &image());
    site.engine.inject(Fault::status(400).at(Target::Images).method("PUT").skip(2));
    let error = site.failed(noting(&site, &path).send().await);
    assert_eq!(error.status(), Some(400), "{error}");
    assert_eq!(site.files(), ["fedora.img"]);
    site.assert_nothing_left().await;
}

/// Size of what a download asks for with one request.
const PART: usize = 16 * MIB;

fn disk() -> Vec<u8> {
    pattern(2 * PART + 4 * MIB, 3)
}

fn resuming(site: &Site, disk: &str) -> Download {
    let download = download(&site.connection, ImageId::Disk(disk.to_owned())).to_file(site.path("back.img")).connections(1);
    download.retry_for(Duration::from_millis(200)).journal_interval(PART as u64).resume(true)
}

/// Downloads a disk until the network is gone after one part. Returns the disk.
async fn interrupted_download(site: &Site) -> String {
    let id = site.disk_with(DiskFormat::Raw, &disk()).await;
    let gone = site.engine.inject(Fault::hang_up().at(Target::Images).method("GET").path("/images/*").skip(2));
    let error = site.failed(resuming(site, &id).send().await);
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    site.engine.remove_fault(gone);
    assert_eq!(site.files(), ["back.img.part", "back.img.part.journal"]);
    site.assert_closed().await;
    let journal = std::fs::read_to_string(site.path("back.img.part.journal")).expect("it is there");
    assert!(site.engine.secrets().iter().all(|secret| !journal.contains(secret)), "{journal}");
    id
}

#[tokio::test]
async fn a_download_goes_on_with_what_is_missing() {
    for_each(&["4.4.6", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let id = interrupted_download(&site).await;
        let downloaded = resuming(&site, &id).send().await.unwrap_or_else(|error| panic!("{version}: {error}"));
        assert_eq!(downloaded.transferred, (PART + 4 * MIB) as u64, "{version}");
        assert!(std::fs::read(site.path("back.img")).expect("it is there") == disk(), "{version}");
        assert_eq!(site.files(), ["back.img"], "{version}");
        site.assert_closed().await;
    })
    .await;
}

#[tokio::test]
async fn a_disk_that_has_changed_since_is_noticed() {
    let site = Site::new().await;
    let id = interrupted_download(&site).await;
    let changed = pattern(disk().len(), 4);
    site.write(&id, &changed).await;
    let error = site.failed(resuming(&site, &id).send().await);
    assert!(error.kind() == ErrorKind::Checksum && error.to_string().contains("checksum"), "{error}");
    assert_eq!(site.files(), [""; 0]);
    site.assert_closed().await;
    let downloaded = resuming(&site, &id).send().await.expect("it is downloaded");
    assert_eq!(downloaded.transferred, changed.len() as u64);
    assert!(std::fs::read(site.path("back.img")).expect("it is there") == changed);
}

#[tokio::test]
async fn a_disk_that_has_changed_since_is_not_mixed_where_no_checksum_can_tell() {
    let site = Site::version("4.2.3").await;
    let id = interrupted_download(&site).await;
    let changed = pattern(disk().len(), 4);
    site.write(&id, &changed).await;
    if resuming(&site, &id).send().await.is_ok() {
        assert!(std::fs::read(site.path("back.img")).expect("it is there") == changed, "the image is of no disk that ever was");
    }
}

#[tokio::test]
async fn what_is_left_of_the_download_of_another_disk_is_not_used() {
    let site = Site::new().await;
    interrupted_download(&site).await;
    let other = site.disk_with(DiskFormat::Raw, &pattern(disk().len(), 5)).await;
    let downloaded = resuming(&site, &other).send().await.expect("it is downloaded");
    assert_eq!(downloaded.transferred, disk().len() as u64);
    assert!(std::fs::read(site.path("back.img")).expect("it is there") == pattern(disk().len(), 5));
}
