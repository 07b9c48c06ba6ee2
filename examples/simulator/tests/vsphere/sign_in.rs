//! API sessions.

use crate::client::{BOTH, Dialect};
use crate::support::{sign_in, start, with};
use serde_json::{Value, json};
use std::time::Duration;
use virt_simulator::vsphere::Simulator;

const REST: &str = "/rest/com/vmware/cis/session";

#[tokio::test]
async fn signing_in_has_the_forms_of_both_dialects() {
    let vcenter = Simulator::start().await.expect("a simulator");
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let at = |path: &str| format!("{}{path}", vcenter.url());
    let basic = |request: reqwest::RequestBuilder| request.basic_auth(vcenter.username(), Some(vcenter.password()));

    let response = basic(http.post(at("/api/session"))).send().await.expect("an answer");
    assert_eq!(response.status(), 201);
    assert!(response.headers().get("set-cookie").is_none());
    let token: String = serde_json::from_str(&response.text().await.expect("a body")).expect("a JSON text");
    let response = http.get(at("/api/session")).header("vmware-api-session-id", &token).send().await.expect("an answer");
    let info: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
    assert_eq!(info["user"], vcenter.username());
    let cookie = format!("vmware-api-session-id={token}");
    let response = http.get(at("/api/session")).header("cookie", &cookie).send().await.expect("an answer");
    assert_eq!(response.status(), 401, "the newer dialect takes no cookie");

    let response = basic(http.post(at(REST))).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let body: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
    assert_eq!(cookie, format!("vmware-api-session-id={}", body["value"].as_str().expect("a token")));
    let get = http.post(at(&format!("{REST}?~action=get"))).header("cookie", format!("a=b; {cookie}"));
    assert_eq!(get.send().await.expect("an answer").status(), 200);
    let response = basic(http.post(at(REST))).header("vmware-use-header-authn", "true").send().await.expect("an answer");
    assert!(response.headers().get("set-cookie").is_none());
    assert_eq!(vcenter.sessions(), 3);

    let response = http.delete(at(REST)).header("cookie", cookie).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.text().await.expect("a body").as_str()), (200, ""));
    let response = http.delete(at("/api/session")).header("vmware-api-session-id", &token).send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    assert_eq!(vcenter.sessions(), 1);
    vcenter.shutdown().await;
}

#[tokio::test]
async fn wrong_credentials_and_unknown_tokens_are_refused() {
    let vcenter = Simulator::builder().username("me@corp").password("hush").start().await.expect("a simulator");
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let api = format!("{}/api/session", vcenter.url());
    for request in [http.post(&api), http.post(&api).basic_auth("me@corp", Some("wrong")), http.get(&api)] {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 401);
        assert!(response.headers()["www-authenticate"].to_str().expect("text").starts_with("Basic"));
        let body: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
        assert_eq!(body["error_type"], "UNAUTHENTICATED");
    }
    let response = http.post(format!("{}{REST}", vcenter.url())).send().await.expect("an answer");
    assert_eq!(response.status(), 401);
    let body: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
    assert_eq!(body["type"], "com.vmware.vapi.std.errors.unauthenticated");
    assert!(body["value"]["messages"].is_array(), "{body}");
    assert!(!format!("{:?} {vcenter:?}", Simulator::builder().password("hush")).contains("hush"));
}

#[tokio::test]
async fn sessions_end_when_they_are_idle() {
    for dialect in BOTH {
        let (vcenter, client) = with(Simulator::builder().session_lifetime(Duration::from_secs(100)), dialect).await;
        for _ in 0..3 {
            vcenter.advance(Duration::from_secs(60));
            client.call("content.library.list", json!({})).await;
        }
        vcenter.advance(Duration::from_secs(100));
        assert_eq!(vcenter.sessions(), 0);
        assert_eq!(client.refused("content.library.list", json!({})).await.0, "unauthenticated");
        let client = sign_in(&vcenter, dialect).await;
        vcenter.expire_sessions();
        assert_eq!(client.refused("content.library.list", json!({})).await.0, "unauthenticated");
    }
}

#[tokio::test]
async fn dialects_can_be_left_out() {
    let (vcenter, client) = with(Simulator::builder().rest(false), Dialect::Api).await;
    client.call("content.library.list", json!({})).await;
    let response = client.http.post(format!("{}{REST}", vcenter.url())).basic_auth("a", Some("b")).send().await;
    assert_eq!(response.expect("an answer").status(), 404);
    let (vcenter, client) = with(Simulator::builder().api(false), Dialect::Rest).await;
    client.call("content.library.list", json!({})).await;
    let response = client.http.post(format!("{}/api/session", vcenter.url())).send().await.expect("an answer");
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn tls_comes_with_a_ca_to_trust() {
    let (vcenter, client) = with(Simulator::builder().tls(true), Dialect::Api).await;
    assert!(vcenter.url().starts_with("https://"));
    let library = client.library(&vcenter).await;
    let item = client.item_with(&library, "item", "a", b"abc").await;
    assert_eq!(client.download(&item, "a").await, b"abc");
    let (_, plain) = start(Dialect::Api).await;
    assert!(plain.origin.starts_with("http://"));
}
