//! What is worked out for a new disk, and what is refused before there is one.

use super::images::{MIB, into_iso, padded, pattern, sparse, write_qcow2};
use super::site::{Site, data_disk, until};
use std::path::PathBuf;
use virt_sdk::ErrorKind;
use virt_sdk::ovirt::types::{
    Disk, DiskBackup, DiskContentType, DiskFormat, Host, HostStorage, StorageDomain, StorageDomainStatus, StorageDomainType,
    StorageType,
};
use virt_sdk::transfer::image::Format;
use virt_sdk::transfer::{Source, upload};
use virt_simulator::Fault;

/// An engine with a storage domain on file storage, `data1`, and one on block storage, `block`.
async fn start() -> Site {
    let site = Site::new().await;
    let storage = HostStorage::new().r#type(StorageType::Iscsi);
    let domain =
        StorageDomain::new().name("block").r#type(StorageDomainType::Data).storage(storage).host(Host::new().name("host1"));
    site.other().storage_domains_service().add().storage_domain(domain).send().await.expect("it is added");
    let centers = site.other().data_centers_service();
    let center = centers.list().send().await.expect("they are listed")[0].id.clone().expect("it has an id");
    let attached = centers.data_center_service(&center).storage_domains_service();
    let added = attached.add().storage_domain(StorageDomain::new().name("block")).send().await.expect("it is attached");
    let attached = attached.storage_domain_service(&added.id.expect("it has an id"));
    until("an active domain", async || {
        let status = attached.get().send().await.expect("it is there").status;
        (status == Some(StorageDomainStatus::Active)).then_some(())
    })
    .await;
    site
}

fn disk_in(domain: &str) -> Disk {
    Disk::new().storage_domains([StorageDomain::new().name(domain)])
}

/// Images of each kind, `fedora.KIND`.
fn images(site: &Site) -> [PathBuf; 3] {
    let disk = padded(&sparse(1), 10 * MIB);
    write_qcow2(&site.path("fedora.qcow2"), &disk, None);
    [site.file("fedora.raw", &sparse(1)), site.path("fedora.qcow2"), site.file("fedora.iso", &into_iso(sparse(1)))]
}

/// Uploads an image, and looks at the disk.
async fn made(site: &Site, source: impl Into<Source>, disk: Disk) -> (Disk, Format) {
    let uploaded = upload(&site.connection, source).new_disk(disk).send().await.expect("it is uploaded");
    let disk = site.disk(&uploaded.disk_id).await;
    assert_eq!(disk.provisioned_size, i64::try_from(uploaded.size).ok());
    (disk, uploaded.format)
}

#[tokio::test]
async fn what_is_not_said_follows_from_image_and_storage() {
    let site = start().await;
    let [raw, qcow2, iso] = images(&site);
    let whole_sectors = i64::try_from(sparse(1).len().next_multiple_of(512)).expect("it is small");
    for domain in ["data1", "block"] {
        let (disk, format) = made(&site, &raw, disk_in(domain)).await;
        assert_eq!((format, disk.format, disk.sparse), (Format::Raw, Some(DiskFormat::Raw), Some(domain == "data1")), "{domain}");
        assert_eq!((disk.name.as_deref(), disk.provisioned_size), (Some("fedora"), Some(whole_sectors)), "{domain}");
        assert!(disk.initial_size.is_none() && disk.backup != Some(DiskBackup::Incremental), "{domain}");
        assert!(matches!(disk.content_type, None | Some(DiskContentType::Data)), "{domain}");

        let (disk, format) = made(&site, &qcow2, disk_in(domain)).await;
        assert_eq!((format, disk.format, disk.sparse), (Format::Qcow2, Some(DiskFormat::Cow), Some(true)), "{domain}");
        assert_eq!((disk.name.as_deref(), disk.provisioned_size), (Some("fedora"), Some(10 * MIB as i64)), "{domain}");
        // As much as a qcow2 image with the same data takes, which this file is.
        let length = std::fs::metadata(&qcow2).expect("it is there").len();
        assert!(disk.initial_size.is_some_and(|size| (length..2 * length).contains(&size.unsigned_abs())), "{domain}");
        assert_eq!(disk.backup, Some(DiskBackup::Incremental), "{domain}");
        assert!(matches!(disk.content_type, None | Some(DiskContentType::Data)), "{domain}");

        let (disk, format) = made(&site, &iso, disk_in(domain)).await;
        assert_eq!((format, disk.format, disk.sparse), (Format::Iso, Some(DiskFormat::Raw), Some(false)), "{domain}");
        assert_eq!((disk.name.as_deref(), disk.provisioned_size), (Some("fedora"), Some(whole_sectors)), "{domain}");
        assert_eq!((disk.initial_size, disk.content_type), (None, Some(DiskContentType::Iso)), "{domain}");
        assert_ne!(disk.backup, Some(DiskBackup::Incremental), "{domain}");
    }
    site.assert_closed().await;
}

