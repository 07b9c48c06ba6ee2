//! Storage domains, hosts, data centers, clusters.

use crate::support::Api;

const ACTION: &str = "<action/>";

#[tokio::test]
async fn a_storage_domain_is_attached_and_detached() {
    let api = Api::start().await;
    let body = "<storage_domain><name>data2</name><type>data</type><host><name>host1</name></host>\
                <storage><type>nfs</type><address>a</address><path>/p</path></storage></storage_domain>";
    let added = api.post("/storagedomains", body).await.expect(201);
    assert_eq!(added.text("status").as_deref(), Some("unattached"));
    let (top, id) = (format!("/storagedomains/{}", added.id()), added.id());
    let center = api.get("/datacenters").await.attributes("data_center", "id").remove(0);
    let attached = format!("/datacenters/{center}/storagedomains");
    let path = format!("{attached}/{id}");
    let reference = format!("<storage_domain id=\"{id}\"/>");
    let reply = api.post(&attached, &reference).await.expect(201);
    assert_eq!(reply.attributes("", "href"), [format!("/ovirt-engine/api{path}")]);
    api.wait(&path, "status", "active").await;
    assert_eq!(api.get(&top).await.text("status"), None);
    api.post(&attached, &reference).await.expect(409);

    api.delete(&path).await.expect(409);
    api.post(&format!("{path}/activate"), ACTION).await.expect(409);
    api.post(&format!("{path}/deactivate"), ACTION).await.expect(200);
    api.wait(&path, "status", "maintenance").await;
    api.post(&format!("{path}/activate"), ACTION).await.expect(200);
    api.wait(&path, "status", "active").await;
    api.post(&format!("{path}/deactivate"), ACTION).await.expect(200);
    api.wait(&path, "status", "maintenance").await;
    api.delete(&path).await.expect(200);
    api.get(&path).await.expect(404);
    assert_eq!(api.get(&top).await.text("status").as_deref(), Some("unattached"));
    let (reason, _) = Api::fault(&api.delete(&top).await.expect(400));
    assert_eq!(reason, "host parameter is missing");
    api.delete(&format!("{top}?host=host1")).await.expect(200);
    api.get(&top).await.expect(404);
}

#[tokio::test]
async fn the_first_domain_brings_a_data_center_up() {
    let api = Api::start().await;
    let center = api.post("/datacenters", "<data_center><name>dc</name><local>false</local></data_center>").await.expect(201);
    assert_eq!(center.text("status").as_deref(), Some("uninitialized"));
    let body = "<storage_domain><name>s</name><type>data</type><host><name>host1</name></host>\
                <storage><type>nfs</type><address>a</address><path>/p</path></storage></storage_domain>";
    api.post("/storagedomains", body).await.expect(201);
    let path = format!("/datacenters/{}", center.id());
    api.post(&format!("{path}/storagedomains"), "<storage_domain><name>s</name></storage_domain>").await.expect(201);
    api.wait(&path, "status", "up").await;
    api.delete(&path).await.expect(409);
}

#[tokio::test]
async fn a_domain_in_use_stays_active() {
    let api = Api::start().await;
    let center = api.get("/datacenters").await.attributes("data_center", "id").remove(0);
    let domain = api.get("/storagedomains").await.attributes("storage_domain", "id").remove(0);
    let disk = api.disk("d", 1 << 20).await;
    let transfer = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", disk.trim_start_matches("/disks/"));
    api.post("/imagetransfers", &transfer).await.expect(201);
    let path = format!("/datacenters/{center}/storagedomains/{domain}");
    api.post(&format!("{path}/deactivate"), ACTION).await.expect(409);
}

