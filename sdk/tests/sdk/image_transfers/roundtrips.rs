//! Images to disks and back, on engines of all versions.

use super::images::{MIB, padded, pattern, sparse, write_qcow2};
use super::site::{Site, data_disk, for_each};
use virt_sdk::ErrorKind;
use virt_sdk::ovirt::types::{DiskFormat, DiskStatus};
use virt_sdk::transfer::image::Format;
use virt_sdk::transfer::{ImageId, Source, download, upload};

/// Versions after each of which something about transfers is different, and the newest that is simulated.
const VERSIONS: [&str; 9] = ["4.1", "4.2", "4.2.3", "4.3", "4.4.2", "4.4.6", "4.4.17", "4.5.0", "4.5.7"];

/// Those that convert nothing.
const OLD: [&str; 3] = ["4.1", "4.2", "4.2.3"];

/// Uploads a file to a new disk, and downloads it to a file of the other name.
async fn there_and_back(site: &Site, file: &str, back: &str) -> (DiskFormat, usize, Vec<u8>) {
    let uploaded = upload(&site.connection, site.path(file)).new_disk(data_disk()).send().await.expect("it is uploaded");
    let disk = site.disk(&uploaded.disk_id).await;
    assert_eq!((disk.status, disk.name.as_deref()), (Some(DiskStatus::Ok), Some("fedora")));
    site.assert_closed().await;
    let image = ImageId::Disk(uploaded.disk_id.clone());
    let downloaded = download(&site.connection, image).to_file(site.path(back)).send().await.expect("it is downloaded");
    assert_ne!(downloaded.transfer_id, uploaded.transfer_id);
    site.assert_closed().await;
    let bytes = std::fs::read(site.path(back)).expect("it is there");
    (disk.format.expect("it has a format"), usize::try_from(uploaded.size).expect("it is small"), bytes)
}

#[tokio::test]
async fn a_raw_image_comes_back_from_each_engine() {
    for_each(&VERSIONS, |version| async move {
        let site = Site::version(version).await;
        let bytes = sparse(1);
        site.file("fedora.img", &bytes);
        let (format, size, back) = there_and_back(&site, "fedora.img", "back.img").await;
        assert_eq!((format, size), (DiskFormat::Raw, bytes.len().next_multiple_of(512)), "{version}");
        assert!(back == padded(&bytes, size), "{version}");
        assert_eq!(site.files(), ["back.img", "fedora.img"], "{version}");
    })
    .await;
}

#[tokio::test]
async fn a_qcow2_image_comes_back_byte_for_byte_from_engines_that_convert_nothing() {
    for_each(&OLD, |version| async move {
        let site = Site::version(version).await;
        write_qcow2(&site.path("fedora.qcow2"), &padded(&sparse(2), 10 * MIB), None);
        let (format, _, back) = there_and_back(&site, "fedora.qcow2", "back.qcow2").await;
        assert_eq!(format, DiskFormat::Cow, "{version}");
        assert!(back == std::fs::read(site.path("fedora.qcow2")).expect("it is there"), "{version}");
    })
    .await;
}

#[tokio::test]
async fn a_disk_of_any_format_is_made_of_an_image_of_any_and_the_other_way_round() {
    for_each(&["4.3", "4.4.6", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let bytes = padded(&sparse(3), 10 * MIB);
        let images = [site.file("raw.img", &bytes), site.path("v3.qcow2")];
        write_qcow2(&images[1], &bytes, None);
        for image in images {
            for format in [DiskFormat::Raw, DiskFormat::Cow] {
                let upload = upload(&site.connection, &image).new_disk(data_disk().format(format.clone())).checksum(true);
                let uploaded = upload.send().await.expect("it is uploaded");
                assert!(uploaded.checksum.is_some() && uploaded.transferred < uploaded.size, "{uploaded:?}");
                assert!(site.read(&uploaded.disk_id).await == bytes, "{version} {}", image.display());
                for (name, into) in [("back.img", Format::Raw), ("back.qcow2", Format::Qcow2)] {
                    let disk = ImageId::Disk(uploaded.disk_id.clone());
                    let download = download(&site.connection, disk).to_file(site.path(name)).format(into).checksum(true);
                    let downloaded = download.send().await.expect("it is downloaded");
                    assert_eq!(downloaded.checksum, uploaded.checksum, "{version}");
                }
                assert!(std::fs::read(site.path("back.img")).expect("it is there") == bytes, "{version}");
                // As a whole, by way of a disk of its own.
                let again = virt_sdk::transfer::upload(&site.connection, site.path("back.qcow2")).new_disk(data_disk());
                let again = again.checksum(true).send().await.expect("it is uploaded");
                assert_eq!(again.checksum, uploaded.checksum, "{version}");
            }
        }
        site.assert_closed().await;
    })
    .await;
}

