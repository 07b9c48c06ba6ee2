//! Requests that the engine refuses before it does anything.

use crate::support::{Api, Reply};
use reqwest::Method;
use virt_simulator::Simulator;

#[tokio::test]
async fn unknown_paths_and_verbs() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    for path in ["/nonsense", "/vms/nonsense", "/vms/nonsense/nics", "/vms/%00", "/vms/%ff", "/vms/../vms2", "/vms/a/b/c"] {
        assert_eq!(api.get(path).await.expect(404).body, "", "{path}");
    }
    let reply = api.delete("/vms").await.expect(405);
    assert_eq!(reply.header("allow"), Some("GET, POST"));
    let vm = api.get("/vms").await.attributes("vm", "id").remove(0);
    let reply = api.get(&format!("/vms/{vm}/start")).await.expect(405);
    assert_eq!(reply.header("allow"), Some("POST"));
    api.post(&format!("/vms/{vm}/explode"), "<action/>").await.expect(404);
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let api = Api::start().await;
    let deep = format!("<vm>{}{}</vm>", "<cluster>".repeat(500_000), "</cluster>".repeat(500_000));
    for body in [
        "",
        "nonsense",
        "<vm>",
        "<disk/>",
        "<vm><colour>red</colour></vm>",
        "<vm><name>a</name><nics><disk/></nics></vm>",
        "<!DOCTYPE vm [<!ENTITY a \"b\">]><vm><name>&a;</name></vm>",
        &deep,
    ] {
        let (reason, detail) = Api::fault(&api.post("/vms", body).await.expect(400));
        assert_eq!(reason, "Request syntactically incorrect.");
        assert!(detail.contains("services/vms/methods/add"), "{detail}");
    }
    let request = api.request(Method::POST, "/vms").body(vec![0xff, 0xfe]);
    Reply::of(request).await.expect(400);
}

#[tokio::test]
async fn values_that_are_not_of_their_type() {
    let api = Api::start().await;
    for (body, reason) in [
        ("<disk><format>vhd</format></disk>", "Invalid value"),
        ("<disk><sparse>maybe</sparse></disk>", "Invalid value"),
        ("<disk><provisioned_size>big</provisioned_size></disk>", "Invalid value"),
        ("<disk><provisioned_size>9223372036854775808</provisioned_size></disk>", "Value out of range"),
        ("<disk><id>1</id></disk>", "Request syntactically incorrect."),
    ] {
        assert_eq!(Api::fault(&api.post("/disks", body).await.expect(400)).0, reason, "{body}");
    }
    let (_, detail) = Api::fault(&api.post("/disks", "<disk><format>vhd</format></disk>").await);
    assert_eq!(detail, "vhd is not a member of DiskFormat");
    let vm = "<vm><name>a</name><cpu><topology><cores>2147483648</cores></topology></cpu></vm>";
    assert_eq!(Api::fault(&api.post("/vms", vm).await.expect(400)).0, "Value out of range");
}

#[tokio::test]
async fn members_that_are_missing() {
    let api = Api::start().await;
    for (path, body, detail) in [
        ("/vms", "<vm/>", "Vm [name, cluster.id|cluster.name, template.id|template.name] required for add"),
        ("/vms", "<vm><name>a</name><cluster id=\"x\"/></vm>", "Vm [template.id|template.name] required for add"),
        ("/disks", "<disk><format>raw</format></disk>", "Disk [provisioned_size] required for add"),
        ("/tags", "<tag/>", "Tag [name] required for add"),
        ("/imagetransfers", "<image_transfer/>", "ImageTransfer [disk.id|snapshot.id|image.id] required for add"),
        ("/hosts", "<host><name>h</name></host>", "Host [address] required for add"),
    ] {
        let fault = Api::fault(&api.post(path, body).await.expect(400));
        assert_eq!((fault.0.as_str(), fault.1.as_str()), ("Incomplete parameters", detail));
    }
    let disk = api.disk("d", 1).await;
    let reply = api.post(&format!("{disk}/move"), "<action/>").await.expect(400);
    assert_eq!(reply.text("status").as_deref(), Some("failed"));
    assert_eq!(Api::fault(&reply).0, "Incomplete parameters");
}

#[tokio::test]
async fn objects_that_do_not_exist() {
    let api = Api::start().await;
    let vm =
        |cluster: &str| format!("<vm><name>a</name><cluster>{cluster}</cluster><template><name>Blank</name></template></vm>");
    let (_, detail) = Api::fault(&api.post("/vms", &vm("<name>none</name>")).await.expect(404));
    assert_eq!(detail, "Entity not found: Cluster: name=none");
    let body = vm("").replace("<cluster></cluster>", "<cluster id=\"00000000-0000-0000-0000-00000000000a\"/>");
    api.post("/vms", &body).await.expect(400);
}

