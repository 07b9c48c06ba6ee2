//! Collections in general: the entry point, adding, changing, removing, following, paging.

use crate::support::{Api, Reply};
use reqwest::Method;
use virt_simulator::Simulator;

#[tokio::test]
async fn the_entry_point_tells_where_everything_is() {
    let api = Api::with(Simulator::builder().vms(3)).await;
    let reply = api.get("").await.expect(200);
    assert_eq!(reply.root(), "api");
    assert_eq!(reply.text("product_info/version/major").as_deref(), Some("4"));
    assert_eq!(reply.text("product_info/name").as_deref(), Some("oVirt Engine"));
    assert_eq!(reply.text("summary/vms/total").as_deref(), Some("3"));
    assert_eq!(reply.attributes("special_objects/blank_template", "id"), ["00000000-0000-0000-0000-000000000000"]);
    let rels = reply.attributes("link", "rel");
    assert_eq!(rels[..3], ["clusters", "clusters/search", "datacenters"]);
    for (rel, href) in rels.iter().zip(reply.attributes("link", "href")).filter(|(rel, _)| !rel.contains('/')) {
        let expected = if rel.starts_with("external") && rel.ends_with("imports") { 405 } else { 200 };
        api.get(href.trim_start_matches("/ovirt-engine/api")).await.expect(expected);
    }
}

#[tokio::test]
async fn versioned_addresses_give_versioned_links() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let reply = api.get("/v4/vms").await.expect(200);
    assert!(reply.attributes("vm", "href")[0].starts_with("/ovirt-engine/api/v4/vms/"));
    let reply = api.get("/vms;max=1").await.expect(200);
    assert!(reply.attributes("vm", "href")[0].starts_with("/ovirt-engine/api/vms/"));
    api.get("/v5/vms").await.expect(404);
    Reply::of(api.request(Method::GET, "/vms").header("version", "7")).await.expect(400);
}

#[tokio::test]
async fn a_tag_lives() {
    let api = Api::start().await;
    let added = api.post("/tags", "<tag><name>a &amp; b</name></tag>").await.expect(201);
    let path = format!("/tags/{}", added.id());
    assert_eq!(added.header("location"), Some(format!("{}{path}", api.engine.url()).as_str()));
    assert_eq!(added.text("name").as_deref(), Some("a & b"));
    assert_eq!(added.attributes("parent", "id"), ["00000000-0000-0000-0000-000000000000"]);
    let changed = api.put(&path, "<tag><description>d</description></tag>").await.expect(200);
    assert_eq!((changed.text("name").as_deref(), changed.text("description").as_deref()), (Some("a & b"), Some("d")));
    let removed = api.delete(&path).await.expect(200);
    assert_eq!((removed.root().as_str(), removed.text("status").as_deref()), ("action", Some("complete")));
    assert_eq!(api.get(&path).await.expect(404).body, "");
    let events = api.get("/events").await.texts("event/description");
    assert_eq!(events, ["Removing Tag a & b", "Updating Tag a & b", "Adding Tag a & b"]);
}

#[tokio::test]
async fn references_are_made_and_dropped() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let vm = api.get("/vms").await.attributes("vm", "href")[0].trim_start_matches("/ovirt-engine/api").to_owned();
    let tag = api.post("/tags", "<tag><name>t</name></tag>").await.expect(201).id();
    api.post(&format!("{vm}/tags"), "<tag><name>t</name></tag>").await.expect(201);
    assert_eq!(api.get(&format!("{vm}/tags")).await.attributes("tag", "id"), [tag.as_str()]);
    api.get(&format!("{vm}/tags/{tag}")).await.expect(200);
    api.delete(&format!("{vm}/tags/{tag}")).await.expect(200);
    assert_eq!(api.get(&format!("{vm}/tags")).await.texts("tag").len(), 0);
    api.get(&format!("/tags/{tag}")).await.expect(200);
    api.post(&format!("{vm}/tags"), "<tag><name>none</name></tag>").await.expect(404);
}

#[tokio::test]
async fn labels_are_seen_from_both_ends() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let vm = api.get("/vms").await.attributes("vm", "id").remove(0);
    let label = api.post("/affinitylabels", "<affinity_label><name>l</name></affinity_label>").await.expect(201).id();
    api.post(&format!("/affinitylabels/{label}/vms"), &format!("<vm id=\"{vm}\"/>")).await.expect(201);
    assert_eq!(api.get(&format!("/vms/{vm}/affinitylabels")).await.attributes("affinity_label", "id"), [label.as_str()]);
    api.delete(&format!("/vms/{vm}/affinitylabels/{label}")).await.expect(200);
    assert!(api.get(&format!("/affinitylabels/{label}/vms")).await.attributes("vm", "id").is_empty());
}

