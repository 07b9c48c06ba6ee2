//! Virtual machines, snapshots and templates.

use crate::support::{Api, Reply, is_part};
use std::time::Duration;
use virt_simulator::Simulator;

const ACTION: &str = "<action/>";

async fn one_vm(transition: Option<Duration>) -> (Api, String) {
    let builder = Simulator::builder().vms(1);
    let api = Api::with(match transition {
        Some(transition) => builder.transition(transition),
        None => builder,
    });
    let api = api.await;
    let vm = format!("/vms/{}", api.get("/vms").await.attributes("vm", "id")[0]);
    (api, vm)
}

#[track_caller]
fn act<'a>(api: &'a Api, path: &str, action: &str) -> impl Future<Output = crate::support::Reply> + 'a {
    let path = format!("{path}/{action}");
    async move { api.post(&path, ACTION).await }
}

#[tokio::test]
async fn a_virtual_machine_is_made_of_the_blank_template() {
    let api = Api::start().await;
    let vm = api.vm("v").await;
    let reply = api.get(&vm).await.expect(200);
    assert_eq!(reply.text("status").as_deref(), Some("down"));
    assert_eq!(reply.text("memory").as_deref(), Some("1073741824"));
    assert_eq!(reply.text("memory_policy/max").as_deref(), Some("4294967296"));
    assert_eq!(api.get(&format!("{vm}/snapshots")).await.texts("snapshot/snapshot_type"), ["active"]);
    assert_eq!(api.get(&format!("{vm}/graphicsconsoles")).await.attributes("graphics_console", "id"), ["766e63"]);
    assert_eq!(api.get(&format!("{vm}/cdroms")).await.attributes("cdrom", "id").len(), 1);
    let body = "<vm><name>w</name><memory>536870912</memory><cluster><name>Default</name></cluster>\
                <template><name>Blank</name></template><instance_type><name>Large</name></instance_type></vm>";
    let reply = api.post("/vms", body).await.expect(201);
    assert_eq!(reply.text("cpu/topology/sockets").as_deref(), Some("2"));
    assert_eq!(
        (reply.text("memory"), reply.text("memory_policy/guaranteed")),
        (Some("536870912".into()), Some("536870912".into()))
    );
}

#[tokio::test]
async fn a_virtual_machine_starts_and_stops() {
    let (api, vm) = one_vm(None).await;
    for refused in ["stop", "shutdown", "suspend", "reboot", "reset", "migrate", "cancelmigration", "ticket"] {
        let reply = act(&api, &vm, refused).await.expect(409);
        assert_eq!((reply.root().as_str(), reply.text("status").as_deref()), ("action", Some("failed")), "{refused}");
    }
    act(&api, &vm, "start").await.expect(200);
    act(&api, &vm, "start").await.expect(409);
    let up = api.wait(&vm, "status", "up").await;
    assert_eq!(up.attributes("host", "id").len(), 1);
    assert_eq!(api.get(&format!("{vm}/reporteddevices")).await.texts("reported_device/ips/ip/address"), ["192.168.0.2"]);
    assert_eq!(api.get("").await.text("summary/vms/active").as_deref(), Some("1"));
    api.delete(&vm).await.expect(409);
    let ticket = act(&api, &vm, "ticket").await.expect(200);
    assert_eq!(
        (ticket.text("ticket/value").map(|value| value.len()), ticket.text("ticket/expiry").as_deref()),
        (Some(12), Some("7200"))
    );
    act(&api, &vm, "reboot").await.expect(200);
    api.wait(&vm, "status", "up").await;
    act(&api, &vm, "suspend").await.expect(200);
    api.wait(&vm, "status", "suspended").await;
    let (_, detail) = Api::fault(&api.delete(&vm).await.expect(409));
    assert!(detail.contains("state is not down"), "{detail}");
    act(&api, &vm, "start").await.expect(200);
    api.wait(&vm, "status", "up").await;
    act(&api, &vm, "shutdown").await.expect(200);
    let down = api.wait(&vm, "status", "down").await;
    assert!(down.attributes("host", "id").is_empty() && down.text("stop_time").is_some());
}

