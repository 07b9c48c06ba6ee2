//! Uploads to disks that were there before.

use super::images::{MIB, padded, pattern, sparse, write_qcow2};
use super::site::{STEP, Site, for_each, until};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use virt_sdk::ErrorKind;
use virt_sdk::Link;
use virt_sdk::ovirt::types::{DiskFormat, DiskStatus, ImageTransfer, ImageTransferPhase as Phase};
use virt_sdk::transfer::{Source, upload};
use virt_simulator::{Fault, Simulator, Target};

/// A disk with data all over it, of 12 MiB.
async fn full_disk(site: &Site, format: DiskFormat) -> (String, Vec<u8>) {
    let bytes = pattern(12 * MIB, 9);
    (site.disk_with(format, &bytes).await, bytes)
}

#[tokio::test]
async fn a_disk_is_replaced_as_a_whole() {
    let site = Site::new().await;
    let raw = site.file("fedora.img", &sparse(1));
    let qcow2 = site.path("fedora.qcow2");
    write_qcow2(&qcow2, &padded(&sparse(1), 10 * MIB), None);
    // Zeros between so much data that the disk is made zero as a whole.
    let mut comb = pattern(12 * MIB, 2);
    comb.chunks_mut(64 << 10).step_by(2).for_each(|block| block.fill(0));
    let fragmented = site.path("fragmented.qcow2");
    write_qcow2(&fragmented, &comb, None);
    for format in [DiskFormat::Raw, DiskFormat::Cow] {
        for (image, expected) in [(&raw, &sparse(1)), (&qcow2, &sparse(1)), (&fragmented, &comb)] {
            let (disk, _) = full_disk(&site, format.clone()).await;
            let uploaded = upload(&site.connection, image).disk(&disk).checksum(true).send().await.expect("it is uploaded");
            assert_eq!((&uploaded.disk_id, uploaded.size), (&disk, 12 * MIB as u64));
            assert!(site.read(&disk).await == padded(expected, 12 * MIB), "{format} {}", image.display());
            assert_eq!(site.disk(&disk).await.name.as_deref(), Some("existing"));
            site.assert_closed().await;
        }
    }
}

#[tokio::test]
async fn a_disk_is_replaced_as_a_whole_by_engines_that_know_no_zeros() {
    let site = Site::version("4.2").await;
    let (disk, _) = full_disk(&site, DiskFormat::Raw).await;
    let raw = site.file("fedora.img", &sparse(1));
    upload(&site.connection, raw).disk(&disk).send().await.expect("it is uploaded");
    assert!(site.read(&disk).await == padded(&sparse(1), 12 * MIB));
}

#[tokio::test]
async fn a_stream_replaces_a_disk_as_a_whole() {
    let site = Site::new().await;
    let (disk, _) = full_disk(&site, DiskFormat::Raw).await;
    let source = Source::reader(std::io::Cursor::new(sparse(1)), sparse(1).len() as u64);
    upload(&site.connection, source).disk(&disk).checksum(true).send().await.expect("it is uploaded");
    assert!(site.read(&disk).await == padded(&sparse(1), 12 * MIB));
}

#[tokio::test]
async fn an_image_that_does_not_fit_leaves_the_disk_alone() {
    let site = Site::new().await;
    let (disk, bytes) = full_disk(&site, DiskFormat::Raw).await;
    let image = site.file("large.img", &pattern(12 * MIB + 1, 1));
    for removed in [false, true] {
        let error = site.failed(upload(&site.connection, &image).disk(&disk).remove_disk_on_failure(removed).send().await);
        assert_eq!(error.kind(), ErrorKind::Request, "{error}");
        let text = error.to_string();
        assert!(text.contains(&disk) && text.contains(&(12 * MIB).to_string()), "{error}");
        assert_eq!(site.sent("POST", "/imagetransfers").len(), 0);
        assert!(site.read(&disk).await == bytes);
    }
    let missing = "6d3c2a1e-5c3b-4c7a-9d58-0a4f0c7f9a11";
    let error = site.failed(upload(&site.connection, &image).disk(missing).send().await);
    assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains(missing), "{error}");
}

