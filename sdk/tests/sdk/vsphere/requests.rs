use super::BOTH;
use serde_json::json;
use virt_sdk::vsphere::cis::task::Status;
use virt_sdk::vsphere::cis::tasks::{FilterSpec, GetSpec};
use virt_sdk::vsphere::content::library::item::updatesession::file::{AddSpec, SourceType};
use virt_sdk::vsphere::content::library::item::{DestinationSpec, TransferEndpoint, UpdateSessionModel};
use virt_sdk::vsphere::vcenter::ovf::PropertyParams;
use virt_sdk::vsphere::vcenter::ovf::library_item::{DeploymentTarget, ResourcePoolDeploymentSpec};
use virt_sdk::vsphere::{Dialect, Session};
use virt_sdk::{DateTime, ErrorKind, Structure, serde_json};

fn session() -> Session {
    Session::builder("https://vcenter.example.com").token("t").build().expect("the settings are right")
}

#[test]
fn services_are_found_as_in_the_official_bindings() {
    let item = session().content().library().item();
    for (call, name, path) in [
        (
            item.update_session().get("s").call,
            "com.vmware.content.library.item.update_session.get",
            "/api/content/library/item/update-session/s",
        ),
        (
            item.updatesession().file().get("s", "disk.vmdk").call,
            "com.vmware.content.library.item.updatesession.file.get",
            "/api/content/library/item/update-session/s/file/disk.vmdk",
        ),
        (
            item.downloadsession().file().prepare("s", "disk.vmdk").call,
            "com.vmware.content.library.item.downloadsession.file.prepare",
            "/api/content/library/item/download-session/s/file",
        ),
        (session().content().r#type().list().call, "com.vmware.content.type.list", "/api/content/type"),
        (session().cis().tasks().cancel("t").call, "com.vmware.cis.tasks.cancel", "/api/cis/tasks/t"),
    ] {
        assert_eq!(call.operation(), name);
        assert_eq!(call.path(Dialect::Api).expect("it has a path"), path);
    }
}

#[test]
fn a_client_token_is_a_header_or_a_member() {
    let spec = UpdateSessionModel::new().library_item_id("item");
    let call = session().content().library().item().update_session().create(spec).client_token("token").call;
    assert_eq!(call.headers(Dialect::Api).expect("it can be sent")["client-token"], "token");
    assert_eq!(call.body(Dialect::Api).expect("it can be sent"), Some(json!({ "library_item_id": "item" })));
    assert!(call.headers(Dialect::Rest).expect("it can be sent").is_empty());
    let body = json!({ "client_token": "token", "create_spec": { "library_item_id": "item" } });
    assert_eq!(call.body(Dialect::Rest).expect("it can be sent"), Some(body));
}

#[test]
fn what_is_not_set_is_not_sent() {
    let call = session().content().library().item().update_session().keep_alive("s").call;
    for dialect in BOTH {
        assert_eq!(call.body(dialect).expect("it can be sent"), Some(json!({})));
    }
    let call = session().content().library().item().update_session().complete("s").call;
    for dialect in BOTH {
        assert_eq!(call.body(dialect).expect("it can be sent"), None);
    }
    assert_eq!(call.query(Dialect::Rest).expect("it can be sent"), [("~action".to_owned(), "complete".to_owned())]);
}

#[test]
fn members_of_structs_go_into_queries_one_by_one() {
    let filter = FilterSpec::new().services(["a".into(), "b".into()]).status([Status::Running]);
    let call = session().cis().tasks().list().filter_spec(filter).result_spec(GetSpec::new().return_all(true)).call;
    let pairs = |dialect| call.query(dialect).expect("it can be sent").join_pairs();
    assert_eq!(pairs(Dialect::Api), "services=a services=b status=RUNNING return_all=true");
    assert_eq!(
        pairs(Dialect::Rest),
        "filter_spec.services=a filter_spec.services=b filter_spec.status=RUNNING result_spec.return_all=true"
    );
}

trait JoinPairs {
    fn join_pairs(&self) -> String;
}

impl JoinPairs for Vec<(String, String)> {
    fn join_pairs(&self) -> String {
        self.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn maps_and_open_structures_have_a_form_in_each_dialect() {
    let parameters = Structure::of(&PropertyParams::new().r#type("PropertyParams")).expect("it can be written");
    let spec = ResourcePoolDeploymentSpec::new()
        .accept_all_eula(true)
        .network_mappings([("net".to_owned(), "network-1".into())].into())
        .additional_parameters([parameters]);
    let target = DeploymentTarget::new().resource_pool_id("pool");
    let call = session().vcenter().ovf().library_item().deploy("item", target, spec).call;
    let body = |dialect| call.body(dialect).expect("it can be sent").expect("there is one")["deployment_spec"].clone();
    assert_eq!(
        body(Dialect::Api),
        json!({
            "accept_all_EULA": true,
            "network_mappings": { "net": "network-1" },
            "additional_parameters": [{ "type": "PropertyParams" }],
        })
    );
    assert_eq!(
        body(Dialect::Rest),
        json!({
            "accept_all_EULA": true,
            "network_mappings": [{ "key": "net", "value": "network-1" }],
            "additional_parameters": [{ "@class": "com.vmware.vcenter.ovf.property_params", "type": "PropertyParams" }],
        })
    );
}

#[test]
fn lists_of_structs_are_parameters() {
    let subscriptions = vec![DestinationSpec::new().subscription("s")];
    let call = session().content().library().item().publish("item", true).subscriptions(subscriptions).call;
    let body = json!({ "force_sync_content": true, "subscriptions": [{ "subscription": "s" }] });
    for dialect in BOTH {
        assert_eq!(call.body(dialect).expect("it can be sent"), Some(body.clone()));
    }
}

#[test]
fn identifiers_are_one_segment_whatever_they_hold() {
    let call = session().content().library().item().updatesession().file().remove("a/b", "d e?").call;
    assert_eq!(call.path(Dialect::Api).expect("it has a path"), "/api/content/library/item/update-session/a%2Fb/file/d%20e%3F");
    assert_eq!(
        call.path(Dialect::Rest).expect("it has a path"),
        "/rest/com/vmware/content/library/item/updatesession/file/id:a%2Fb"
    );
    for id in ["", ".", ".."] {
        let error = session().content().library().get(id).call.path(Dialect::Api).expect_err("that addresses something else");
        assert_eq!(error.kind(), ErrorKind::Request);
    }
}

#[test]
fn what_one_dialect_lacks_is_said_before_it_is_sent() {
    let call = session().content().security_policies().list().call;
    assert_eq!(call.path(Dialect::Api).expect("it has one"), "/api/content/security-policies");
    let error = call.path(Dialect::Rest).expect_err("it has none");
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("com.vmware.content.security_policies.list"), "{error}");
}

#[test]
fn a_date_is_sent_in_utc() {
    let time: DateTime = "2024-02-29T12:34:56+02:00".parse().expect("it is a date");
    let call = |time| {
        let spec = UpdateSessionModel::new().expiration_time(time);
        session().content().library().item().update_session().create(spec).call
    };
    let body = call(time).body(Dialect::Api).expect("it can be sent");
    assert_eq!(body, Some(json!({ "expiration_time": "2024-02-29T10:34:56.000Z" })));
    let vague = "2024-02-29T12:34:56".parse().expect("it is a date");
    let error = call(vague).body(Dialect::Api).expect_err("no moment is meant");
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("`expiration_time`"), "{error}");
}

#[test]
fn a_file_to_pull_says_where_from() {
    let spec = AddSpec::new()
        .name("disk.iso")
        .source_type(SourceType::Pull)
        .source_endpoint(TransferEndpoint::new().uri("https://example.com/disk.iso"));
    let call = session().content().library().item().updatesession().file().add("s", spec).call;
    let body = json!({
        "name": "disk.iso",
        "source_type": "PULL",
        "source_endpoint": { "uri": "https://example.com/disk.iso" },
    });
    assert_eq!(call.body(Dialect::Api).expect("it can be sent"), Some(body.clone()));
    assert_eq!(call.body(Dialect::Rest).expect("it can be sent"), Some(json!({ "file_spec": body })));
    assert_eq!(call.method(Dialect::Rest).expect("it has one"), "POST");
}

#[test]
fn nothing_that_may_be_secret_is_shown() {
    let spec = UpdateSessionModel::new().library_item_id("an-item");
    let request = session().content().library().item().update_session().create(spec).client_token("hush");
    let shown = format!("{:?} {:?}", request.call, session());
    assert!(!shown.contains("hush") && !shown.contains("an-item"), "{shown}");
    let builder = Session::builder("https://vcenter.example.com").username("u").password("hush").token("hush");
    assert!(!format!("{builder:?}").contains("hush"));
    for url in ["https://admin:hush@vcenter.example.com", "admin:hush@vcenter", "https://admin:hush@vcenter:99999"] {
        let builder = Session::builder(url).token("t");
        assert!(!format!("{builder:?}").contains("hush"));
        let error = builder.build().expect_err("it holds a password");
        assert!(error.kind() == ErrorKind::Configuration && !error.to_string().contains("hush"), "{error}");
    }
    let endpoint = TransferEndpoint::new().uri("https://vcenter.example.com/hush");
    let structure = Structure::of(&endpoint).expect("it can be written");
    assert!(!format!("{endpoint:?} {structure:?}").contains("hush"));
}
