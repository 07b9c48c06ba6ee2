//! Image transfers: their phases, and what happens to the disk.

use crate::support::{Api, Reply, is_part};
use std::time::Duration;
use virt_simulator::Simulator;

pub(crate) struct Transfer {
    pub(crate) path: String,
    pub(crate) disk: String,
    pub(crate) url: String,
    pub(crate) proxy_url: String,
}

pub(crate) async fn transfer(api: &Api, disk: &str, more: &str) -> Transfer {
    let body = format!("<image_transfer><disk id=\"{}\"/>{more}</image_transfer>", disk.trim_start_matches("/disks/"));
    let added = api.post("/imagetransfers", &body).await.expect(201);
    assert_eq!(added.attributes("image", "id"), [disk.trim_start_matches("/disks/")]);
    let path = format!("/imagetransfers/{}", added.id());
    let open = api.wait(&path, "phase", "transferring").await;
    let url = open.text("transfer_url").expect("a URL");
    let proxy_url = open.text("proxy_url").expect("a URL");
    // At another place, the same ticket.
    assert!(proxy_url != url && proxy_url.rsplit('/').next() == url.rsplit('/').next(), "{url} {proxy_url}");
    assert!(!url.contains(&added.id()));
    assert_eq!(open.text("signed_ticket"), None);
    Transfer { path, disk: disk.to_owned(), url, proxy_url }
}

pub(crate) async fn act(api: &Api, transfer: &Transfer, action: &str) -> Reply {
    api.post(&format!("{}/{action}", transfer.path), "<action/>").await
}

const SIZE: u64 = 1 << 20;
const DOWNLOAD: &str = "<direction>download</direction><format>raw</format>";
const UPLOAD: &str = "<direction>upload</direction><format>raw</format>";

#[tokio::test]
async fn an_upload_and_a_download() {
    let api = Api::start().await;
    let disk = api.disk("d", SIZE).await;
    let upload = transfer(&api, &disk, UPLOAD).await;
    assert_eq!(api.get(&disk).await.text("status").as_deref(), Some("locked"));
    let data: Vec<u8> = (0..SIZE).map(|number| u8::try_from(number % 251).expect("small")).collect();
    Reply::of(api.http.put(&upload.url).body(data.clone())).await.expect(200);
    let state = api.get(&upload.path).await;
    assert_eq!(state.text("transferred"), Some(SIZE.to_string()));
    assert_eq!(act(&api, &upload, "finalize").await.expect(200).text("status").as_deref(), Some("complete"));
    let done = api.wait(&upload.path, "phase", "finished_success").await;
    assert_eq!((done.text("transfer_url"), done.text("transferred")), (None, Some(SIZE.to_string())));
    let stored = api.get(&disk).await;
    assert_eq!((stored.text("status"), stored.text("actual_size")), (Some("ok".into()), Some(SIZE.to_string())));
    assert!(Reply::of(api.http.get(&upload.url)).await.expect(403).body.contains("No such ticket"));

    let download = transfer(&api, &disk, DOWNLOAD).await;
    let found = api.http.get(&download.url).send().await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(found, data);
    Reply::of(api.http.put(&download.url).body("x")).await.expect(403);
    act(&api, &download, "finalize").await.expect(200);
    api.wait(&download.path, "phase", "finished_success").await;
    api.wait(&disk, "status", "ok").await;
}

#[tokio::test]
async fn the_proxy_leads_to_the_same_data() {
    let api = Api::start().await;
    let upload = transfer(&api, &api.disk("d", SIZE).await, UPLOAD).await;
    let head = |url: &str, range: &str| api.http.put(url.to_owned()).header("content-range", range.to_owned());
    Reply::of(head(&upload.url, "bytes 0-3/*").body("host")).await.expect(200);
    Reply::of(head(&upload.proxy_url, "bytes 4-8/*").body("proxy")).await.expect(200);
    for url in [&upload.url, &upload.proxy_url] {
        let found = api.http.get(url).header("range", "bytes=0-8");
        assert_eq!(Reply::of(found).await.expect(206).body, "hostproxy");
    }
}

