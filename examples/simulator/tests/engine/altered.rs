//! Faults that change the answer of the engine.

use crate::support::Api;
use reqwest::Method;
use std::time::{Duration, Instant};
use virt_simulator::{Fault, Simulator};

#[tokio::test]
async fn another_content_type() {
    let api = Api::start().await;
    api.engine.inject(Fault::content_type("image/gif").once());
    let reply = api.get("/vms").await.expect(200);
    assert_eq!(reply.header("content-type"), Some("image/gif"));
    assert_eq!(reply.root(), "vms");
}

#[tokio::test]
async fn texts_that_no_enum_has() {
    let api = Api::with(Simulator::builder().vms(2)).await;
    let before = api.get("/vms").await.expect(200);
    api.engine.inject(Fault::unknown_enum().once());
    let reply = api.get("/vms").await.expect(200);
    assert_eq!(reply.texts("vm/status"), ["from_a_newer_engine"; 2]);
    assert_eq!(reply.texts("vm/type"), ["from_a_newer_engine"; 2]);
    assert_eq!(reply.texts("vm/name"), before.texts("vm/name"));
    assert_eq!(reply.texts("vm/memory"), before.texts("vm/memory"));

    // In nested objects, lists and attributes as well.
    let body = "<vm><name>n</name><cluster><name>Default</name></cluster><template><name>Blank</name></template><os><boot>\
                <devices><device>network</device><device>hd</device></devices></boot></os><sso><methods>\
                <method id=\"guest_agent\"/></methods></sso></vm>";
    let vm = format!("/vms/{}", api.post("/vms", body).await.expect(201).id());
    assert_eq!(api.get(&vm).await.expect(200).attributes("sso/methods/method", "id"), ["guest_agent"]);
    api.engine.inject(Fault::unknown_enum().once());
    let reply = api.get(&vm).await.expect(200);
    assert_eq!(reply.texts("os/boot/devices/device"), ["from_a_newer_engine"; 2]);
    assert_eq!(reply.attributes("sso/methods/method", "id"), ["from_a_newer_engine"]);
    assert_eq!(reply.id(), vm["/vms/".len()..]);
    api.delete(&vm).await.expect(200);
    api.wait_gone(&vm).await;

    api.engine.inject(Fault::unknown_enum_in("status").once());
    let reply = api.get("/vms").await.expect(200);
    assert_eq!(reply.texts("vm/status"), ["from_a_newer_engine"; 2]);
    assert_eq!(reply.texts("vm/type"), before.texts("vm/type"));
    assert_eq!(api.get("/vms").await.body, before.body);
}

#[tokio::test]
async fn members_that_are_left_out() {
    let api = Api::with(Simulator::builder().vms(2)).await;
    api.engine.inject(Fault::without("name").once());
    let reply = api.get("/vms").await.expect(200);
    assert_eq!((reply.texts("vm/name").len(), reply.texts("vm/status").len()), (0, 2));
    api.engine.inject(Fault::without("id").once());
    let reply = api.get("/vms").await.expect(200);
    assert_eq!(reply.attributes("vm", "id"), ["", ""]);
    assert!(!reply.body.contains(" id=") && reply.attributes("vm", "href").iter().all(|href| !href.is_empty()));
    // However slowly it comes.
    api.engine.inject(Fault::slow(100, Duration::ZERO).once());
    api.engine.inject(Fault::without("name").once());
    assert!(api.get("/vms").await.expect(200).texts("vm/name").is_empty());
    // A member and what stands in it.
    api.engine.inject(Fault::without("cpu"));
    api.engine.inject(Fault::without("cores"));
    assert!(api.get("/vms").await.expect(200).texts("vm/cpu").is_empty());
}

#[tokio::test]
async fn elements_that_no_model_has() {
    let api = Api::with(Simulator::builder().vms(2)).await;
    api.engine.inject(Fault::unknown_element());
    let reply = api.get("/vms").await.expect(200);
    assert_eq!((reply.texts("from_a_newer_engine").len(), reply.texts("vm/from_a_newer_engine/items/item").len()), (1, 2));
    let one = api.get(&format!("/vms/{}", reply.attributes("vm", "id")[0])).await.expect(200);
    assert_eq!(one.texts("from_a_newer_engine/id"), ["1"]);
    assert_eq!(one.texts("name").len(), 1);
}

