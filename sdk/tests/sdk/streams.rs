//! Lists as streams.

use crate::canned::canned;
use crate::connect;
use crate::servers::{engine, engine_of};
use std::time::Duration;
use virt_sdk::ErrorKind;
use virt_sdk::ovirt::ListStream;
use virt_sdk::ovirt::types::{Event, LogSeverity};
use virt_simulator::Simulator;

const XML: &str = "Content-Type: application/xml\r\nCorrelation-Id: abc\r\n";

async fn names(mut stream: ListStream<virt_sdk::ovirt::types::Vm>) -> virt_sdk::Result<Vec<String>> {
    let mut names = Vec::new();
    while let Some(vm) = stream.next().await {
        names.push(vm?.name.unwrap_or_default());
    }
    Ok(names)
}

#[tokio::test]
async fn a_stream_has_what_the_list_has() {
    let engine = engine_of(Simulator::builder().vms(250)).await;
    let vms = connect(&engine).system_service().vms_service();
    let whole: Vec<_> = vms.list().send().await.expect("the list is there").into_vec();
    let mut stream = vms.list().stream();
    let mut streamed = Vec::new();
    while let Some(vm) = stream.next().await {
        streamed.push(vm.expect("it can be read"));
    }
    assert_eq!(whole.len(), 250);
    assert_eq!(streamed, whole);
}

#[tokio::test]
async fn pages_are_walked_to_the_end() {
    let engine = engine_of(Simulator::builder().vms(25)).await;
    let vms = connect(&engine).system_service().vms_service();
    for (size, requests) in [(10, 3), (25, 2), (100, 1)] {
        let before = engine.requests().len();
        let found = names(vms.list().search("name=vm* sortby name asc").max(size).pages()).await.expect("the pages are there");
        assert_eq!(found.len(), 25, "{found:?}");
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
        let sign_in = usize::from(before == 0);
        assert_eq!(engine.requests().len() - before - sign_in, requests, "pages of {size}");
    }
    assert_eq!(names(vms.list().pages()).await.expect("the pages are there").len(), 25);
    assert!(names(vms.list().search("name=none").pages()).await.expect("the pages are there").is_empty());
}

#[tokio::test]
async fn events_are_followed_without_loss_or_repetition() {
    let engine = engine().await;
    let events = connect(&engine).system_service().events_service();
    let add = |number: i64| {
        let event =
            Event::new().origin("test").severity(LogSeverity::Normal).custom_id(number).description(format!("event {number}"));
        events.add().event(event).send()
    };
    let newest = events.list().max(1).send().await.expect("the list is there");
    let after = newest.first().and_then(|event| event.id.as_deref()).and_then(|id| id.parse().ok()).unwrap_or(0);
    add(1).await.expect("it is added");
    add(2).await.expect("it is added");
    let mut followed = events.follow(after, Duration::from_millis(5));
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let event = followed.next().await.expect("it has no end").expect("the engine is there");
        if let Some(text) = event.description.filter(|text| text.starts_with("event ")) {
            seen.push(text);
        }
        if seen.len() == 2 {
            add(3).await.expect("it is added");
            add(4).await.expect("it is added");
            engine.expire_tokens();
        }
    }
    assert_eq!(seen, ["event 1", "event 2", "event 3", "event 4"]);
}

#[tokio::test]
async fn what_is_wrong_ends_the_stream() {
    for (status, body, kind, before) in [
        ("200 OK", "<vms><vm><name>a</name></vm><vm><memory>x</memory></vm></vms>", ErrorKind::Decode, 1),
        ("200 OK", "<vms><vm><name>a</name></vm><vm>", ErrorKind::Decode, 1),
        ("200 OK", "<hosts/>", ErrorKind::Decode, 0),
        ("200 OK", "", ErrorKind::Decode, 0),
        ("200 OK", "<fault><reason>r</reason></fault>", ErrorKind::Fault, 0),
        ("403 Forbidden", "<fault><reason>r</reason></fault>", ErrorKind::Authorization, 0),
        ("404 Not Found", "", ErrorKind::NotFound, 0),
    ] {
        let connection = canned(status, XML, body).await.build().expect("the settings are right");
        let mut stream = connection.system_service().vms_service().list().stream();
        for _ in 0..before {
            stream.next().await.expect("there is one").expect("it can be read");
        }
        let error = stream.next().await.expect("it is not the end").expect_err("it cannot be read");
        assert_eq!((error.kind(), error.correlation_id()), (kind, Some("abc")), "{error}");
        assert!(error.to_string().contains("GET /ovirt-engine/api/vms"), "{error}");
        assert!(stream.next().await.is_none(), "it has ended");
    }
}

#[tokio::test]
async fn an_empty_list_is_an_empty_stream() {
    for body in ["<vms/>", "<vms></vms>", "<?xml version=\"1.0\"?>\n<vms><actions/><size>0</size></vms>\n"] {
        let connection = canned("200 OK", XML, body).await.build().expect("the settings are right");
        assert!(
            names(connection.system_service().vms_service().list().stream()).await.expect("it is a list").is_empty(),
            "{body}"
        );
    }
}
