//! Objects that are locked for a time.

use crate::support::Api;
use std::time::Duration;
use virt_simulator::Simulator;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_locked_disk() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let disk = api.disk("d", 4096).await;
    api.engine.lock(&disk, MINUTE).expect("it is there");
    assert_eq!(api.get(&disk).await.expect(200).text("status").as_deref(), Some("locked"));
    let (_, detail) = Api::fault(&api.put(&disk, "<disk><name>e</name></disk>").await.expect(409));
    assert!(detail.contains("Disk is locked"), "{detail}");
    api.delete(&disk).await.expect(409);
    let body = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", &disk["/disks/".len()..]);
    api.post("/imagetransfers", &body).await.expect(409);
    api.engine.advance(MINUTE);
    assert_eq!(api.get(&disk).await.expect(200).text("status").as_deref(), Some("ok"));
    api.put(&disk, "<disk><name>e</name></disk>").await.expect(200);
}

#[tokio::test]
async fn a_locked_virtual_machine() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let href = api.get("/vms").await.expect(200).attributes("vm", "href").remove(0);
    let vm = href.trim_start_matches("/ovirt-engine/api").to_owned();
    api.engine.lock(&href, MINUTE).expect("it is there");
    assert_eq!(api.get(&vm).await.expect(200).text("status").as_deref(), Some("image_locked"));
    for reply in [
        api.post(&format!("{vm}/start"), "<action/>").await,
        api.put(&vm, "<vm><comment>c</comment></vm>").await,
        api.delete(&vm).await,
    ] {
        let (_, detail) = Api::fault(&reply.expect(409));
        assert!(detail.contains("VM is locked"), "{detail}");
    }
    api.engine.advance(MINUTE);
    api.post(&format!("{vm}/start"), "<action/>").await.expect(200);
}

#[tokio::test]
async fn what_is_under_way_waits() {
    let api = Api::with(Simulator::builder().vms(1).transition(MINUTE)).await;
    let href = api.get("/vms").await.expect(200).attributes("vm", "href").remove(0);
    let vm = href.trim_start_matches("/ovirt-engine/api").to_owned();
    api.post(&format!("{vm}/start"), "<action/>").await.expect(200);
    api.engine.lock(&vm, MINUTE).expect("it is there");
    let status = async || api.get(&vm).await.expect(200).text("status").expect("a status");
    for expected in ["image_locked", "wait_for_launch", "powering_up", "up"] {
        assert_eq!(status().await, expected);
        api.engine.advance(MINUTE);
    }
}

#[tokio::test]
async fn what_cannot_be_locked() {
    let api = Api::start().await;
    for path in ["", "/vms", "/vms/00000000-0000-0000-0000-00000000000a", "/hosts", "nonsense/%ff"] {
        let error = api.engine.lock(path, MINUTE).expect_err(path).to_string();
        assert!(error.contains("there is no such object"), "{error}");
    }
    let host = api.get("/hosts").await.expect(200).attributes("host", "href").remove(0);
    let error = api.engine.lock(&host, MINUTE).expect_err("a host").to_string();
    assert!(error.contains("disks, virtual machines, templates and snapshots only"), "{error}");
}
