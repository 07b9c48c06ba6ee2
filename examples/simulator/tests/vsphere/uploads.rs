//! Update sessions and pushed files.

use crate::client::{BOTH, Client, Dialect};
use crate::support::{sign_in, start, wait};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const MINUTE: Duration = Duration::from_secs(60);

/// SHA-1, MD5, SHA-256 and SHA-512 of `abc`.
const SUMS: [(&str, &str); 4] = [
    ("SHA1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
    ("SHA256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        "SHA512",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ),
];

async fn files(client: &Client, item: &str) -> Value {
    client.call("content.library.item.file.list", json!({ "library_item_id": item })).await
}

#[tokio::test]
async fn what_is_pushed_comes_back() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item(&library, "item", None).await;
        let content: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
        let session = client.update(&item).await;
        let fresh = client.session(&session).await;
        assert_eq!((&fresh["state"], &fresh["client_progress"]), (&json!("ACTIVE"), &json!(0)));
        assert_eq!(fresh["library_item_content_version"], "1");
        let added = client.add(&session, json!({ "name": "a b-c", "source_type": "PUSH", "size": 3_000_000 })).await;
        assert_eq!((&added["status"], &added["bytes_transferred"]), (&json!("WAITING_FOR_TRANSFER"), &json!(0)));
        let uri = added["upload_endpoint"]["uri"].as_str().expect("an endpoint");
        // The address is all that is needed: no session.
        let bare = reqwest::Client::builder().no_proxy().build().expect("a client");
        assert_eq!(bare.post(uri).body(content.clone()).send().await.expect("an answer").status(), 200);
        let file = client.file(&session, "a b-c").await;
        assert_eq!((&file["status"], &file["size"]), (&json!("READY"), &json!(3_000_000)));
        assert_eq!(files(&client, &item).await, json!([]), "nothing is visible before");
        let validation = "content.library.item.updatesession.file.validate";
        let result = client.call(validation, json!({ "update_session_id": session })).await;
        assert_eq!(result, json!({ "has_errors": false, "missing_files": [], "invalid_files": [] }));
        client.complete(&session).await;
        assert_eq!(client.session(&session).await["state"], "DONE");
        let listed = files(&client, &item).await;
        assert_eq!(
            (&listed[0]["name"], &listed[0]["size"], &listed[0]["cached"]),
            (&json!("a b-c"), &json!(3_000_000), &json!(true))
        );
        let value = client.call("content.library.item.get", json!({ "library_item_id": item })).await;
        assert_eq!((&value["content_version"], &value["size"]), (&json!("2"), &json!(3_000_000)));
        assert!(client.download(&item, "a b-c").await == content);
        client.call("content.library.item.update_session.delete", json!({ "update_session_id": session })).await;
        // The log does not give the addresses away.
        let paths: Vec<String> = vcenter.requests().into_iter().map(|request| request.path).collect();
        assert!(paths.iter().any(|path| path == "/cls/data/{transfer}/a%20b%2Dc"), "{paths:?}");
    }
}

#[tokio::test]
async fn an_item_has_one_active_session() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item(&library, "item", None).await;
        let session = client.update(&item).await;
        let create = "content.library.item.update_session.create";
        let spec = json!({ "create_spec": { "library_item_id": item } });
        let refusal = client.try_call(create, spec.clone()).await.expect_err("it is busy");
        assert_eq!(refusal.error, "vapi.std.errors.resource_busy");
        assert_eq!(refusal.status, if dialect == Dialect::Api { 500 } else { 400 });
        assert!(refusal.message.contains(&session), "{refusal:?}");
        let list = client.call("content.library.item.update_session.list", json!({ "library_item_id": item })).await;
        assert_eq!(list, json!([session]));
        client.call("content.library.item.update_session.cancel", json!({ "update_session_id": session })).await;
        assert_eq!(client.session(&session).await["state"], "CANCELED");
        client.id(create, spec).await;
        let unknown = client.refused(create, json!({ "create_spec": { "library_item_id": "nothing" } })).await;
        assert_eq!(unknown, ("not_found".to_owned(), "There is no library item 'nothing'.".to_owned()));
    }
}

