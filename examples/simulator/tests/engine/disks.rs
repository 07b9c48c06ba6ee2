//! Disks and their attachments.

use crate::support::Api;
use std::time::Duration;
use virt_simulator::{Builder, Simulator};

/// A simulator in which nothing that is locked is ever unlocked.
fn frozen() -> Builder {
    Simulator::builder().transition(Duration::from_secs(3600))
}

fn body(id: &str) -> String {
    format!(
        "<disk {id}><alias>d</alias><format>cow</format><provisioned_size>1048576</provisioned_size>\
         <storage_domains><storage_domain><name>data1</name></storage_domain></storage_domains></disk>"
    )
}

#[tokio::test]
async fn a_disk_is_locked_then_ok_then_gone() {
    let api = Api::start().await;
    let id = "123e4567-e89b-42d3-a456-426614174000";
    let added = api.post("/disks", &body(&format!("id=\"{}\"", id.to_uppercase()))).await.expect(202);
    assert_eq!(added.id(), id);
    assert_eq!(added.text("status").as_deref(), Some("locked"));
    assert_eq!(added.text("qcow_version").as_deref(), Some("qcow2_v3"));
    assert_eq!((added.text("name"), added.text("storage_type")), (Some("d".into()), Some("image".into())));
    let path = format!("/disks/{id}");
    api.wait(&path, "status", "ok").await;
    api.delete(&path).await.expect(200);
    api.wait_gone(&path).await;
}

#[tokio::test]
async fn disks_that_cannot_be_made() {
    let api = Api::start().await;
    api.post("/disks", &body("id=\"nonsense\"")).await.expect(400);
    let id = "id=\"123e4567-e89b-42d3-a456-426614174000\"";
    api.post("/disks", &body(id)).await.expect(202);
    api.post("/disks", &body(id)).await.expect(409);
    api.post("/disks", &body("").replace("1048576", "0")).await.expect(400);
    api.post("/disks", &body("").replace("1048576", "1125899906842624")).await.expect(409);
    api.post("/disks", &body("").replace("data1", "none")).await.expect(404);
    let homeless = "<disk><format>raw</format><provisioned_size>1</provisioned_size></disk>";
    api.post("/disks", homeless).await.expect(400);
}

#[tokio::test]
async fn a_locked_disk_is_left_alone() {
    let api = Api::with(frozen()).await;
    let path = format!("/disks/{}", api.post("/disks", &body("")).await.expect(202).id());
    let (_, detail) = Api::fault(&api.delete(&path).await.expect(409));
    assert!(detail.contains("Disk is locked"), "{detail}");
    api.put(&path, "<disk><alias>other</alias></disk>").await.expect(409);
    let transfer = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", path.trim_start_matches("/disks/"));
    api.post("/imagetransfers", &transfer).await.expect(409);
}

#[tokio::test]
async fn disks_grow_and_do_not_shrink() {
    let api = Api::start().await;
    let path = api.disk("d", 4096).await;
    let size = |size: u32| format!("<disk><provisioned_size>{size}</provisioned_size></disk>");
    api.put(&path, &size(1024)).await.expect(400);
    let grown = api.put(&path, &size(8192)).await.expect(200);
    assert_eq!(grown.text("status").as_deref(), Some("locked"));
    assert_eq!(api.wait(&path, "status", "ok").await.text("provisioned_size").as_deref(), Some("8192"));
    let renamed = api.put(&path, "<disk><name>new</name></disk>").await.expect(200);
    assert_eq!((renamed.text("alias"), renamed.text("status")), (Some("new".into()), Some("ok".into())));
}

#[tokio::test]
async fn disks_are_copied_and_moved() {
    let api = Api::start().await;
    let path = api.disk("d", 4096).await;
    let target = "<action><storage_domain><name>data1</name></storage_domain><disk><alias>copy</alias></disk></action>";
    api.post(&format!("{path}/move"), target).await.expect(400);
    api.post(&format!("{path}/copy"), target).await.expect(200);
    let copies = api.get("/disks?search=alias%3Dcopy").await;
    let copy = format!("/disks/{}", copies.attributes("disk", "id")[0]);
    api.wait(&copy, "status", "ok").await;
    assert_ne!(copy, path);
}

