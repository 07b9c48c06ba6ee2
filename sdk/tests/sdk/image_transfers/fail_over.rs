//! Hosts and proxies that go away.

use super::images::{MIB, padded, pattern, sparse};
use super::site::{Site, data_disk, for_each, until};
use std::collections::BTreeSet;
use std::time::Duration;
use virt_sdk::ErrorKind;
use virt_sdk::ovirt::types::{DiskFormat, DiskStatus};
use virt_sdk::transfer::image::Format;
use virt_sdk::transfer::{ImageId, download, upload};
use virt_simulator::{Fault, Target};

const HOUR: Duration = Duration::from_secs(3600);

/// Versions whose endpoints differ: without abilities, with permissions for the proxy, and new ones.
const VERSIONS: [&str; 4] = ["4.1", "4.2.3", "4.4.2", "4.5.7"];

/// Those that tell where the host is, as well.
const WITH_HOST: [&str; 3] = ["4.2.3", "4.4.2", "4.5.7"];

/// Servers that data was asked of.
fn servers(site: &Site) -> BTreeSet<String> {
    site.data_requests().iter().filter_map(|request| request.header("host").map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_proxy_is_used_where_the_host_cannot_be_reached() {
    for_each(&VERSIONS, |version| async move {
        let site = Site::version(version).await;
        site.engine.stop_host().await;
        let path = site.file("fedora.img", &sparse(1));
        let uploaded = upload(&site.connection, path).new_disk(data_disk()).send().await.expect("it is uploaded");
        let back = site.path("back.img");
        let downloaded = download(&site.connection, ImageId::Disk(uploaded.disk_id)).to_file(&back).send().await;
        let downloaded = downloaded.expect("it is downloaded");
        let size = usize::try_from(downloaded.size).expect("it is small");
        assert!(std::fs::read(&back).expect("it is there") == padded(&sparse(1), size), "{version}");
        assert_eq!(servers(&site).len(), 1, "{version}");
        site.assert_closed().await;
    })
    .await;
}

#[tokio::test]
async fn the_host_is_preferred() {
    let site = Site::new().await;
    let path = site.file("fedora.img", &sparse(1));
    upload(&site.connection, path).new_disk(data_disk()).send().await.expect("it is uploaded");
    let direct = servers(&site);
    assert_eq!(direct.len(), 1);
    site.engine.forget_requests();
    site.engine.stop_host().await;
    let path = site.file("fedora.img", &sparse(1));
    upload(&site.connection, path).new_disk(data_disk()).send().await.expect("it is uploaded");
    assert!(servers(&site).is_disjoint(&direct));
}

#[tokio::test]
async fn an_upload_goes_on_through_the_proxy() {
    // Before 4.2 there is no other way.
    for_each(&WITH_HOST, |version| async move {
        let site = Site::version(version).await;
        let path = site.file("fedora.img", &sparse(1));
        let held = site.engine.inject(Fault::delay(HOUR).at(Target::Images).method("PUT").skip(1));
        let task = tokio::spawn(upload(&site.connection, path).new_disk(data_disk()).send());
        until("data that is held", async || (site.engine.met(held) >= 1).then_some(())).await;
        site.engine.remove_fault(held);
        site.engine.stop_host().await;
        let uploaded = task.await.expect("it does not panic").expect("it is uploaded");
        assert_eq!(servers(&site).len(), 2, "{version}");
        site.assert_closed().await;
        let size = usize::try_from(uploaded.size).expect("it is small");
        assert!(site.read(&uploaded.disk_id).await == padded(&sparse(1), size), "{version}");
    })
    .await;
}

#[tokio::test]
async fn a_download_goes_on_through_the_proxy_where_it_ended() {
    for_each(&WITH_HOST, |version| async move {
        for format in [Format::Raw, Format::Qcow2] {
            if format == Format::Qcow2 && version < "4.3" {
                continue;
            }
            let site = Site::version(version).await;
            let bytes = pattern(9 * MIB, 1);
            let disk = site.disk_with(DiskFormat::Raw, &bytes).await;
            let slow = Fault::slow(MIB, HOUR).at(Target::Images).method("GET").path("/images/*").skip(1).once();
            let slow = site.engine.inject(slow);
            let back = site.path("back");
            let download = download(&site.connection, ImageId::Disk(disk)).to_file(&back).format(format).connections(1);
            let task = tokio::spawn(download.send());
            until("data that is held", async || (site.engine.met(slow) == 1).then_some(())).await;
            site.engine.stop_host().await;
            let downloaded = task.await.expect("it does not panic").expect("it is downloaded");
            assert_eq!(servers(&site).len(), 2, "{version} {format}");
            site.assert_closed().await;
            // Nothing that had come was asked for again.
            assert_eq!(downloaded.transferred, 9 * MIB as u64, "{version} {format}");
            if format == Format::Raw {
                assert!(std::fs::read(&back).expect("it is there") == bytes, "{version}");
            } else {
                let again = upload(&site.connection, &back).new_disk(data_disk()).send().await.expect("it is uploaded");
                assert!(site.read(&again.disk_id).await == bytes, "{version}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_host_that_is_away_while_a_server_is_looked_for_again_is_found_when_it_is_back() {
    for_each(&VERSIONS, |version| async move {
        let site = Site::version(version).await;
        let bytes = pattern(9 * MIB, 1);
        let path = site.file("fedora.img", &bytes);
        // Host and proxy break everything off from the second piece on.
        let gone = site.engine.inject(Fault::hang_up().at(Target::Images).method("PUT").skip(1));
        let blind = Fault::hang_up().at(Target::Images).method("OPTIONS").skip(1);
        let blind = site.engine.inject(blind);
        let task = tokio::spawn(upload(&site.connection, path).new_disk(data_disk()).connections(2).send());
        until("an outage", async || (site.engine.met(gone) >= 4 && site.engine.met(blind) >= 1).then_some(())).await;
        assert!(!task.is_finished(), "{version}");
        site.engine.clear_faults();
        let uploaded = task.await.expect("it does not panic").expect("it is uploaded");
        site.assert_closed().await;
        assert!(site.read(&uploaded.disk_id).await == bytes, "{version}");

        let gone = site.engine.inject(Fault::cut_body(MIB as u64).at(Target::Images).method("GET").path("/images/*").skip(1));
        let back = site.path("back.img");
        let download = download(&site.connection, ImageId::Disk(uploaded.disk_id)).to_file(&back).connections(1);
        let task = tokio::spawn(download.send());
        until("an outage", async || (site.engine.met(gone) >= 3).then_some(())).await;
        site.engine.clear_faults();
        task.await.expect("it does not panic").expect("it is downloaded");
        assert!(std::fs::read(&back).expect("it is there") == bytes, "{version}");
        site.assert_closed().await;
    })
    .await;
}

#[tokio::test]
async fn an_upload_without_any_way_to_the_data_ends_and_leaves_nothing() {
    for_each(&VERSIONS, |version| async move {
        let site = Site::version(version).await;
        let path = site.file("fedora.img", &pattern(9 * MIB, 1));
        let gone = site.engine.inject(Fault::hang_up().at(Target::Images).skip(3));
        let upload = upload(&site.connection, path).new_disk(data_disk()).retry_for(Duration::from_millis(300));
        let error = site.failed(upload.connections(1).send().await);
        assert_eq!(error.kind(), ErrorKind::Connection, "{version}: {error}");
        let server = site.data_requests().remove(0).header("host").expect("it is named").to_owned();
        for part in [server.as_str(), "phase `transferring`", "the disk is removed"] {
            assert!(error.to_string().contains(part), "{version}: `{part}` in {error}");
        }
        assert!(site.engine.met(gone) > 1, "{version}: it was tried again");
        site.assert_nothing_left().await;
    })
    .await;
}

#[tokio::test]
async fn a_transfer_whose_data_cannot_be_reached_from_the_start_ends_and_leaves_nothing() {
    for_each(&VERSIONS, |version| async move {
        let site = Site::version(version).await;
        let path = site.file("fedora.img", &sparse(1));
        site.engine.inject(Fault::hang_up().at(Target::Images));
        let error = site.failed(upload(&site.connection, path).new_disk(data_disk()).send().await);
        assert_eq!(error.kind(), ErrorKind::Connection, "{version}: {error}");
        assert!(error.to_string().contains("127.0.0.1:"), "{version}: {error}");
        assert!(error.to_string().contains("the disk is removed"), "{version}: {error}");
        site.assert_nothing_left().await;
    })
    .await;
}

#[tokio::test]
async fn a_download_without_any_way_to_the_data_ends_and_leaves_nothing() {
    let site = Site::new().await;
    let disk = site.disk_with(DiskFormat::Raw, &pattern(5 * MIB, 1)).await;
    site.engine.inject(Fault::hang_up().at(Target::Images).method("GET").path("/images/*").skip(1));
    let download = download(&site.connection, ImageId::Disk(disk.clone())).to_file(site.path("back.img"));
    let error = site.failed(download.retry_for(Duration::from_millis(300)).send().await);
    assert!(error.kind() == ErrorKind::Connection && error.to_string().contains("127.0.0.1:"), "{error}");
    assert_eq!(site.files(), [""; 0]);
    assert_eq!(site.disk(&disk).await.status, Some(DiskStatus::Ok));
    site.assert_closed().await;
}

#[tokio::test]
async fn a_server_that_is_busy_or_fails_now_and_then_is_asked_again() {
    let site = Site::new().await;
    let bytes = pattern(9 * MIB, 1);
    let path = site.file("fedora.img", &bytes);
    for fault in [
        Fault::status(503),
        Fault::status(429),
        Fault::status(500),
        Fault::html(502),
        Fault::hang_up(),
        Fault::close_after(0),
        Fault::close_after(10),
    ] {
        let shown = format!("{fault:?}");
        let [put, patch] =
            ["PUT", "PATCH"].map(|method| site.engine.inject(fault.clone().at(Target::Images).method(method).once()));
        let [extents, get] =
            ["/images/*/extents", "/images/*"].map(|path| fault.clone().at(Target::Images).method("GET").path(path).once());
        let uploaded = upload(&site.connection, &path).new_disk(data_disk()).send().await;
        let uploaded = uploaded.unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!([put, patch].map(|fault| site.engine.met(fault)), [1, 1], "{shown}");
        let [extents, get] = [extents, get].map(|fault| site.engine.inject(fault));
        let back = site.path("back.img");
        let downloaded = download(&site.connection, ImageId::Disk(uploaded.disk_id)).to_file(&back).send().await;
        downloaded.unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!([extents, get].map(|fault| site.engine.met(fault)), [1, 1], "{shown}");
        assert!(std::fs::read(&back).expect("it is there") == bytes, "{shown}");
    }
    site.assert_closed().await;
}
