//! Libraries of all types, and what belongs to them.

use crate::client::{BOTH, Dialect};
use crate::support::{start, with};
use serde_json::{Value, json};
use std::time::Duration;
use virt_simulator::vsphere::Simulator;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn libraries_are_created_changed_and_deleted() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let library = client.library_with(&vcenter, json!({ "name": "first", "description": "x" })).await;
        let id = json!({ "library_id": library });
        let value = client.call("content.library.get", id.clone()).await;
        assert_eq!((&value["id"], &value["type"], &value["version"]), (&json!(library), &json!("LOCAL"), &json!("1")));
        assert_eq!(value.get("publish_info"), None);
        let update = |spec: Value| json!({ "library_id": library, "update_spec": spec });
        client.call("content.library.update", update(json!({ "name": "second", "version": "1" }))).await;
        let stale = update(json!({ "description": "y", "version": "1" }));
        assert_eq!(client.refused("content.library.update", stale.clone()).await.0, "invalid_argument");
        assert_eq!(client.refused("content.local_library.update", stale.clone()).await.0, "concurrent_change");
        assert_eq!(client.refused("content.subscribed_library.update", stale).await.0, "invalid_element_type");
        assert_eq!(client.refused("content.local_library.update", update(json!({ "name": " " }))).await.0, "invalid_argument");
        let find = json!({ "spec": { "name": "SECOND", "type": "LOCAL" } });
        assert_eq!(client.call("content.library.find", find).await, json!([library]));
        assert_eq!(client.refused("content.library.find", json!({ "spec": {} })).await.0, "invalid_argument");
        assert_eq!(client.call("content.subscribed_library.list", json!({})).await, json!([]));
        for call in ["get", "delete", "sync", "evict", "force_delete"] {
            let name = format!("content.subscribed_library.{call}");
            assert_eq!(client.refused(&name, id.clone()).await.0, "invalid_element_type", "{call}");
        }
        client.call("content.local_library.delete", id.clone()).await;
        assert_eq!(client.refused("content.library.get", id).await.0, "not_found");
        let two = json!([{ "type": "OTHER", "storage_uri": "nfs://a/b" }, { "type": "OTHER", "storage_uri": "nfs://a/c" }]);
        let create = json!({ "create_spec": { "name": "a", "storage_backings": two } });
        assert_eq!(client.refused("content.local_library.create", create).await.0, "unsupported");
    }
}

#[tokio::test]
async fn publishing_is_guarded_by_the_current_password() {
    let (vcenter, client) = start(Dialect::Api).await;
    let info = json!({ "authentication_method": "BASIC", "published": true, "password": "old" });
    let library = client.library_with(&vcenter, json!({ "name": "a", "publish_info": info })).await;
    let get = json!({ "library_id": library });
    let shown = client.call("content.local_library.get", get.clone()).await["publish_info"].clone();
    assert_eq!(
        (&shown["authentication_method"], &shown["published"], &shown["user_name"]),
        (&json!("BASIC"), &json!(true), &json!("vcsp"))
    );
    assert!(shown["publish_url"].as_str().expect("a text").starts_with(vcenter.url()));
    let update = |info: Value| json!({ "library_id": library, "update_spec": { "publish_info": info } });
    let name = "content.local_library.update";
    for info in [
        json!({ "password": "new" }),
        json!({ "published": false, "current_password": "wrong" }),
        json!({ "authentication_method": "NONE" }),
        json!({ "user_name": "me" }),
    ] {
        assert_eq!(client.refused(name, update(info)).await.0, "invalid_argument");
    }
    client.call(name, update(json!({ "password": "new", "current_password": "old" }))).await;
    client.call(name, update(json!({ "published": false, "current_password": "new" }))).await;
    assert_eq!(client.refused("content.local_library.publish", get).await.0, "not_allowed_in_current_state");
    let bare = json!({ "create_spec": {
        "name": "b",
        "storage_backings": [{ "type": "DATASTORE", "datastore_id": vcenter.datastore() }],
        "publish_info": { "authentication_method": "BASIC", "published": true },
    } });
    assert_eq!(client.refused("content.local_library.create", bare).await.1, "'publish_info.password' is missing.");
}