#[tokio::test]
async fn sizes_and_checksums_are_verified() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item(&library, "item", None).await;
    let session = client.update(&item).await;
    for (algorithm, sum) in SUMS {
        let spec =
            json!({ "name": algorithm, "source_type": "PUSH", "checksum_info": { "algorithm": algorithm, "checksum": sum } });
        client.push_with(&session, spec, b"abc").await;
        let file = client.file(&session, algorithm).await;
        assert_eq!((&file["status"], &file["checksum_info"]["checksum"]), (&json!("READY"), &json!(sum)));
    }
    let sha1 = json!({ "checksum": SUMS[0].1.to_uppercase() });
    client.push_with(&session, json!({ "name": "unset", "source_type": "PUSH", "checksum_info": sha1 }), b"abc").await;
    assert_eq!(client.file(&session, "unset").await["status"], "READY");
    client.push_with(&session, json!({ "name": "unset", "source_type": "PUSH", "checksum_info": sha1 }), b"abd").await;
    let file = client.file(&session, "unset").await;
    assert_eq!(file["status"], "ERROR");
    let text = file["error_message"]["default_message"].as_str().expect("a text");
    assert!(text.contains("SHA1") && text.contains(SUMS[0].1), "{text}");
    client.push_with(&session, json!({ "name": "short", "source_type": "PUSH", "size": 4 }), b"abc").await;
    let short = client.file(&session, "short").await;
    assert_eq!(short["error_message"]["default_message"], "The file has 3 bytes, but 4 were announced.");
    let validate = "content.library.item.updatesession.file.validate";
    let result = client.call(validate, json!({ "update_session_id": session })).await;
    assert_eq!((&result["has_errors"], result["invalid_files"].as_array().map(Vec::len)), (&json!(true), Some(2)));
    client.complete(&session).await;
    let failed = client.session(&session).await;
    assert_eq!(failed["state"], "ERROR");
    assert!(failed["error_message"]["default_message"].as_str().expect("a text").contains("SHA1"), "{failed}");
    assert_eq!(files(&client, &item).await, json!([]));
}

#[tokio::test]
async fn files_are_replaced_and_removed_when_the_session_completes() {
    let (vcenter, client) = start(Dialect::Rest).await;
    let library = client.library(&vcenter).await;
    let item = client.item_with(&library, "item", "a", b"one").await;
    let session = client.update(&item).await;
    let remove = "content.library.item.updatesession.file.remove";
    let missing = client.refused(remove, json!({ "update_session_id": session, "file_name": "b" })).await;
    assert_eq!(missing.0, "invalid_argument");
    let kept = client.file(&session, "a").await;
    assert_eq!((&kept["source_type"], &kept["status"]), (&json!("NONE"), &json!("READY")));
    client.push(&session, "a", b"another").await;
    client.push(&session, "b", b"two").await;
    assert_eq!(client.download(&item, "a").await, b"one");
    client.complete(&session).await;
    let versions: Vec<Value> =
        files(&client, &item).await.as_array().expect("a list").iter().map(|file| file["version"].clone()).collect();
    assert_eq!(versions, [json!("2"), json!("1")]);
    let session = client.update(&item).await;
    client.call(remove, json!({ "update_session_id": session, "file_name": "a" })).await;
    assert_eq!(files(&client, &item).await.as_array().map(Vec::len), Some(2));
    let list = client.call("content.library.item.updatesession.file.list", json!({ "update_session_id": session })).await;
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    client.complete(&session).await;
    assert_eq!(files(&client, &item).await[0]["name"], "b");
    let value = client.call("content.library.item.get", json!({ "library_item_id": item })).await;
    assert_eq!(value["content_version"], "4");
    let changes = client.call("content.library.item.changes.list", json!({ "library_item": item })).await;
    assert_eq!(changes.as_array().map(Vec::len), Some(3));
    let change = client.call("content.library.item.changes.get", json!({ "library_item": item, "version": "4" })).await;
    assert!(change["message"].as_str().expect("a text").contains("Removed: a"), "{change}");
    let none = client.refused("content.library.item.changes.get", json!({ "library_item": item, "version": "9" })).await;
    assert_eq!(none.0, "not_found");
}

