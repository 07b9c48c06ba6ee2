//! Images that are read from their start to their end, and written so.

use super::images::{MIB, into_iso, padded, pattern, sparse};
use super::site::{Site, data_disk, for_each, until};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use virt_sdk::ErrorKind;
use virt_sdk::ovirt::types::{DiskContentType, DiskFormat, DiskStatus, ImageTransferPhase as Phase};
use virt_sdk::transfer::image::Format;
use virt_sdk::transfer::{ImageId, Source, download, upload};

fn reader(bytes: Vec<u8>) -> Source {
    let size = bytes.len() as u64;
    Source::reader(io::Cursor::new(bytes), size)
}

#[tokio::test]
async fn a_stream_is_uploaded_to_each_engine() {
    for_each(&["4.1", "4.2.3", "4.4.2", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let upload = upload(&site.connection, reader(sparse(1))).new_disk(data_disk().name("stream")).connections(3);
        let uploaded = upload.send().await.unwrap_or_else(|error| panic!("{version}: {error}"));
        let size = sparse(1).len().next_multiple_of(512);
        assert_eq!((uploaded.size, uploaded.format), (size as u64, Format::Raw), "{version}");
        site.assert_closed().await;
        assert!(site.read(&uploaded.disk_id).await == padded(&sparse(1), size), "{version}");
    })
    .await;
}

#[tokio::test]
async fn of_a_stream_that_goes_on_the_beginning_is_taken() {
    let site = Site::new().await;
    let source = Source::reader(tokio::io::repeat(7), 5 * MIB as u64 + 1);
    let uploaded = upload(&site.connection, source).new_disk(data_disk()).checksum(true).send().await.expect("it is uploaded");
    assert_eq!(uploaded.size, 5 * MIB as u64 + 512);
    assert!(site.read(&uploaded.disk_id).await == padded(&vec![7; 5 * MIB + 1], 5 * MIB + 512));
}

#[tokio::test]
async fn zeros_of_a_stream_are_not_sent() {
    let site = Site::new().await;
    let uploaded = upload(&site.connection, reader(sparse(1))).new_disk(data_disk()).send().await.expect("it is uploaded");
    assert!(uploaded.transferred < sparse(1).len() as u64 - 4 * MIB as u64, "{uploaded:?}");
}

#[tokio::test]
async fn a_stream_can_be_an_iso() {
    let site = Site::new().await;
    let source = reader(into_iso(pattern(MIB, 1))).format(Format::Iso);
    let uploaded = upload(&site.connection, source).new_disk(data_disk()).send().await.expect("it is uploaded");
    assert_eq!(site.disk(&uploaded.disk_id).await.content_type, Some(DiskContentType::Iso));
}

#[tokio::test]
async fn a_stream_that_ends_too_early_leaves_nothing() {
    for length in [0, MIB, 5 * MIB, 9 * MIB - 1] {
        let site = Site::new().await;
        let source = Source::reader(io::Cursor::new(pattern(length, 1)), 9 * MIB as u64);
        let error = site.failed(upload(&site.connection, source).new_disk(data_disk()).send().await);
        assert_eq!(error.kind(), ErrorKind::Image, "{length}: {error}");
        assert!(error.to_string().contains(&(9 * MIB).to_string()), "{length}: {error}");
        assert!(error.to_string().contains("the disk is removed"), "{length}: {error}");
        site.assert_nothing_left().await;
    }
}

