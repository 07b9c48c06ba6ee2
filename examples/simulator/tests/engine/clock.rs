//! Everything that happens by itself runs on a clock that tests move.

use crate::support::{Api, Reply};
use std::time::Duration;
use virt_simulator::Simulator;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn states_of_a_virtual_machine_and_of_its_times() {
    let api = Api::with(Simulator::builder().vms(1).transition(HOUR).token_lifetime(HOUR * 1000)).await;
    let before = api.get("").await.expect(200).text("time").expect("a time");
    let vm = format!("/vms/{}", api.get("/vms").await.expect(200).attributes("vm", "id")[0]);
    api.post(&format!("{vm}/start"), "<action/>").await.expect(200);
    assert_eq!(api.get(&vm).await.text("status").as_deref(), Some("wait_for_launch"));
    api.engine.advance(HOUR * 48);
    let shown = api.get(&vm).await.expect(200);
    assert_eq!(shown.text("status").as_deref(), Some("up"));
    // It went up two hours after its start, not when somebody looked.
    let started = shown.text("start_time").expect("a time");
    let after = api.get("").await.expect(200).text("time").expect("a time");
    let parsed = |text: &str| text.parse::<jiff::Timestamp>().expect("a time");
    let hours = |from: &str, to: &str| parsed(to).duration_since(parsed(from)).as_hours();
    assert_eq!((hours(&before, &started), hours(&started, &after)), (2, 46));
}

#[tokio::test]
async fn unused_tokens_expire() {
    let api = Api::with(Simulator::builder().token_lifetime(HOUR)).await;
    for _ in 0..3 {
        api.engine.advance(HOUR / 2);
        api.get("/vms").await.expect(200);
    }
    assert_eq!(api.engine.sessions(), 1);
    api.engine.advance(HOUR);
    assert_eq!(api.engine.sessions(), 0);
    let reply = api.get("/vms").await.expect(401);
    assert!(reply.header("www-authenticate").is_some() && reply.body.starts_with("<html>"));
    // A token that cannot live at all.
    let api = Api::with(Simulator::builder().token_lifetime(Duration::ZERO)).await;
    api.get("/vms").await.expect(401);
}

#[tokio::test]
async fn cookies_expire_as_well() {
    let api = Api::start().await;
    let reply = Reply::of(api.request(reqwest::Method::GET, "/vms").header("prefer", "persistent-auth")).await.expect(200);
    let cookie = reply.header("set-cookie").and_then(|text| text.split(';').next()).expect("a cookie").to_owned();
    let with_cookie = || Reply::of(api.http.get(format!("{}/vms", api.engine.url())).header("cookie", &cookie));
    with_cookie().await.expect(200);
    api.engine.advance(HOUR);
    with_cookie().await.expect(401);
}

#[tokio::test]
async fn tickets_expire_and_silent_clients_are_given_up() {
    let api = Api::with(Simulator::builder().ticket_lifetime(HOUR).token_lifetime(HOUR * 1000)).await;
    let disk = api.disk("d", 4096).await;
    let body = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", &disk["/disks/".len()..]);
    let transfer = format!("/imagetransfers/{}", api.post("/imagetransfers", &body).await.expect(201).id());
    let url = api.wait(&transfer, "phase", "transferring").await.text("transfer_url").expect("a URL");
    api.post(&format!("{transfer}/pause"), "<action/>").await.expect(200);
    Reply::of(api.http.put(&url).body(vec![0; 4096])).await.expect(200);
    api.engine.advance(HOUR);
    Reply::of(api.http.put(&url).body(vec![0; 4096])).await.expect(403);

    let disk = api.disk("e", 4096).await;
    let body = format!(
        "<image_transfer><disk id=\"{}\"/><inactivity_timeout>3000</inactivity_timeout></image_transfer>",
        &disk["/disks/".len()..]
    );
    let transfer = format!("/imagetransfers/{}", api.post("/imagetransfers", &body).await.expect(201).id());
    api.wait(&transfer, "phase", "transferring").await;
    api.engine.advance(HOUR);
    assert_eq!(api.get(&transfer).await.expect(200).text("phase").as_deref(), Some("paused_system"));
}

#[tokio::test]
async fn it_can_be_moved_as_far_as_it_goes() {
    let api = Api::start().await;
    api.engine.advance(Duration::MAX);
    api.engine.advance(Duration::MAX);
    api.get("/vms").await.expect(401);
    let token = api.sign_in().await;
    let reply = Reply::of(api.http.get(api.engine.url()).bearer_auth(token)).await.expect(200);
    assert!(reply.text("time").is_some_and(|time| time.as_str() > "2100"));
}
