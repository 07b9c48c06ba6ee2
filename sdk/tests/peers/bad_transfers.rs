//! Whole transfers, with an engine and the real daemon, that something goes wrong with: each goes on, or ends without a trace.

use crate::imageio::qemu::{Export, qemu_img_compare, qemu_nbd};
use crate::imageio::tickets::Ticket;
use crate::imageio::{Imageio, Settings};
use crate::server::DEADLINE;
use crate::tcp_proxy::{Direction, TcpProxy};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::types::{Disk, DiskStatus, ImageTransferPhase, StorageDomain};
use virt_sdk::transfer::{self, Download, ImageId, ImageioClient, Upload};
use virt_sdk::{Error, ErrorKind};
use virt_simulator::Simulator;

/// Size of the images.
const SIZE: u64 = 48 << 20;

/// Where things go wrong.
const PART: u64 = SIZE * 2 / 5;

/// What may be sent once more: a request of each worker, and what all requests say beside the data.
const ONCE_MORE: u64 = 4 * (2 << 20) + (1 << 20);

/// An engine, the daemon on its host, and the network before that.
struct Setup {
    // Dropped in this order: the engine ends its sessions at the daemon.
    connection: Connection,
    engine: Simulator,
    network: TcpProxy,
    daemon: Imageio,
    image: PathBuf,
}