#[tokio::test]
async fn the_host_can_be_taken_off_the_network() {
    let api = Api::start().await;
    let upload = transfer(&api, &api.disk("d", SIZE).await, UPLOAD).await;
    Reply::of(api.http.put(&upload.url).body("host")).await.expect(200);
    for _ in 0..2 {
        api.engine.stop_host().await;
        let error = api.http.put(&upload.url).body("host").send().await.expect_err("nobody listens");
        assert!(error.is_connect(), "{error:?}");
        Reply::of(api.http.put(&upload.proxy_url).body("host")).await.expect(200);
        assert_eq!(api.get(&upload.path).await.expect(200).text("phase").as_deref(), Some("transferring"));
        api.engine.start_host().await;
        Reply::of(api.http.put(&upload.url).body("host")).await.expect(200);
    }
    // However long that lasts, and however often it is said.
    api.engine.stop_host().await;
    api.engine.advance(Duration::from_secs(2 * 365 * 24 * 60 * 60));
    api.engine.stop_host().await;
    assert!(api.http.get(&upload.url).send().await.is_err());
    api.engine.start_host().await;
    api.engine.start_host().await;
    Reply::of(api.http.put(&upload.url).body("host")).await.expect(200);
}

#[tokio::test]
async fn a_cancelled_upload_removes_its_disk() {
    let api = Api::start().await;
    let upload = transfer(&api, &api.disk("d", SIZE).await, UPLOAD).await;
    act(&api, &upload, "cancel").await.expect(200);
    api.wait(&upload.path, "phase", "finished_failure").await;
    api.get(&upload.disk).await.expect(404);
    act(&api, &upload, "cancel").await.expect(200);
    assert_eq!(api.get(&upload.path).await.text("phase").as_deref(), Some("finished_failure"));
}

#[tokio::test]
async fn a_cancelled_upload_passes_through_all_phases() {
    let step = Duration::from_millis(100);
    let api = Api::with(Simulator::builder().transition(step)).await;
    let upload = transfer(&api, &api.disk("d", SIZE).await, UPLOAD).await;
    act(&api, &upload, "cancel").await.expect(200);
    let mut phases: Vec<String> = Vec::new();
    while phases.last().map(String::as_str) != Some("finished_failure") {
        let phase = api.get(&upload.path).await.text("phase").expect("a phase");
        if phases.last() != Some(&phase) {
            phases.push(phase);
        }
    }
    let expected = ["cancelled_user", "finalizing_cleanup", "finished_cleanup", "finished_failure"];
    assert!(is_part(&phases, &expected), "{phases:?}");
}

#[tokio::test]
async fn a_cancelled_download_keeps_its_disk() {
    let api = Api::start().await;
    let download = transfer(&api, &api.disk("d", SIZE).await, DOWNLOAD).await;
    act(&api, &download, "cancel").await.expect(200);
    api.wait(&download.path, "phase", "finished_failure").await;
    assert_eq!(api.get(&download.disk).await.expect(200).text("status").as_deref(), Some("ok"));
}

#[tokio::test]
async fn uploads_pause_and_resume_with_the_same_address() {
    let api = Api::start().await;
    let upload = transfer(&api, &api.disk("d", SIZE).await, UPLOAD).await;
    let (_, detail) = Api::fault(&act(&api, &upload, "resume").await.expect(409));
    assert!(detail.contains("Cannot resume"), "{detail}");
    act(&api, &upload, "pause").await.expect(200);
    let paused = api.get(&upload.path).await;
    assert_eq!((paused.text("phase"), paused.text("transfer_url")), (Some("paused_user".into()), Some(upload.url.clone())));
    assert_eq!(api.get(&upload.disk).await.text("status").as_deref(), Some("locked"));
    act(&api, &upload, "resume").await.expect(200);
    let open = api.wait(&upload.path, "phase", "transferring").await;
    assert_eq!(open.text("transfer_url"), Some(upload.url.clone()));
    Reply::of(api.http.put(&upload.url).body("data")).await.expect(200);
    act(&api, &upload, "extend").await.expect(200);
    act(&api, &upload, "finalize").await.expect(200);
    api.wait(&upload.path, "phase", "finished_success").await;
}

#[tokio::test]
async fn the_ticket_of_a_paused_upload_expires() {
    let api = Api::with(Simulator::builder().ticket_lifetime(Duration::ZERO)).await;
    let upload = transfer(&api, &api.disk("d", SIZE).await, UPLOAD).await;
    Reply::of(api.http.put(&upload.url).body("data")).await.expect(200);
    act(&api, &upload, "pause").await.expect(200);
    let refused = Reply::of(api.http.put(&upload.url).body("data")).await.expect(403);
    assert!(refused.body.contains("expired"), "{}", refused.body);
    act(&api, &upload, "resume").await.expect(200);
    api.wait(&upload.path, "phase", "transferring").await;
    Reply::of(api.http.put(&upload.url).body("data")).await.expect(200);
}

