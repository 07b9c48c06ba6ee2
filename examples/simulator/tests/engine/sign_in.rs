//! Tokens, and what happens without a good one.

use crate::support::{Api, Reply};
use std::time::Duration;
use virt_simulator::Simulator;

#[tokio::test]
async fn tokens_are_issued_counted_and_revoked() {
    let api = Api::start().await;
    assert_eq!(api.engine.sessions(), 1);
    let other = api.sign_in().await;
    assert_eq!(api.engine.sessions(), 2);
    let form = [("scope", "ovirt-app-api"), ("token", other.as_str())];
    for _ in 0..2 {
        let reply = api.form("/ovirt-engine/services/sso-logout", &form).await.expect(200);
        assert_eq!(reply.body, "{}");
    }
    assert_eq!(api.engine.sessions(), 1);
    api.get("").await.expect(200);
}

#[tokio::test]
async fn wrong_credentials_are_refused_as_programs_expect_it() {
    let api = Api::start().await;
    for (username, password, text) in [
        ("admin@internal", "wrong", "Cannot authenticate user 'admin@internal'"),
        ("nobody@internal", "secret", "Cannot authenticate user 'nobody@internal'"),
        ("admin", "secret", "Cannot authenticate user 'admin': No valid profile found in credentials"),
    ] {
        let form = [("grant_type", "password"), ("scope", "ovirt-app-api"), ("username", username), ("password", password)];
        let reply = api.token(&form).await.expect(400);
        let answer: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!(answer["error_code"], "access_denied");
        assert!(answer["error"].as_str().is_some_and(|found| found.starts_with(text)), "{answer}");
        assert!(!reply.body.contains("wrong"));
    }
    assert_eq!(api.engine.sessions(), 1);
}

#[tokio::test]
async fn malformed_sign_ins_name_what_is_wrong() {
    let api = Api::start().await;
    for (form, code) in [
        (&[("scope", "ovirt-app-api")][..], "invalid_request"),
        (&[("scope", "ovirt-app-api"), ("grant_type", "magic")], "unsupported_grant_type"),
        (&[("scope", "ovirt-app-api"), ("grant_type", "password"), ("username", "admin@internal")], "invalid_request"),
    ] {
        let reply = api.token(form).await.expect(400);
        let answer: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!(answer["error_code"], code);
    }
    let reply = api.token(&[("scope", "nonsense"), ("grant_type", "password")]).await.expect(400);
    assert!(reply.body.contains("error_description"));
}

#[tokio::test]
async fn requests_without_a_good_token_get_a_page_and_a_challenge() {
    let api = Api::start().await;
    let request = || api.http.get(api.engine.url()).header("correlation-id", "mine");
    let refused = [request(), request().bearer_auth("unknown"), request().basic_auth("admin@internal", Some("wrong"))];
    for request in refused {
        let reply = Reply::of(request).await.expect(401);
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"RESTAPI\""));
        assert_eq!(reply.header("correlation-id"), Some("mine"));
        assert!(reply.header("content-type").is_some_and(|found| found.starts_with("text/html")));
    }
    Reply::of(request().basic_auth("admin@internal", Some("secret"))).await.expect(200);
}

#[tokio::test]
async fn a_cookie_stands_for_a_session_that_asked_for_it() {
    let api = Api::start().await;
    let open = async |wishes: &str| {
        let reply = Reply::of(api.request(reqwest::Method::GET, "/tags").header("prefer", wishes)).await.expect(200);
        reply.header("set-cookie").and_then(|cookie| cookie.split(';').next()).map(str::to_owned)
    };
    let with = |cookie: &str| api.http.get(format!("{}/tags", api.engine.url())).header("cookie", cookie.to_owned());
    assert_eq!(open("something-else").await, None);
    let cookie = open("persistent-auth").await.expect("a cookie");
    Reply::of(with(&cookie)).await.expect(200);
    Reply::of(with("JSESSIONID=unknown")).await.expect(401);
    let protected = open("persistent-auth, csrf-protection").await.expect("a cookie");
    Reply::of(with(&protected)).await.expect(403);
    let session = protected.trim_start_matches("JSESSIONID=").to_owned();
    Reply::of(with(&protected).header("jsessionid", session)).await.expect(200);
    api.engine.expire_tokens();
    Reply::of(with(&cookie)).await.expect(401);
}

#[tokio::test]
async fn expired_tokens_are_unknown() {
    let api = Api::start().await;
    api.get("/vms").await.expect(200);
    api.engine.expire_tokens();
    api.get("/vms").await.expect(401);
    assert_eq!(api.engine.sessions(), 0);
}

#[tokio::test]
async fn other_users_and_passwords_can_be_chosen() {
    let api = Api::with(Simulator::builder().username("me@corp").password("pass word&=ü")).await;
    let user = api.get("/users?search=usrname=me@corp*").await.expect(200);
    assert_eq!(user.texts("user/principal"), ["me"]);
    assert!(!format!("{:?}", Simulator::builder().password("pass word")).contains("pass word"));
    assert!(!format!("{:?}", api.engine).contains("pass word"));
}

#[tokio::test]
async fn requests_are_logged_without_secrets() {
    let api = Api::start().await;
    api.get("/vms?max=3").await.expect(200);
    let form = [("scope", "ovirt-app-api")];
    api.form(&format!("/ovirt-engine/services/sso-logout?token={}", api.token_text()), &form).await.expect(200);
    let seen = api.engine.requests();
    assert_eq!((seen[1].method.as_str(), seen[1].path.as_str(), seen[1].status), ("GET", "/ovirt-engine/api/vms?max=3", 200));
    assert_eq!(seen[2].path, "/ovirt-engine/services/sso-logout?token=***");
    assert!(!format!("{seen:?}").contains(api.token_text()));
}

#[tokio::test]
async fn tls_is_proven_by_the_own_ca() {
    let engine = Simulator::builder().tls(true).start().await.expect("a simulator");
    let pem = engine.ca_pem().expect("a certificate").to_owned();
    let root = reqwest::Certificate::from_pem(pem.as_bytes()).expect("PEM");
    let trusting = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().expect("a client");
    let get = |url: String| trusting.get(url).basic_auth(engine.username(), Some(engine.password()));
    assert!(engine.url().starts_with("https://127.0.0.1:"));
    Reply::of(get(engine.url().to_owned())).await.expect(200);
    Reply::of(get(engine.url().replace("127.0.0.1", "localhost"))).await.expect(200);
    let download = engine.url().replace("/api", "/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA");
    assert_eq!(Reply::of(get(download)).await.expect(200).body, pem);
    let careless = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert!(careless.get(engine.url()).send().await.is_err());
    engine.shutdown().await;
}

#[tokio::test]
async fn a_stopped_simulator_is_gone() {
    let api = Api::start().await;
    let url = api.engine.url().to_owned();
    api.get("").await.expect(200);
    api.engine.shutdown().await;
    assert!(api.http.get(&url).send().await.is_err());

    let engine = Simulator::start().await.expect("a simulator");
    let url = engine.url().to_owned();
    drop(engine);
    let gone = async { while api.http.get(&url).send().await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the port is free again");
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let engine = Simulator::start().await.expect("a simulator");
    let port = engine.url().split(':').nth(2).and_then(|rest| rest.split('/').next()).and_then(|port| port.parse().ok());
    let error = Simulator::builder().port(port.expect("a port")).start().await.expect_err("a taken port");
    assert!(error.to_string().starts_with("cannot listen on 127.0.0.1:"), "{error}");
}