#[tokio::test]
async fn a_disk_is_made_with_its_attachment() {
    let api = Api::start().await;
    let vm = api.vm("v").await;
    let attachment = "<disk_attachment><bootable>true</bootable><interface>virtio</interface><disk><name>root</name><format>raw</format>\
                      <provisioned_size>4096</provisioned_size><storage_domains><storage_domain><name>data1</name>\
                      </storage_domain></storage_domains></disk></disk_attachment>";
    let attachments = format!("{vm}/diskattachments");
    let added = api.post(&attachments, attachment).await.expect(202);
    assert_eq!(added.attributes("disk", "id"), [added.id()]);
    assert_eq!(added.text("active").as_deref(), Some("true"));
    let disk = format!("/disks/{}", added.id());
    assert_eq!(api.wait(&disk, "status", "ok").await.text("alias").as_deref(), Some("root"));
    api.post(&attachments, attachment).await.expect(409);
    api.post(&attachments, &attachment.replace("<interface>virtio</interface>", "").replace("true", "false")).await.expect(400);

    let path = format!("{attachments}/{}", added.id());
    let again = "<disk_attachment><active>true</active></disk_attachment>";
    let (_, detail) = Api::fault(&api.put(&path, again).await.expect(409));
    assert!(detail.contains("Failed to hot-plug disk"), "{detail}");
    let unplugged = api.put(&path, &again.replace("true", "false")).await.expect(200);
    assert_eq!(unplugged.text("active").as_deref(), Some("false"));
    let larger = "<disk_attachment><disk id=\"ID\"><provisioned_size>8192</provisioned_size></disk></disk_attachment>";
    api.put(&path, &larger.replace("ID", &added.id())).await.expect(200);
    assert_eq!(api.wait(&disk, "status", "ok").await.text("provisioned_size").as_deref(), Some("8192"));

    api.delete(&path).await.expect(200);
    api.get(&path).await.expect(404);
    api.get(&disk).await.expect(200);
    let nameless = attachment.replace("<name>root</name>", "");
    let disk = format!("/disks/{}", api.post(&attachments, &nameless).await.expect(202).id());
    assert_eq!(api.get(&disk).await.text("alias").as_deref(), Some("v_Disk1"));
}

#[tokio::test]
async fn a_disk_is_attached_once() {
    let api = Api::start().await;
    let (one, two) = (api.vm("one").await, api.vm("two").await);
    let disk = api.disk("d", 4096).await;
    let id = disk.trim_start_matches("/disks/");
    let attachment = format!("<disk_attachment><interface>virtio</interface><disk id=\"{id}\"/></disk_attachment>");
    api.post(&format!("{one}/diskattachments"), &attachment).await.expect(201);
    api.post(&format!("{two}/diskattachments"), &attachment).await.expect(409);
    api.post(&format!("{two}/diskattachments"), &attachment.replace(id, "00000000-0000-0000-0000-00000000000a"))
        .await
        .expect(400);
    api.delete(&format!("{one}/diskattachments/{id}?detach_only=false")).await.expect(200);
    api.wait_gone(&disk).await;
}

#[tokio::test]
async fn a_removed_disk_takes_its_attachment_along() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let vm = api.get("/vms").await.attributes("vm", "id").remove(0);
    let disk = format!("/disks/{}", api.get("/disks").await.attributes("disk", "id")[0]);
    api.post(&format!("/vms/{vm}/start"), "<action/>").await.expect(200);
    api.delete(&disk).await.expect(409);
    api.wait(&format!("/vms/{vm}"), "status", "up").await;
    api.post(&format!("/vms/{vm}/stop"), "<action/>").await.expect(200);
    api.wait(&format!("/vms/{vm}"), "status", "down").await;
    api.delete(&disk).await.expect(200);
    api.wait_gone(&disk).await;
    assert!(api.get(&format!("/vms/{vm}/diskattachments")).await.attributes("disk_attachment", "id").is_empty());
}
