//! Files that the server fetches.

use crate::client::{BOTH, Client, Dialect};
use crate::source::Source;
use crate::support::{sign_in, start, wait};
use serde_json::{Value, json};
use std::time::Duration;
use virt_simulator::vsphere::Simulator;

const GET: &str = "content.library.item.update_session.get";

struct Pull {
    vcenter: Simulator,
    client: Client,
    item: String,
    session: String,
}

impl Pull {
    async fn start(dialect: Dialect) -> Pull {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item(&library, "item", None).await;
        let session = client.update(&item).await;
        Pull { vcenter, client, item, session }
    }

    async fn add(&self, endpoint: Value, members: Value) -> Value {
        let mut spec = json!({ "name": "a", "source_type": "PULL", "source_endpoint": endpoint });
        spec.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        self.client.add(&self.session, spec).await
    }

    /// The session, once it has ended.
    async fn end(&self) -> Value {
        wait(&self.client, GET, json!({ "update_session_id": self.session }), |session| session["state"] != "ACTIVE").await
    }

    /// Completes the session. Returns its state at the end, and the text of its error.
    async fn complete(&self) -> (String, String) {
        self.client.complete(&self.session).await;
        let session = self.end().await;
        let text = session["error_message"]["default_message"].as_str().unwrap_or_default().to_owned();
        (session["state"].as_str().expect("a state").to_owned(), text)
    }
}

#[tokio::test]
async fn a_pull_goes_on_after_the_session_is_completed() {
    for dialect in BOTH {
        let pull = Pull::start(dialect).await;
        let source = Source::start("200 OK\r\ncontent-length: 400", &[1; 100], &[2; 300]).await;
        let added = pull.add(json!({ "uri": source.url }), json!({ "size": 400 })).await;
        assert_eq!((&added["source_type"], &added["status"]), (&json!("PULL"), &json!("TRANSFERRING")));
        pull.client.complete(&pull.session).await;
        let id = json!({ "update_session_id": pull.session });
        let progress = wait(&pull.client, GET, id.clone(), |session| session["client_progress"] == 25).await;
        assert_eq!((&progress["state"], &progress["preview_info"]["state"]), (&json!("ACTIVE"), &json!("NOT_APPLICABLE")));
        assert_eq!(pull.client.file(&pull.session, "a").await["bytes_transferred"], 100);
        // A transfer is activity.
        pull.vcenter.advance(Duration::from_secs(20 * 60));
        assert_eq!(pull.client.session(&pull.session).await["state"], "ACTIVE");
        for call in ["complete", "delete"] {
            let name = format!("content.library.item.update_session.{call}");
            assert_eq!(pull.client.refused(&name, id.clone()).await.0, "not_allowed_in_current_state");
        }
        source.release();
        let done = pull.end().await;
        assert_eq!((&done["state"], &done["client_progress"]), (&json!("DONE"), &json!(100)));
        let expected = [[1; 100].as_slice(), &[2; 300]].concat();
        assert!(pull.client.download(&pull.item, "a").await == expected);
    }
}

#[tokio::test]
async fn what_goes_wrong_is_said() {
    let sum = json!({ "checksum_info": { "algorithm": "SHA256", "checksum": "00" } });
    for (head, body, members, text) in [
        ("404 Not Found\r\ncontent-length: 4", "gone", json!({}), "status 404"),
        ("302 Found\r\nlocation: /\r\ncontent-length: 0", "", json!({}), "status 302"),
        ("200 OK\r\ncontent-length: 3", "abc", sum, "SHA256 checksum"),
        ("200 OK\r\ncontent-length: 3", "abc", json!({ "size": 4 }), "3 bytes, but 4"),
        ("200 OK\r\ncontent-length: 9", "abc", json!({}), "ended too early"),
    ] {
        let pull = Pull::start(Dialect::Api).await;
        let source = Source::open(head, body.as_bytes()).await;
        pull.add(json!({ "uri": source.url }), members).await;
        let (state, message) = pull.complete().await;
        assert!(state == "ERROR" && message.contains(text), "{message}");
        assert_eq!(pull.client.file(&pull.session, "a").await["status"], "ERROR");
    }
    let pull = Pull::start(Dialect::Rest).await;
    pull.add(json!({ "uri": "http://127.0.0.1:1/file" }), json!({})).await;
    let (state, message) = pull.complete().await;
    assert!(state == "ERROR" && message.contains("http://127.0.0.1:1/file cannot be fetched"), "{message}");
}

