//! Items, beside their content.

use crate::client::BOTH;
use crate::support::{start, with};
use serde_json::{Value, json};
use std::time::Duration;
use virt_simulator::vsphere::Simulator;

#[tokio::test]
async fn items_are_created_changed_found_and_deleted() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item(&library, "first", Some("iso")).await;
        let create = |name: &str| json!({ "create_spec": { "library_id": library, "name": name } });
        assert_eq!(client.refused("content.library.item.create", create("first")).await.0, "already_exists");
        assert_eq!(client.refused("content.library.item.create", create("")).await.0, "invalid_argument");
        assert_eq!(client.refused("content.library.item.create", create(&"x".repeat(81))).await.0, "invalid_argument");
        let long = json!({ "create_spec": { "library_id": library, "name": "b", "description": "x".repeat(2001) } });
        assert_eq!(client.refused("content.library.item.create", long).await.0, "invalid_argument");
        let elsewhere = json!({ "create_spec": { "library_id": "none", "name": "b" } });
        assert_eq!(client.refused("content.library.item.create", elsewhere).await.0, "not_found");
        let other = client.item(&library, "second", None).await;
        let update = |spec: Value| json!({ "library_item_id": other, "update_spec": spec });
        let name = "content.library.item.update";
        assert_eq!(client.refused(name, update(json!({ "name": "first" }))).await.0, "already_exists");
        assert_eq!(client.refused(name, update(json!({ "version": "7" }))).await.0, "invalid_argument");
        client.call(name, update(json!({ "name": "third", "type": "ISO", "version": "1" }))).await;
        let value = client.call("content.library.item.get", json!({ "library_item_id": other })).await;
        assert_eq!((&value["name"], &value["version"], &value["content_version"]), (&json!("third"), &json!("2"), &json!("1")));
        let find = async |spec: Value| client.call("content.library.item.find", json!({ "spec": spec })).await;
        assert_eq!(find(json!({ "type": "iso" })).await, json!([item, other]));
        assert_eq!(find(json!({ "name": "THIRD", "library_id": library, "cached": true })).await, json!([other]));
        assert_eq!(find(json!({ "cached": false })).await, json!([]));
        assert_eq!(client.refused("content.library.item.find", json!({ "spec": {} })).await.0, "invalid_argument");
        let list = "content.library.item.list";
        assert_eq!(client.call(list, json!({ "library_id": library })).await, json!([item, other]));
        assert_eq!(client.refused(list, json!({ "library_id": "none" })).await.0, "not_found");
        client.call("content.library.item.delete", json!({ "library_item_id": item })).await;
        assert_eq!(client.call(list, json!({ "library_id": library })).await, json!([other]));
        let gone = json!({ "library_item_id": item });
        for call in ["content.library.item.get", "content.library.item.file.list", "content.library.item.storage.list"] {
            assert_eq!(client.refused(call, gone.clone()).await.0, "not_found", "{call}");
        }
        let file = json!({ "library_item_id": other, "name": "none" });
        assert_eq!(client.refused("content.library.item.file.get", file).await.0, "not_found");
    }
}

#[tokio::test]
async fn copies_get_their_files_later() {
    for dialect in BOTH {
        let (vcenter, client) = with(Simulator::builder().transition(Duration::from_secs(60)), dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item_with(&library, "item", "a", b"abc").await;
        let token = "0f8b6b6e-2f5c-4b0e-9d8d-0b6a0a5d7c11";
        let spec = json!({ "library_id": library, "name": "copy" });
        let copy = json!({ "source_library_item_id": item, "destination_create_spec": spec, "client_token": token });
        let made = client.id("content.library.item.copy", copy.clone()).await;
        assert_eq!(client.id("content.library.item.copy", copy).await, made);
        let files = json!({ "library_item_id": made });
        assert_eq!(client.call("content.library.item.file.list", files.clone()).await, json!([]));
        vcenter.advance(Duration::from_secs(60));
        assert_eq!(client.call("content.library.item.file.list", files.clone()).await[0]["size"], 3);
        assert_eq!(client.call("content.library.item.get", files).await["source_id"], json!(item));
        let unknown =
            json!({ "source_library_item_id": "none", "destination_create_spec": { "library_id": library, "name": "x" } });
        assert_eq!(client.refused("content.library.item.copy", unknown).await.0, "not_found");
        let nameless = json!({ "source_library_item_id": item, "destination_create_spec": { "library_id": library } });
        assert_eq!(client.refused("content.library.item.copy", nameless).await.0, "invalid_argument");
    }
}
