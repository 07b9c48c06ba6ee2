//! Published and subscribed libraries.

use crate::client::{BOTH, Client, Dialect};
use crate::support::start;
use serde_json::{Value, json};
use virt_simulator::vsphere::Simulator;

struct Pair {
    vcenter: Simulator,
    client: Client,
    /// The published library, with an item that has the file `a`.
    published: String,
    item: String,
    url: String,
}

impl Pair {
    async fn start(dialect: Dialect) -> Pair {
        let (vcenter, client) = start(dialect).await;
        let info = json!({ "authentication_method": "BASIC", "published": true, "password": "secret" });
        let published = client.library_with(&vcenter, json!({ "name": "published", "publish_info": info })).await;
        let item = client.item_with(&published, "item", "a", b"abc").await;
        let library = client.call("content.library.get", json!({ "library_id": published })).await;
        let url = library["publish_info"]["publish_url"].as_str().expect("a text").to_owned();
        Pair { vcenter, client, published, item, url }
    }

    fn info(&self, on_demand: bool) -> Value {
        json!({
            "authentication_method": "BASIC",
            "automatic_sync_enabled": false,
            "on_demand": on_demand,
            "user_name": "vcsp",
            "password": "secret",
            "subscription_url": self.url,
        })
    }

    fn spec(&self, info: Value) -> Value {
        let backing = json!({ "type": "DATASTORE", "datastore_id": self.vcenter.datastore() });
        json!({ "create_spec": { "name": "subscribed", "storage_backings": [backing], "subscription_info": info } })
    }

    async fn subscribe(&self, on_demand: bool) -> String {
        self.client.id("content.subscribed_library.create", self.spec(self.info(on_demand))).await
    }

    async fn sync(&self, library: &str) {
        self.client.call("content.subscribed_library.sync", json!({ "library_id": library })).await;
    }

    async fn items(&self, library: &str) -> Vec<String> {
        let list = self.client.call("content.library.item.list", json!({ "library_id": library })).await;
        list.as_array().expect("a list").iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
    }

    async fn item(&self, item: &str) -> Value {
        self.client.call("content.library.item.get", json!({ "library_item_id": item })).await
    }
}

#[tokio::test]
async fn items_come_with_the_synchronization() {
    for dialect in BOTH {
        let pair = Pair::start(dialect).await;
        let library = pair.subscribe(false).await;
        assert_eq!(pair.items(&library).await, Vec::<String>::new());
        pair.sync(&library).await;
        let items = pair.items(&library).await;
        let [item] = items.as_slice() else { panic!("{items:?}") };
        let value = pair.item(item).await;
        assert_eq!((&value["name"], &value["source_id"], &value["cached"]), (&json!("item"), &json!(pair.item), &json!(true)));
        assert!(value["last_sync_time"].is_string());
        assert_eq!(pair.client.download(item, "a").await, b"abc");
        let library_value = pair.client.call("content.subscribed_library.get", json!({ "library_id": library })).await;
        assert!(library_value["last_sync_time"].is_string() && library_value["subscription_info"].get("password").is_none());
        // Items of a subscribed library change only at their source.
        let id = json!({ "library_item_id": item });
        assert_eq!(pair.client.refused("content.library.item.delete", id.clone()).await.0, "invalid_element_type");
        let update = json!({ "create_spec": id });
        assert_eq!(pair.client.refused("content.library.item.update_session.create", update).await.0, "invalid_element_type");
        let create = json!({ "create_spec": { "library_id": library, "name": "x" } });
        assert_eq!(pair.client.refused("content.library.item.create", create).await.0, "invalid_element_type");
        assert_eq!(pair.client.refused("content.library.subscribed_item.evict", id).await.0, "invalid_element_configuration");
        let evict = pair.client.refused("content.subscribed_library.evict", json!({ "library_id": library })).await;
        assert_eq!(evict.0, "not_allowed_in_current_state");

        let rename = json!({ "library_item_id": pair.item, "update_spec": { "name": "renamed" } });
        pair.client.call("content.library.item.update", rename).await;
        let second = pair.client.item_with(&pair.published, "second", "b", b"b").await;
        pair.sync(&library).await;
        assert_eq!(pair.items(&library).await.len(), 2);
        assert_eq!(pair.item(item).await["name"], "renamed");
        pair.client.call("content.library.item.delete", json!({ "library_item_id": second })).await;
        pair.sync(&library).await;
        assert_eq!(pair.items(&library).await, std::slice::from_ref(item));
        let convert = json!({ "library_id": library, "conversion_spec": { "conversion_type": "TO_PUBLISHED_LIBRARY" } });
        pair.client.call("content.library.convert", convert.clone()).await;
        let converted = pair.client.call("content.local_library.get", json!({ "library_id": library })).await;
        assert_eq!(converted["publish_info"]["published"], true);
        assert_eq!(pair.client.refused("content.library.convert", convert).await.0, "invalid_element_type");
    }
}

