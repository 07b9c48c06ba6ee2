//! Restarts of the engine.

use crate::support::{Api, Reply};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use virt_simulator::{Outage, Simulator};

/// A client without the connections that a restart has closed.
fn fresh() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn tokens_and_connections_are_gone_and_objects_stay() {
    let mut api = Api::with(Simulator::builder().vms(2)).await;
    let mut idle = TcpStream::connect(api.origin().trim_start_matches("http://")).await.expect("a connection");
    api.get("/vms").await.expect(200);
    api.engine.restart();
    api.http = fresh();
    assert_eq!(api.engine.sessions(), 0);
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = idle.read_to_end(&mut bytes).await;
    assert!(bytes.is_empty());
    let token = api.sign_in().await;
    let reply = Reply::of(api.http.get(format!("{}/vms", api.engine.url())).bearer_auth(&token)).await.expect(200);
    assert_eq!(reply.texts("vm").len(), 2);
    api.get("/vms").await.expect(401);
}

#[tokio::test]
async fn it_answers_503_for_a_time() {
    let mut api = Api::start().await;
    let disk = api.disk("d", 4096).await;
    let body = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", &disk["/disks/".len()..]);
    let transfer = format!("/imagetransfers/{}", api.post("/imagetransfers", &body).await.expect(201).id());
    let url = api.wait(&transfer, "phase", "transferring").await.text("transfer_url").expect("a URL");
    api.engine.restart_with(Outage::Unavailable(HOUR));
    api.http = fresh();
    let page = Reply::of(api.http.get(api.engine.url())).await.expect(503);
    assert!(page.header("content-type").is_some_and(|text| text.starts_with("text/html")));
    assert_eq!(api.token(&[("grant_type", "password")]).await.status, 503);
    // The host of the image endpoint has not restarted.
    Reply::of(api.http.put(&url).body(vec![0; 4096])).await.expect(200);
    api.engine.advance(HOUR);
    api.sign_in().await;
}

#[tokio::test]
async fn it_refuses_connections_for_a_time() {
    let mut api = Api::start().await;
    let address = api.origin().trim_start_matches("http://").to_owned();
    api.engine.restart_with(Outage::Refused(HOUR));
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(&address).await.is_ok() {
        assert!(Instant::now() < deadline, "it still accepts connections");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let error = TcpStream::connect(&address).await.expect_err("refused");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    api.engine.advance(HOUR);
    while TcpStream::connect(&address).await.is_err() {
        assert!(Instant::now() < deadline, "it accepts no connection");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    api.http = fresh();
    api.sign_in().await;
    // The next restart ends an outage.
    api.engine.restart_with(Outage::Refused(HOUR));
    api.engine.restart();
    while TcpStream::connect(&address).await.is_err() {
        assert!(Instant::now() < deadline, "it accepts no connection");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn it_can_be_stopped_while_it_is_away() {
    let engine = Simulator::start().await.expect("a simulator");
    engine.restart_with(Outage::Refused(HOUR));
    engine.shutdown().await;
}
