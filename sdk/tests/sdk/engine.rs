//! Work on a simulated engine.

use crate::connect;
use crate::servers::{self, Kept};
use std::time::{Duration, Instant};
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::types::{
    Cluster, Disk, DiskAttachment, DiskFormat, DiskInterface, DiskStatus, StorageDomain, Tag, Template, Vm, VmStatus,
};
use virt_sdk::{ErrorKind, Link};
use virt_simulator::Simulator;

async fn engine() -> (Kept<Simulator>, Connection) {
    let engine = servers::engine().await;
    let connection = connect(&engine);
    (engine, connection)
}

fn vm(name: &str) -> Vm {
    Vm::new().name(name).cluster(Cluster::new().name("Default")).template(Template::new().name("Blank"))
}

#[tokio::test]
async fn add_find_change_and_remove() {
    let (_engine, connection) = engine().await;
    let vms = connection.system_service().vms_service();
    let added = vms.add().vm(vm("first").memory(1 << 30)).send().await.expect("it is added");
    vms.add().vm(vm("second")).send().await.expect("it is added");
    let id = added.id.expect("it has an id");
    let found = vms.list().search("name=fir*").send().await.expect("the search works");
    assert_eq!(found.iter().map(|vm| vm.id.as_deref()).collect::<Vec<_>>(), [Some(id.as_str())]);
    assert_eq!(found[0].memory, Some(1 << 30));
    assert_eq!(vms.list().max(1).send().await.expect("the list is there").len(), 1);

    let service = vms.vm_service(&id);
    let changed = service.update().vm(Vm::new().description("new & <old>")).send().await.expect("it is changed");
    assert_eq!((changed.name.as_deref(), changed.description.as_deref()), (Some("first"), Some("new & <old>")));
    assert_eq!(service.get().send().await.expect("it is there").description.as_deref(), Some("new & <old>"));

    service.remove().send().await.expect("it is removed");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match service.get().send().await {
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            Err(error) => panic!("{error}"),
            Ok(_) => assert!(Instant::now() < deadline, "it should be gone"),
        }
    }
}

#[tokio::test]
async fn refusals_carry_the_words_of_the_engine() {
    let (_engine, connection) = engine().await;
    let vms = connection.system_service().vms_service();
    let id = vms.add().vm(vm("one")).send().await.expect("it is added").id.expect("it has an id");
    let error = vms.add().vm(vm("one")).send().await.expect_err("the name is taken");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Conflict, Some(409)));
    assert!(error.fault().is_some_and(|fault| fault.detail.is_some()), "{error}");
    let error = vms.add().vm(Vm::new().name("two")).send().await.expect_err("it has no cluster");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Fault, Some(400)));
    assert_eq!(error.fault().and_then(|fault| fault.reason.as_deref()), Some("Incomplete parameters"));
    let error = vms.vm_service(&id).stop().send().await.expect_err("it is not running");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Conflict, Some(409)));
    assert!(error.correlation_id().is_some(), "{error}");
}

#[tokio::test]
async fn a_virtual_machine_starts() {
    let (_engine, connection) = engine().await;
    let vms = connection.system_service().vms_service();
    let id = vms.add().vm(vm("one")).send().await.expect("it is added").id.expect("it has an id");
    let service = vms.vm_service(&id);
    assert_eq!(service.get().send().await.expect("it is there").status, Some(VmStatus::Down));
    let disk = Disk::new()
        .name("root")
        .format(DiskFormat::Raw)
        .provisioned_size(1 << 30)
        .storage_domains([StorageDomain::new().name("data1")]);
    let attachment = DiskAttachment::new().bootable(true).active(true).interface(DiskInterface::Virtio).disk(disk);
    let attached = service.disk_attachments_service().add().attachment(attachment).send().await.expect("it is attached");
    let disk = connection.system_service().disks_service().disk_service(attached.id.as_deref().unwrap_or_default());
    let deadline = Instant::now() + Duration::from_secs(10);
    while disk.get().send().await.expect("it is there").status != Some(DiskStatus::Ok) {
        assert!(Instant::now() < deadline, "the disk should be ready");
    }
    service.start().send().await.expect("it starts");
    let deadline = Instant::now() + Duration::from_secs(10);
    while service.get().send().await.expect("it is there").status != Some(VmStatus::Up) {
        assert!(Instant::now() < deadline, "it should be up");
    }
}

#[tokio::test]
async fn links_are_followed_and_lists_know_their_path() {
    let (_engine, connection) = engine().await;
    let vms = connection.system_service().vms_service();
    let added = vms.add().vm(vm("one")).send().await.expect("it is added");
    let found = vms.vm_service(added.id.as_deref().unwrap_or_default()).get().send().await.expect("it is there");
    let cluster = found.cluster.as_ref().expect("it has a cluster");
    assert!(cluster.get().is_none() && cluster.id().is_some(), "only a reference came");
    let cluster = connection.follow_link(cluster).await.expect("the cluster is there");
    assert_eq!(cluster.name.as_deref(), Some("Default"));
    let tags = found.tags.as_ref().expect("the engine links the tags");
    assert!(tags.is_empty() && tags.href.as_deref().is_some_and(|href| href.ends_with("/tags")), "{tags:?}");
    assert!(connection.follow_link(tags).await.expect("the list is there").is_empty());
    assert_eq!(connection.follow_link(&found).await.expect("it is there").name.as_deref(), Some("one"));
    let with_cluster = vms.list().follow("cluster").send().await.expect("the list is there");
    assert_eq!(
        with_cluster[0].cluster.as_ref().and_then(|link| link.get()).and_then(|cluster| cluster.name.as_deref()),
        Some("Default")
    );
}

#[tokio::test]
async fn links_that_lead_elsewhere_are_not_followed() {
    let (engine, connection) = engine().await;
    for href in [
        "https://elsewhere.example.com/ovirt-engine/api/vms/1",
        "/other/api/vms/1",
        "/ovirt-engine/api/../../vms/1",
        "/ovirt-engine/apivms",
        "",
    ] {
        let error = connection.follow_link(&Link::<Vm>::by_href(href)).await.expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::Request, "{href}: {error}");
    }
    assert!(connection.follow_link(&Vm::new()).await.is_err(), "an object that was never read has no path");
    assert!(engine.requests().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn the_root_tells_the_product() {
    let (_engine, connection) = engine().await;
    let api = connection.system_service().get().send().await.expect("the root is there");
    assert_eq!(api.product_info.and_then(|info| info.name).as_deref(), Some("oVirt Engine"));
    let blank = api.special_objects.and_then(|objects| objects.blank_template).expect("it has a blank template");
    assert_eq!(blank.id(), Some("00000000-0000-0000-0000-000000000000"));
}

#[tokio::test]
async fn odd_characters_survive_the_way_there_and_back() {
    let (_engine, connection) = engine().await;
    let tags = connection.system_service().tags_service();
    let description = "ä <&> \"x\" 'y'\ttab\nline \u{1f600}";
    let added = tags.add().tag(Tag::new().name("odd").description(description)).send().await.expect("it is added");
    let found = tags.tag_service(added.id.as_deref().unwrap_or_default()).get().send().await.expect("it is there");
    assert_eq!(found.description.as_deref(), Some(description));
}