#[tokio::test]
async fn content_can_come_on_demand() {
    for dialect in BOTH {
        let pair = Pair::start(dialect).await;
        let client = &pair.client;
        let library = pair.subscribe(true).await;
        pair.sync(&library).await;
        let item = pair.items(&library).await.remove(0);
        assert_eq!(pair.item(&item).await["cached"], false);
        let files = client.call("content.library.item.file.list", json!({ "library_item_id": item })).await;
        assert_eq!((&files[0]["cached"], &files[0]["size"]), (&json!(false), &json!(0)));
        let spec = json!({ "create_spec": { "library_item_id": item } });
        let session = client.id("content.library.item.download_session.create", spec).await;
        let file = json!({ "download_session_id": session, "file_name": "a" });
        let prepare = "content.library.item.downloadsession.file.prepare";
        let failed = client.call(prepare, file.clone()).await;
        assert_eq!(failed["status"], "ERROR");
        assert!(failed["error_message"]["default_message"].as_str().expect("a text").contains("synchronize"), "{failed}");
        let convert = json!({ "library_id": library, "conversion_spec": { "conversion_type": "TO_PUBLISHED_LIBRARY" } });
        assert_eq!(client.refused("content.library.convert", convert).await.0, "not_allowed_in_current_state");
        let sync = |force: bool| json!({ "library_item_id": item, "force_sync_content": force });
        let name = "content.library.subscribed_item.sync";
        client.call(name, sync(false)).await;
        assert_eq!(pair.item(&item).await["cached"], false);
        client.call(name, sync(true)).await;
        assert_eq!(pair.item(&item).await["cached"], true);
        assert_eq!(client.call(prepare, file).await["status"], "PREPARE_REQUESTED");
        pair.sync(&library).await;
        assert_eq!(pair.item(&item).await["cached"], true, "what is there stays");
        client.call("content.library.subscribed_item.evict", json!({ "library_item_id": item })).await;
        assert_eq!(pair.item(&item).await["cached"], false);
        client.call(name, sync(true)).await;
        client.call("content.subscribed_library.evict", json!({ "library_id": library })).await;
        assert_eq!(pair.item(&item).await["cached"], false);
        let local = json!({ "library_item_id": pair.item, "force_sync_content": true });
        assert_eq!(client.refused(name, local).await.0, "invalid_element_type");
        client.call("content.library.item.delete", json!({ "library_item_id": pair.item })).await;
        client.call(name, sync(true)).await;
        assert_eq!(pair.items(&library).await, Vec::<String>::new(), "it goes with its source");
    }
}

#[tokio::test]
async fn sources_are_probed() {
    let pair = Pair::start(Dialect::Api).await;
    let with = |name: &str, value: &str| {
        let mut info = pair.info(true);
        info[name] = json!(value);
        info
    };
    for (info, status, error) in [
        (pair.info(true), "SUCCESS", ""),
        (with("password", "wrong"), "INVALID_CREDENTIALS", "resource_inaccessible"),
        (with("subscription_url", "nonsense"), "INVALID_URL", "invalid_argument"),
        (with("subscription_url", "https://vcenter.invalid/lib.json"), "HOST_NOT_FOUND", "resource_inaccessible"),
        (with("subscription_url", &format!("{}/none", pair.vcenter.url())), "RESOURCE_NOT_FOUND", "resource_inaccessible"),
    ] {
        let probe = pair.client.call("content.subscribed_library.probe", json!({ "subscription_info": info })).await;
        assert_eq!(probe["status"], status);
        if !error.is_empty() {
            assert_eq!(probe["error_messages"].as_array().map(Vec::len), Some(1));
            assert_eq!(pair.client.refused("content.subscribed_library.create", pair.spec(info)).await.0, error);
        }
    }
    let library = pair.subscribe(true).await;
    let update = |info: Value| json!({ "library_id": library, "update_spec": { "subscription_info": info } });
    pair.client.call("content.subscribed_library.update", update(json!({ "on_demand": false }))).await;
    let moved = update(json!({ "subscription_url": "https://vcenter.invalid/lib.json" }));
    assert_eq!(pair.client.refused("content.subscribed_library.update", moved).await.0, "resource_inaccessible");
    let value = pair.client.call("content.library.get", json!({ "library_id": library })).await;
    assert_eq!((&value["subscription_info"]["on_demand"], &value["version"]), (&json!(false), &json!("2")));
    pair.client.call("content.local_library.force_delete", json!({ "library_id": pair.published })).await;
    let sync = pair.client.refused("content.subscribed_library.sync", json!({ "library_id": library })).await;
    assert_eq!(sync.0, "resource_inaccessible");
    pair.client.call("content.subscribed_library.force_delete", json!({ "library_id": library })).await;
    assert_eq!(pair.client.call("content.library.list", json!({})).await, json!([]));
}

