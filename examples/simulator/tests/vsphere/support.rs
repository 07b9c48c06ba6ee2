//! What tests often need.

use crate::client::{Client, Dialect};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use virt_simulator::vsphere::{Builder, Simulator};

/// Longest time that any change of state may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause between two looks.
const INTERVAL: Duration = Duration::from_millis(2);

pub(crate) async fn start(dialect: Dialect) -> (Simulator, Client) {
    with(Simulator::builder(), dialect).await
}

pub(crate) async fn with(builder: Builder, dialect: Dialect) -> (Simulator, Client) {
    let vcenter = builder.start().await.expect("a simulator");
    let client = sign_in(&vcenter, dialect).await;
    (vcenter, client)
}

pub(crate) async fn sign_in(vcenter: &Simulator, dialect: Dialect) -> Client {
    let http = match vcenter.ca_pem() {
        None => reqwest::Client::builder().no_proxy(),
        Some(pem) => {
            let root = reqwest::Certificate::from_pem(pem.as_bytes()).expect("PEM");
            reqwest::Client::builder().no_proxy().tls_certs_only([root])
        }
    };
    let http = http.build().expect("a client");
    let path = match dialect {
        Dialect::Api => "/api/session",
        Dialect::Rest => "/rest/com/vmware/cis/session",
    };
    let request = http.post(format!("{}{path}", vcenter.url())).basic_auth(vcenter.username(), Some(vcenter.password()));
    let answer: Value =
        serde_json::from_str(&request.send().await.expect("an answer").text().await.expect("a body")).expect("JSON");
    let token = answer.as_str().or_else(|| answer["value"].as_str()).expect("a token").to_owned();
    Client { origin: vcenter.url().to_owned(), http, dialect, token }
}

/// Polls until a test holds for the result of a call.
#[track_caller]
pub(crate) fn wait<'a>(
    client: &'a Client,
    name: &'a str,
    arguments: Value,
    test: impl Fn(&Value) -> bool + 'a,
) -> impl Future<Output = Value> + 'a {
    let caller = std::panic::Location::caller();
    async move {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = client.call(name, arguments.clone()).await;
            if test(&value) {
                return value;
            }
            assert!(Instant::now() < deadline, "{caller}: {name} stays {value}");
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

impl Client {
    /// A new local library.
    pub(crate) async fn library(&self, vcenter: &Simulator) -> String {
        self.library_with(vcenter, json!({ "name": "library" })).await
    }

    /// A new local library with more members.
    pub(crate) async fn library_with(&self, vcenter: &Simulator, members: Value) -> String {
        let mut spec = json!({ "storage_backings": [{ "type": "DATASTORE", "datastore_id": vcenter.datastore() }] });
        spec.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        self.id("content.local_library.create", json!({ "create_spec": spec })).await
    }

    /// A new item.
    pub(crate) async fn item(&self, library: &str, name: &str, kind: Option<&str>) -> String {
        let mut spec = json!({ "library_id": library, "name": name });
        if let Some(kind) = kind {
            spec["type"] = json!(kind);
        }
        self.id("content.library.item.create", json!({ "create_spec": spec })).await
    }

    /// A new update session.
    pub(crate) async fn update(&self, item: &str) -> String {
        let spec = json!({ "library_item_id": item });
        self.id("content.library.item.update_session.create", json!({ "create_spec": spec })).await
    }

    /// Adds a file to an update session.
    pub(crate) async fn add(&self, session: &str, spec: Value) -> Value {
        let arguments = json!({ "update_session_id": session, "file_spec": spec });
        self.call("content.library.item.updatesession.file.add", arguments).await
    }

    /// Adds a file to an update session and pushes its content.
    pub(crate) async fn push(&self, session: &str, name: &str, content: &[u8]) {
        self.push_with(session, json!({ "name": name, "source_type": "PUSH" }), content).await;
    }

    /// Adds a file with more members.
    pub(crate) async fn push_with(&self, session: &str, spec: Value, content: &[u8]) {
        let file = self.add(session, spec).await;
        let uri = file["upload_endpoint"]["uri"].as_str().expect("an endpoint").to_owned();
        let response = self.http.put(uri).body(content.to_vec()).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
    }

    /// A file of an update session.
    pub(crate) async fn file(&self, session: &str, name: &str) -> Value {
        let arguments = json!({ "update_session_id": session, "file_name": name });
        self.call("content.library.item.updatesession.file.get", arguments).await
    }

    /// An update session.
    pub(crate) async fn session(&self, session: &str) -> Value {
        self.call("content.library.item.update_session.get", json!({ "update_session_id": session })).await
    }

    /// Completes an update session.
    pub(crate) async fn complete(&self, session: &str) {
        self.call("content.library.item.update_session.complete", json!({ "update_session_id": session })).await;
    }

    /// A new item with one file.
    pub(crate) async fn item_with(&self, library: &str, name: &str, file: &str, content: &[u8]) -> String {
        let item = self.item(library, name, None).await;
        let session = self.update(&item).await;
        self.push(&session, file, content).await;
        self.complete(&session).await;
        assert_eq!(self.session(&session).await["state"], "DONE");
        item
    }

    /// Prepares a file for download. Returns its session and address.
    pub(crate) async fn prepare(&self, item: &str, name: &str) -> (String, String) {
        let spec = json!({ "create_spec": { "library_item_id": item } });
        let session = self.id("content.library.item.download_session.create", spec).await;
        let arguments = json!({ "download_session_id": session, "file_name": name });
        self.call("content.library.item.downloadsession.file.prepare", arguments.clone()).await;
        let get = "content.library.item.downloadsession.file.get";
        let file = wait(self, get, arguments, |file| file["status"] == "PREPARED").await;
        (session, file["download_endpoint"]["uri"].as_str().expect("an endpoint").to_owned())
    }

    /// Content of a file of an item.
    pub(crate) async fn download(&self, item: &str, name: &str) -> Vec<u8> {
        let (_, uri) = self.prepare(item, name).await;
        self.http.get(uri).send().await.expect("an answer").bytes().await.expect("a body").to_vec()
    }
}