#[tokio::test]
async fn a_token_in_a_list() {
    let api = Api::start().await;
    api.engine.inject(Fault::in_list().once());
    let form = [("grant_type", "password"), ("username", api.engine.username()), ("password", api.engine.password())];
    let answer: serde_json::Value = serde_json::from_str(&api.token(&form).await.expect(200).body).expect("JSON");
    assert!(answer[0]["access_token"].is_string(), "{answer}");
    api.sign_in().await;
}

#[tokio::test]
async fn accepted_and_not_done_yet() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    api.engine.inject(Fault::accepted());
    let reply = api.post("/tags", "<tag><name>t</name></tag>").await.expect(202);
    assert_eq!(reply.body, "");
    let location = reply.header("location").expect("a location").to_owned();
    let tag = location.trim_start_matches(api.engine.url()).to_owned();
    assert_eq!(api.get(&tag).await.expect(200).text("name").as_deref(), Some("t"));

    let reply = api.put(&tag, "<tag><name>u</name></tag>").await.expect(202);
    assert_eq!((reply.body.as_str(), reply.header("location")), ("", Some(format!("/ovirt-engine/api{tag}").as_str())));
    assert_eq!(api.get(&tag).await.expect(200).text("name").as_deref(), Some("u"));

    let vm = api.get("/vms").await.expect(200).attributes("vm", "id").remove(0);
    let reply = api.post(&format!("/vms/{vm}/start"), "<action/>").await.expect(202);
    assert_eq!((reply.root().as_str(), reply.text("status").as_deref()), ("action", Some("pending")));
    assert_eq!(api.delete(&tag).await.expect(202).body, "");
    // What fails is not accepted.
    api.post("/tags", "<tag/>").await.expect(400);
}

#[tokio::test]
async fn slow_bodies_and_late_answers_run_on_the_clock() {
    let builder = Simulator::builder().vms(3).token_lifetime(Duration::from_secs(365 * 24 * 3600));
    let api = Api::with(builder).await;
    let whole = api.get("/vms").await.expect(200).body;
    api.engine.inject(Fault::slow(whole.len() / 3, Duration::from_secs(3600)).once());
    let mut response = api.request(Method::GET, "/vms").send().await.expect("a head");
    let mut body = response.chunk().await.expect("a piece").expect("a piece").to_vec();
    assert!(body.len() < whole.len());
    let more = tokio::time::timeout(Duration::from_millis(20), response.chunk()).await;
    assert!(more.is_err(), "{more:?}");
    let rest = async {
        while let Some(piece) = response.chunk().await.expect("a piece") {
            body.extend_from_slice(&piece);
        }
    };
    advance_until(&api, rest).await;
    assert_eq!(String::from_utf8(body).expect("UTF-8"), whole);

    api.engine.inject(Fault::delay(Duration::from_secs(3600)).method("POST").once());
    let add = api.post("/tags", "<tag><name>late</name></tag>");
    let mut add = std::pin::pin!(add);
    // It is carried out, and in the log, before it is answered.
    let is_seen = || api.engine.requests().iter().any(|request| request.method == "POST" && request.status == 201);
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_seen() {
        assert!(Instant::now() < deadline, "it is not carried out");
        assert!(tokio::time::timeout(Duration::from_millis(2), add.as_mut()).await.is_err());
    }
    assert!(api.get("/tags").await.expect(200).texts("tag/name").contains(&"late".to_owned()));
    api.engine.advance(Duration::from_secs(3600));
    add.await.expect(201);
}

/// Moves the clock on until something has happened.
async fn advance_until(api: &Api, done: impl Future<Output = ()>) {
    let mut done = std::pin::pin!(done);
    let mut moves = 0;
    while tokio::time::timeout(Duration::from_millis(2), done.as_mut()).await.is_err() {
        moves += 1;
        assert!(moves < 1000, "nothing happens");
        api.engine.advance(Duration::from_secs(3600));
    }
}