#[tokio::test]
async fn a_screen_has_a_place_while_it_can_be_opened() {
    let (api, vm) = one_vm(None).await;
    let place = |reply: &Reply, at: &str, port: &str| (reply.text(&format!("{at}/address")), reply.text(&format!("{at}/{port}")));
    let (none, host) = ((None, None), (Some("host1.example".to_owned()), Some("5900".to_owned())));
    let consoles = format!("{vm}/graphicsconsoles");
    assert_eq!(place(&api.get(&vm).await, "display", "port"), none);
    assert!(api.get(&format!("{consoles}?current=true")).await.attributes("graphics_console", "id").is_empty());

    act(&api, &vm, "start").await.expect(200);
    let up = api.wait(&vm, "status", "up").await;
    assert_eq!(place(&up, "display", "port"), host);
    assert_eq!(place(&api.get(&consoles).await, "graphics_console", "port"), none);
    assert_eq!(place(&api.get(&format!("{consoles};current=true")).await, "graphics_console", "port"), host);
    let console = format!("{consoles}/{}", api.get(&consoles).await.attributes("graphics_console", "id")[0]);
    let file = act(&api, &console, "remoteviewerconnectionfile").await.expect(200).text("remote_viewer_connection_file");
    assert!(file.is_some_and(|file| file.contains("host=host1.example\nport=5900\n")));
    // Sent back as it was received, it is no change for the next start.
    let back = api.put(&vm, &up.body).await.expect(200);
    assert_eq!(back.text("next_run_configuration_exists").as_deref(), Some("false"));

    act(&api, &vm, "stop").await.expect(200);
    assert_eq!(place(&api.wait(&vm, "status", "down").await, "display", "port"), none);
    api.put(&vm, "<vm><display><type>spice</type></display></vm>").await.expect(200);
    act(&api, &vm, "start").await.expect(200);
    assert_eq!(place(&api.wait(&vm, "status", "up").await, "display", "secure_port"), host);
}

#[tokio::test]
async fn starting_passes_through_its_statuses() {
    let (api, vm) = one_vm(Some(Duration::from_millis(200))).await;
    act(&api, &vm, "start").await.expect(200);
    let mut statuses: Vec<String> = Vec::new();
    while statuses.last().map(String::as_str) != Some("up") {
        let status = api.get(&vm).await.text("status").expect("a status");
        if statuses.last() != Some(&status) {
            statuses.push(status);
        }
    }
    assert!(is_part(&statuses, &["wait_for_launch", "powering_up", "up"]), "{statuses:?}");
}

#[tokio::test]
async fn a_stop_overtakes_a_start() {
    let (api, vm) = one_vm(Some(Duration::from_millis(100))).await;
    act(&api, &vm, "start").await.expect(200);
    act(&api, &vm, "stop").await.expect(200);
    api.wait(&vm, "status", "down").await;
}

#[tokio::test]
async fn virtual_machines_that_cannot_start() {
    let (api, vm) = one_vm(None).await;
    let bare = api.vm("bare").await;
    let (_, detail) = Api::fault(&act(&api, &bare, "start").await.expect(409));
    assert_eq!(detail, "[Cannot run VM without at least one bootable disk.]");
    let from_cd = "<action><vm><os><boot><devices><device>cdrom</device></devices></boot></os></vm></action>";
    api.post(&format!("{bare}/start"), from_cd).await.expect(200);
    let two = "<action><use_cloud_init>true</use_cloud_init><use_sysprep>true</use_sysprep></action>";
    api.post(&format!("{vm}/start"), two).await.expect(409);
    api.wait(&bare, "status", "up").await;
    act(&api, &bare, "stop").await.expect(200);
    api.wait(&bare, "status", "down").await;
    let host = format!("/hosts/{}", api.get("/hosts").await.attributes("host", "id")[0]);
    act(&api, &host, "deactivate").await.expect(200);
    let (_, detail) = Api::fault(&act(&api, &vm, "start").await.expect(409));
    assert!(detail.contains("scheduling constraints"), "{detail}");
}