#[tokio::test]
async fn a_locked_disk_is_waited_for() {
    let site = Site::new().await;
    let (disk, bytes) = full_disk(&site, DiskFormat::Raw).await;
    let image = site.file("fedora.img", &sparse(1));
    site.engine.lock(&format!("/disks/{disk}"), STEP).expect("it can be locked");
    // Not for ever.
    let impatient = upload(&site.connection, &image).disk(&disk).start_timeout(Duration::from_millis(10));
    let error = site.failed(impatient.remove_disk_on_failure(true).send().await);
    assert!(error.kind() == ErrorKind::Timeout && error.to_string().contains("locked"), "{error}");
    site.engine.forget_requests();
    let task = tokio::spawn(upload(&site.connection, &image).disk(&disk).send());
    site.until_sent("GET", "/disks/", 3).await;
    assert!(!task.is_finished() && site.sent("POST", "/imagetransfers").is_empty());
    site.engine.advance(STEP);
    task.await.expect("it does not panic").expect("it is uploaded");
    assert!(site.read(&disk).await == padded(&sparse(1), bytes.len()));
}

#[tokio::test]
async fn an_illegal_disk_is_refused() {
    let site = Site::of(Simulator::builder().transition(STEP)).await;
    let added =
        site.other().disks_service().add().disk(super::site::data_disk().provisioned_size(MIB as i64).format(DiskFormat::Raw));
    let disk = added.send().await.expect("it is made").id.expect("it has an id");
    site.engine.advance(STEP);
    site.until_ok(&disk).await;
    let transfers = site.other().image_transfers_service();
    let broken = transfers.add().image_transfer(ImageTransfer::new().disk(Link::by_id(&disk))).send().await.expect("it starts");
    transfers.image_transfer_service(&broken.id.expect("it has an id")).cancel().send().await.expect("it is cancelled");
    assert_eq!(site.disk(&disk).await.status, Some(DiskStatus::Illegal));
    site.engine.forget_requests();
    let error = site.failed(upload(&site.connection, site.file("a.img", &[1; 512])).disk(&disk).send().await);
    assert!(error.kind() == ErrorKind::Conflict && error.to_string().contains("illegal"), "{error}");
    assert_eq!(site.sent("POST", "/imagetransfers").len(), 0);
}

#[tokio::test]
async fn a_disk_that_is_used_is_refused() {
    let site = Site::of(Simulator::builder().vms(1)).await;
    let vms = site.other().vms_service();
    let vm = vms.list().send().await.expect("they are listed")[0].id.clone().expect("it has an id");
    vms.vm_service(&vm).start().send().await.expect("it starts");
    let disk = site.only_disk().await.id.expect("it has an id");
    let image = site.file("a.img", &[1; 512]);
    let error = site.failed(upload(&site.connection, image).disk(&disk).remove_disk_on_failure(true).send().await);
    assert!(error.kind() == ErrorKind::Conflict && error.to_string().contains("VM is not down"), "{error}");
    assert_eq!(site.only_disk().await.status, Some(DiskStatus::Ok));
}

/// Breaks an upload to a full disk off in the middle: its source ends. Returns the disk, and the error.
async fn broken_off(site: &Site, removed: bool) -> (String, virt_sdk::Error) {
    let (disk, _) = full_disk(site, DiskFormat::Raw).await;
    let (mut writer, reader) = tokio::io::duplex(MIB);
    let source = Source::reader(reader, 8 * MIB as u64);
    let task = tokio::spawn(upload(&site.connection, source).disk(&disk).remove_disk_on_failure(removed).send());
    writer.write_all(&pattern(5 * MIB, 1)).await.expect("it is read");
    site.until_written(4 * MIB).await;
    drop(writer);
    let error = site.failed(task.await.expect("it does not panic"));
    assert_eq!(error.kind(), ErrorKind::Image, "{error}");
    (disk, error)
}