#[tokio::test]
async fn a_host_comes_and_goes() {
    let api = Api::start().await;
    let body = "<host><name>host2</name><address>host2.example</address><root_password>x</root_password></host>";
    let added = api.post("/hosts", body).await.expect(201);
    assert_eq!(added.text("status").as_deref(), Some("installing"));
    let path = format!("/hosts/{}", added.id());
    api.wait(&path, "status", "up").await;
    api.post("/hosts", &body.replace("<name>host2", "<name>host3")).await.expect(409);
    api.delete(&path).await.expect(409);
    api.post(&format!("{path}/activate"), ACTION).await.expect(409);
    api.post(&format!("{path}/install"), ACTION).await.expect(409);
    api.post(&format!("{path}/deactivate"), ACTION).await.expect(200);
    api.wait(&path, "status", "maintenance").await;
    api.post(&format!("{path}/deactivate"), ACTION).await.expect(409);
    api.post(&format!("{path}/activate"), ACTION).await.expect(200);
    api.wait(&path, "status", "up").await;
    let fence = "<action><fence_type>status</fence_type></action>";
    api.post(&format!("{path}/fence"), fence).await.expect(409);
    let agent =
        "<agent><address>a</address><order>1</order><type>ipmilan</type><username>u</username><password>p</password></agent>";
    api.post(&format!("{path}/fenceagents"), agent).await.expect(201);
    let reply = api.post(&format!("{path}/fence"), fence).await.expect(200);
    assert_eq!(reply.text("power_management/status").as_deref(), Some("on"));
    api.post(&format!("{path}/deactivate"), ACTION).await.expect(200);
    api.wait(&path, "status", "maintenance").await;
    api.delete(&path).await.expect(200);
    api.get(&path).await.expect(404);
}

#[tokio::test]
async fn what_is_in_use_is_not_removed() {
    let api = Api::start().await;
    let cluster = api.get("/clusters").await.attributes("cluster", "id").remove(0);
    api.delete(&format!("/clusters/{cluster}")).await.expect(409);
    let center = api.get("/datacenters").await.attributes("data_center", "id").remove(0);
    let body = format!("<cluster><name>c</name><data_center id=\"{center}\"/></cluster>");
    let added = api.post("/clusters", &body).await.expect(201).id();
    api.delete(&format!("/clusters/{added}")).await.expect(200);
    let role = api.get("/roles").await.attributes("role", "id").remove(0);
    api.delete(&format!("/roles/{role}")).await.expect(409);
}

#[tokio::test]
async fn permissions_belong_to_objects() {
    let api = Api::start().await;
    let vm = api.vm("v").await;
    let user = api.get("/users").await.attributes("user", "id").remove(0);
    let body = format!("<permission><role><name>UserRole</name></role><user id=\"{user}\"/></permission>");
    let added = api.post(&format!("{vm}/permissions"), &body).await.expect(201);
    assert_eq!(added.attributes("vm", "id"), [vm.trim_start_matches("/vms/")]);
    assert_eq!(api.get(&format!("/users/{user}/permissions")).await.attributes("permission", "id").len(), 2);
    api.delete(&format!("{vm}/permissions/{}", added.id())).await.expect(200);
    assert!(api.get(&format!("{vm}/permissions")).await.attributes("permission", "id").is_empty());
}

#[tokio::test]
async fn bricks_are_added_and_removed_as_lists() {
    let api = Api::start().await;
    let cluster = api.get("/clusters").await.attributes("cluster", "id").remove(0);
    let volume = "<gluster_volume><name>v</name><volume_type>distribute</volume_type><bricks><brick><brick_dir>/a</brick_dir>\
                  <server_id>s</server_id></brick></bricks></gluster_volume>";
    let volume = api.post(&format!("/clusters/{cluster}/glustervolumes"), volume).await.expect(201).id();
    let path = format!("/clusters/{cluster}/glustervolumes/{volume}/glusterbricks");
    let bricks = "<bricks><brick><brick_dir>/b</brick_dir><server_id>s</server_id></brick></bricks>";
    let added = api.post(&path, bricks).await.expect(201);
    let id = added.attributes("brick", "id").remove(0);
    let body = format!("<action><bricks><brick id=\"{id}\"/></bricks></action>");
    crate::support::Reply::of(api.request(reqwest::Method::DELETE, &path).body(body)).await.expect(200);
    assert!(api.get(&path).await.attributes("brick", "id").is_empty());
}
