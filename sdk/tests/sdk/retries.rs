//! What one call has of its own, and on which way it goes. What faults do to it is in `faults`.

use crate::canned::{answer, serve};
use crate::connect;
use crate::servers::{engine, engine_of};
use std::time::Duration;
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::types::Vm;
use virt_sdk::{ErrorKind, Retry};
use virt_simulator::{Fault, Outage, Simulator, Target};

const API: &str = "Content-Type: application/xml\r\n";

#[tokio::test]
async fn a_call_has_headers_a_query_and_a_correlation_id_of_its_own() {
    let engine = engine().await;
    let builder = Connection::builder(engine.url()).username(engine.username()).password(engine.password());
    let connection = builder.header("Filter", "true").header("X-Team", "a").build().expect("the settings are right");
    let mut list = connection.system_service().vms_service().list();
    list.call.set_header("x-team", "b");
    list.call.set_query("case_sensitive", false);
    list.call.set_correlation_id("nightly_backup-1");
    list.send().await.expect("the engine is there");
    connection.test().await.expect("the engine is there");
    let requests = engine.requests();
    let [_, own, other] = &requests[..] else { panic!("{requests:?}") };
    let header = |request: &virt_simulator::SeenRequest, name: &str| {
        let values: Vec<_> = request.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect();
        values.join(",")
    };
    assert_eq!(own.path, "/ovirt-engine/api/vms?case_sensitive=false");
    assert_eq!(own.correlation_id.as_deref(), Some("nightly_backup-1"));
    assert_eq!((header(own, "x-team").as_str(), header(own, "filter").as_str()), ("b", "true"));
    assert_eq!(header(other, "x-team"), "a");
    assert!(header(other, "user-agent").starts_with("virt-sdk/"));
    assert!(header(other, "accept-encoding").contains("gzip"));
}

#[tokio::test]
async fn a_correlation_id_that_the_engine_would_change_is_refused() {
    let engine = engine().await;
    let connection = connect(&engine);
    for id in ["", "a b", "ä", &"a".repeat(37)] {
        let mut list = connection.system_service().vms_service().list();
        list.call.set_correlation_id(id);
        let error = list.send().await.expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains("1 to 36 letters"), "{error}");
    }
    assert!(engine.requests().is_empty());
}

#[tokio::test]
async fn the_time_limit_covers_everything() {
    let engine = engine().await;
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    let limited = || {
        let mut list = connection.system_service().vms_service().list();
        list.call.set_timeout(Duration::from_millis(100));
        list
    };
    // Pauses between attempts: the next one would be too late.
    let fault = engine.inject(Fault::status(503));
    let mut patient = limited();
    patient.call.set_retry(Retry::new().first_pause(Duration::from_secs(60)).longest_pause(Duration::from_secs(60)));
    let error = patient.send().await.expect_err("there is no time for another attempt");
    assert_eq!((error.status(), error.attempts()), (Some(503), 1));
    engine.remove_fault(fault);
    // The head of the answer, then its body.
    let fault = engine.inject(Fault::delay(Duration::from_secs(3600)));
    assert_eq!(limited().send().await.expect_err("it is late").kind(), ErrorKind::Timeout);
    engine.remove_fault(fault);
    let fault = engine.inject(Fault::slow(1, Duration::from_secs(3600)));
    let error = limited().send().await.expect_err("it is late");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Timeout, Some(200)));
    let error = limited().stream().next().await.expect("it has begun").expect_err("it is late");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Timeout, Some(200)));
    engine.remove_fault(fault);
    limited().send().await.expect("there is time enough");
}

#[tokio::test]
async fn calls_outlast_a_restart_with_an_outage() {
    for outage in [Outage::Unavailable(Duration::from_millis(300)), Outage::Refused(Duration::from_millis(300))] {
        let engine = engine().await;
        let connection = connect(&engine);
        connection.test().await.expect("the engine is there");
        engine.restart_with(outage);
        connection.test().await.expect("it is back before the attempts end");
        connection.close().await.expect("the session ends");
        assert_eq!(engine.sessions(), 0);
    }
}

#[tokio::test]
async fn a_sign_in_is_tried_again_like_any_call_that_may_be() {
    let engine = engine().await;
    engine.inject(Fault::unavailable(Duration::ZERO).at(Target::SignIn).once());
    engine.inject(Fault::close_after(0).at(Target::SignIn).once().skip(1));
    let builder = Connection::builder(engine.url()).username(engine.username()).password(engine.password());
    let connection = builder.retry(Retry::new().first_pause(Duration::from_millis(5))).build().expect("the settings are right");
    connection.test().await.expect("the third sign-in succeeds");
}

#[tokio::test]
async fn a_server_that_never_answered_is_tried_twice() {
    let builder = Connection::builder("http://127.0.0.1:1/ovirt-engine/api").token("t0ken");
    let connection = builder.retry(Retry::new().first_pause(Duration::from_millis(5))).build().expect("the settings are right");
    let error = connection.test().await.expect_err("nobody is there");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 2));
    assert!(error.to_string().contains("tried 2 times"), "{error}");
}