#[tokio::test]
async fn a_file_that_was_not_sent_keeps_the_session_open() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item(&library, "item", None).await;
    let session = client.update(&item).await;
    client.add(&session, json!({ "name": "a", "source_type": "PUSH" })).await;
    for call in ["content.library.item.update_session.complete", "content.library.item.updatesession.file.validate"] {
        let refused = client.refused(call, json!({ "update_session_id": session })).await;
        assert!(refused.0 == "not_allowed_in_current_state" && refused.1.contains("'a'"), "{refused:?}");
    }
    assert_eq!(client.session(&session).await["state"], "ACTIVE");
    client.push(&session, "a", b"").await;
    client.add(&session, json!({ "name": "b", "source_type": "NONE" })).await;
    let result = client.call("content.library.item.updatesession.file.validate", json!({ "update_session_id": session })).await;
    assert_eq!(result["missing_files"], json!(["b"]));
    client.complete(&session).await;
    assert_eq!(client.session(&session).await["error_message"]["default_message"], "The file 'b' is missing.");
}

#[tokio::test]
async fn sessions_live_as_long_as_something_happens() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item(&library, "item", None).await;
        let session = client.update(&item).await;
        let keep = "content.library.item.update_session.keep_alive";
        let alive = json!({ "update_session_id": session });
        let before = client.session(&session).await["expiration_time"].clone();
        vcenter.advance(4 * MINUTE);
        client.call(keep, alive.clone()).await;
        assert!(client.session(&session).await["expiration_time"].as_str() > before.as_str());
        vcenter.advance(4 * MINUTE);
        client.call(keep, json!({ "update_session_id": session, "client_progress": 30 })).await;
        assert_eq!(client.session(&session).await["client_progress"], 30);
        for progress in [30, 29, 101, -1] {
            let refused = client.refused(keep, json!({ "update_session_id": session, "client_progress": progress })).await;
            assert_eq!(refused.0, "invalid_argument", "{progress}");
        }
        vcenter.advance(4 * MINUTE);
        let uri = client.add(&session, json!({ "name": "a", "source_type": "PUSH" })).await["upload_endpoint"]["uri"].clone();
        vcenter.advance(5 * MINUTE);
        let expired = client.session(&session).await;
        assert_eq!(expired["state"], "ERROR");
        assert!(expired["error_message"]["default_message"].as_str().expect("a text").contains("expired"), "{expired}");
        for call in ["keep_alive", "cancel", "complete"] {
            let name = format!("content.library.item.update_session.{call}");
            assert_eq!(client.refused(&name, alive.clone()).await.0, "not_allowed_in_current_state");
        }
        let response = client.http.put(uri.as_str().expect("a text")).body("x").send().await.expect("an answer");
        assert_eq!(response.status(), 404);
        client.call("content.library.item.update_session.delete", alive.clone()).await;
        assert_eq!(client.refused(keep, alive).await.0, "not_found");
        client.update(&item).await;
    }
}

#[tokio::test]
async fn clients_end_sessions() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item(&library, "item", None).await;
    let session = client.update(&item).await;
    let id = json!({ "update_session_id": session });
    let active = client.refused("content.library.item.update_session.delete", id.clone()).await;
    assert_eq!(active.0, "not_allowed_in_current_state");
    let fail = json!({ "update_session_id": session, "client_error_message": "the disk broke" });
    client.call("content.library.item.update_session.fail", fail.clone()).await;
    let failed = client.session(&session).await;
    assert_eq!((&failed["state"], &failed["error_message"]["default_message"]), (&json!("ERROR"), &json!("the disk broke")));
    assert_eq!(client.refused("content.library.item.update_session.fail", fail).await.0, "not_allowed_in_current_state");
    client.call("content.library.item.update_session.delete", id.clone()).await;
    assert_eq!(client.refused("content.library.item.update_session.get", id).await.0, "not_found");
}