#[tokio::test]
async fn what_is_said_stays() {
    let site = start().await;
    let [raw, qcow2, iso] = images(&site);
    let id = "6d3c2a1e-5c3b-4c7a-9d58-0a4f0c7f9a11";
    let given = disk_in("data1").id(id).name("mine").description("d").format(DiskFormat::Raw).sparse(false);
    let (disk, _) = made(&site, &qcow2, given.provisioned_size(16 * MIB as i64).content_type(DiskContentType::Data)).await;
    assert_eq!((disk.id.as_deref(), disk.name.as_deref(), disk.description.as_deref()), (Some(id), Some("mine"), Some("d")));
    assert_eq!((disk.format, disk.sparse), (Some(DiskFormat::Raw), Some(false)));
    assert_ne!(disk.backup, Some(DiskBackup::Incremental));
    assert_eq!(disk.provisioned_size, Some(16 * MIB as i64));
    assert!(site.read(id).await == padded(&sparse(1), 16 * MIB));

    let given = disk_in("data1").alias("mine").initial_size(2 * MIB as i64).backup(DiskBackup::None).format(DiskFormat::Cow);
    let (disk, _) = made(&site, &raw, given).await;
    assert_eq!((disk.name.as_deref(), disk.initial_size), (Some("mine"), Some(2 * MIB as i64)));
    assert_eq!((disk.format, disk.sparse, disk.backup), (Some(DiskFormat::Cow), Some(true), Some(DiskBackup::None)));

    let (disk, _) = made(&site, &iso, disk_in("data1").content_type(DiskContentType::Data).sparse(true)).await;
    assert_eq!((disk.content_type, disk.sparse), (Some(DiskContentType::Data), Some(true)));

    // By its id, and in the member of old.
    let domains = site.other().storage_domains_service().list().send().await.expect("they are listed");
    let block = domains.iter().find(|domain| domain.name.as_deref() == Some("block")).and_then(|domain| domain.id.clone());
    let block = block.expect("it has an id");
    for given in [
        Disk::new().storage_domains([StorageDomain::new().id(&block)]),
        Disk::new().storage_domain(StorageDomain::new().id(&block)),
        Disk::new().storage_domain(virt_sdk::Link::by_id(&block)),
    ] {
        let (disk, _) = made(&site, &raw, given).await;
        assert_eq!(disk.sparse, Some(false));
    }
}

