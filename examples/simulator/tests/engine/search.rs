//! Searches through the API; the language itself is tested where it is read.

use crate::support::Api;
use virt_simulator::Simulator;

async fn found(api: &Api, path: &str, search: &str, element: &str) -> Vec<String> {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("search", search).finish();
    api.get(&format!("{path}?{query}")).await.expect(200).texts(element)
}

#[tokio::test]
async fn virtual_machines_are_found() {
    let api = Api::with(Simulator::builder().vms(12)).await;
    for (search, names) in [
        ("name=vm1", &["vm1"][..]),
        ("name=vm1*", &["vm1", "vm10", "vm11", "vm12"]),
        ("name=\"vm2\" or name=\"vm3\"", &["vm2", "vm3"]),
        ("name=vm1* and name=*2", &["vm12"]),
        ("name=vm1* name=*2", &["vm12"]),
        ("name=vm1* sortby name desc page 1", &["vm12", "vm11", "vm10", "vm1"]),
        ("vm7", &["vm7"]),
        ("name=VM1", &[]),
        ("cluster=Default and name=vm4", &["vm4"]),
        ("Clusters.name=Default and name=vm4", &["vm4"]),
        ("datacenter=Default and name=vm4", &["vm4"]),
        ("name=vm5 and status=down", &["vm5"]),
        ("name=vm5 and status!=down", &[]),
        ("template.name=Blank and name=vm6", &["vm6"]),
        ("memory>=1073741824 and name=vm8", &["vm8"]),
    ] {
        assert_eq!(found(&api, "/vms", search, "vm/name").await, names, "{search}");
    }
}

#[tokio::test]
async fn case_can_be_ignored() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    assert_eq!(api.get("/vms?search=name%3DVM1&case_sensitive=false").await.texts("vm/name"), ["vm1"]);
}

#[tokio::test]
async fn invalid_searches_find_nothing() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    for search in ["colour=red", "name=", "status=powering_up", "(name=vm1)", "name='vm1'"] {
        assert!(found(&api, "/vms", search, "vm").await.is_empty(), "{search}");
    }
}

#[tokio::test]
async fn other_kinds_are_found_by_what_they_are_related_to() {
    let api = Api::with(Simulator::builder().vms(2)).await;
    assert_eq!(found(&api, "/disks", "alias=vm2*", "disk/alias").await, ["vm2_Disk1"]);
    assert_eq!(found(&api, "/disks", "provisioned_size>1000 and name=vm1*", "disk/alias").await, ["vm1_Disk1"]);
    assert_eq!(found(&api, "/datacenters", "storage.name=data1", "data_center/name").await, ["Default"]);
    assert_eq!(found(&api, "/datacenters", "Clusters.name=Default", "data_center/name").await, ["Default"]);
    assert_eq!(found(&api, "/hosts", "status=up and datacenter=Default", "host/name").await, ["host1"]);
    assert_eq!(found(&api, "/storagedomains", "datacenter=Default", "storage_domain/name").await, ["data1"]);
    assert_eq!(found(&api, "/networks", "datacenter=Default", "network/name").await, ["ovirtmgmt"]);
    assert_eq!(found(&api, "/users", "usrname=admin*", "user/name").await, ["admin"]);
}

#[tokio::test]
async fn tags_are_searched_for() {
    let api = Api::with(Simulator::builder().vms(2)).await;
    api.post("/tags", "<tag><name>night</name></tag>").await.expect(201);
    let vm = api.get("/vms").await.attributes("vm", "id").remove(1);
    api.post(&format!("/vms/{vm}/tags"), "<tag><name>night</name></tag>").await.expect(201);
    assert_eq!(found(&api, "/vms", "tag=night", "vm/name").await, ["vm2"]);
    assert_eq!(found(&api, "/vms", "tag!=night", "vm/name").await, ["vm1"]);
    assert!(found(&api, "/hosts", "tag=night", "host/name").await.is_empty());
}

#[tokio::test]
async fn collections_without_a_search_ignore_it() {
    let api = Api::start().await;
    assert_eq!(found(&api, "/domains", "name=none", "domain/name").await, ["internal-authz"]);
}