impl Setup {
    async fn start() -> Option<Self> {
        let daemon = Imageio::start(Settings { local: false, ..Settings::default() }).await?;
        let network = TcpProxy::start(daemon.address).await;
        let used = virt_simulator::Imageio::new(
            daemon.folder().join("control.sock"),
            network.url(&daemon.url),
            daemon.folder().join("images"),
        );
        let engine = Simulator::builder().imageio(used).start().await.expect("it starts");
        let connection = Connection::builder(engine.url()).username("admin@internal").password(engine.password());
        let connection = connection.no_proxy().build().expect("a connection");
        let image = daemon.folder().join("source.raw");
        let words = (0..SIZE / 8).map(|word: u64| word.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        fs::write(&image, words.flat_map(u64::to_le_bytes).collect::<Vec<_>>()).expect("room for an image");
        Some(Self { connection, engine, network, daemon, image })
    }

    fn upload(&self) -> Upload {
        let disk = Disk::new().name("new").storage_domains([StorageDomain::new().name("data1")]);
        transfer::upload(&self.connection, self.image.as_path()).new_disk(disk).checksum(true)
    }

    /// A disk with the image.
    async fn disk(&self) -> String {
        self.upload().send().await.expect("it is uploaded").disk_id
    }

    fn download(&self, disk: &str) -> Download {
        transfer::download(&self.connection, ImageId::Disk(disk.to_owned())).to_file(self.target()).checksum(true)
    }

    fn target(&self) -> PathBuf {
        self.daemon.folder().join("downloaded.raw")
    }

    /// Waits until the network holds everything and somebody connects anew, and lets all pass again.
    async fn release_on_fresh_connection(&self) {
        self.network.stalled().await;
        let connections = self.network.counts().connections;
        let deadline = Instant::now() + DEADLINE;
        while self.network.counts().connections == connections {
            assert!(Instant::now() < deadline, "no fresh connection was made");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.network.release();
    }

    /// That a disk holds the image, and nothing is left of the transfer.
    async fn assert_uploaded(&self, disk: &str) {
        self.assert_no_transfer().await;
        let found = self.connection.system_service().disks_service().disk_service(disk).get().send().await.expect("a disk");
        assert_eq!(found.status, Some(DiskStatus::Ok));
        let file = self.engine.disk_file(disk).expect("a file");
        qemu_img_compare((&self.image, "raw"), (&file, "raw")).await.expect("the same data");
    }

    async fn assert_downloaded(&self) {
        self.assert_no_transfer().await;
        qemu_img_compare((&self.image, "raw"), (&self.target(), "raw")).await.expect("the same data");
        assert!(!self.daemon.folder().join("downloaded.raw.part").exists());
    }

    /// That every transfer has ended, and no ticket is left.
    async fn assert_no_transfer(&self) {
        let transfers = self.connection.system_service().image_transfers_service().list().send().await.expect("transfers");
        for transfer in &transfers {
            let is_ended =
                matches!(transfer.phase, Some(ImageTransferPhase::FinishedSuccess | ImageTransferPhase::FinishedFailure));
            assert!(is_ended, "{:?}", transfer.phase);
        }
        if self.daemon.id().is_some() {
            for secret in self.engine.secrets() {
                assert!(self.daemon.ticket(&secret).await.is_none(), "a ticket is left");
            }
        }
    }

    /// That nothing is left of an upload that failed.
    async fn assert_nothing_is_left(&self) {
        self.assert_no_transfer().await;
        let disks = self.connection.system_service().disks_service().list().send().await.expect("disks");
        assert!(disks.iter().all(|disk| disk.name.as_deref() != Some("new")), "a disk is left");
    }

    /// That an error says where in the flow it was, where on the network, and no secret.
    fn assert_told(&self, error: &Error) {
        let text = format!("{error} {error:?}");
        assert!(text.contains("phase `") && text.contains(&self.network.address.to_string()), "{text}");
        assert!(self.engine.secrets().iter().all(|secret| !text.contains(secret)), "{text}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_costs_no_more_than_its_request() {
    let Some(setup) = Setup::start().await else { return };
    setup.network.reset_once(Direction::ToServer, PART);
    let disk = setup.disk().await;
    setup.assert_uploaded(&disk).await;
    let sent = setup.network.counts().to_server;
    assert!(sent <= SIZE + ONCE_MORE, "{sent} bytes were sent");

    let before = setup.network.counts().to_client;
    setup.network.reset_once(Direction::ToClient, PART);
    setup.download(&disk).send().await.expect("it is downloaded");
    setup.assert_downloaded().await;
    let received = setup.network.counts().to_client - before;
    assert!(received <= SIZE + ONCE_MORE, "{received} bytes came");
}

#[tokio::test]
async fn a_network_that_stalls_is_waited_for_and_then_left() {
    let Some(setup) = Setup::start().await else { return };
    let stall = Duration::from_millis(500);
    setup.network.stall(Direction::ToServer, PART);
    let (uploaded, ()) = tokio::join!(setup.upload().stall_timeout(stall).send(), setup.release_on_fresh_connection());
    let disk = uploaded.expect("it is uploaded").disk_id;
    setup.assert_uploaded(&disk).await;

    setup.network.stall(Direction::ToClient, PART);
    let (downloaded, ()) = tokio::join!(setup.download(&disk).stall_timeout(stall).send(), setup.release_on_fresh_connection());
    downloaded.expect("it is downloaded");
    setup.assert_downloaded().await;
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let Some(setup) = Setup::start().await else { return };
    let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\nConnection: close\r\n\r\nbusy\n";
    for request in ["PUT ", "PATCH ", "OPTIONS "] {
        setup.network.answer_once(request, busy);
    }
    let disk = setup.disk().await;
    setup.assert_uploaded(&disk).await;
    for request in ["/extents", "GET ", "/checksum"] {
        setup.network.answer_once(request, busy);
    }
    setup.download(&disk).send().await.expect("it is downloaded");
    setup.assert_downloaded().await;
}

#[tokio::test]
async fn a_daemon_that_is_started_again_goes_on() {
    let Some(mut setup) = Setup::start().await else { return };
    setup.network.stall(Direction::ToServer, PART);
    let upload = tokio::spawn(setup.upload().send());
    setup.network.stalled().await;
    setup.daemon.restart().await;
    setup.network.reset_all();
    setup.network.release();
    let disk = upload.await.expect("no panic").expect("it is uploaded").disk_id;
    setup.assert_uploaded(&disk).await;
    let sent = setup.network.counts().to_server;
    assert!(sent <= SIZE + ONCE_MORE, "{sent} bytes were sent");
}

#[tokio::test]
async fn a_ticket_that_is_gone_is_asked_for_again() {
    let Some(setup) = Setup::start().await else { return };
    setup.network.stall(Direction::ToServer, PART);
    let upload = tokio::spawn(setup.upload().send());
    setup.network.stalled().await;
    // Requests that are carried out would keep the tickets.
    setup.network.reset_all();
    for secret in setup.engine.secrets() {
        setup.daemon.remove_ticket(&secret).await;
    }
    setup.network.release();
    let disk = upload.await.expect("no panic").expect("it is uploaded").disk_id;
    setup.assert_uploaded(&disk).await;
}

#[tokio::test]
async fn a_host_that_stays_away_ends_the_upload_without_a_trace() {
    let Some(mut setup) = Setup::start().await else { return };
    setup.network.stall(Direction::ToServer, PART);
    let upload = tokio::spawn(setup.upload().retry_for(Duration::from_secs(1)).send());
    setup.network.stalled().await;
    setup.network.refuse().await;
    setup.network.reset_all();
    let error = upload.await.expect("no panic").expect_err("the host is away");
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    setup.assert_told(&error);
    setup.assert_nothing_is_left().await;
}

#[tokio::test]
async fn an_interrupted_upload_goes_on_later() {
    let Some(mut setup) = Setup::start().await else { return };
    let journal = setup.daemon.folder().join("journal");
    let resumable = |setup: &Setup| {
        setup.upload().resume_from(&journal).journal_interval(4 << 20).retry_for(Duration::from_secs(1)).connections(1)
    };
    setup.network.stall(Direction::ToServer, PART);
    let upload = tokio::spawn(resumable(&setup).send());
    setup.network.stalled().await;
    setup.network.refuse().await;
    setup.network.reset_all();
    let error = upload.await.expect("no panic").expect_err("the host is away");
    assert!(error.to_string().contains("journal"), "{error}");
    setup.assert_told(&error);
    setup.network.accept().await;
    setup.network.release();
    let before = setup.network.counts().to_server;
    let uploaded = resumable(&setup).send().await.expect("it goes on");
    setup.assert_uploaded(&uploaded.disk_id).await;
    let sent = setup.network.counts().to_server - before;
    // What was not flushed, and the request that broke.
    assert!(sent <= SIZE - PART + (8 << 20) + (1 << 20), "{sent} bytes were sent");
    assert!(!journal.exists());
}

#[tokio::test]
async fn an_interrupted_download_goes_on_later() {
    let Some(mut setup) = Setup::start().await else { return };
    let disk = setup.disk().await;
    let resumable = |setup: &Setup| {
        setup.download(&disk).resume(true).journal_interval(4 << 20).retry_for(Duration::from_secs(1)).connections(1)
    };
    setup.network.stall(Direction::ToClient, PART);
    let download = tokio::spawn(resumable(&setup).send());
    setup.network.stalled().await;
    setup.network.refuse().await;
    setup.network.reset_all();
    let error = download.await.expect("no panic").expect_err("the host is away");
    setup.assert_told(&error);
    setup.network.accept().await;
    setup.network.release();
    let before = setup.network.counts().to_client;
    resumable(&setup).send().await.expect("it goes on");
    setup.assert_downloaded().await;
    let received = setup.network.counts().to_client - before;
    assert!(received < SIZE - (16 << 20) + ONCE_MORE, "{received} bytes came");
}

#[tokio::test]
async fn storage_that_is_full_ends_the_upload() {
    let Some(setup) = Setup::start().await else { return };
    let full =
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 50\r\n\r\nServer failed to perform the request, check logs\r\n";
    for _ in 0..100 {
        setup.network.answer_once("PUT ", full);
    }
    let error = setup.upload().send().await.expect_err("there is no room");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Fault, Some(500)), "{error}");
    setup.assert_told(&error);
    setup.assert_nothing_is_left().await;
}

#[tokio::test]
async fn the_daemon_says_that_storage_is_full() {
    let Some(imageio) = Imageio::start(Settings { local: false, ..Settings::default() }).await else { return };
    let (image, disk) = (imageio.folder().join("source.raw"), imageio.folder().join("disk.raw"));
    fs::write(&image, vec![7; 24 << 20]).expect("room for an image");
    fs::File::create(&disk).expect("room").set_len(24 << 20).expect("room");
    // From there on, nothing can be written.
    let full = Export { format: "raw", allocation_depth: false, full_from: Some(16 << 20), ..Export::default() };
    let nbd = qemu_nbd(&disk, full).await;
    let url = imageio.add_ticket(&Ticket::nbd(&nbd.socket, 24 << 20)).await;
    let error = ImageioClient::new(&url).upload(image).await.expect_err("there is no room");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Fault, Some(500)), "{error}");
    assert!(error.to_string().contains(&imageio.address.to_string()), "{error}");
}