#[tokio::test]
async fn an_engine_of_4_0_takes_images_and_gives_none() {
    let site = Site::version("4.0.4").await;
    let bytes = sparse(4);
    let path = site.file("fedora.img", &bytes);
    let uploaded = upload(&site.connection, &path).new_disk(data_disk()).send().await.expect("it is uploaded");
    assert_eq!(site.disk(&uploaded.disk_id).await.status, Some(DiskStatus::Ok));
    site.assert_closed().await;
    site.engine.forget_requests();
    // It knows one direction only: what asks for data would open the disk to be written to, and fail with its loss.
    let disk = ImageId::Disk(uploaded.disk_id);
    let error = site.failed(download(&site.connection, disk).to_file(site.path("back.img")).send().await);
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    assert!(error.to_string().contains("4.0.4"), "{error}");
    assert_eq!(site.sent("POST", "/imagetransfers").len(), 0);
}

/// Checks that something was refused, that the error tells the version, and that nothing was begun.
async fn assert_refused<T: std::fmt::Debug>(site: &Site, version: &str, result: virt_sdk::Result<T>) {
    let error = site.failed(result);
    assert_eq!(error.kind(), ErrorKind::Request, "{version}: {error}");
    assert!(error.to_string().contains(version), "{version}: {error}");
    assert_eq!(site.sent("POST", "/disks").len() + site.sent("POST", "/imagetransfers").len(), 0, "{version}: {error}");
    site.assert_closed().await;
}

#[tokio::test]
async fn engines_that_convert_nothing_are_not_asked_to_for_downloads() {
    for_each(&OLD, |version| async move {
        let site = Site::version(version).await;
        write_qcow2(&site.path("source.qcow2"), &pattern(MIB, 5), None);
        let source = site.file("source.img", &pattern(MIB, 5));
        for (source, name) in [(site.path("source.qcow2"), "back.img"), (source, "back.qcow2")] {
            let uploaded = upload(&site.connection, source).new_disk(data_disk()).send().await.expect("it is uploaded");
            site.engine.forget_requests();
            let disk = ImageId::Disk(uploaded.disk_id);
            let result = download(&site.connection, disk).to_file(site.path(name)).send().await;
            assert_refused(&site, version, result).await;
        }
    })
    .await;
}

/// Uploads an image to a disk of another format, be it a new one or not.
async fn assert_not_converted(version: &str, name: &str, format: DiskFormat) {
    let site = Site::version(version).await;
    let source = site.path(name);
    match format {
        DiskFormat::Cow => drop(site.file(name, &pattern(MIB, 6))),
        _ => write_qcow2(&source, &pattern(MIB, 6), None),
    }
    let disk = data_disk().format(format).provisioned_size(2 * MIB as i64);
    assert_refused(&site, version, upload(&site.connection, &source).new_disk(disk.clone()).send().await).await;
    let disk = site.other().disks_service().add().disk(disk).send().await.expect("it is made").id.expect("it has an id");
    site.until_ok(&disk).await;
    assert_refused(&site, version, upload(&site.connection, &source).disk(disk).send().await).await;
}

#[tokio::test]
async fn engines_that_convert_nothing_are_not_asked_to_make_a_qcow2_disk_of_a_raw_image() {
    for_each(&OLD, |version| assert_not_converted(version, "source.img", DiskFormat::Cow)).await;
}

#[tokio::test]
async fn engines_that_convert_nothing_are_not_asked_to_make_a_raw_disk_of_a_qcow2_image() {
    for_each(&OLD, |version| assert_not_converted(version, "source.qcow2", DiskFormat::Raw)).await;
}

#[tokio::test]
async fn engines_that_convert_nothing_get_no_image_that_is_no_file() {
    for_each(&OLD, |version| async move {
        let site = Site::version(version).await;
        let qcow2 = site.path("source.qcow2");
        write_qcow2(&qcow2, &pattern(MIB, 6), None);
        // What is in an archive cannot be sent as the file that it is.
        let source = Source::read_at(std::fs::File::open(&qcow2).expect("it is there"), "a member of an archive");
        let error = site.failed(upload(&site.connection, source).new_disk(data_disk()).send().await);
        assert!(matches!(error.kind(), ErrorKind::Image | ErrorKind::Request), "{version}: {error}");
        assert!(error.to_string().contains("a member of an archive"), "{version}: {error}");
        site.assert_nothing_left().await;
    })
    .await;
}

#[tokio::test]
async fn engines_of_4_1_give_no_snapshots() {
    let site = Site::version("4.1").await;
    let snapshot = ImageId::Snapshot("5b1e".to_owned());
    let result = download(&site.connection, snapshot).to_file(site.path("back.img")).send().await;
    assert_refused(&site, "4.1", result).await;
}