#[tokio::test]
async fn a_disk_stays_after_a_failure_unless_it_is_not_to() {
    for_each(&["4.3", "4.4.6", "4.5.7"], |version| async move {
        stays(version).await;
    })
    .await;
}

#[tokio::test]
async fn a_raw_disk_stays_after_a_failure_at_an_engine_that_converts_nothing() {
    for_each(&["4.1", "4.2.3"], |version| async move {
        stays(version).await;
    })
    .await;
}

async fn stays(version: &str) {
    let site = Site::version(version).await;
    let (disk, error) = broken_off(&site, false).await;
    assert!(error.to_string().contains("the disk is kept"), "{version}: {error}");
    let found = site.disk(&disk).await;
    assert_eq!((found.status, found.provisioned_size), (Some(DiskStatus::Ok), Some(12 * MIB as i64)), "{version}");
    site.assert_closed().await;
    assert!(site.read(&disk).await[..4 * MIB] == pattern(5 * MIB, 1)[..4 * MIB], "{version}");
}

#[tokio::test]
async fn a_disk_goes_after_a_failure_where_that_is_asked_for() {
    for_each(&["4.2.3", "4.3", "4.4.6", "4.5.7"], |version| async move {
        goes(version).await;
    })
    .await;
}

#[tokio::test]
async fn a_disk_goes_after_a_failure_at_an_engine_that_cannot_cancel() {
    for_each(&["4.1", "4.2"], |version| async move {
        goes(version).await;
    })
    .await;
}

async fn goes(version: &str) {
    let site = Site::version(version).await;
    let (_, error) = broken_off(&site, true).await;
    assert!(!error.to_string().contains("kept"), "{version}: {error}");
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn a_disk_stays_after_the_upload_was_called_off() {
    let site = Site::new().await;
    let (disk, _) = full_disk(&site, DiskFormat::Raw).await;
    let image = site.file("fedora.img", &pattern(8 * MIB, 1));
    site.engine.inject(Fault::delay(Duration::from_secs(3600)).at(Target::Images).method("PUT"));
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let upload = upload(&site.connection, image).disk(&disk).cancel_on(async move { drop(cancelled.await) });
    let task = tokio::spawn(upload.send());
    site.until_sent("PUT", "/images/", 1).await;
    drop(cancel);
    let error = site.failed(task.await.expect("it does not panic"));
    assert!(error.kind() == ErrorKind::Cancelled && error.to_string().contains("the disk is kept"), "{error}");
    assert_eq!(site.disk(&disk).await.status, Some(DiskStatus::Ok));
    site.assert_closed().await;
}

#[tokio::test]
async fn somebody_who_cancels_takes_the_disk_away() {
    let site = Site::new().await;
    let (disk, _) = full_disk(&site, DiskFormat::Raw).await;
    let (mut writer, reader) = tokio::io::duplex(MIB);
    let source = Source::reader(reader, 8 * MIB as u64);
    let task = tokio::spawn(upload(&site.connection, source).disk(&disk).send());
    writer.write_all(&pattern(5 * MIB, 1)).await.expect("it is read");
    let transfer = site.until_phase(&Phase::Transferring).await.id.expect("it has an id");
    site.other().image_transfers_service().image_transfer_service(&transfer).cancel().send().await.expect("it is cancelled");
    until("the end of the transfer", async || site.open_transfer().await.is_none().then_some(())).await;
    let _ = writer.write_all(&pattern(3 * MIB, 1)).await;
    let error = site.failed(task.await.expect("it does not panic"));
    assert_eq!(error.kind(), ErrorKind::Transfer, "{error}");
    // That is what the engine does, so nobody is told that the disk is there.
    assert!(!error.to_string().contains("is kept"), "{error}");
    site.assert_nothing_left().await;
}