#[tokio::test]
async fn a_virtual_machine_moves_to_another_host() {
    let (api, vm) = one_vm(None).await;
    act(&api, &vm, "start").await.expect(200);
    let before = api.wait(&vm, "status", "up").await.attributes("host", "id").remove(0);
    act(&api, &vm, "migrate").await.expect(409);
    let host = "<host><name>host2</name><address>host2.example</address><root_password>x</root_password></host>";
    let host = api.post("/hosts", host).await.expect(201).id();
    api.wait(&format!("/hosts/{host}"), "status", "up").await;
    act(&api, &vm, "migrate").await.expect(200);
    assert_eq!(api.wait(&vm, "status", "up").await.attributes("host", "id"), [host.as_str()]);
    assert_ne!(before, host);
}

#[tokio::test]
async fn a_running_virtual_machine_keeps_changes_for_its_next_start() {
    let (api, vm) = one_vm(None).await;
    act(&api, &vm, "start").await.expect(200);
    api.wait(&vm, "status", "up").await;
    let changes = "<vm><description>now</description><bios><boot_menu><enabled>true</enabled></boot_menu></bios></vm>";
    let reply = api.put(&vm, changes).await.expect(200);
    assert_eq!(reply.text("description").as_deref(), Some("now"));
    assert_eq!(reply.text("bios/boot_menu/enabled").as_deref(), Some("false"));
    assert_eq!(reply.text("next_run_configuration_exists").as_deref(), Some("true"));
    act(&api, &vm, "stop").await.expect(200);
    let reply = api.wait(&vm, "status", "down").await;
    assert_eq!(reply.text("bios/boot_menu/enabled").as_deref(), Some("true"));
    assert_eq!(reply.text("next_run_configuration_exists").as_deref(), Some("false"));
}

#[tokio::test]
async fn a_removed_virtual_machine_takes_its_disks_along_or_not() {
    let api = Api::with(Simulator::builder().vms(2)).await;
    let vms = api.get("/vms").await.attributes("vm", "id");
    let disks = api.get("/disks").await.attributes("disk", "id");
    api.delete(&format!("/vms/{}", vms[0])).await.expect(200);
    api.wait_gone(&format!("/vms/{}", vms[0])).await;
    api.wait_gone(&format!("/disks/{}", disks[0])).await;
    api.delete(&format!("/vms/{}?detach_only=true", vms[1])).await.expect(200);
    api.wait_gone(&format!("/vms/{}", vms[1])).await;
    api.get(&format!("/disks/{}", disks[1])).await.expect(200);
}

#[tokio::test]
async fn protected_virtual_machines_stay() {
    let (api, vm) = one_vm(None).await;
    api.put(&vm, "<vm><delete_protected>true</delete_protected></vm>").await.expect(200);
    api.delete(&vm).await.expect(409);
    let (_, detail) = Api::fault(
        &api.put(&vm, "<vm><memory_policy><guaranteed>4294967296</guaranteed></memory_policy></vm>").await.expect(400),
    );
    assert_eq!(detail, "[Physical Memory Guaranteed cannot exceed Memory Size]");
}

