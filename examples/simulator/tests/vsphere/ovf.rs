//! Machines from templates, and templates from machines.

use crate::client::{BOTH, Client};
use crate::support::start;
use serde_json::{Value, json};

const OVF: &str = r#"<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References/>
  <NetworkSection><Info/><Network ovf:name="VM Network"/><Network ovf:name="Storage"/></NetworkSection>
  <DeploymentOptionSection><Info/>
    <Configuration ovf:id="small"><Label>Small</Label><Description>Little</Description></Configuration>
    <Configuration ovf:id="large" ovf:default="true"><Label>Large</Label><Description>Much</Description></Configuration>
  </DeploymentOptionSection>
  <VirtualSystem ovf:id="appliance">
    <Name>Appliance</Name>
    <AnnotationSection><Info/><Annotation>For tests</Annotation></AnnotationSection>
    <EulaSection><Info/><License>Be nice.</License></EulaSection>
    <ProductSection ovf:class="app"><Info/>
      <Property ovf:key="host" ovf:type="string" ovf:value="a"><Label>Host</Label></Property>
    </ProductSection>
  </VirtualSystem>
</Envelope>"#;

async fn package(client: &Client, library: &str) -> String {
    let item = client.item(library, "package", Some("ovf")).await;
    let session = client.update(&item).await;
    client.push(&session, "appliance.ovf", OVF.as_bytes()).await;
    client.complete(&session).await;
    item
}

#[tokio::test]
async fn packages_are_summed_up_and_deployed() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let item = package(&client, &library).await;
        let target = json!({ "resource_pool_id": vcenter.resource_pool() });
        let filter = "vcenter.ovf.library_item.filter";
        let summary = client.call(filter, json!({ "ovf_library_item_id": item, "target": target })).await;
        assert_eq!((&summary["name"], &summary["annotation"]), (&json!("Appliance"), &json!("For tests")));
        assert_eq!((&summary["EULAs"], &summary["networks"]), (&json!(["Be nice."]), &json!(["VM Network", "Storage"])));
        let parameters = &summary["additional_params"];
        assert_eq!(parameters[0]["properties"][0]["label"], "Host");
        assert_eq!((&parameters[1]["type"], &parameters[1]["selected_key"]), (&json!("DeploymentOptionParams"), &json!("large")));

        let deploy = "vcenter.ovf.library_item.deploy";
        let spec =
            |target: &Value, members: Value| json!({ "ovf_library_item_id": item, "target": target, "deployment_spec": members });
        let refused = client.call(deploy, spec(&target, json!({ "accept_all_EULA": false }))).await;
        assert_eq!((&refused["succeeded"], &refused["error"]["errors"][0]["category"]), (&json!(false), &json!("INPUT")));
        let networks = json!({ "VM Network": "network-1" });
        let accepted = json!({ "accept_all_EULA": true, "network_mappings": networks, "additional_parameters": parameters });
        let mut arguments = spec(&target, accepted.clone());
        arguments["client_token"] = json!("again");
        let done = client.call(deploy, arguments.clone()).await;
        assert_eq!((&done["succeeded"], &done["resource_id"]["type"]), (&json!(true), &json!("VirtualMachine")));
        assert_eq!(done.get("error"), None);
        assert_eq!(client.call(deploy, arguments).await, done);
        let odd = json!({ "accept_all_EULA": true, "network_mappings": { "None": "network-1" } });
        let warned = client.call(deploy, spec(&target, odd)).await;
        assert_eq!((&warned["succeeded"], &warned["error"]["warnings"][0]["value"]), (&json!(true), &json!("None")));
        let nowhere = json!({ "resource_pool_id": "none" });
        assert_eq!(client.refused(deploy, spec(&nowhere, accepted.clone())).await.0, "not_found");
        assert_eq!(client.refused(deploy, spec(&json!({}), accepted.clone())).await.0, "invalid_argument");
        let mut unknown = spec(&target, accepted);
        unknown["ovf_library_item_id"] = json!("none");
        assert_eq!(client.refused(deploy, unknown).await.0, "not_found");
        let plain = client.item(&library, "plain", None).await;
        let refused = client.refused(filter, json!({ "ovf_library_item_id": plain, "target": target })).await;
        assert_eq!(refused.0, "invalid_argument");
    }
}

#[tokio::test]
async fn machines_are_captured_and_deployed_again() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let create = "vcenter.ovf.library_item.create";
        let spec = json!({ "name": "captured", "description": "a & b" });
        let arguments = |source: Value, target: Value| json!({ "source": source, "target": target, "create_spec": spec });
        let machine = json!({ "type": "VirtualMachine", "id": vcenter.virtual_machine() });
        let into = json!({ "library_id": library });
        let made = client.call(create, arguments(machine.clone(), into.clone())).await;
        assert_eq!(made["succeeded"], true);
        let item = made["ovf_library_item_id"].as_str().expect("an id");
        let target = json!({ "resource_pool_id": vcenter.resource_pool() });
        let summary =
            client.call("vcenter.ovf.library_item.filter", json!({ "ovf_library_item_id": item, "target": target })).await;
        assert_eq!(summary, json!({ "name": "captured", "annotation": "a & b", "EULAs": [] }));
        let again =
            client.call(create, arguments(machine.clone(), json!({ "library_id": library, "library_item_id": item }))).await;
        assert_eq!(again["ovf_library_item_id"], json!(item));
        let unknown = json!({ "type": "VirtualMachine", "id": "vm-none" });
        assert_eq!(client.refused(create, arguments(unknown, into.clone())).await.0, "not_found");
        let appliance = json!({ "type": "VirtualApp", "id": "resgroup-v1" });
        assert_eq!(client.refused(create, arguments(appliance, into)).await.0, "invalid_argument");
        assert_eq!(client.refused(create, arguments(machine, json!({}))).await.0, "invalid_argument");
    }
}
