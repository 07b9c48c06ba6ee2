//! Requests as values: what will be sent is known without a server.

use virt_sdk::ovirt::Call;
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::services::SystemService;
use virt_sdk::ovirt::types::{self, Cluster, Disk, GlusterBrick, Host, Snapshot, Ssh, Ticket, Vm};
use virt_sdk::{ErrorKind, Link};

fn system() -> SystemService {
    Connection::builder("https://engine.example.com/ovirt-engine/api")
        .token("token")
        .build()
        .expect("the settings are right")
        .system_service()
}

/// Method, path, query and body of a call.
fn line(call: &Call) -> String {
    let query: Vec<String> = call.query().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let body = call.body().expect("the call is complete").unwrap_or_default();
    format!("{} {}?{} {body}", call.method(), call.path().expect("the path is right"), query.join("&"))
}

#[test]
fn each_kind_of_method_has_its_place_for_parameters() {
    let vms = system().vms_service();
    let vm = vms.vm_service("1");
    assert_eq!(
        line(&vms.list().search("name=my*").max(10).case_sensitive(false).call),
        "GET /vms?search=name=my*&max=10&case_sensitive=false "
    );
    assert_eq!(line(&vm.get().follow("nics").call), "GET /vms/1?follow=nics ");
    assert_eq!(line(&vms.add().vm(Vm::new().name("a")).clone(true).call), "POST /vms?clone=true <vm><name>a</name></vm>");
    assert_eq!(
        line(&vm.update().vm(Vm::new().memory(1)).next_run(true).call),
        "PUT /vms/1?next_run=true <vm><memory>1</memory></vm>"
    );
    assert_eq!(line(&vm.remove().detach_only(true).call), "DELETE /vms/1?detach_only=true ");
    assert_eq!(line(&vm.start().call), "POST /vms/1/start? <action/>");
    assert_eq!(
        line(&vm.shutdown().reason("a&b").r#async(true).call),
        "POST /vms/1/shutdown? <action><reason>a&amp;b</reason><async>true</async></action>"
    );
}

#[test]
fn actions_carry_objects_and_lists() {
    let vm = system().vms_service().vm_service("1");
    let preview = vm.preview_snapshot().snapshot(Snapshot::new().id("s")).disks([Disk::new().id("d")]).restore_memory(false);
    assert_eq!(
        line(&preview.call),
        "POST /vms/1/previewsnapshot? <action><snapshot id=\"s\"/><disks><disk id=\"d\"/></disks><restore_memory>false</restore_memory></action>"
    );
    assert_eq!(
        line(&vm.ticket().ticket(Ticket::new().value("t")).call),
        "POST /vms/1/ticket? <action><ticket><value>t</value></ticket></action>"
    );
}

#[test]
fn signatures_are_called_like_their_base() {
    let system = system();
    let vm = Vm::new().name("a").snapshots([Snapshot::new().id("s")]);
    let add = system.vms_service().add_from_snapshot().vm(&vm);
    assert_eq!(line(&add.call), "POST /vms? <vm><name>a</name><snapshots><snapshot id=\"s\"/></snapshots></vm>");
    let export = system.vms_service().vm_service("1").export_to_path_on_host().host(Host::new().id("h")).directory("/d");
    assert_eq!(line(&export.call), "POST /vms/1/export? <action><host id=\"h\"/><directory>/d</directory></action>");
    let approve = system.hosts_service().host_service("1").approve_using_ssh().host(Host::new().ssh(Ssh::new().port(22)));
    assert_eq!(line(&approve.call), "POST /hosts/1/approve? <action><host><ssh><port>22</port></ssh></host></action>");
}

#[test]
fn bricks_are_added_as_a_list_and_removed_by_an_action() {
    let bricks =
        system().clusters_service().cluster_service("c").gluster_volumes_service().volume_service("v").gluster_bricks_service();
    let brick = || [GlusterBrick::new().id("b")];
    assert_eq!(
        line(&bricks.add().bricks(brick()).replica_count(2).call),
        "POST /clusters/c/glustervolumes/v/glusterbricks?replica_count=2 <bricks><brick id=\"b\"/></bricks>"
    );
    assert_eq!(
        line(&bricks.remove().bricks(brick()).r#async(true).call),
        "DELETE /clusters/c/glustervolumes/v/glusterbricks?async=true <action><bricks><brick id=\"b\"/></bricks></action>"
    );
}

#[test]
fn what_is_set_twice_counts_once() {
    let vm = system().vms_service().vm_service("1");
    assert_eq!(line(&vm.stop().force(true).force(false).call), "POST /vms/1/stop? <action><force>false</force></action>");
    assert_eq!(line(&vm.get().follow("a").follow("b").call), "GET /vms/1?follow=b ");
    assert_eq!(line(&vm.update().vm(Vm::new().name("a")).vm(Vm::new().name("b")).call), "PUT /vms/1? <vm><name>b</name></vm>");
}

#[test]
fn all_content_is_a_header_too() {
    let request = system().vms_service().vm_service("1").get().all_content(true);
    assert_eq!(request.call.headers()["all-content"], "true");
    assert_eq!(request.call.query(), [("all_content".to_owned(), "true".to_owned())]);
}

#[test]
fn references_and_objects_are_written_alike() {
    let body = |vm: &Vm| system().vms_service().add().vm(vm).call.body().expect("it is complete");
    assert_eq!(body(&Vm::new().cluster(Link::by_id("c"))), body(&Vm::new().cluster(Cluster::new().id("c"))));
}

#[test]
fn names_that_differ_on_the_wire() {
    let vm = Vm::new()
        .os(types::OperatingSystem::new()
            .boot(types::Boot::new().devices(vec![types::BootDevice::Hd, types::BootDevice::Network])));
    let body = system().vms_service().add().vm(vm).call.body().expect("it is complete").unwrap_or_default();
    assert_eq!(body, "<vm><os><boot><devices><device>hd</device><device>network</device></devices></boot></os></vm>");
    let body = system().networks_service().add().network(types::Network::new().vlan(types::Vlan::new().id(7))).call.body();
    assert_eq!(body.expect("it is complete").unwrap_or_default(), "<network><vlan id=\"7\"/></network>");
}

#[test]
fn what_cannot_be_sent_is_said_with_what_to_do() {
    let vms = system().vms_service();
    let kind_and_text = |call: Call| {
        let error = call.body().expect_err("it cannot be sent");
        (error.kind(), error.to_string())
    };
    let (kind, text) = kind_and_text(vms.add().call);
    assert!(kind == ErrorKind::Request && text.contains("`.vm(…)`"), "{text}");
    let (kind, text) = kind_and_text(vms.add().vm(Vm::new().name("a\u{7}")).call);
    assert!(kind == ErrorKind::Request && text.contains("`name`") && text.contains("U+0007"), "{text}");
    let mut list = vms.list();
    list.call.set_header("X-Bad", "a\nb");
    let (kind, text) = kind_and_text(list.call);
    assert!(kind == ErrorKind::Request && text.contains("X-Bad"), "{text}");
}

#[test]
fn debug_of_a_request_shows_no_secret() {
    let host = Host::new().name("h").root_password("s3cret");
    let request = system().hosts_service().add().host(&host);
    let shown = format!("{:?} {host:?} {:?}", request.call, system());
    assert!(shown.contains("/hosts") && shown.contains("[REDACTED]"), "{shown}");
    assert!(!shown.contains("s3cret") && !shown.contains("token"), "{shown}");
}