#[tokio::test]
async fn interfaces_have_addresses() {
    let (api, vm) = one_vm(None).await;
    let profile = api.get("/vnicprofiles").await.attributes("vnic_profile", "id").remove(0);
    let nic = |name: &str| format!("<nic><name>{name}</name><vnic_profile id=\"{profile}\"/></nic>");
    let nics = format!("{vm}/nics");
    let first = api.post(&nics, &nic("nic1")).await.expect(201);
    assert_eq!(first.text("mac/address").as_deref(), Some("56:6f:1a:1a:00:00"));
    assert_eq!(first.attributes("network", "id"), ["00000000-0000-0000-0000-000000000009"]);
    api.post(&nics, &nic("nic1")).await.expect(409);
    let second = api.post(&nics, &nic("nic2")).await.expect(201);
    assert_eq!(second.text("mac/address").as_deref(), Some("56:6f:1a:1a:00:01"));
    act(&api, &vm, "start").await.expect(200);
    api.wait(&vm, "status", "up").await;
    let path = format!("{nics}/{}", first.id());
    api.delete(&path).await.expect(409);
    act(&api, &path, "deactivate").await.expect(200);
    api.delete(&path).await.expect(200);
    api.delete("/networks/00000000-0000-0000-0000-000000000009").await.expect(409);
}

#[tokio::test]
async fn snapshots_are_made_previewed_and_removed() {
    let (api, vm) = one_vm(None).await;
    let snapshots = format!("{vm}/snapshots");
    let disk = format!("/disks/{}", api.get(&format!("{vm}/diskattachments")).await.attributes("disk_attachment", "id")[0]);
    let image = api.get(&disk).await.text("image_id");
    let added = api.post(&snapshots, "<snapshot><description>s</description></snapshot>").await.expect(201);
    assert_eq!(added.text("snapshot_status").as_deref(), Some("locked"));
    let path = format!("{snapshots}/{}", added.id());
    api.wait(&path, "snapshot_status", "ok").await;
    assert_ne!(api.get(&disk).await.text("image_id"), image);
    assert_eq!(api.get(&format!("{path}/disks")).await.text("disk/image_id"), image);
    let layers = api.get(&format!("{disk}/disksnapshots")).await;
    assert_eq!(layers.attributes("disk_snapshot/snapshot", "id"), [added.id()]);

    act(&api, &vm, "commitsnapshot").await.expect(409);
    let preview = format!("<action><snapshot id=\"{}\"/></action>", added.id());
    api.post(&format!("{vm}/previewsnapshot"), &preview).await.expect(200);
    api.wait(&vm, "status", "down").await;
    assert_eq!(api.get(&path).await.text("snapshot_status").as_deref(), Some("in_preview"));
    api.delete(&path).await.expect(409);
    api.post(&snapshots, "<snapshot><description>t</description></snapshot>").await.expect(409);
    act(&api, &vm, "undosnapshot").await.expect(200);
    api.wait(&vm, "status", "down").await;
    assert_eq!(api.get(&path).await.text("snapshot_status").as_deref(), Some("ok"));

    api.delete(&path).await.expect(200);
    api.wait_gone(&path).await;
    let active = api.get(&snapshots).await.attributes("snapshot", "id");
    assert_eq!(active.len(), 1);
    api.delete(&format!("{snapshots}/{}", active[0])).await.expect(409);
}

#[tokio::test]
async fn templates_are_made_and_used() {
    let (api, vm) = one_vm(None).await;
    let body = format!("<template><name>t</name><vm id=\"{}\"/></template>", vm.trim_start_matches("/vms/"));
    let added = api.post("/templates", &body).await.expect(201);
    assert_eq!(added.text("status").as_deref(), Some("locked"));
    let path = format!("/templates/{}", added.id());
    api.wait(&path, "status", "ok").await;
    api.wait(&vm, "status", "down").await;
    assert_eq!(api.get(&format!("{path}/diskattachments")).await.attributes("disk_attachment", "id").len(), 1);

    let derived = "<vm><name>derived</name><cluster><name>Default</name></cluster><template><name>t</name></template></vm>";
    let derived = api.post("/vms", derived).await.expect(202);
    assert_eq!(derived.text("status").as_deref(), Some("image_locked"));
    let derived = format!("/vms/{}", derived.id());
    api.wait(&derived, "status", "down").await;
    assert_eq!(api.get(&format!("{derived}/diskattachments")).await.attributes("disk_attachment", "id").len(), 1);
    api.delete(&path).await.expect(409);
    api.delete(&derived).await.expect(200);
    api.wait_gone(&derived).await;
    api.delete(&path).await.expect(200);
    api.wait_gone(&path).await;
    api.delete("/templates/00000000-0000-0000-0000-000000000000").await.expect(409);
}

