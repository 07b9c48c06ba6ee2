//! Connections that end before their time.

use crate::support::Api;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use virt_simulator::{Certificate, Fault, Simulator};

/// Everything that a connection brings until it ends.
async fn received(api: &Api, verb: &str, path: &str, body: &str) -> String {
    let address = api.origin().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let request = format!(
        "{verb} /ovirt-engine/api{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        api.token_text(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("an end");
    String::from_utf8(bytes).expect("UTF-8")
}

#[tokio::test]
async fn after_some_bytes() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    for bytes in [0, 1, 17, 150, 1000] {
        api.engine.inject(Fault::close_after(bytes).once());
        let text = received(&api, "GET", "/vms", "").await;
        assert_eq!(text.len() as u64, bytes);
        assert!("HTTP/1.1 200 OK".starts_with(&text[..text.len().min(15)]), "{text}");
    }
    for bytes in [0, 1, 500] {
        api.engine.inject(Fault::cut_body(bytes).once());
        let text = received(&api, "GET", "/vms", "").await;
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains("content-length") && body.len() as u64 == bytes, "{text}");
    }
}

#[tokio::test]
async fn not_in_the_answer_after_it() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let fault = api.engine.inject(Fault::close_after(1_000_000).path("/vms"));
    let body = api.get("/vms").await.expect(200).body;
    for _ in 0..1_000_000 / body.len() + 1 {
        api.get("/vms").await.expect(200);
    }
    api.engine.remove_fault(fault);
    api.get("/vms").await.expect(200);
    assert_eq!(api.engine.requests().iter().filter(|request| request.is_new_connection).count(), 1);
}

#[tokio::test]
async fn whether_the_request_was_carried_out() {
    let api = Api::start().await;
    api.engine.inject(Fault::hang_up().once());
    assert_eq!(received(&api, "POST", "/tags", "<tag><name>a</name></tag>").await, "");
    api.engine.inject(Fault::close_after(0).once());
    assert_eq!(received(&api, "POST", "/tags", "<tag><name>b</name></tag>").await, "");
    let names = api.get("/tags").await.expect(200).texts("tag/name");
    assert!(!names.contains(&"a".to_owned()) && names.contains(&"b".to_owned()), "{names:?}");
    let statuses: Vec<u16> =
        api.engine.requests().iter().filter(|request| request.path.ends_with("/tags")).map(|request| request.status).collect();
    assert_eq!(statuses, [0, 201, 200]);
}

#[tokio::test]
async fn inside_tls_too() {
    let engine = Simulator::builder().certificate(Certificate::Good).start().await.expect("a simulator");
    let ca = reqwest::Certificate::from_pem(engine.ca_pem().expect("a CA").as_bytes()).expect("PEM");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([ca]).build().expect("a client");
    engine.inject(Fault::cut_body(5).once());
    let request = client.get(engine.url()).basic_auth(engine.username(), Some(engine.password()));
    let response = request.try_clone().expect("a copy").send().await.expect("a head");
    assert_eq!(response.status(), 200);
    response.bytes().await.expect_err("half a body");
    assert_eq!(request.send().await.expect("an answer").status(), 200);
}
