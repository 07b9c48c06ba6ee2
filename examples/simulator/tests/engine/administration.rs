//! The administration over HTTP.

use crate::support::{Api, Reply};
use serde_json::{Value, json};
use virt_simulator::Simulator;

struct Admin {
    api: Api,
    url: String,
}

impl Admin {
    async fn start() -> Admin {
        let api = Api::with(Simulator::builder().admin(true).vms(1)).await;
        let url = api.engine.admin_url().expect("an address").to_owned();
        Admin { api, url }
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        let request = self.api.http.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        Reply::of(request.body(body.to_string())).await
    }

    async fn get(&self, path: &str) -> Value {
        let reply = Reply::of(self.api.http.get(format!("{}{path}", self.url))).await.expect(200);
        serde_json::from_str(&reply.body).expect("JSON")
    }

    async fn delete(&self, path: &str) -> Reply {
        Reply::of(self.api.http.delete(format!("{}{path}", self.url))).await
    }
}

#[tokio::test]
async fn it_is_off_unless_asked_for() {
    let api = Api::start().await;
    assert_eq!(api.engine.admin_url(), None);
    Reply::of(api.http.get(format!("{}/simulator/faults", api.origin()))).await.expect(404);
}

#[tokio::test]
async fn faults_come_and_go() {
    let admin = Admin::start().await;
    let fault = json!({ "fault": "status", "status": 409, "detail": "[busy]", "method": "GET", "path": "/vms/*", "times": 2 });
    let reply = admin.post("/faults", fault).await.expect(201);
    assert_eq!(reply.body, r#"{"id":1}"#);
    let vm = format!("/vms/{}", admin.api.get("/vms").await.expect(200).attributes("vm", "id")[0]);
    assert_eq!(Api::fault(&admin.api.get(&vm).await.expect(409)).1, "[busy]");
    let listed = admin.get("/faults").await;
    assert_eq!((&listed[0]["fault"], &listed[0]["met"], &listed[0]["times"]), (&json!("status"), &json!(1), &json!(1)));
    admin.delete("/faults/1").await.expect(204);
    admin.delete("/faults/1").await.expect(404);
    admin.api.get(&vm).await.expect(200);
    admin.post("/faults", json!({ "fault": "html", "status": 500, "at": "everything" })).await.expect(201);
    admin.api.get(&vm).await.expect(500);
    admin.delete("/faults").await.expect(204);
    admin.api.get(&vm).await.expect(200);
}

#[tokio::test]
async fn every_fault_can_be_injected() {
    let admin = Admin::start().await;
    let faults = [
        json!({ "fault": "status", "status": 503, "reason": "r", "retry_after": 3 }),
        json!({ "fault": "html", "status": 502 }),
        json!({ "fault": "invalid_grant", "at": "sign_in" }),
        json!({ "fault": "invalid_grant_page" }),
        json!({ "fault": "empty", "status": 500 }),
        json!({ "fault": "hang_up" }),
        json!({ "fault": "content_type", "content_type": "text/plain" }),
        json!({ "fault": "close_after", "bytes": 3 }),
        json!({ "fault": "cut_body", "bytes": 3 }),
        json!({ "fault": "slow", "bytes": 3, "pause": 0.5 }),
        json!({ "fault": "delay", "seconds": 0.25 }),
        json!({ "fault": "unknown_enum", "element": "status" }),
        json!({ "fault": "without", "member": "id" }),
        json!({ "fault": "unknown_element", "skip": 1 }),
        json!({ "fault": "in_list" }),
        json!({ "fault": "accepted", "at": "images" }),
    ];
    for fault in &faults {
        admin.post("/faults", fault.clone()).await.expect(201);
    }
    let listed = admin.get("/faults").await;
    let names = |faults: &[Value]| faults.iter().map(|fault| fault["fault"].clone()).collect::<Vec<_>>();
    assert_eq!(names(listed.as_array().expect("a list")), names(&faults));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let admin = Admin::start().await;
    for (path, body, status, text) in [
        ("/faults", json!({}), 400, "'fault' is missing: one of status, html"),
        ("/faults", json!({ "fault": "explosion" }), 400, "there is no fault 'explosion'"),
        ("/faults", json!({ "fault": "status" }), 400, "'status' is missing"),
        ("/faults", json!({ "fault": "status", "status": 100 }), 400, "'status' is between 200 and 599, not 100"),
        ("/faults", json!({ "fault": "status", "status": "409" }), 400, "'status' must be a whole number"),
        ("/faults", json!({ "fault": "hang_up", "bytes": 3 }), 400, "the fault 'hang_up' has no 'bytes'"),
        ("/faults", json!({ "fault": "hang_up", "at": "home" }), 400, "not 'home'"),
        ("/faults", json!({ "fault": "delay", "seconds": -1 }), 400, "'seconds' must be a number of seconds"),
        ("/faults", json!([]), 400, "the body must be a JSON object"),
        ("/locks", json!({ "path": "/vms/1", "seconds": 1 }), 400, "there is no such object"),
        ("/locks", json!({ "seconds": 1 }), 400, "'path' is missing"),
        ("/clock", json!({}), 400, "'seconds' is missing"),
        ("/restart", json!({ "refused": 1, "unavailable": 1 }), 400, "not both"),
        ("/nonsense", json!({}), 404, "there is no such thing"),
    ] {
        let reply = admin.post(path, body).await.expect(status);
        let answer: Value = serde_json::from_str(&reply.body).expect("JSON");
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(text)), "{answer}");
    }
    let plain = admin.api.http.post(format!("{}/expire-tokens", admin.url)).header("content-type", "text/plain");
    Reply::of(plain).await.expect(415);
    let broken = admin.api.http.post(format!("{}/clock", admin.url)).header("content-type", "application/json");
    Reply::of(broken.body("{")).await.expect(400);
}

#[tokio::test]
async fn clock_locks_tokens_restarts_and_the_log() {
    let admin = Admin::start().await;
    let vm = format!("/vms/{}", admin.api.get("/vms").await.expect(200).attributes("vm", "id")[0]);
    admin.post("/locks", json!({ "path": vm, "seconds": 60 })).await.expect(204);
    assert_eq!(admin.api.get(&vm).await.expect(200).text("status").as_deref(), Some("image_locked"));
    let reply = admin.post("/clock", json!({ "seconds": 60 })).await.expect(200);
    let clock: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert!(clock["seconds"].as_f64().is_some_and(|seconds| seconds >= 60.0) && clock["now"].is_string(), "{clock}");
    assert_eq!(admin.api.get(&vm).await.expect(200).text("status").as_deref(), Some("down"));
    let requests = admin.get("/requests").await;
    let last = requests.as_array().and_then(|requests| requests.last()).expect("a request").clone();
    assert_eq!((&last["path"], &last["status"]), (&json!(format!("/ovirt-engine/api{vm}")), &json!(200)));
    assert!(!requests.to_string().contains(admin.api.token_text()));
    admin.delete("/requests").await.expect(204);
    assert_eq!(admin.get("/requests").await, json!([]));
    for part in ["stop", "start"] {
        admin.post(&format!("/host/{part}"), json!({})).await.expect(204);
    }
    admin.post("/expire-tokens", json!({})).await.expect(204);
    admin.api.get(&vm).await.expect(401);
    // The administration is there while the engine is not.
    admin.post("/restart", json!({ "refused": 3600 })).await.expect(204);
    admin.post("/clock", json!({ "seconds": 3600 })).await.expect(200);
    admin.post("/restart", json!({ "unavailable": 3600 })).await.expect(204);
    assert!(admin.get("/clock").await["now"].is_string());
}