#[tokio::test]
async fn publishers_know_their_subscribers() {
    for dialect in BOTH {
        let pair = Pair::start(dialect).await;
        let client = &pair.client;
        let create = "content.library.subscriptions.create";
        let spec = |subscribed: Value| json!({ "library": pair.published, "spec": { "subscribed_library": subscribed } });
        let library = pair.subscribe(true).await;
        let existing = json!({ "target": "USE_EXISTING", "subscribed_library": library, "location": "LOCAL" });
        let first = client.id(create, spec(existing.clone())).await;
        assert_eq!(client.refused(create, spec(existing)).await.0, "already_exists");
        let half = json!({ "target": "USE_EXISTING", "location": "LOCAL" });
        assert_eq!(client.refused(create, spec(half)).await.0, "invalid_argument");
        let nowhere = json!({ "target": "USE_EXISTING", "subscribed_library": library, "location": "REMOTE" });
        assert_eq!(client.refused(create, spec(nowhere)).await.0, "invalid_argument");
        let backing = json!([{ "type": "DATASTORE", "datastore_id": pair.vcenter.datastore() }]);
        let new = json!({ "name": "new", "storage_backings": backing, "automatic_sync_enabled": false, "on_demand": false });
        let placement = json!({ "folder": "group-v3" });
        let new = json!({ "target": "CREATE_NEW", "new_subscribed_library": new, "location": "LOCAL", "placement": placement });
        let second = client.id(create, spec(new)).await;
        let remote = json!({ "target": "USE_EXISTING", "subscribed_library": "there", "location": "REMOTE" });
        let mut lost = remote.clone();
        lost["vcenter"] = json!({ "hostname": "lost.invalid" });
        assert_eq!(client.refused(create, spec(lost)).await.0, "resource_inaccessible");
        let mut remote = remote;
        remote["vcenter"] = json!({ "hostname": "vc2.example.com", "https_port": 443 });
        let third = client.id(create, spec(remote)).await;

        let list = client.call("content.library.subscriptions.list", json!({ "library": pair.published })).await;
        assert_eq!(list.as_array().map(Vec::len), Some(3));
        assert_eq!(
            (&list[0]["subscribed_library"], &list[2]["subscribed_library_vcenter_hostname"]),
            (&json!(library), &json!("vc2.example.com"))
        );
        let one = |id: &str| json!({ "library": pair.published, "subscription": id });
        let get = "content.library.subscriptions.get";
        let value = client.call(get, one(&second)).await;
        assert_eq!(value["subscribed_library_placement"]["folder"], "group-v3");
        let created = value["subscribed_library"].as_str().expect("an id").to_owned();
        let mut update = one(&third);
        update["spec"] = json!({
            "subscribed_library_vcenter": { "hostname": "vc3.example.com" },
            "subscribed_library_placement": { "host": "host-9" },
        });
        client.call("content.library.subscriptions.update", update.clone()).await;
        let value = client.call(get, one(&third)).await;
        assert_eq!(
            (&value["subscribed_library_vcenter"]["hostname"], &value["subscribed_library_vcenter"]["https_port"]),
            (&json!("vc3.example.com"), &json!(443))
        );
        update["subscription"] = json!(first);
        assert_eq!(client.refused("content.library.subscriptions.update", update).await.0, "invalid_argument");

        let publish = json!({ "library_id": pair.published, "subscriptions": [{ "subscription": second }] });
        client.call("content.local_library.publish", publish).await;
        assert_eq!((pair.items(&created).await.len(), pair.items(&library).await.len()), (1, 0));
        let wrong = json!({ "library_id": pair.published, "subscriptions": [{ "subscription": "none" }] });
        assert_eq!(client.refused("content.local_library.publish", wrong).await.0, "invalid_argument");
        let publish = json!({ "library_item_id": pair.item, "force_sync_content": true });
        client.call("content.library.item.publish", publish).await;
        let fetched = pair.items(&library).await.remove(0);
        assert_eq!(pair.item(&fetched).await["cached"], true);
        let not_published = pair.client.library(&pair.vcenter).await;
        let refused = client.refused("content.library.subscriptions.list", json!({ "library": not_published })).await;
        assert_eq!(refused.0, "not_allowed_in_current_state");
        let refused = client.refused("content.library.subscriptions.list", json!({ "library": library })).await;
        assert_eq!(refused.0, "invalid_element_type");
        client.call("content.library.subscriptions.delete", one(&first)).await;
        assert_eq!(client.refused(get, one(&first)).await.0, "invalid_argument");
        assert_eq!(client.refused("content.library.subscriptions.delete", one(&first)).await.0, "not_found");
    }
}
