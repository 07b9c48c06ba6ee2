//! Signing in and out.

use crate::{canned::canned, connect};
use virt_sdk::ErrorKind;
use virt_sdk::ovirt::Connection;
use virt_simulator::Simulator;

#[tokio::test]
async fn the_first_call_signs_in_and_close_signs_out() {
    let engine = Simulator::start().await.expect("it starts");
    let connection = connect(&engine);
    assert_eq!(engine.sessions(), 0, "nothing is sent before the first call");
    connection.test().await.expect("the engine is there");
    connection.system_service().vms_service().list().send().await.expect("the engine is there");
    assert_eq!(engine.sessions(), 1);
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
    connection.close().await.expect("closing again does nothing");
    let error = connection.test().await.expect_err("it is closed");
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("closed"), "{error}");
}

#[tokio::test]
async fn calls_at_the_same_time_sign_in_once() {
    let engine = Simulator::start().await.expect("it starts");
    let connection = connect(&engine);
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            tokio::spawn({
                let connection = connection.clone();
                async move { connection.test().await }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics").expect("the engine is there");
    }
    assert_eq!(engine.sessions(), 1);
    connection.close().await.expect("the session ends");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let engine = Simulator::start().await.expect("it starts");
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    engine.expire_tokens();
    connection.system_service().vms_service().list().send().await.expect("the token is renewed");
    assert_eq!(engine.sessions(), 1);
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
}

#[tokio::test]
async fn a_second_refusal_is_the_error() {
    let connection =
        canned("401 Unauthorized", "Content-Type: text/html\r\n", "<html/>").await.build().expect("the settings are right");
    let error = connection.test().await.expect_err("the token is refused");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Authentication, Some(401)));
}

#[tokio::test]
async fn a_token_of_the_caller_is_not_ended() {
    let engine = Simulator::start().await.expect("it starts");
    let expired = Connection::builder(engine.url()).token("gone").username(engine.username()).password(engine.password());
    let connection = expired.build().expect("the settings are right");
    connection.test().await.expect("user name and password renew the token");
    assert_eq!(engine.sessions(), 1);
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0, "what was renewed is ended");
    let without = Connection::builder(engine.url()).token("gone").build().expect("the settings are right");
    assert_eq!(without.test().await.expect_err("it is refused").kind(), ErrorKind::Authentication);
    without.close().await.expect("there is nothing to end");
}

#[tokio::test]
async fn certificates_are_trusted_by_ca_or_not_checked_at_all() {
    let engine = Simulator::builder().tls(true).start().await.expect("it starts");
    let builder = || Connection::builder(engine.url()).username(engine.username()).password(engine.password());
    let pem = engine.ca_pem().expect("it has a CA").to_owned();
    let with_pem = builder().ca_pem(pem.clone()).build().expect("the settings are right");
    with_pem.test().await.expect("the CA is trusted");
    let file = std::env::temp_dir().join(format!("virt-sdk-ca-{}.pem", std::process::id()));
    std::fs::write(&file, pem).expect("the file can be written");
    let with_file = builder().ca_file(&file).build().expect("the settings are right");
    std::fs::remove_file(&file).expect("the file can be removed");
    with_file.test().await.expect("the CA is trusted");
    let insecure = builder().insecure(true).build().expect("the settings are right");
    insecure.test().await.expect("nothing is checked");
    assert_eq!(builder().build().expect("the settings are right").test().await.expect_err("not trusted").kind(), ErrorKind::Tls);
}

#[test]
fn debug_shows_no_secret() {
    let builder =
        Connection::builder("https://engine.example.com/ovirt-engine/api/").username("u").password("s3cret").token("t0ken");
    let shown = format!("{builder:?}") + &format!("{:?}", builder.build().expect("the settings are right"));
    assert!(shown.contains("engine.example.com") && !shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
}
