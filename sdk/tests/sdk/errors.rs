//! What callers get when something is wrong.

use crate::canned::{canned, canned_url};
use crate::connect;
use crate::servers::{engine, engine_of};
use virt_sdk::ovirt::{Connection, ConnectionBuilder};
use virt_sdk::{Error, ErrorKind};
use virt_simulator::Simulator;

const FAULT: &str = "<fault><detail>[Cannot remove VM. VM is running.]</detail><reason>Operation Failed</reason></fault>";
const XML: &str = "Content-Type: application/xml\r\nCorrelation-Id: abc\r\n";

async fn get_vm(builder: ConnectionBuilder) -> Error {
    let connection = builder.build().expect("the settings are right");
    connection.system_service().vms_service().vm_service("1").get().send().await.expect_err("it must fail")
}

/// Checks kind and parts of the text, and that no secret is in it.
fn assert_error(error: &Error, kind: ErrorKind, parts: &[&str]) {
    let text = format!("{error} {error:?}");
    assert_eq!(error.kind(), kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` in {text}");
    }
    assert!(!text.contains("canned-token") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn five_mistakes_are_five_errors_that_say_what_to_do() {
    let engine = engine().await;
    let wrong_password = Connection::builder(engine.url()).username("admin@internal").password("s3cret-wrong");
    assert_error(
        &get_vm(wrong_password).await,
        ErrorKind::Authentication,
        &["admin@internal", "access_denied", "check user name and password"],
    );

    let unreachable = Connection::builder("http://127.0.0.1:1/ovirt-engine/api").username("u@internal").password("s3cret");
    assert_error(&get_vm(unreachable).await, ErrorKind::Connection, &["127.0.0.1:1", "cannot reach", "check the host name"]);

    let secure = engine_of(Simulator::builder().tls(true)).await;
    let untrusted = Connection::builder(secure.url()).username("u@internal").password("s3cret");
    assert_error(&get_vm(untrusted).await, ErrorKind::Tls, &["certificate", "ca_file", "pki-resource"]);

    let html = canned("200 OK", "Content-Type: text/html\r\n", "<html><body>Welcome</body></html>").await;
    assert_error(&get_vm(html).await, ErrorKind::Decode, &["<html>", "<vm>", "URL of the connection", "status 200"]);

    let vms = connect(&engine).system_service().vms_service();
    let error = vms.vm_service("../x").get().send().await.expect_err("there is no such object");
    assert_error(&error, ErrorKind::NotFound, &["/vms/..%2Fx", "no such object", "check the identifiers"]);
    assert!(engine.requests().iter().all(|request| !format!("{request:?}").contains("s3cret")), "no secret is logged");
}

#[tokio::test]
async fn identifiers_that_address_something_else_are_never_sent() {
    let engine = engine().await;
    let connection = connect(&engine);
    for id in ["", ".", ".."] {
        let error = connection.system_service().vms_service().vm_service(id).remove().send().await.expect_err("it is refused");
        assert_error(&error, ErrorKind::Request, &["not an identifier", "/vms/"]);
    }
    assert!(engine.requests().is_empty(), "nothing was sent, not even to sign in");
}

#[tokio::test]
async fn the_status_decides_whatever_the_body_is() {
    for (status, kind) in [
        ("400 Bad Request", ErrorKind::Fault),
        ("401 Unauthorized", ErrorKind::Authentication),
        ("403 Forbidden", ErrorKind::Authorization),
        ("404 Not Found", ErrorKind::NotFound),
        ("409 Conflict", ErrorKind::Conflict),
        ("500 Internal Server Error", ErrorKind::Fault),
        ("301 Moved Permanently", ErrorKind::Fault),
    ] {
        for (headers, body, has_fault) in [
            (XML, FAULT, true),
            (XML, &*format!("<action>{FAULT}<status>failed</status></action>"), true),
            (XML, "", false),
            (XML, "<fault", false),
            ("Content-Type: text/html\r\n", "<html>no</html>", false),
            ("", "gone", false),
        ] {
            let error = get_vm(canned(status, headers, body).await).await;
            assert_error(&error, kind, &["GET /ovirt-engine/api/vms/1", &status[..3]]);
            assert_eq!(error.status(), status[..3].parse().ok(), "{error}");
            assert_eq!(error.correlation_id(), (headers == XML).then_some("abc"));
            let fault = error.fault().map(|fault| (fault.reason.as_deref(), fault.detail.as_deref()));
            assert_eq!(
                fault,
                has_fault.then_some((Some("Operation Failed"), Some("[Cannot remove VM. VM is running.]"))),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn only_what_may_pass_by_itself_is_retryable() {
    for (status, retryable) in [
        ("503 Service Unavailable", true),
        ("504 Gateway Timeout", true),
        ("500 Internal Server Error", false),
        ("409 Conflict", false),
    ] {
        assert_eq!(get_vm(canned(status, XML, "").await).await.is_retryable(), retryable, "{status}");
    }
    assert!(get_vm(Connection::builder("http://127.0.0.1:1/ovirt-engine/api").token("t")).await.is_retryable());
}

#[tokio::test]
async fn a_fault_in_a_success_is_an_error() {
    let error = get_vm(canned("200 OK", XML, FAULT).await).await;
    assert_error(&error, ErrorKind::Fault, &["VM is running"]);
    let connection = canned("200 OK", XML, &format!("<action>{FAULT}</action>")).await.build().expect("the settings are right");
    let error = connection.system_service().vms_service().vm_service("1").start().send().await.expect_err("it failed");
    assert_error(&error, ErrorKind::Fault, &["VM is running", "POST /ovirt-engine/api/vms/1/start"]);
}

#[tokio::test]
async fn answers_that_are_not_of_the_api() {
    for (headers, body, parts) in [
        (XML, "<vms/>", &["<vms>", "<vm>"][..]),
        (XML, "<vm><memory>lots</memory></vm>", &["memory", "lots", "whole number"]),
        (XML, "<vm><name>a", &["line 1", "ends within"]),
        (XML, "", &["empty"]),
        ("Content-Type: application/json\r\n", "{}", &["application/json instead of XML"]),
        ("Content-Type: text/plain\r\n", "<<", &["text/plain instead of XML"]),
    ] {
        assert_error(&get_vm(canned("200 OK", headers, body).await).await, ErrorKind::Decode, parts);
    }
}

#[tokio::test]
async fn an_empty_answer_is_no_empty_list() {
    let connection = canned("200 OK", XML, "").await.build().expect("the settings are right");
    let error = connection.system_service().vms_service().list().send().await.expect_err("it is not a list");
    assert_error(&error, ErrorKind::Decode, &["empty", "list"]);
}

#[tokio::test]
async fn a_token_in_a_failure_is_no_token() {
    let json = "Content-Type: application/json\r\n";
    for (status, kind) in [("401 Unauthorized", ErrorKind::Authentication), ("500 Internal Server Error", ErrorKind::Fault)] {
        let url = canned_url(status, json, r#"{"access_token": "canned-token"}"#).await;
        let error = get_vm(Connection::builder(url).username("u@internal").password("s3cret")).await;
        assert_error(&error, kind, &["POST /ovirt-engine/sso/oauth/token", &status[..3]]);
    }
}

#[tokio::test]
async fn an_accepted_request_needs_no_body() {
    let connection = canned("202 Accepted", "Location: https://e/ovirt-engine/api/vms/7\r\n", "")
        .await
        .build()
        .expect("the settings are right");
    let vms = connection.system_service().vms_service();
    vms.vm_service("1").remove().send().await.expect("it was accepted");
    vms.vm_service("1").start().send().await.expect("it was accepted");
    let vm = vms.add().vm(virt_sdk::ovirt::types::Vm::new()).send().await.expect("it was accepted");
    assert_eq!(vm.href.as_deref(), Some("/ovirt-engine/api/vms/7"));
}

#[tokio::test]
async fn a_slow_server_is_a_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/ovirt-engine/api", listener.local_addr().expect("it has an address"));
    let timeout = std::time::Duration::from_millis(50);
    for builder in [Connection::builder(&url).token("t"), Connection::builder(&url).username("u@internal").password("s3cret")] {
        assert_error(&get_vm(builder.timeout(timeout)).await, ErrorKind::Timeout, &["in time", "`timeout`"]);
    }
}

#[test]
fn wrong_settings_are_said_at_once() {
    let good = || Connection::builder("https://engine.example.com/ovirt-engine/api").token("t");
    for (builder, part) in [
        (Connection::builder("engine.example.com").token("t"), "it looks like https://"),
        (Connection::builder("ftp://engine.example.com/").token("t"), "it looks like https://"),
        (Connection::builder("https://u:s3cret@engine.example.com/").token("t"), "`username` and `password`"),
        (Connection::builder("https://engine.example.com/?a=b").token("t"), "neither `?` nor `#`"),
        (Connection::builder("https://engine.example.com/"), "no credentials"),
        (Connection::builder("https://engine.example.com/").username("u"), "call `password`"),
        (Connection::builder("https://engine.example.com/").password("s3cret"), "call `username`"),
        (good().ca_file("/no/such/ca.pem"), "/no/such/ca.pem cannot be read"),
        (good().ca_pem("not a certificate"), "BEGIN CERTIFICATE"),
        (good().header("a b", "c"), "not a header"),
    ] {
        assert_error(&builder.build().expect_err("it is wrong"), ErrorKind::Configuration, &[part]);
    }
}