/// Fails.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("the tape is torn")))
    }
}

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::Error::other("the tape is full")))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_stream_that_fails_leaves_nothing() {
    let site = Site::new().await;
    let source = Source::reader(io::Cursor::new(pattern(5 * MIB, 1)).chain(Broken), 9 * MIB as u64);
    let error = site.failed(upload(&site.connection, source).new_disk(data_disk()).send().await);
    assert!(error.kind() == ErrorKind::Image && error.to_string().contains("the tape is torn"), "{error}");
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn a_transfer_stays_open_while_a_stream_is_slow() {
    let site = Site::new().await;
    let (mut writer, reader) = tokio::io::duplex(MIB);
    let upload = upload(&site.connection, Source::reader(reader, 9 * MIB as u64)).new_disk(data_disk());
    // Real time: whoever sends counts it.
    let task = tokio::spawn(upload.inactivity_timeout(Duration::from_secs(3)).send());
    let bytes = pattern(9 * MIB, 1);
    writer.write_all(&bytes[..5 * MIB]).await.expect("it is read");
    site.until_written(4 * MIB).await;
    site.engine.forget_requests();
    let started = std::time::Instant::now();
    until("longer than the time of inactivity", async || {
        let transfer = site.open_transfer().await.expect("it is open");
        assert_eq!(transfer.phase, Some(Phase::Transferring));
        (started.elapsed() > Duration::from_secs(4)).then_some(())
    })
    .await;
    assert!(site.sent("OPTIONS", "/images/").len() >= 2);
    assert_eq!(site.sent("PUT", "/images/").len(), 0, "there is nothing to send");
    writer.write_all(&bytes[5 * MIB..]).await.expect("it is read");
    let uploaded = task.await.expect("it does not panic").expect("it is uploaded");
    assert!(site.read(&uploaded.disk_id).await == bytes);
    assert_eq!(site.sent("POST", "/resume").len(), 0);
}

#[tokio::test]
async fn old_engines_are_asked_for_more_time() {
    for_each(&["4.1", "4.2.3"], |version| async move {
        let site = Site::version(version).await;
        let (mut writer, reader) = tokio::io::duplex(MIB);
        let upload = upload(&site.connection, Source::reader(reader, 9 * MIB as u64)).new_disk(data_disk());
        let task = tokio::spawn(upload.inactivity_timeout(Duration::from_secs(3)).send());
        let bytes = pattern(9 * MIB, 1);
        writer.write_all(&bytes[..5 * MIB]).await.expect("it is read");
        site.until_written(4 * MIB).await;
        // What is sent does not keep a ticket of them alive.
        site.engine.advance(Duration::from_secs(200));
        let asked = site.sent("POST", "/extend").len();
        // One of them may have been on its way already.
        site.until_sent("POST", "/extend", asked + 2).await;
        site.engine.advance(Duration::from_secs(200));
        writer.write_all(&bytes[5 * MIB..]).await.expect("it is read");
        let uploaded = task.await.expect("it does not panic").unwrap_or_else(|error| panic!("{version}: {error}"));
        assert!(site.read(&uploaded.disk_id).await == bytes, "{version}");
    })
    .await;
}

#[tokio::test]
async fn an_expired_ticket_of_an_old_engine_is_asked_for_anew() {
    let site = Site::version("4.2.3").await;
    let (mut writer, reader) = tokio::io::duplex(MIB);
    let upload = upload(&site.connection, Source::reader(reader, 9 * MIB as u64)).new_disk(data_disk());
    let task = tokio::spawn(upload.send());
    let bytes = pattern(9 * MIB, 1);
    writer.write_all(&bytes[..5 * MIB]).await.expect("it is read");
    site.until_written(4 * MIB).await;
    site.until_sent("POST", "/extend", 1).await;
    // The machine slept, and the clocks of this program with it.
    site.engine.advance(Duration::from_secs(301));
    writer.write_all(&bytes[5 * MIB..]).await.expect("it is read");
    let uploaded = task.await.expect("it does not panic").expect("it is uploaded");
    assert!(site.read(&uploaded.disk_id).await == bytes);
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl AsyncWrite for Kept {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // As much as a pipe takes.
        let taken = &bytes[..bytes.len().min(64 << 10)];
        self.0.lock().expect("nobody panics with it").extend_from_slice(taken);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_disk_is_written_to_a_writer() {
    for_each(&["4.1", "4.2.3", "4.4.2", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let bytes = padded(&sparse(1), 10 * MIB);
        let disk = site.disk_with(DiskFormat::Raw, &bytes).await;
        let kept = Kept::default();
        let has_checksum = version > "4.3";
        let download = download(&site.connection, ImageId::Disk(disk)).to_writer(kept.clone()).checksum(has_checksum);
        let downloaded = download.send().await.unwrap_or_else(|error| panic!("{version}: {error}"));
        assert_eq!((downloaded.size, downloaded.checksum.is_some()), (10 * MIB as u64, has_checksum), "{version}");
        assert!(*kept.0.lock().expect("nobody panics with it") == bytes, "{version}");
        assert_eq!(downloaded.transferred < downloaded.size, has_checksum, "{version}");
        site.assert_closed().await;
    })
    .await;
}

#[tokio::test]
async fn a_writer_that_fails_ends_the_download() {
    let site = Site::new().await;
    let disk = site.disk_with(DiskFormat::Raw, &pattern(MIB, 1)).await;
    let error = site.failed(download(&site.connection, ImageId::Disk(disk.clone())).to_writer(Broken).send().await);
    assert!(error.kind() == ErrorKind::Image && error.to_string().contains("the tape is full"), "{error}");
    assert_eq!(site.disk(&disk).await.status, Some(DiskStatus::Ok));
    site.assert_closed().await;
}

#[tokio::test]
async fn a_slow_writer_holds_the_server_back_and_gets_everything() {
    let site = Site::new().await;
    let bytes = pattern(9 * MIB, 1);
    let disk = site.disk_with(DiskFormat::Raw, &bytes).await;
    let (writer, mut reader) = tokio::io::duplex(64 << 10);
    let task = tokio::spawn(download(&site.connection, ImageId::Disk(disk)).to_writer(writer).send());
    let mut start = vec![0; MIB];
    reader.read_exact(&mut start).await.expect("it comes");
    assert!(!task.is_finished());
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).await.expect("it comes");
    task.await.expect("it does not panic").expect("it is downloaded");
    assert!([start, rest].concat() == bytes);
}

#[tokio::test]
async fn what_cannot_be_streamed_is_refused() {
    let site = Site::new().await;
    let disk = || ImageId::Disk("6d3c2a1e-5c3b-4c7a-9d58-0a4f0c7f9a11".to_owned());
    for (download, part) in [
        (download(&site.connection, disk()), "to_file"),
        (download(&site.connection, disk()).to_writer(Kept::default()).format(Format::Qcow2), "choose a file"),
        (download(&site.connection, disk()).to_writer(Kept::default()).resume(true), "choose a file"),
        (download(&site.connection, disk()).to_writer(Kept::default()).shallow("base.qcow2", "qcow2"), "choose a file"),
        (download(&site.connection, disk()).to_file(site.path("b.img")).format(Format::Iso), "raw or qcow2"),
        (download(&site.connection, disk()).to_file(site.path("b.img")).incremental("a.img", "raw"), "backup"),
    ] {
        let error = site.failed(download.send().await);
        assert!(error.kind() == ErrorKind::Request && error.to_string().contains(part), "{part}: {error}");
    }
    assert!(site.engine.requests().is_empty());
}