#[tokio::test]
async fn downloads_do_not_pause() {
    let api = Api::start().await;
    let download = transfer(&api, &api.disk("d", SIZE).await, DOWNLOAD).await;
    let reply = act(&api, &download, "pause").await.expect(400);
    assert_eq!((reply.root().as_str(), reply.text("status").as_deref()), ("action", Some("failed")));
}

#[tokio::test]
async fn silent_clients_are_given_up() {
    let api = Api::start().await;
    let check = async |more: &str, phase: &str, disk_stays: bool| {
        let more = format!("{more}<inactivity_timeout>1</inactivity_timeout>");
        let silent = transfer(&api, &api.disk("d", SIZE).await, &more).await;
        api.wait(&silent.path, "phase", phase).await;
        assert_eq!(api.get(&silent.disk).await.status == 200, disk_stays, "{more}");
    };
    tokio::join!(
        check(UPLOAD, "paused_system", true),
        check(DOWNLOAD, "finished_failure", true),
        check("<timeout_policy>cancel</timeout_policy><format>raw</format>", "finished_failure", false),
        check("<timeout_policy>pause</timeout_policy><direction>download</direction>", "paused_system", true),
    );
}

#[tokio::test]
async fn a_qcow2_upload_is_verified() {
    let api = Api::start().await;
    let make = async |data: Vec<u8>| {
        let upload = transfer(&api, &api.disk("d", SIZE).await, "<format>cow</format>").await;
        Reply::of(api.http.put(&upload.url).body(data)).await.expect(200);
        act(&api, &upload, "finalize").await.expect(200);
        upload
    };
    let mut header = vec![0; 112];
    header[..4].copy_from_slice(b"QFI\xfb");
    header[24..32].copy_from_slice(&SIZE.to_be_bytes());
    let good = make(header.clone()).await;
    api.wait(&good.path, "phase", "finished_success").await;
    let download = transfer(&api, &good.disk, "<direction>download</direction><format>cow</format>").await;
    let found = api.http.get(&download.url).send().await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(found, header);
    let extents = Reply::of(api.http.get(format!("{}/extents", download.url))).await.expect(200);
    assert_eq!(extents.body, r#"[{"hole":false,"length":112,"start":0,"zero":false}]"#);
    let abilities = Reply::of(api.http.request(reqwest::Method::OPTIONS, &download.url)).await.expect(200);
    assert!(abilities.body.contains(r#""max_writers":1"#), "{}", abilities.body);

    header[24..32].copy_from_slice(&(SIZE * 2).to_be_bytes());
    for bad in [make(header).await, make(b"not qcow2".to_vec()).await] {
        api.wait(&bad.path, "phase", "finished_failure").await;
        api.get(&bad.disk).await.expect(404);
    }
}

#[tokio::test]
async fn transfers_that_cannot_start() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let body = |id: &str| format!("<image_transfer><disk id=\"{id}\"/></image_transfer>");
    api.post("/imagetransfers", &body("00000000-0000-0000-0000-00000000000a")).await.expect(400);
    let disk = api.get("/disks").await.attributes("disk", "id").remove(0);
    let vm = api.get("/vms").await.attributes("vm", "id").remove(0);
    api.post(&format!("/vms/{vm}/start"), "<action/>").await.expect(200);
    let (_, detail) = Api::fault(&api.post("/imagetransfers", &body(&disk)).await.expect(409));
    assert!(detail.contains("VM is not down"), "{detail}");
    api.post("/imagetransfers/00000000-0000-0000-0000-00000000000a/cancel", "<action/>").await.expect(404);
}

#[tokio::test]
async fn the_disk_of_a_cancelled_upload_is_illegal_until_it_is_gone() {
    let api = Api::with(Simulator::builder().transition(Duration::from_secs(3600))).await;
    let body = "<disk><format>raw</format><provisioned_size>4096</provisioned_size><storage_domains><storage_domain>\
                <name>data1</name></storage_domain></storage_domains></disk>";
    let request = api.request(reqwest::Method::POST, "/disks").header("x-ovirt-expect", "201-created").body(body);
    let disk = Reply::of(request).await.expect(201).id();
    let body = format!("<image_transfer><disk id=\"{disk}\"/></image_transfer>");
    let added = api.post("/imagetransfers", &body).await.expect(201);
    assert_eq!((added.text("phase"), added.text("transfer_url")), (Some("initializing".into()), None));
    api.post(&format!("/imagetransfers/{}/cancel", added.id()), "<action/>").await.expect(200);
    assert_eq!(api.get(&format!("/disks/{disk}")).await.expect(200).text("status").as_deref(), Some("illegal"));
    api.post("/imagetransfers", &body).await.expect(500);
}
