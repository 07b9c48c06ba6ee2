//! Versions of the engine.

use crate::support::{Api, Reply, is_part};
use reqwest::Method;
use std::time::Duration;
use virt_simulator::Simulator;

const SIZE: u64 = 1 << 20;

/// A transfer of an engine of some version.
struct Old {
    api: Api,
    disk: String,
    path: String,
    /// What the engine answered to the request for it.
    added: Reply,
    /// What it told when data could flow.
    open: Reply,
}

impl Old {
    /// Opens a transfer of a new disk, whose request has these members beside the disk.
    async fn open(version: &str, more: &str) -> Self {
        let api = Api::with(Simulator::builder().engine_version(version)).await;
        let disk = api.disk("d", SIZE).await;
        Self::of(api, disk, more).await
    }

    async fn of(api: Api, disk: String, more: &str) -> Self {
        let body = format!("<image_transfer><image id=\"{}\"/>{more}</image_transfer>", &disk["/disks/".len()..]);
        let added = api.post("/imagetransfers", &body).await.expect(201);
        let path = format!("/imagetransfers/{}", added.id());
        let open = api.wait(&path, "phase", "transferring").await;
        Self { api, disk, path, added, open }
    }

    fn text(&self, member: &str) -> String {
        self.open.text(member).unwrap_or_else(|| panic!("no {member}: {}", self.open.body))
    }

    /// A request to the proxy, with what it asks for.
    fn proxy(&self, method: Method) -> reqwest::RequestBuilder {
        self.api.http.request(method, self.text("proxy_url")).header("authorization", self.text("signed_ticket"))
    }

    async fn act(&self, action: &str) -> Reply {
        self.api.post(&format!("{}/{action}", self.path), "<action/>").await
    }
}

/// Names of the members of an answer, and of the actions that it offers.
fn members(reply: &Reply) -> (Vec<String>, Vec<String>) {
    let document = roxmltree::Document::parse(&reply.body).expect("XML");
    let elements = document.root_element().children().filter(|node| node.is_element());
    (elements.map(|node| node.tag_name().name().to_owned()).collect(), reply.attributes("actions/link", "rel"))
}

/// Adds a disk and a transfer of it, and waits until that is open. Returns the paths of both.
async fn upload(api: &Api) -> (String, String) {
    let disk = api.disk("d", 4096).await;
    let body = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", &disk["/disks/".len()..]);
    let transfer = format!("/imagetransfers/{}", api.post("/imagetransfers", &body).await.expect(201).id());
    api.wait(&transfer, "phase", "transferring").await;
    (disk, transfer)
}

#[tokio::test]
async fn the_entry_point_tells_the_version() {
    for (given, numbers, full) in [
        ("4.4.6", ["4", "4", "6", "0"], "4.4.6-1.el8"),
        ("4.5", ["4", "5", "0", "0"], "4.5-1.el8"),
        ("4.5.6", ["4", "5", "6", "0"], "4.5.6-1.el9"),
        ("4.4.10.7-0.4.el8ev", ["4", "4", "10", "7"], "4.4.10.7-0.4.el8ev"),
    ] {
        let api = Api::with(Simulator::builder().engine_version(given)).await;
        let root = api.get("").await.expect(200);
        let text = |member: &str| root.text(&format!("product_info/version/{member}")).unwrap_or_default();
        assert_eq!(["major", "minor", "build", "revision"].map(text), numbers.map(str::to_owned));
        assert_eq!(text("full_version"), full);
    }
    for wrong in ["", "4", "four", "4.5.x", "1.2.3.4.5"] {
        let error = Simulator::builder().engine_version(wrong).start().await.expect_err(wrong).to_string();
        assert!(error.contains("is no version of an engine"), "{error}");
    }
}

#[tokio::test]
async fn transfers_vanish_with_their_end_before_4_4_7() {
    let api = Api::with(Simulator::builder().engine_version("4.4.6")).await;
    let (disk, transfer) = upload(&api).await;
    api.post(&format!("{transfer}/finalize"), "<action/>").await.expect(200);
    api.wait_gone(&transfer).await;
    assert_eq!(api.get(&disk).await.expect(200).text("status").as_deref(), Some("ok"));
    let (disk, transfer) = upload(&api).await;
    api.post(&format!("{transfer}/cancel"), "<action/>").await.expect(200);
    api.wait_gone(&transfer).await;
    api.get(&disk).await.expect(404);
}

#[tokio::test]
async fn transfers_stay_since_4_4_7() {
    let api = Api::with(Simulator::builder().engine_version("4.4.7")).await;
    let (_, transfer) = upload(&api).await;
    api.post(&format!("{transfer}/finalize"), "<action/>").await.expect(200);
    api.wait(&transfer, "phase", "finished_success").await;
    api.engine.advance(Duration::from_secs(14 * 60));
    assert_eq!(api.get(&transfer).await.expect(200).text("phase").as_deref(), Some("finished_success"));
    api.engine.advance(Duration::from_secs(60));
    api.get(&transfer).await.expect(404);
}