#[tokio::test]
async fn a_virtual_machine_is_cloned() {
    let (api, vm) = one_vm(None).await;
    api.post(&format!("{vm}/clone"), "<action><vm><name>vm1</name></vm></action>").await.expect(409);
    api.post(&format!("{vm}/clone"), "<action><vm><name>copy</name></vm></action>").await.expect(200);
    let copy = api.get("/vms?search=name%3Dcopy").await.attributes("vm", "id").remove(0);
    let copy = format!("/vms/{copy}");
    api.wait(&copy, "status", "down").await;
    assert_eq!(api.get(&format!("{copy}/diskattachments")).await.attributes("disk_attachment", "id").len(), 1);
}

#[tokio::test]
async fn a_backup_leaves_a_checkpoint() {
    let api = Api::start().await;
    let vm = api.vm("v").await;
    let attachment = "<disk_attachment><bootable>true</bootable><interface>virtio</interface><disk><format>cow</format>\
                      <backup>incremental</backup><provisioned_size>4096</provisioned_size><storage_domains>\
                      <storage_domain><name>data1</name></storage_domain></storage_domains></disk></disk_attachment>";
    let disk = api.post(&format!("{vm}/diskattachments"), attachment).await.expect(202).id();
    api.wait(&format!("/disks/{disk}"), "status", "ok").await;
    let body = format!("<backup><disks><disk id=\"{disk}\"/></disks></backup>");
    let added = api.post(&format!("{vm}/backups"), &body).await.expect(201);
    assert_eq!(added.text("phase").as_deref(), Some("initializing"));
    let path = format!("{vm}/backups/{}", added.id());
    let ready = api.wait(&path, "phase", "ready").await;
    let checkpoint = ready.text("to_checkpoint_id").expect("a checkpoint");
    api.get(&format!("{vm}/checkpoints/{checkpoint}")).await.expect(200);
    let disks = api.get(&format!("{path}/disks")).await;
    assert_eq!((disks.attributes("disk", "id"), disks.texts("disk/backup_mode")), (vec![disk.clone()], vec!["full".into()]));
    api.post(&format!("{vm}/backups"), &body).await.expect(409);
    api.delete(&vm).await.expect(409);
    act(&api, &vm, "start").await.expect(409);

    let transfer = format!(
        "<image_transfer><disk id=\"{disk}\"/><backup id=\"{}\"/><direction>download</direction><format>raw</format></image_transfer>",
        added.id()
    );
    api.post("/imagetransfers", &transfer.replace("raw", "cow")).await.expect(400);
    let transfer = format!("/imagetransfers/{}", api.post("/imagetransfers", &transfer).await.expect(201).id());
    act(&api, &path, "finalize").await.expect(409);
    api.wait(&transfer, "phase", "transferring").await;
    act(&api, &transfer, "finalize").await.expect(200);
    api.wait(&transfer, "phase", "finished_success").await;
    act(&api, &path, "finalize").await.expect(200);
    act(&api, &path, "finalize").await.expect(400);
    api.wait(&path, "phase", "succeeded").await;

    let next = body.replace("<backup>", &format!("<backup><from_checkpoint_id>{checkpoint}</from_checkpoint_id>"));
    let next = api.post(&format!("{vm}/backups"), &next).await.expect(201).id();
    let disks = api.get(&format!("{vm}/backups/{next}/disks")).await;
    assert_eq!(disks.texts("disk/backup_mode"), ["incremental"]);
}

#[tokio::test]
async fn figures_are_there_to_be_read() {
    let (api, vm) = one_vm(None).await;
    let figures = api.get(&format!("{vm}?follow=statistics")).await.expect(200);
    let names = figures.texts("statistics/statistic/name");
    assert!(names.contains(&"memory.installed".to_owned()), "{names:?}");
    let host = api.get("/hosts").await.attributes("host", "id").remove(0);
    let figures = api.get(&format!("/hosts/{host}/statistics")).await.expect(200);
    assert_eq!(figures.texts("statistic/values/value/datum")[0], "68719476736");
}

