//! Download sessions and fetched files.

use crate::client::{BOTH, Dialect};
use crate::support::{start, with};
use serde_json::json;
use std::time::Duration;
use virt_simulator::vsphere::Simulator;

const GET: &str = "content.library.item.downloadsession.file.get";
const PREPARE: &str = "content.library.item.downloadsession.file.prepare";

#[tokio::test]
async fn files_are_prepared_first() {
    for dialect in BOTH {
        let (vcenter, client) = with(Simulator::builder().transition(Duration::from_secs(60)), dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item_with(&library, "item", "a", b"abc").await;
        let spec = json!({ "create_spec": { "library_item_id": item } });
        let session = client.id("content.library.item.download_session.create", spec).await;
        let list = client.call("content.library.item.downloadsession.file.list", json!({ "download_session_id": session })).await;
        assert_eq!(list, json!([{ "name": "a", "bytes_transferred": 0, "status": "UNPREPARED" }]));
        let file = json!({ "download_session_id": session, "file_name": "a" });
        assert_eq!(client.call(PREPARE, file.clone()).await["status"], "PREPARE_REQUESTED");
        vcenter.advance(Duration::from_secs(60));
        assert_eq!(client.call(GET, file.clone()).await["status"], "PREPARING");
        let prepared = client.call(GET, file.clone()).await;
        assert_eq!((&prepared["status"], &prepared["size"]), (&json!("PREPARED"), &json!(3)));
        assert_eq!(prepared.get("checksum_info"), None, "it is known after the download");
        let uri = prepared["download_endpoint"]["uri"].as_str().expect("an address");
        let bare = reqwest::Client::builder().no_proxy().build().expect("a client");
        let response = bare.get(uri).send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(3)));
        assert_eq!(response.bytes().await.expect("a body"), "abc");
        let sum = json!({ "algorithm": "SHA1", "checksum": "a9993e364706816aba3e25717850c26c9cd0d89d" });
        assert_eq!(client.call(GET, file).await["checksum_info"], sum);
        let unknown = json!({ "download_session_id": session, "file_name": "b" });
        assert_eq!(client.refused(PREPARE, unknown.clone()).await.0, "invalid_argument");
        assert_eq!(client.refused(GET, unknown).await.0, "invalid_argument");
        let id = json!({ "download_session_id": session });
        assert_eq!(client.call("content.library.item.download_session.list", json!({})).await, json!([session]));
        client.call("content.library.item.download_session.delete", id.clone()).await;
        assert_eq!(client.refused("content.library.item.download_session.get", id).await.0, "not_found");
        assert_eq!(bare.get(uri).send().await.expect("an answer").status(), 404);
    }
}

#[tokio::test]
async fn parts_of_files_can_be_fetched() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let content: Vec<u8> = (0..2_500_000_u32).map(|number| (number % 249) as u8).collect();
    let item = client.item_with(&library, "item", "a", &content).await;
    let (_, uri) = client.prepare(&item, "a").await;
    let get = async |range: &str| client.http.get(&uri).header("range", range).send().await.expect("an answer");
    let response = get("bytes=1000000-2099999").await;
    assert_eq!(response.status(), 206);
    assert_eq!(response.headers()["content-range"], "bytes 1000000-2099999/2500000");
    assert!(response.bytes().await.expect("a body") == content[1_000_000..2_100_000]);
    let response = get("bytes=2400000-").await;
    assert_eq!((response.status().as_u16(), response.content_length()), (206, Some(100_000)));
    let response = get("bytes=2500000-").await;
    assert_eq!(response.status(), 416);
    assert_eq!(response.headers()["content-range"], "bytes */2500000");
    let response = client.http.head(&uri).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), &response.headers()["content-length"]), (200, &"2500000".parse().expect("a header")));
    let tag = response.headers()["etag"].clone();
    let stale =
        client.http.get(&uri).header("range", "bytes=1-1").header("if-range", "\"other\"").send().await.expect("an answer");
    assert_eq!(stale.status(), 200);
    let current = client.http.get(&uri).header("range", "bytes=1-1").header("if-range", tag).send().await.expect("an answer");
    assert_eq!(current.status(), 206);
    assert_eq!(client.http.put(&uri).body("x").send().await.expect("an answer").status(), 405);
}

#[tokio::test]
async fn direct_endpoints_are_on_the_storage() {
    let (vcenter, client) = start(Dialect::Rest).await;
    let library = client.library(&vcenter).await;
    let item = client.item_with(&library, "item", "a", b"abc").await;
    let spec = json!({ "create_spec": { "library_item_id": item } });
    let session = client.id("content.library.item.download_session.create", spec).await;
    let file = json!({ "download_session_id": session, "file_name": "a" });
    let mut direct = file.clone();
    direct["endpoint_type"] = json!("DIRECT");
    client.call(PREPARE, direct).await;
    let prepared = crate::support::wait(&client, GET, file, |file| file["status"] == "PREPARED").await;
    let storage = client.call("content.library.item.storage.get", json!({ "library_item_id": item, "file_name": "a" })).await;
    assert_eq!(prepared["download_endpoint"]["uri"], storage[0]["storage_uris"][0]);
    assert!(storage[0]["storage_uris"][0].as_str().expect("a text").starts_with("ds:///vmfs/volumes/"));
    let list = client.call("content.library.item.storage.list", json!({ "library_item_id": item })).await;
    assert_eq!(list, storage);
}

#[tokio::test]
async fn download_sessions_end() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client.library(&vcenter).await;
    let item = client.item_with(&library, "item", "a", b"abc").await;
    let get = "content.library.item.download_session.get";
    let keep = "content.library.item.download_session.keep_alive";
    let (session, uri) = client.prepare(&item, "a").await;
    let id = json!({ "download_session_id": session });
    vcenter.advance(Duration::from_secs(240));
    client.call(keep, json!({ "download_session_id": session, "progress": 50 })).await;
    assert_eq!(client.refused(keep, json!({ "download_session_id": session, "progress": 50 })).await.0, "invalid_argument");
    vcenter.advance(Duration::from_secs(240));
    assert_eq!(client.http.get(&uri).send().await.expect("an answer").bytes().await.expect("a body"), "abc");
    vcenter.advance(Duration::from_secs(240));
    assert_eq!(client.call(get, id.clone()).await["state"], "ACTIVE");
    vcenter.advance(Duration::from_secs(60));
    assert_eq!(client.call(get, id.clone()).await["state"], "ERROR");
    assert_eq!(client.refused(keep, id).await.0, "not_allowed_in_current_state");
    assert_eq!(client.http.get(&uri).send().await.expect("an answer").status(), 404);

    let (session, uri) = client.prepare(&item, "a").await;
    let id = json!({ "download_session_id": session });
    client.call("content.library.item.download_session.cancel", id.clone()).await;
    assert_eq!(client.call(get, id).await["state"], "CANCELED");
    assert_eq!(client.http.get(&uri).send().await.expect("an answer").status(), 404);

    let (session, _) = client.prepare(&item, "a").await;
    let fail = json!({ "download_session_id": session, "client_error_message": "no room" });
    client.call("content.library.item.download_session.fail", fail).await;
    let failed = client.call(get, json!({ "download_session_id": session })).await;
    assert_eq!((&failed["state"], &failed["error_message"]["default_message"]), (&json!("ERROR"), &json!("no room")));
}