#[tokio::test]
async fn sources_on_the_storage_must_exist() {
    let pull = Pull::start(Dialect::Api).await;
    for uri in ["ftp://a/b", "nothing", ""] {
        let file = json!({ "name": "a", "source_type": "PULL", "source_endpoint": { "uri": uri } });
        let spec = json!({ "update_session_id": pull.session, "file_spec": file });
        assert_eq!(pull.client.refused("content.library.item.updatesession.file.add", spec).await.0, "invalid_argument", "{uri}");
    }
    let library = pull.client.library(&pull.vcenter).await;
    let other = pull.client.item_with(&library, "other", "b", b"stored").await;
    let storage = pull.client.call("content.library.item.storage.list", json!({ "library_item_id": other })).await;
    pull.add(json!({ "uri": storage[0]["storage_uris"][0] }), json!({})).await;
    assert_eq!(pull.complete().await.0, "DONE");
    assert_eq!(pull.client.download(&pull.item, "a").await, b"stored");
    for uri in ["file:///etc/hostname", "ds:///vmfs/volumes/none/a"] {
        let session = pull.client.update(&pull.item).await;
        let endpoint = json!({ "uri": uri });
        pull.client.add(&session, json!({ "name": "a", "source_type": "PULL", "source_endpoint": endpoint })).await;
        pull.client.complete(&session).await;
        let ended =
            wait(&pull.client, GET, json!({ "update_session_id": session }), |session| session["state"] != "ACTIVE").await;
        assert_eq!(ended["error_message"]["default_message"], format!("There is nothing at {uri}."));
    }
}

/// A vCenter with TLS, and the address of a file on it.
async fn secure() -> (Simulator, String) {
    let vcenter = Simulator::builder().tls(true).start().await.expect("a simulator");
    let client = sign_in(&vcenter, Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item_with(&library, "item", "a", b"secure").await;
    let (_, uri) = client.prepare(&item, "a").await;
    (vcenter, uri)
}

#[tokio::test]
async fn a_source_that_is_not_trusted_never_comes() {
    let (_other, uri) = secure().await;
    for thumbprint in [Value::Null, json!("00:11")] {
        let pull = Pull::start(Dialect::Api).await;
        let mut endpoint = json!({ "uri": uri });
        if !thumbprint.is_null() {
            endpoint["ssl_certificate_thumbprint"] = thumbprint;
        }
        pull.add(endpoint, json!({})).await;
        pull.client.complete(&pull.session).await;
        let id = json!({ "update_session_id": pull.session });
        let stalled = wait(&pull.client, GET, id.clone(), |session| session["client_progress"] == 1).await;
        assert_eq!(stalled["state"], "ACTIVE");
        pull.vcenter.advance(Duration::from_secs(60 * 20));
        assert_eq!(pull.client.file(&pull.session, "a").await["status"], "TRANSFERRING");
        assert_eq!(pull.client.session(&pull.session).await["state"], "ACTIVE");
        pull.client.call("content.library.item.update_session.cancel", id).await;
    }
}

#[tokio::test]
async fn a_source_is_trusted_by_authority_certificate_or_thumbprint() {
    let (other, uri) = secure().await;
    let leaf = leaf(&uri).await;
    let digest = |algorithm| {
        let digest = aws_lc_rs::digest::digest(algorithm, &leaf);
        digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    };
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &leaf)
    );
    for (member, value) in [
        ("ssl_certificate_thumbprint", digest(&aws_lc_rs::digest::SHA256)),
        ("ssl_certificate_thumbprint", digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY)),
        ("ssl_certificate", pem),
    ] {
        let pull = Pull::start(Dialect::Rest).await;
        let mut endpoint = json!({ "uri": uri });
        endpoint[member] = json!(value);
        pull.add(endpoint, json!({})).await;
        assert_eq!(pull.complete().await, ("DONE".to_owned(), String::new()), "{member}");
    }
    let pull = Pull::start(Dialect::Api).await;
    let trust = json!({ "spec": { "cert_text": other.ca_pem().expect("a CA") } });
    pull.client.call("content.trusted_certificates.create", trust).await;
    pull.add(json!({ "uri": uri }), json!({})).await;
    assert_eq!(pull.complete().await.0, "DONE");
    assert_eq!(pull.client.download(&pull.item, "a").await, b"secure");
}

/// The certificate of a server.
async fn leaf(uri: &str) -> Vec<u8> {
    let client =
        reqwest::Client::builder().no_proxy().tls_info(true).tls_danger_accept_invalid_certs(true).build().expect("a client");
    let response = client.head(uri).send().await.expect("an answer");
    let info = response.extensions().get::<reqwest::tls::TlsInfo>().expect("TLS");
    info.peer_certificate().expect("a certificate").to_vec()
}

#[tokio::test]
async fn a_descriptor_brings_its_files() {
    let pull = Pull::start(Dialect::Api).await;
    let update = json!({ "library_item_id": pull.item, "update_spec": { "type": "ovf" } });
    pull.client.call("content.library.item.update", update).await;
    // Whatever is asked for, the source gives out the same: so the disk is a descriptor too.
    let ovf = r#"<Envelope xmlns:o="o"><References><File o:href="a disk"/></References></Envelope>"#;
    let source = Source::open(&format!("200 OK\r\ncontent-length: {}", ovf.len()), ovf.as_bytes()).await;
    let endpoint = json!({ "uri": source.url.replace("/file", "/machine.ovf") });
    let spec = json!({ "name": "machine.ovf", "source_type": "PULL", "source_endpoint": endpoint });
    pull.client.add(&pull.session, spec).await;
    assert_eq!(pull.complete().await, ("DONE".to_owned(), String::new()));
    assert_eq!(pull.client.download(&pull.item, "a disk").await, ovf.as_bytes());
}