#[tokio::test]
async fn an_import_brings_a_virtual_machine() {
    let api = Api::start().await;
    let body = "<external_vm_import><name>imported</name><provider>vmware</provider><url>vpx://x</url><password>hush</password>\
                <cluster><name>Default</name></cluster><storage_domain><name>data1</name></storage_domain></external_vm_import>";
    api.post("/externalvmimports", body).await.expect(202);
    let vm = api.get("/vms?search=name%3Dimported").await.attributes("vm", "id").remove(0);
    api.wait(&format!("/vms/{vm}"), "status", "down").await;
    api.post("/externalvmimports", body).await.expect(409);
}

#[tokio::test]
async fn a_pool_hands_out_virtual_machines() {
    let api = Api::start().await;
    let body = "<vm_pool><name>p</name><size>2</size><cluster><name>Default</name></cluster>\
                <template><name>Blank</name></template></vm_pool>";
    let pool = format!("/vmpools/{}", api.post("/vmpools", body).await.expect(201).id());
    let vms = api.get("/vms?search=pool%3Dp+sortby+name").await;
    assert_eq!(vms.texts("vm/name"), ["p-1", "p-2"]);
    let vm = format!("/vms/{}", vms.attributes("vm", "id")[0]);
    api.wait(&vm, "status", "down").await;
    api.delete(&vm).await.expect(409);
    act(&api, &pool, "allocatevm").await.expect(409);
    api.put(&pool, "<vm_pool><size>1</size></vm_pool>").await.expect(400);
    api.put(&pool, "<vm_pool><size>3</size></vm_pool>").await.expect(200);
    assert_eq!(api.get("/vms").await.texts("vm/name").len(), 3);
    api.put(&pool, "<vm_pool><size>2000000000</size></vm_pool>").await.expect(400);
    act(&api, &vm, "detach").await.expect(200);
    let third = format!("/vms/{}", api.get("/vms?search=name%3Dp-3").await.attributes("vm", "id")[0]);
    api.wait(&third, "status", "down").await;
    api.delete(&pool).await.expect(200);
    api.wait_gone(&third).await;
    assert_eq!(api.get("/vms").await.texts("vm/name"), ["p-1"]);
}

#[tokio::test]
async fn what_is_locked_refuses() {
    let (api, vm) = one_vm(Some(Duration::from_secs(3600))).await;
    let snapshots = format!("{vm}/snapshots");
    let snapshot = "<snapshot><description>s</description></snapshot>";
    let added = api.post(&snapshots, snapshot).await.expect(201);
    act(&api, &vm, "start").await.expect(409);
    api.post(&snapshots, snapshot).await.expect(409);
    api.delete(&format!("{snapshots}/{}", added.id())).await.expect(409);

    let (api, vm) = one_vm(Some(Duration::from_secs(3600))).await;
    let body = format!("<template><name>t</name><vm id=\"{}\"/></template>", vm.trim_start_matches("/vms/"));
    let template = format!("/templates/{}", api.post("/templates", &body).await.expect(201).id());
    api.delete(&template).await.expect(409);
    api.put(&template, "<template><comment>c</comment></template>").await.expect(409);
    for action in ["start", "stop", "suspend", "clone"] {
        let (_, detail) =
            Api::fault(&api.post(&format!("{vm}/{action}"), "<action><vm><name>x</name></vm></action>").await.expect(409));
        assert!(action == "clone" || detail.contains("VM is locked"), "{action}: {detail}");
    }
    api.delete(&vm).await.expect(409);
    api.put(&vm, "<vm><comment>c</comment></vm>").await.expect(409);
    api.post(&format!("{vm}/snapshots"), snapshot).await.expect(409);
}
