//! What is told to whoever collects traces.

use crate::servers::{connect, engine};
use std::sync::{Arc, Mutex};
use virt_sdk::ovirt::types::{StorageConnection, StorageType};
use virt_sdk::{ErrorKind, Retry};
use virt_simulator::Fault;

/// What was written meanwhile.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panics with it").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    /// The lines that contain something.
    fn lines(&self, part: &str) -> Vec<String> {
        let bytes = self.0.lock().expect("no test panics with it").clone();
        let text = String::from_utf8(bytes).expect("it is text");
        text.lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
    }
}

/// Collects what the current thread tells.
fn collect(level: tracing::Level) -> (Written, tracing::subscriber::DefaultGuard) {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    (written, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn each_call_is_a_span_with_the_names_of_opentelemetry() {
    let engine = engine().await;
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    let (written, _guard) = collect(tracing::Level::INFO);
    let port = engine.url().rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("it has a port");
    engine.inject(Fault::status(503).once());
    let mut get = connection.system_service().vms_service().vm_service("s3gment").get();
    get.call.set_retry(Retry::new().first_pause(std::time::Duration::from_millis(1)));
    assert_eq!(get.send().await.expect_err("there is no such machine").kind(), ErrorKind::NotFound);
    let spans = written.lines("close");
    let [span] = &spans[..] else { panic!("{spans:?}") };
    for part in [
        "otel.kind=\"client\"",
        "otel.name=\"GET /ovirt-engine/api/vms/{id}\"",
        "otel.status_code=\"ERROR\"",
        "http.request.method=\"GET\"",
        "http.request.resend_count=1",
        "http.response.status_code=404",
        "url.template=\"/ovirt-engine/api/vms/{id}\"",
        "server.address=\"127.0.0.1\"",
        &format!("server.port={port}"),
        "error.type=404",
    ] {
        assert!(span.contains(part), "`{part}` in {span}");
    }
    assert!(!span.contains("s3gment"), "no identifier: names of spans must be few");
    let again = written.lines("sent again");
    assert!(again.len() == 1 && again[0].contains("attempt=1"), "{again:?}");
}

#[tokio::test]
async fn a_sign_in_is_a_span_of_its_own_within_that_of_its_call() {
    let engine = engine().await;
    let (written, _guard) = collect(tracing::Level::INFO);
    connect(&engine).test().await.expect("the engine is there");
    let spans = written.lines("close");
    assert_eq!(spans.len(), 2, "{spans:?}");
    assert!(spans[0].contains("GET /ovirt-engine/api\"") && spans[0].contains("POST /ovirt-engine/sso/oauth/token"), "{spans:?}");
}

#[tokio::test]
async fn the_wire_is_told_without_secrets() {
    let engine = engine().await;
    let connection = connect(&engine);
    let (written, _guard) = collect(tracing::Level::TRACE);
    let storage = StorageConnection::new().r#type(StorageType::Iscsi).address("10.0.0.1").username("u").password("s3cret");
    let added = connection.system_service().storage_connections_service().add().connection(storage.target("t").port(3260));
    added.send().await.expect("it is added");
    let wire = written.lines("virt_sdk::wire");
    let has = |parts: &[&str]| wire.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(
        has(&["sent POST /ovirt-engine/api/storageconnections", "\"authorization\", \"[REDACTED]\"", "\"version\", \"4\""]),
        "{wire:#?}"
    );
    assert!(has(&["sent <storage_connection>", "<address>10.0.0.1</address>", "<password>[REDACTED]</password>"]), "{wire:#?}");
    assert!(has(&["received 201"]) && has(&["received <?xml"]), "{wire:#?}");
    assert_eq!(written.lines("<address>10.0.0.1</address>").len(), 2, "in the request and in the answer");
    for secret in engine.secrets().iter().map(String::as_str).chain(["s3cret"]) {
        assert!(wire.iter().all(|line| !line.contains(secret)), "{wire:#?}");
    }
}

#[tokio::test]
async fn insecure_is_a_warning() {
    let (written, _guard) = collect(tracing::Level::WARN);
    let builder = virt_sdk::ovirt::Connection::builder("https://engine.example.com/ovirt-engine/api").token("t0ken");
    builder.insecure(true).build().expect("the settings are right");
    let warnings = written.lines("WARN");
    assert!(warnings.len() == 1 && warnings[0].contains("server=engine.example.com"), "{warnings:?}");
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_a_failure_of_its_span() {
    let engine = engine().await;
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    let (written, _guard) = collect(tracing::Level::INFO);
    engine.inject(Fault::html(200).once());
    assert_eq!(connection.test().await.expect_err("it is a page").kind(), ErrorKind::Decode);
    let spans = written.lines("close");
    let [span] = &spans[..] else { panic!("{spans:?}") };
    for part in ["http.response.status_code=200", "otel.status_code=\"ERROR\"", "error.type=\"decode\""] {
        assert!(span.contains(part), "`{part}` in {span}");
    }
}

#[tokio::test]
async fn what_is_followed_has_no_identifier_in_its_span() {
    let engine = crate::servers::engine_of(virt_simulator::Simulator::builder().vms(1)).await;
    let connection = connect(&engine);
    let vms = connection.system_service().vms_service().list().send().await.expect("they are listed");
    let cluster = vms[0].cluster.clone().expect("it has a cluster");
    let (written, _guard) = collect(tracing::Level::INFO);
    connection.follow_link(&cluster).await.expect("it is there");
    let spans = written.lines("close");
    let id = cluster.id().expect("it has an identifier").to_owned();
    assert!(spans.len() == 1 && spans[0].contains("/{href}") && !spans[0].contains(&id), "{spans:?}");
}