#[tokio::test]
async fn transfers_have_the_members_and_actions_of_the_version() {
    let all = "<direction>upload</direction><format>raw</format><inactivity_timeout>30</inactivity_timeout>\
               <timeout_policy>cancel</timeout_policy><shallow>false</shallow>";
    for (since, member) in [
        ("4.0.4", "proxy_url"),
        ("4.1", "direction"),
        ("4.2", "transfer_url"),
        ("4.2", "active"),
        ("4.2", "transferred"),
        ("4.2.3", "inactivity_timeout"),
        ("4.3", "format"),
        ("4.4.3", "shallow"),
        ("4.4.5", "timeout_policy"),
    ] {
        for version in ["4.0.6", "4.1.9", "4.2.0", "4.2.3", "4.3.10", "4.4.2", "4.4.3", "4.4.5"] {
            let transfer = Old::open(version, all).await;
            for reply in [&transfer.added, &transfer.open] {
                let (found, actions) = members(reply);
                let is_there = found.iter().any(|name| name == member);
                // A URL is there with the ticket only.
                let is_early = member.ends_with("_url") && std::ptr::eq(reply, &transfer.added);
                assert_eq!(is_there, is_reached(version, since) && !is_early, "{member} of {version}: {}", reply.body);
                assert_eq!(actions.iter().any(|name| name == "cancel"), is_reached(version, "4.2.3"), "{version}: {actions:?}");
            }
        }
    }
}

/// Whether a version is another one or a later one.
fn is_reached(version: &str, since: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> { text.split('.').map(|number| number.parse().expect("a number")).collect() };
    numbers(version) >= numbers(since)
}

#[tokio::test]
async fn what_an_old_engine_does_not_know_is_ignored() {
    // There are no downloads, whatever the request says.
    let upload = Old::open("4.0.6", "<direction>download</direction><timeout_policy>cancel</timeout_policy>").await;
    let data = upload.proxy(Method::PUT).header("content-range", format!("bytes 0-3/{SIZE}")).body("data");
    Reply::of(data).await.expect(200);
    // A disk is an image there.
    let disk = upload.api.disk("e", SIZE).await;
    let body = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", &disk["/disks/".len()..]);
    let (reason, _) = Api::fault(&upload.api.post("/imagetransfers", &body).await.expect(400));
    assert_eq!(reason, "Incomplete parameters");
}

#[tokio::test]
async fn transfers_cannot_be_cancelled_before_4_2_3() {
    let upload = Old::open("4.2.2", "").await;
    let (_, detail) = Api::fault(&upload.act("cancel").await.expect(404));
    assert!(detail.contains("cancel"), "{detail}");
    assert_eq!(upload.api.get(&upload.path).await.text("phase").as_deref(), Some("transferring"));
    Old::open("4.2.3", "").await.act("cancel").await.expect(200);
}

#[tokio::test]
async fn who_cancelled_is_not_told_before_4_3_5() {
    let api = Api::with(Simulator::builder().engine_version("4.3.4").transition(Duration::from_millis(100))).await;
    let disk = api.disk("d", SIZE).await;
    let upload = Old::of(api, disk, "").await;
    upload.act("cancel").await.expect(200);
    let mut phases: Vec<String> = Vec::new();
    loop {
        let reply = upload.api.get(&upload.path).await;
        let Some(phase) = (reply.status == 200).then(|| reply.text("phase").expect("a phase")) else { break };
        if phases.last() != Some(&phase) {
            phases.push(phase);
        }
    }
    // The last one may be gone with the transfer before anybody sees it.
    phases.retain(|phase| phase != "finished_failure");
    assert!(is_part(&phases, &["cancelled", "finalizing_failure"]), "{phases:?}");
    upload.api.get(&upload.disk).await.expect(404);
}

#[tokio::test]
async fn the_proxy_wants_the_signed_ticket_before_4_4_3() {
    for version in ["4.2", "4.4.2"] {
        let upload = Old::open(version, "").await;
        let (proxy, signed) = (upload.text("proxy_url"), upload.text("signed_ticket"));
        let put = |url: String, permission: Option<&str>| {
            let put = upload.api.http.put(url).header("content-range", format!("bytes 0-3/{SIZE}")).body("data");
            permission.into_iter().fold(put, |put, permission| put.header("authorization", permission))
        };
        Reply::of(put(proxy.clone(), None)).await.expect(401);
        Reply::of(put(proxy.clone(), Some("of somebody else"))).await.expect(401);
        Reply::of(put(proxy.clone(), Some(&signed))).await.expect(200);
        Reply::of(put(upload.text("transfer_url"), None)).await.expect(200);
        assert!(upload.api.engine.secrets().contains(&signed));
        let seen = format!("{:?}", upload.api.engine.requests());
        assert!(!seen.contains(&signed), "{seen}");
        // It goes with the ticket.
        upload.act("pause").await.expect(200);
        assert_eq!(upload.api.get(&upload.path).await.text("signed_ticket"), Some(signed.clone()));
        upload.act("finalize").await.expect(200);
        assert_eq!(upload.api.get(&upload.path).await.text("signed_ticket"), None);
    }
    let upload = Old::open("4.4.3", "").await;
    assert_eq!(upload.open.text("signed_ticket"), None);
    Reply::of(upload.api.http.put(upload.text("proxy_url")).body("data")).await.expect(200);
}