#[tokio::test]
async fn engines_are_told_what_they_know() {
    for (version, is_known) in [("4.2", false), ("4.3", false), ("4.4.0", true), ("4.5.7", true)] {
        let site = Site::version(version).await;
        let [_, qcow2, _] = images(&site);
        let (disk, _) = made(&site, &qcow2, data_disk()).await;
        assert_eq!(disk.backup == Some(DiskBackup::Incremental), is_known, "{version}");
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_made() {
    let site = start().await;
    let [raw, qcow2, iso] = images(&site);
    let with_backing = site.path("layer.qcow2");
    write_qcow2(&with_backing, &pattern(MIB, 2), Some("base.img"));
    let reader = || Source::reader(tokio::io::repeat(1), MIB as u64);
    for (source, disk, kind, part) in [
        (Source::from(&raw), Some(Disk::new().name("d")), ErrorKind::Request, "storage domain"),
        (Source::from(&qcow2), Some(Disk::new()), ErrorKind::Request, "storage domain"),
        (Source::from(&iso), Some(Disk::new()), ErrorKind::Request, "storage domain"),
        (Source::from(&raw), Some(data_disk().provisioned_size(MIB as i64)), ErrorKind::Request, "does not fit"),
        (Source::from(&qcow2), Some(data_disk().provisioned_size(10 * MIB as i64 - 512)), ErrorKind::Request, "does not fit"),
        (reader(), Some(data_disk().provisioned_size(MIB as i64 - 512)), ErrorKind::Request, "does not fit"),
        (Source::from(&raw), None, ErrorKind::Request, "new_disk"),
        (Source::from(site.path("missing")), Some(data_disk()), ErrorKind::Image, "missing"),
        (Source::from(site.path("")), Some(data_disk()), ErrorKind::Image, ""),
        (Source::from(&with_backing), Some(data_disk()), ErrorKind::Image, "base.img"),
        (Source::from(&raw).format(Format::Qcow2), Some(data_disk()), ErrorKind::Image, "fedora.raw"),
        (reader().format(Format::Qcow2), Some(data_disk()), ErrorKind::Image, "stream"),
        (Source::from(&raw).format(Format::Vmdk), Some(data_disk()), ErrorKind::Image, "vmdk"),
    ] {
        let shown = format!("{source:?} {disk:?}");
        let upload = upload(&site.connection, source);
        let upload = if let Some(disk) = disk { upload.new_disk(disk) } else { upload };
        let error = site.failed(upload.send().await);
        assert_eq!(error.kind(), kind, "{shown}: {error}");
        assert!(error.to_string().to_lowercase().contains(part), "{shown}: {error}");
        assert_eq!(site.sent("POST", "/api/").len(), 0, "{shown}");
    }
    site.assert_nothing_left().await;
}

#[tokio::test]
async fn nothing_is_left_of_what_the_engine_refuses() {
    let site = Site::new().await;
    let path = site.file("fedora.img", &pattern(MIB, 3));
    for (disk, part) in [
        (Disk::new().storage_domains([StorageDomain::new().name("elsewhere")]), "elsewhere"),
        (data_disk().provisioned_size(1 << 60), "disk space"),
        (data_disk().id("no id"), "no id"),
    ] {
        let error = site.failed(upload(&site.connection, &path).new_disk(disk).send().await);
        let shown = format!("{error} {:?}", error.fault());
        assert!(shown.to_lowercase().contains(part), "{shown}");
        site.assert_nothing_left().await;
    }
    // Once the disk is made, it goes again.
    site.engine.inject(Fault::status(400).method("POST").path("/imagetransfers"));
    let error = site.failed(upload(&site.connection, &path).new_disk(data_disk()).send().await);
    assert!(error.status() == Some(400) && error.to_string().contains("the disk is removed"), "{error}");
    site.assert_nothing_left().await;
    // The disk is not known from the answer, which is lost.
    for lost in ["/disks", "/imagetransfers"] {
        site.engine.inject(Fault::close_after(0).method("POST").path(lost));
        let error = site.failed(upload(&site.connection, &path).new_disk(data_disk()).send().await);
        assert_eq!(error.kind(), ErrorKind::Connection, "{lost}: {error}");
        site.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn nothing_is_told_of_a_disk_that_was_never_made() {
    let site = Site::new().await;
    let path = site.file("fedora.img", &pattern(MIB, 3));
    let error = site.failed(upload(&site.connection, &path).new_disk(data_disk().provisioned_size(1 << 60)).send().await);
    assert!(!error.to_string().contains("removed"), "{error}");
}
