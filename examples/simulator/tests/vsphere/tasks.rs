//! Tasks.

use crate::client::BOTH;
use crate::support::with;
use serde_json::{Value, json};
use std::time::Duration;
use virt_simulator::vsphere::Simulator;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn tasks_can_be_watched_and_canceled() {
    for dialect in BOTH {
        let (vcenter, client) = with(Simulator::builder().transition(MINUTE), dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item_with(&library, "item", "a", b"abc").await;
        let copy = async |name: &str| {
            let spec = json!({ "library_id": library, "name": name });
            client
                .id("content.library.item.copy", json!({ "source_library_item_id": item, "destination_create_spec": spec }))
                .await
        };
        let (first, second) = (copy("first").await, copy("second").await);
        let service = "com.vmware.content.library.item";
        let list = async |filter: Value| {
            let tasks = client.call("cis.tasks.list", json!({ "filter_spec": filter })).await;
            tasks.as_object().expect("a map").clone()
        };
        assert_eq!(client.refused("cis.tasks.list", json!({})).await.0, "invalid_argument");
        let all = list(json!({ "services": [service, "com.vmware.nothing"], "operations": ["copy"] })).await;
        let task = |item: &str| {
            let found = all.iter().find(|(_, task)| task["target"]["id"] == item);
            found.map(|(id, task)| (id.clone(), task.clone())).expect("a task")
        };
        assert_eq!(all.len(), 2);
        let ((done, running), (canceled, _)) = (task(&first), task(&second));
        assert_eq!((&running["status"], &running["cancelable"]), (&json!("RUNNING"), &json!(true)));
        assert_eq!(list(json!({ "tasks": [done], "status": ["RUNNING"] })).await.len(), 1);
        assert_eq!(list(json!({ "tasks": [done], "users": ["nobody"] })).await.len(), 0);
        let kind = "com.vmware.content.library.Item";
        let targets = json!([{ "type": kind, "id": first }, { "type": kind, "id": "none" }]);
        assert_eq!(list(json!({ "services": [service], "targets": targets })).await.len(), 1);
        client.call("cis.tasks.cancel", json!({ "task": canceled })).await;
        let failed = client.call("cis.tasks.get", json!({ "task": canceled })).await;
        assert_eq!(failed["status"], "FAILED");
        assert_eq!(failed["error"]["messages"][0]["default_message"], "The task was canceled.");
        assert_eq!(client.refused("cis.tasks.cancel", json!({ "task": canceled })).await.0, "not_allowed_in_current_state");
        assert_eq!(client.refused("content.library.item.get", json!({ "library_item_id": second })).await.0, "not_found");
        vcenter.advance(MINUTE);
        let ended = client.call("cis.tasks.get", json!({ "task": done, "spec": { "return_all": true } })).await;
        assert_eq!((&ended["status"], &ended["result"]), (&json!("SUCCEEDED"), &json!(first)));
        let bare = client.call("cis.tasks.get", json!({ "task": done, "spec": { "exclude_result": true } })).await;
        assert_eq!(bare.get("result"), None);
        assert_eq!(client.refused("cis.tasks.get", json!({ "task": "none" })).await.0, "not_found");
    }
}