#[tokio::test]
async fn dropping_a_call_cancels_it() {
    let engine = engine().await;
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    engine.restart_with(Outage::Unavailable(Duration::from_secs(3600)));
    engine.forget_requests();
    let call = tokio::time::timeout(Duration::from_millis(100), connection.test()).await;
    call.expect_err("it goes on trying");
    let sent = engine.requests().len();
    engine.advance(Duration::from_secs(3601));
    connection.close().await.expect("there is nothing to end");
    assert!(engine.requests().len() <= sent + 1, "nothing is sent after it was dropped");
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = serve(|_| answer("200 OK", API, "<vm/>")).await;
    let location = format!("Location: {}/ovirt-engine/api/vms/1\r\n", elsewhere.origin);
    let server = serve(move |_| answer("307 Temporary Redirect", &location, "")).await;
    let connection = Connection::builder(server.api()).token("t0ken").build().expect("the settings are right");
    let vms = connection.system_service().vms_service();
    for error in [
        vms.vm_service("1").get().send().await.expect_err("it is not followed"),
        vms.add().vm(Vm::new().name("a")).send().await.expect_err("it is not followed"),
    ] {
        assert_eq!((error.kind(), error.status()), (ErrorKind::Fault, Some(307)));
    }
    assert!(elsewhere.requests().is_empty(), "no token, no body");
}

#[tokio::test]
async fn requests_go_through_a_proxy() {
    let proxy = serve(|_| answer("200 OK", API, "<api/>")).await;
    let address = proxy.origin.replace("http://", "http://user:s3cret@");
    let builder = Connection::builder("http://engine.example.com/ovirt-engine/api").token("t0ken").proxy(address);
    builder.build().expect("the settings are right").test().await.expect("the proxy answers");
    let request = &proxy.requests()[0];
    assert!(request.starts_with("GET http://engine.example.com/ovirt-engine/api HTTP/1.1"), "{request}");
    assert!(request.to_ascii_lowercase().contains("proxy-authorization: basic"), "{request}");

    let wrong = Connection::builder("http://e/api").token("t0ken").proxy("http://u:s3cret@:x").build().expect_err("it is no URL");
    assert_eq!(wrong.kind(), ErrorKind::Configuration);
    assert!(wrong.to_string().contains("proxy.example.com:3128") && !wrong.to_string().contains("s3cret"), "{wrong}");
}

#[tokio::test]
async fn a_ready_client_is_used_as_it_is() {
    let server = serve(|_| answer("200 OK", API, "<api/>")).await;
    let client = virt_sdk::reqwest::Client::builder().user_agent("backup/1").build().expect("it can be built");
    let builder = Connection::builder(server.api()).token("t0ken").http_client(client.clone());
    builder.build().expect("the settings are right").test().await.expect("the engine is there");
    assert!(server.requests()[0].contains("user-agent: backup/1"));
    let wrong = Connection::builder(server.api()).token("t0ken").http_client(client).insecure(true).build();
    assert_eq!(wrong.expect_err("they contradict each other").kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn a_connection_lends_the_client_that_it_sends_with() {
    let engine = engine_of(Simulator::builder().tls(true)).await;
    let builder = Connection::builder(engine.url()).token("t0ken").ca_pem(engine.ca_pem().expect("it has a CA"));
    let client = builder.build().expect("the settings are right").http_client().await.expect("it is ready");
    let response = client.get(engine.url()).send().await.expect("the engine is trusted");
    assert_eq!(response.status(), 401, "no token is shown");
}

#[tokio::test]
async fn a_late_renewal_leaves_no_doubt_that_nothing_was_carried_out() {
    let engine = engine().await;
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    engine.expire_tokens();
    engine.inject(Fault::delay(Duration::from_secs(3600)).at(Target::SignIn));
    let mut add = connection.system_service().vms_service().add().vm(Vm::new().name("a"));
    add.call.set_timeout(Duration::from_millis(100));
    let error = add.send().await.expect_err("the sign-in is late");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.to_string().contains("may have been carried out"), "{error}");
}

#[tokio::test]
async fn testing_an_endpoint_has_a_limit_and_shows_no_path() {
    let engine = engine().await;
    let builder = Connection::builder(engine.url()).token("t0ken").timeout(Duration::from_millis(100));
    let connection = builder.build().expect("the settings are right");
    engine.inject(Fault::delay(Duration::from_secs(3600)).at(Target::Everything));
    let url = engine.url().replace("/ovirt-engine/api", "/images/s3cret");
    let error = connection.test_endpoint(&url).await.expect_err("it is silent");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.to_string().contains("s3cret"), "{error}");
    for wrong in ["", "engine.example.com", "ftp://engine.example.com/s3cret"] {
        let error = connection.test_endpoint(wrong).await.expect_err("it is no server");
        assert!(error.kind() == ErrorKind::Request && !error.to_string().contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn a_permission_error_that_breaks_off_is_not_repeated() {
    let server =
        serve(|_| "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<p>no".to_owned()).await;
    let connection = Connection::builder(server.api()).token("t0ken").build().expect("the settings are right");
    let error = connection.test().await.expect_err("it is refused");
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Authorization, Some(403), 1), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_token_that_comes_back_is_not_shown() {
    let page = |request: &str| request.lines().find(|line| line.starts_with("authorization")).unwrap_or_default().to_owned();
    let server = serve(move |request| answer("200 OK", "Content-Type: text/html\r\n", &format!("<html>{}", page(request)))).await;
    let connection = Connection::builder(server.api()).token("t0ken-echo").build().expect("the settings are right");
    let error = connection.test().await.expect_err("it is a page");
    assert_eq!(error.body(), Some("authorization: Bearer [REDACTED]"));
    assert!(!format!("{error:?}").contains("t0ken"), "{error}");
}