#[tokio::test]
async fn libraries_move_in_maintenance() {
    for dialect in BOTH {
        let (vcenter, client) = with(Simulator::builder().transition(DAY).session_lifetime(10 * DAY), dialect).await;
        let library = client.library(&vcenter).await;
        let id = json!({ "library_id": library });
        let state = async || client.call("content.library.get", id.clone()).await["state_info"]["state"].clone();
        client.call("content.library.enter_maintenance", id.clone()).await;
        assert_eq!(state().await, "MAINTENANCE");
        assert_eq!(client.refused("content.library.enter_maintenance", id.clone()).await.0, "not_allowed_in_current_state");
        let item = json!({ "create_spec": { "library_id": library, "name": "a" } });
        assert_eq!(client.refused("content.library.item.create", item).await.0, "not_allowed_in_current_state");
        client.call("content.library.exit_maintenance", id.clone()).await;
        assert_eq!(client.refused("content.library.exit_maintenance", id.clone()).await.0, "not_allowed_in_current_state");

        let to = |backing: Value| json!({ "library_id": library, "migrate_spec": { "storage_backings": [backing] } });
        let datastore = |id: &str| to(json!({ "type": "DATASTORE", "datastore_id": id }));
        let migrate = "content.library.migrate";
        assert_eq!(client.refused(migrate, datastore(vcenter.datastore())).await.0, "already_in_desired_state");
        assert_eq!(client.refused(migrate, datastore("datastore-99")).await.0, "invalid_argument");
        assert_eq!(client.refused(migrate, to(json!({ "type": "OTHER", "storage_uri": "nfs://a/b" }))).await.0, "unsupported");
        client.call(migrate, datastore("datastore-12")).await;
        assert_eq!(state().await, "MAINTENANCE");
        assert_eq!(client.refused(migrate, datastore("datastore-12")).await.0, "not_allowed_in_current_state");
        vcenter.advance(DAY);
        assert_eq!(state().await, "ACTIVE");
        let value = client.call("content.library.get", id.clone()).await;
        assert_eq!(value["storage_backings"][0]["datastore_id"], "datastore-12");
    }
}

#[tokio::test]
async fn usages_keep_libraries() {
    let (vcenter, client) = start(Dialect::Api).await;
    let library = client
        .library_with(&vcenter, json!({ "name": "a", "configuration_info": { "apply_library_usage_to_items": true } }))
        .await;
    let item = client.item(&library, "item", None).await;
    let urn = |urn: &str| json!({ "library": library, "spec": { "resource_urn": urn } });
    let add = "content.library.usages.add";
    assert_eq!(client.refused(add, urn("nonsense")).await.0, "invalid_argument");
    let usage = client.id(add, urn("urn:vmomi:vm:vm-1")).await;
    assert_eq!(client.refused(add, urn("urn:vmomi:vm:vm-1")).await.0, "already_exists");
    let list = client.call("content.library.usages.list", json!({ "library": library })).await;
    assert_eq!(list, json!({ "library_usage_list": [{ "usage": usage, "resource_urn": "urn:vmomi:vm:vm-1" }] }));
    let one = json!({ "library": library, "usage": usage });
    assert_eq!(client.call("content.library.usages.get", one.clone()).await["usage"], json!(usage));
    let id = json!({ "library_id": library });
    for call in ["content.library.delete", "content.local_library.delete"] {
        assert_eq!(client.refused(call, id.clone()).await.0, "not_allowed_in_current_state");
    }
    let delete_item = json!({ "library_item_id": item });
    assert_eq!(client.refused("content.library.item.delete", delete_item).await.0, "not_allowed_in_current_state");
    client.call("content.library.usages.remove", one.clone()).await;
    assert_eq!(client.refused("content.library.usages.remove", one.clone()).await.0, "not_found");
    assert_eq!(client.refused("content.library.usages.get", one).await.0, "not_found");
    client.call(add, urn("urn:vmomi:vm:vm-1")).await;
    client.call("content.library.force_delete", id.clone()).await;
    assert_eq!(client.refused("content.local_library.force_delete", id).await.0, "not_found");
}

#[tokio::test]
async fn policies_types_and_settings_are_known() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let policies = client.call("content.security_policies.list", json!({})).await;
        assert_eq!(policies[0]["item_type_rules"], json!({ "ovf": "OVF_STRICT_VERIFICATION" }));
        let policy = &policies[0]["policy"];
        let library = client.library_with(&vcenter, json!({ "name": "a", "security_policy_id": policy })).await;
        let get = json!({ "library_id": library });
        assert_eq!(client.call("content.library.get", get.clone()).await["security_policy_id"], *policy);
        let item = client.item(&library, "item", Some("ovf")).await;
        let value = client.call("content.library.item.get", json!({ "library_item_id": item })).await;
        assert_eq!(value["certificate_verification_info"]["status"], "NOT_AVAILABLE");
        let unset = json!({ "library_id": library, "update_spec": { "unset_security_policy_id": true } });
        client.call("content.library.update", unset).await;
        assert_eq!(client.call("content.library.get", get).await.get("security_policy_id"), None);
        let types = client.call("content.type.list", json!({})).await;
        let names: Vec<&str> = types.as_array().expect("a list").iter().filter_map(|one| one["type"].as_str()).collect();
        assert!(["ovf", "iso", "file"].iter().all(|name| names.contains(name)), "{names:?}");
        let settings = client.call("content.configuration.get", json!({})).await;
        assert_eq!((&settings["automatic_sync_enabled"], &settings["automatic_sync_start_hour"]), (&json!(true), &json!(20)));
        let wrong = json!({ "model": { "automatic_sync_start_hour": 24 } });
        assert_eq!(client.refused("content.configuration.update", wrong).await.0, "invalid_argument");
        client.call("content.configuration.update", json!({ "model": { "automatic_sync_enabled": false } })).await;
        assert_eq!(client.call("content.configuration.get", json!({})).await["automatic_sync_enabled"], false);
        let flags = client.call("vcenter.ovf.export_flag.list", json!({})).await;
        assert_eq!(flags.as_array().map(Vec::len), Some(2));
        client.call("vcenter.ovf.import_flag.list", json!({ "rp": vcenter.resource_pool() })).await;
    }
}
