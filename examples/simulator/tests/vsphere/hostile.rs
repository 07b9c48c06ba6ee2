//! Requests that no honest client sends.

use crate::client::{BOTH, Client, Dialect};
use crate::support::start;
use reqwest::Method;
use serde_json::json;

async fn send(client: &Client, method: Method, path: &str, body: Vec<u8>) -> u16 {
    let request = client.http.request(method, format!("{}{path}", client.origin));
    let request = request.header("vmware-api-session-id", &client.token).header("content-type", "application/json");
    request.body(body).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn nothing_that_is_sent_stops_the_server() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item(&library, "item", Some("ovf")).await;
    let session = client.update(&item).await;
    let create = "/api/content/local-library";
    let add = format!("/api/content/library/item/update-session/{session}/file");
    let file = |members: &str| format!(r#"{{"name":"a","source_type":"PULL",{members}}}"#).into_bytes();
    for (path, body) in [
        (create, vec![0xff, 0xfe]),
        (create, b"{".to_vec()),
        (create, b"null".to_vec()),
        (create, vec![b'['; 100_000]),
        (create, br#"{"name":null,"name":1}"#.to_vec()),
        (create, br#"{"name":"a","storage_backings":[null]}"#.to_vec()),
        (create, br#"{"name":"a","storage_backings":[{"type":"DATASTORE"}]}"#.to_vec()),
        (create, br#"{"name":"a","storage_backings":[],"version":1e400}"#.to_vec()),
        (&add, file(r#""source_endpoint":{"uri":"://"}"#)),
        (&add, file(r#""source_endpoint":{"uri":"ds"}"#)),
        (&add, file(r#""source_endpoint":{"uri":"http:a"},"size":-1"#)),
        (&add, file(r#""source_endpoint":{"uri":"http:a"},"size":9223372036854775808"#)),
        (&add, file(r#""source_endpoint":{"uri":"http:a"},"size":1.5"#)),
    ] {
        let status = send(&client, Method::POST, path, body.clone()).await;
        assert_eq!(status, 400, "{path} {}", String::from_utf8_lossy(&body));
    }
    for path in [
        "/api",
        "/rest",
        "/api/",
        "//",
        "/api//session",
        "/api/%ff",
        "/api/content/library/%ff%fe",
        "/api/content/library/..%2f..",
        "/rest/com/vmware/content/library/id:",
        "/cls/data/",
        "/cls/data/x",
        "/cls/data/%00/%00",
    ] {
        assert_eq!(send(&client, Method::GET, path, Vec::new()).await, 404, "{path}");
    }
    for query in [
        "filter_spec.targets.99999999999.type=a",
        "tasks.1.1.1=a",
        "targets=%7B",
        "services=&services",
        "return_all=maybe&services=a",
    ] {
        assert_eq!(send(&client, Method::GET, &format!("/api/cis/tasks?{query}"), Vec::new()).await, 400, "{query}");
    }
    // Sources that make no sense end as errors of the file.
    for uri in ["http://", "http:a", "https://[::1", "http://a b/", "http://127.0.0.1:99999/"] {
        let body = json!({ "name": "a", "source_type": "PULL", "source_endpoint": { "uri": uri } });
        client.add(&session, body).await;
        let get = json!({ "update_session_id": session, "file_name": "a" });
        crate::support::wait(&client, "content.library.item.updatesession.file.get", get, |file| file["status"] == "ERROR").await;
    }
    for (name, content) in [("x.ovf", "<Envelope>"), ("y.mf", "SHA1(y.mf)= 0"), ("z.cert", "-----BEGIN CERTIFICATE-----")] {
        client.push(&session, name, content.as_bytes()).await;
        if name == "x.ovf" {
            client
                .call(
                    "content.library.item.updatesession.file.remove",
                    json!({ "update_session_id": session, "file_name": name }),
                )
                .await;
        }
    }
    client.session(&session).await;
    client.call("content.library.item.updatesession.file.validate", json!({ "update_session_id": session })).await;
}

#[tokio::test]
async fn progress_and_numbers_have_no_edges() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item(&library, "item", None).await;
        let session = client.update(&item).await;
        client.add(&session, json!({ "name": "a", "source_type": "PUSH", "size": i64::MAX })).await;
        for progress in [i64::MAX, i64::MIN] {
            let arguments = json!({ "update_session_id": session, "client_progress": progress });
            let refused = client.refused("content.library.item.update_session.keep_alive", arguments).await;
            assert_eq!(refused.0, "invalid_argument");
        }
        vcenter.advance(std::time::Duration::MAX);
        assert_eq!(vcenter.sessions(), 0);
    }
}