#[tokio::test]
async fn the_daemon_reads_and_writes_and_nothing_else_before_4_3() {
    let upload = Old::open("4.2", "").await;
    let (http, url) = (&upload.api.http, upload.text("transfer_url"));
    let direct = |method: Method| http.request(method, &url);
    Reply::of(direct(Method::OPTIONS)).await.expect(405);
    let abilities = Reply::of(http.request(Method::OPTIONS, upload.text("proxy_url"))).await.expect(204);
    assert_eq!(abilities.body, "");
    let zero = r#"{"op": "zero", "size": 4096}"#;
    Reply::of(direct(Method::PATCH).body(zero)).await.expect(405);
    Reply::of(upload.proxy(Method::PATCH).body(zero)).await.expect(405);
    for below in ["extents", "checksum", "checksum/algorithms"] {
        Reply::of(http.get(format!("{url}/{below}"))).await.expect(404);
    }
    // What is in the query does not matter.
    let put = |range: &str, body: &'static str| {
        http.put(format!("{url}?flush=n&close=later")).header("content-range", range).body(body)
    };
    Reply::of(http.put(&url).body("data")).await.expect(400);
    for wrong in ["bytes 0-3/*", "bytes 0-*/4", "bytes 0-4/1048576", "bytes 1-3/1048576", "0-3"] {
        Reply::of(put(wrong, "data")).await.expect(400);
    }
    Reply::of(put("bytes 4-7/1048576", "data")).await.expect(200);
    let read = direct(Method::GET).header("range", "bytes=3-7");
    assert_eq!(Reply::of(read).await.expect(206).body, "\0data");
    assert_eq!(upload.api.get(&upload.path).await.text("transferred").as_deref(), Some("9"));
    // Since then, it does.
    let upload = Old::open("4.3", "").await;
    let abilities = Reply::of(upload.api.http.request(Method::OPTIONS, upload.text("transfer_url"))).await.expect(200);
    assert!(abilities.body.contains("extents"), "{}", abilities.body);
}

#[tokio::test]
async fn tickets_expire_unless_the_client_extends_them_before_4_3() {
    let lifetime = Duration::from_secs(300);
    let upload = Old::open("4.2", "").await;
    let put = || {
        let put = upload.api.http.put(upload.text("transfer_url")).header("content-range", "bytes 0-3/4").body("data");
        Reply::of(put)
    };
    upload.api.engine.advance(lifetime - Duration::from_secs(60));
    // Using it does not help.
    put().await.expect(200);
    upload.act("extend").await.expect(200);
    upload.api.engine.advance(lifetime - Duration::from_secs(60));
    put().await.expect(200);
    upload.api.engine.advance(Duration::from_secs(60));
    assert!(put().await.expect(403).body.contains("expired"));
    upload.act("extend").await.expect(200);
    put().await.expect(200);
    upload.act("pause").await.expect(200);
    upload.api.engine.advance(lifetime);
    put().await.expect(403);
    upload.act("resume").await.expect(200);
    upload.api.wait(&upload.path, "phase", "transferring").await;
    put().await.expect(200);
}

#[tokio::test]
async fn transfers_are_in_the_format_of_the_disk_before_4_3() {
    let api = Api::with(Simulator::builder().engine_version("4.2")).await;
    let make = async |header: &[u8]| {
        let body = format!(
            "<disk><format>cow</format><provisioned_size>{SIZE}</provisioned_size><storage_domains><storage_domain>\
             <name>data1</name></storage_domain></storage_domains></disk>"
        );
        let disk = format!("/disks/{}", api.post("/disks", &body).await.expect(202).id());
        api.wait(&disk, "status", "ok").await;
        // Whatever a newer client asks for.
        let body = format!("<image_transfer><disk id=\"{}\"/><format>raw</format></image_transfer>", &disk["/disks/".len()..]);
        let path = format!("/imagetransfers/{}", api.post("/imagetransfers", &body).await.expect(201).id());
        let url = api.wait(&path, "phase", "transferring").await.text("transfer_url").expect("a URL");
        let range = format!("bytes 0-{}/{}", header.len() - 1, header.len());
        Reply::of(api.http.put(url).header("content-range", range).body(header.to_vec())).await.expect(200);
        api.post(&format!("{path}/finalize"), "<action/>").await.expect(200);
        api.wait_gone(&path).await;
        api.get(&disk).await.status
    };
    let mut header = vec![0; 112];
    assert_eq!(make(&header).await, 404);
    header[..4].copy_from_slice(b"QFI\xfb");
    header[24..32].copy_from_slice(&SIZE.to_be_bytes());
    assert_eq!(make(&header).await, 200);
}