#[tokio::test]
async fn names_that_are_taken_or_odd() {
    let api = Api::start().await;
    let vm = api.vm("one").await;
    let body = "<vm><name>one</name><cluster><name>Default</name></cluster><template><name>Blank</name></template></vm>";
    let (reason, detail) = Api::fault(&api.post("/vms", body).await.expect(409));
    assert_eq!(reason, "Operation Failed");
    assert!(detail.starts_with('[') && detail.contains("already in use"), "{detail}");
    api.post("/vms", &body.replace("one", "a b")).await.expect(400);
    api.vm("two").await;
    api.put(&vm, "<vm><name>two</name></vm>").await.expect(409);
    api.put(&vm, "<vm><name>one</name></vm>").await.expect(200);
    // Aliases of disks need not be unique.
    api.disk("same", 1).await;
    api.disk("same", 1).await;
}

#[tokio::test]
async fn ids_do_not_change() {
    let api = Api::start().await;
    let vm = api.vm("one").await;
    let (reason, _) = Api::fault(&api.put(&vm, "<vm id=\"other\"><comment>c</comment></vm>").await.expect(409));
    assert_eq!(reason, "Broken immutability constraint");
    let same = format!("<vm id=\"{}\"><comment>c</comment></vm>", vm.trim_start_matches("/vms/"));
    assert_eq!(api.put(&vm, &same).await.expect(200).text("comment").as_deref(), Some("c"));
}

#[tokio::test]
async fn ids_of_callers_are_checked() {
    let api = Api::start().await;
    let labels = "/networks/00000000-0000-0000-0000-000000000009/networklabels";
    let label = |id: &str| format!("<network_label id=\"{id}\"/>");
    assert_eq!(api.post(labels, &label("red")).await.expect(201).id(), "red");
    api.get(&format!("{labels}/red")).await.expect(200);
    api.post(labels, &label("red")).await.expect(409);
    api.post(labels, &label("a/b")).await.expect(400);
    api.post(labels, &label("..")).await.expect(400);
    api.post(labels, &label("")).await.expect(400);
}

#[tokio::test]
async fn secrets_are_taken_and_never_shown() {
    let api = Api::start().await;
    let host = "<host><name>h</name><address>h.example</address><root_password>hush</root_password></host>";
    let added = api.post("/hosts", host).await.expect(201);
    assert!(!added.body.contains("hush"));
    assert!(!api.get(&format!("/hosts/{}", added.id())).await.body.contains("hush"));
    let vm = "<vm><name>v</name><cluster><name>Default</name></cluster><template><name>Blank</name></template>\
              <initialization><host_name>v</host_name><root_password>hush</root_password></initialization></vm>";
    let added = api.post("/vms", vm).await.expect(201);
    assert_eq!(added.text("initialization/host_name").as_deref(), Some("v"));
    assert!(!added.body.contains("hush"));

    let disk = "<disk_attachment><interface>virtio</interface><disk><lun_storage><type>iscsi</type><logical_units><logical_unit \
                id=\"l\"><password>hush</password></logical_unit></logical_units></lun_storage></disk></disk_attachment>";
    let path = format!("/vms/{}", added.id());
    api.post(&format!("{path}/diskattachments"), disk).await.expect(202);
    assert!(!api.get("/disks").await.body.contains("hush"));
}

#[tokio::test]
async fn secrets_do_not_come_back_later() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let vm = format!("/vms/{}", api.get("/vms").await.attributes("vm", "id")[0]);
    let secret = "<vm><name>copy</name><initialization><root_password>hush</root_password></initialization></vm>";
    api.post(&format!("{vm}/clone"), &format!("<action>{secret}</action>")).await.expect(200);
    api.wait(&vm, "status", "down").await;
    api.post(&format!("{vm}/start"), "<action/>").await.expect(200);
    api.wait(&vm, "status", "up").await;
    api.put(&vm, &secret.replace("<name>copy</name>", "<stateless>true</stateless>")).await.expect(200);
    api.post(&format!("{vm}/stop"), "<action/>").await.expect(200);
    assert_eq!(api.wait(&vm, "status", "down").await.text("stateless").as_deref(), Some("true"));
    assert!(!api.get("/vms").await.body.contains("hush"));
}

#[tokio::test]
async fn states_are_not_for_clients_to_set() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    for (element, before, status) in [("vm", "down", "up"), ("disk", "ok", "illegal"), ("host", "up", "error")] {
        let collection = format!("{element}s");
        let id = api.get(&format!("/{collection}")).await.attributes(element, "id").remove(0);
        let body = format!("<{element}><status>{status}</status></{element}>");
        let reply = api.put(&format!("/{collection}/{id}"), &body).await.expect(200);
        assert_eq!(reply.text("status").as_deref(), Some(before));
    }
}

#[tokio::test]
async fn what_a_client_received_it_can_send_back() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let vm = api.get("/vms").await.attributes("vm", "id").remove(0);
    let path = format!("/vms/{vm}");
    let reply = api.get(&path).await.expect(200);
    assert_eq!(api.put(&path, &reply.body).await.expect(200).body, reply.body);
}
