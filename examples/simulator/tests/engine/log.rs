//! The log of requests.

use crate::support::{Api, Reply};
use reqwest::Method;
use std::time::Duration;

#[tokio::test]
async fn what_a_request_was_like() {
    let api = Api::start().await;
    api.engine.forget_requests();
    api.engine.advance(Duration::from_secs(60));
    let body = "<tag><name>t</name></tag>";
    let request = api.request(Method::POST, "/tags").header("correlation-id", "mine/1").header("x-custom", "a");
    Reply::of(request.header("cookie", "JSESSIONID=hush").header("x-auth-token", "hush").body(body)).await.expect(201);
    api.get("/vms?correlation_id=other&max=1").await.expect(200);
    let requests = api.engine.requests();
    let [add, list] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((add.method.as_str(), add.path.as_str(), add.status), ("POST", "/ovirt-engine/api/tags", 201));
    assert_eq!((add.correlation_id.as_deref(), list.correlation_id.as_deref()), (Some("mine/1"), Some("other")));
    assert_eq!((add.body_length, list.body_length), (Some(body.len() as u64), Some(0)));
    assert_eq!((add.header("Authorization"), add.header("x-custom")), (Some("Bearer"), Some("a")));
    assert_eq!((add.header("cookie"), add.header("x-auth-token")), (Some("***"), Some("***")));
    assert!(add.at >= Duration::from_secs(60) && list.at >= add.at);
    let shown = format!("{requests:?}");
    assert!(!shown.contains(api.token_text()) && !shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn whether_connections_are_used_again() {
    let api = Api::start().await;
    api.get("/vms").await.expect(200);
    api.get("/vms").await.expect(200);
    let fresh = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
    Reply::of(fresh.get(api.engine.url())).await.expect(401);
    Reply::of(fresh.get(api.engine.url())).await.expect(401);
    let new: Vec<bool> = api.engine.requests().iter().map(|request| request.is_new_connection).collect();
    assert_eq!(new, [true, false, false, true, true]);
}

#[tokio::test]
async fn basic_passwords_stay_out_and_chunks_have_no_length() {
    let api = Api::start().await;
    api.engine.forget_requests();
    let request = api.http.post(format!("{}/tags", api.engine.url())).basic_auth("admin@internal", Some("secret"));
    let body = reqwest::Body::wrap(http_body_util::StreamBody::new(Chunks(Some("<tag><name>t</name></tag>"))));
    Reply::of(request.body(body)).await.expect(201);
    let seen = api.engine.requests().remove(0);
    assert_eq!((seen.header("authorization"), seen.body_length), (Some("Basic"), None));
    assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
}

/// A body of which nobody knows how long it is.
struct Chunks(Option<&'static str>);

impl futures_core::Stream for Chunks {
    type Item = Result<hyper::body::Frame<bytes::Bytes>, std::io::Error>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(|text| Ok(hyper::body::Frame::data(text.into()))))
    }
}
