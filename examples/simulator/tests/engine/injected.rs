//! Faults that answer instead of the engine, and which requests they meet.

use crate::support::{Api, Reply};
use std::time::Duration;
use virt_simulator::{Fault, Simulator, Target};

#[tokio::test]
async fn statuses_with_the_fault_of_the_engine() {
    let api = Api::start().await;
    for (status, word) in
        [(401, "signed in"), (403, "not authorized"), (409, "in progress"), (500, "Internal"), (503, "starting")]
    {
        let fault = api.engine.inject(Fault::status(status).once());
        let reply = api.get("/vms").await.expect(status);
        let (reason, detail) = Api::fault(&reply);
        assert!(!reason.is_empty() && detail.contains(word), "{reason}: {detail}");
        assert_eq!(reply.header("www-authenticate").is_some(), status == 401);
        api.get("/vms").await.expect(200);
        assert_eq!(api.engine.met(fault), 1);
    }
    api.engine.inject(Fault::refusal(409, "Operation Failed", "[Disk is <locked> & busy]").once());
    let fault = Api::fault(&api.get("/vms").await.expect(409));
    assert_eq!(fault, ("Operation Failed".to_owned(), "[Disk is <locked> & busy]".to_owned()));
}

#[tokio::test]
async fn a_refused_action_says_so_and_does_nothing() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let vm = api.get("/vms").await.attributes("vm", "id").remove(0);
    api.engine.inject(Fault::status(409).method("post").path("/vms/*/start"));
    let reply = api.post(&format!("/vms/{vm}/start"), "<action/>").await.expect(409);
    assert_eq!((reply.root().as_str(), reply.text("status").as_deref()), ("action", Some("failed")));
    assert!(Api::fault(&reply).1.contains("in progress"));
    let vm = api.get(&format!("/vms/{vm}")).await.expect(200);
    assert_eq!(vm.text("status").as_deref(), Some("down"));
}

#[tokio::test]
async fn pages_empty_bodies_and_waiting_times() {
    let api = Api::start().await;
    api.engine.inject(Fault::html(502).once());
    let reply = api.get("/vms").await.expect(502);
    assert!(reply.header("content-type").is_some_and(|text| text.starts_with("text/html")) && reply.body.contains("Bad Gateway"));
    api.engine.inject(Fault::empty(500).once());
    assert_eq!(api.get("/vms").await.expect(500).body, "");
    api.engine.inject(Fault::empty(200).once());
    assert_eq!(api.get("/vms").await.expect(200).body, "");
    api.engine.inject(Fault::unavailable(Duration::from_secs(7)).once());
    assert_eq!(api.get("/vms").await.expect(503).header("retry-after"), Some("7"));
    api.engine.inject(Fault::status(99).once());
    api.get("/vms").await.expect(500);
    api.get("/vms").await.expect(200);
}

#[tokio::test]
async fn expired_grants() {
    let api = Api::start().await;
    api.engine.inject(Fault::invalid_grant_page().once());
    let reply = api.get("/vms").await.expect(401);
    assert!(reply.body.starts_with("<html>") && reply.body.contains("invalid_grant"), "{}", reply.body);
    api.engine.inject(Fault::invalid_grant().at(Target::SignIn).once());
    let reply = api.token(&[("grant_type", "password")]).await.expect(400);
    let answer: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(answer["error_code"], "invalid_grant");
}

#[tokio::test]
async fn each_part_refuses_in_its_own_way() {
    let api = Api::start().await;
    let fault = api.engine.inject(Fault::status(500).at(Target::SignIn));
    let reply = api.token(&[("grant_type", "password")]).await.expect(500);
    assert!(reply.body.contains("server_error"), "{}", reply.body);
    api.get("/vms").await.expect(200);
    assert!(api.engine.remove_fault(fault) && !api.engine.remove_fault(fault));
    api.sign_in().await;

    api.engine.inject(Fault::status(503).at(Target::Images).method("PUT"));
    let disk = api.disk("d", 4096).await;
    let body = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", &disk["/disks/".len()..]);
    let transfer = format!("/imagetransfers/{}", api.post("/imagetransfers", &body).await.expect(201).id());
    let url = api.wait(&transfer, "phase", "transferring").await.text("transfer_url").expect("a URL");
    let reply = Reply::of(api.http.put(&url).body(vec![0; 4096])).await.expect(503);
    assert!(reply.header("content-type").is_some_and(|text| text.starts_with("text/plain")));
    api.engine.clear_faults();
    Reply::of(api.http.put(&url).body(vec![0; 4096])).await.expect(200);

    api.engine.inject(Fault::html(500).at(Target::Everything).path("/ovirt-engine/services/health"));
    Reply::of(api.http.get(format!("{}/ovirt-engine/services/health", api.origin()))).await.expect(500);
    api.get("/vms").await.expect(200);
}

#[tokio::test]
async fn numbers_of_requests_and_their_order() {
    let api = Api::start().await;
    api.engine.inject(Fault::status(409).path("/disks").skip(1).times(2));
    api.engine.inject(Fault::status(503).path("/disks").once());
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(api.get("/disks").await.status);
    }
    // The first passes the first fault; what answers instead of the engine does so one after the other.
    assert_eq!(statuses, [503, 409, 409, 200, 200]);
    api.engine.inject(Fault::status(409).path("/"));
    api.get("").await.expect(409);
    api.get("/vms").await.expect(200);
}