#[tokio::test]
async fn requests_that_push_nothing_are_refused() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item(&library, "item", None).await;
    let session = client.update(&item).await;
    for name in ["", "..", "a/b"] {
        let spec = json!({ "update_session_id": session, "file_spec": { "name": name, "source_type": "PUSH" } });
        assert_eq!(client.refused("content.library.item.updatesession.file.add", spec).await.0, "invalid_argument", "{name}");
    }
    let uri = client.add(&session, json!({ "name": "a", "source_type": "PUSH" })).await["upload_endpoint"]["uri"].clone();
    let uri = uri.as_str().expect("a text");
    assert_eq!(client.http.get(uri).send().await.expect("an answer").status(), 405);
    let stream = reqwest::Body::wrap(http_body_util::StreamBody::new(Chunks(Some("abc"))));
    assert_eq!(client.http.put(uri).body(stream).send().await.expect("an answer").status(), 411);
    let elsewhere = format!("{}/cls/data/00000000-0000-4000-8000-000000000000/a", vcenter.url());
    assert_eq!(client.http.put(elsewhere).body("x").send().await.expect("an answer").status(), 404);
    let other = sign_in(&vcenter, Dialect::Rest).await;
    assert_eq!(other.file(&session, "a").await["status"], "WAITING_FOR_TRANSFER");
}

#[tokio::test]
async fn an_upload_that_breaks_off_can_be_repeated() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item(&library, "item", None).await;
    let session = client.update(&item).await;
    let uri = client.add(&session, json!({ "name": "a", "source_type": "PUSH" })).await["upload_endpoint"]["uri"].clone();
    let uri = uri.as_str().expect("a text");
    let path = uri.strip_prefix(vcenter.url()).expect("an address of the simulator");
    let mut stream = tokio::net::TcpStream::connect(vcenter.url().trim_start_matches("http://")).await.expect("a connection");
    let head = format!("PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n");
    stream.write_all(format!("{head}abc").as_bytes()).await.expect("sent");
    let get = json!({ "update_session_id": session, "file_name": "a" });
    let name = "content.library.item.updatesession.file.get";
    wait(&client, name, get.clone(), |file| file["status"] == "TRANSFERRING").await;
    drop(stream);
    let broken = wait(&client, name, get, |file| file["status"] == "ERROR").await;
    assert!(broken["error_message"]["default_message"].as_str().expect("a text").contains("10 bytes"), "{broken}");
    assert_eq!(client.http.put(uri).body("abcdefghij").send().await.expect("an answer").status(), 200);
    let file = client.file(&session, "a").await;
    assert_eq!((&file["status"], &file["size"], file.get("error_message")), (&json!("READY"), &json!(10), None));
}

#[tokio::test]
async fn files_can_be_pushed_at_the_same_time() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item(&library, "item", None).await;
    let session = client.update(&item).await;
    let contents: [Vec<u8>; 3] = [1, 2, 3].map(|byte| vec![byte; 5_000_000]);
    let push = |name, content| client.push(&session, name, content);
    tokio::join!(push("a", &contents[0]), push("b", &contents[1]), push("c", &contents[2]));
    client.complete(&session).await;
    let (a, b, c) = tokio::join!(client.download(&item, "a"), client.download(&item, "b"), client.download(&item, "c"));
    assert!([a, b, c] == contents);
}

/// A body without a known length.
struct Chunks(Option<&'static str>);

impl futures_core::Stream for Chunks {
    type Item = Result<hyper::body::Frame<bytes::Bytes>, std::io::Error>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(|text| Ok(hyper::body::Frame::data(bytes::Bytes::from_static(text.as_bytes())))))
    }
}