#[tokio::test]
async fn views_show_the_same_objects() {
    let api = Api::start().await;
    let disk = api.disk("shared", 1 << 20).await;
    let id = disk.trim_start_matches("/disks/");
    let domain = api.get("/storagedomains").await.attributes("storage_domain", "id").remove(0);
    let center = api.get("/datacenters").await.attributes("data_center", "id").remove(0);
    for path in [format!("/storagedomains/{domain}/disks"), format!("/datacenters/{center}/storagedomains/{domain}/disks")] {
        assert_eq!(api.get(&path).await.attributes("disk", "id"), [id]);
        api.get(&format!("{path}/{id}")).await.expect(200);
    }
    let network = "<network><name>blue</name></network>";
    let network = api.post(&format!("/datacenters/{center}/networks"), network).await.expect(201);
    assert_eq!(network.attributes("data_center", "id"), [center.as_str()]);
    let profiles = api.get(&format!("/networks/{}/vnicprofiles", network.id())).await;
    assert_eq!(profiles.texts("vnic_profile/name"), ["blue"]);
    assert!(api.get("/vnicprofiles").await.texts("vnic_profile/name").contains(&"blue".to_owned()));
}

#[tokio::test]
async fn links_are_followed() {
    let api = Api::with(Simulator::builder().vms(2)).await;
    let reply = api.get("/vms?follow=disk_attachments.disk,cluster.data_center").await.expect(200);
    assert_eq!(reply.texts("vm/disk_attachments/disk_attachment/disk/alias"), ["vm1_Disk1", "vm2_Disk1"]);
    assert_eq!(reply.texts("vm/cluster/name"), ["Default", "Default"]);
    assert_eq!(reply.texts("vm/cluster/data_center/status"), ["up", "up"]);
    let vm = reply.attributes("vm", "id").remove(0);
    let reply = api.get(&format!("/vms/{vm}?follow=diskattachments")).await.expect(200);
    assert_eq!(reply.attributes("disk_attachments/disk_attachment/disk", "id").len(), 1);
    let (_, detail) = Api::fault(&api.get(&format!("/vms/{vm}?follow=nonsense")).await.expect(500));
    assert!(detail.contains("nonsense"));
}

#[tokio::test]
async fn lists_can_be_cut() {
    let api = Api::with(Simulator::builder().vms(5)).await;
    assert_eq!(api.get("/vms?max=2").await.texts("vm/name"), ["vm1", "vm2"]);
    assert_eq!(api.get("/vms?max=0").await.body.matches("<vm ").count(), 0);
    assert_eq!(api.get("/vms?max=many").await.texts("vm/name").len(), 5);
    assert_eq!(api.get("/vms?max=2&search=page+3").await.texts("vm/name"), ["vm5"]);
    assert_eq!(api.get("/vms?max=2&search=page+4").await.texts("vm/name").len(), 0);
}

#[tokio::test]
async fn correlation_ids_come_back_and_mark_jobs() {
    let api = Api::start().await;
    let disk = "<disk><name>d</name><format>raw</format><provisioned_size>1</provisioned_size>\
                <storage_domains><storage_domain><name>data1</name></storage_domain></storage_domains></disk>";
    let reply = Reply::of(api.request(Method::POST, "/disks").header("correlation-id", "a b/c").body(disk)).await.expect(202);
    assert_eq!(reply.header("correlation-id"), Some("abc"));
    assert!(api.get("").await.header("correlation-id").is_some_and(|found| found.len() == 36));
    let jobs = api.get("/jobs?search=correlation_id%3Dabc").await.expect(200);
    assert_eq!(jobs.texts("job/description"), ["Adding Disk d"]);
    let job = format!("/jobs/{}", jobs.attributes("job", "id")[0]);
    api.wait(&job, "status", "finished").await;
    let events = api.get("/events?search=correlation_id%3Dabc").await;
    assert_eq!(events.texts("event/description"), ["Adding Disk d"]);
}

#[tokio::test]
async fn events_are_numbered_and_newest_first() {
    let api = Api::start().await;
    let event = |text: &str| {
        format!(
            "<event><description>{text}</description><severity>warning</severity><origin>me</origin>\
             <custom_id>1</custom_id></event>"
        )
    };
    let first = api.post("/events", &event("one")).await.expect(201);
    api.post("/events", &event("two")).await.expect(201);
    assert_eq!((first.id().as_str(), first.text("code").as_deref()), ("1", Some("9802")));
    assert_eq!(api.get("/events").await.texts("event/description"), ["two", "one"]);
    assert_eq!(api.get("/events;from=1").await.texts("event/description"), ["two"]);
}

#[tokio::test]
async fn work_can_be_waited_for_or_not() {
    let api = Api::with(Simulator::builder().transition(std::time::Duration::from_secs(3600))).await;
    let disk = "<disk><name>d</name><format>raw</format><provisioned_size>1</provisioned_size>\
                <storage_domains><storage_domain><name>data1</name></storage_domain></storage_domains></disk>";
    let pending = api.post("/disks", disk).await.expect(202);
    assert_eq!(pending.text("creation_status").as_deref(), Some("in_progress"));
    let link = pending.attributes("link", "href").into_iter().find(|href| href.contains("creation_status"));
    let link = link.expect("a link").trim_start_matches("/ovirt-engine/api").to_owned();
    assert_eq!(api.get(&link).await.expect(200).text("status").as_deref(), Some("in_progress"));
    let request = api.request(Method::POST, "/disks").header("x-ovirt-expect", "201-created").body(disk);
    let done = Reply::of(request).await.expect(201);
    assert_eq!(done.text("status").as_deref(), Some("ok"));
    let removed = api.delete(&format!("/disks/{}?async=true", done.id())).await.expect(202);
    assert_eq!(removed.body, "");
}
