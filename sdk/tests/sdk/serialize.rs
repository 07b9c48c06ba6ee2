//! JSON, as a user would write it to a file.

use virt_sdk::ovirt::types::{Cluster, Host, Nic, Statistic, Value, Vlan, Vm, VmStatus};
use virt_sdk::{Link, List};

#[test]
fn names_are_those_of_the_model_and_numbers_are_numbers() {
    let vm = Vm::new()
        .id("1")
        .name("a \"b\"")
        .memory(1 << 40)
        .stateless(false)
        .status(VmStatus::Up)
        .creation_time("2024-02-29T12:34:56.789+02:00".parse().expect("it is a date"))
        .cluster(Link::by_id("c"))
        .host(Host::new().name("h"))
        .original_template(Link::by_href("/t"))
        .nics([Nic::new().name("eth0")]);
    assert_eq!(
        serde_json::to_value(&vm).expect("it can be written"),
        serde_json::json!({
            "id": "1", "name": "a \"b\"", "memory": 1_u64 << 40, "stateless": false, "status": "up",
            "creation_time": "2024-02-29T12:34:56.789+02:00", "cluster": {"id": "c"}, "host": {"name": "h"},
            "original_template": {"href": "/t"}, "nics": [{"name": "eth0"}],
        })
    );
}

#[test]
fn other_names_than_on_the_wire_and_other_types_than_text() {
    let host = Host::new().transparent_huge_pages(virt_sdk::ovirt::types::TransparentHugePages::new().enabled(true));
    assert_eq!(serde_json::to_string(&host).expect("it can be written"), r#"{"transparent_huge_pages":{"enabled":true}}"#);
    assert_eq!(serde_json::to_string(&Vlan::new().id(7)).expect("it can be written"), r#"{"id":7}"#);
    let statistic = Statistic::new().values([Value::new().datum(0.1)]);
    assert_eq!(serde_json::to_string(&statistic).expect("it can be written"), r#"{"values":[{"datum":0.1}]}"#);
    assert_eq!(serde_json::to_string(&Vm::new()).expect("it can be written"), "{}");
}

#[test]
fn lists_and_links_by_themselves() {
    let list: List<Vm> = [Vm::new().name("a"), Vm::new()].into();
    assert_eq!(serde_json::to_string(&list).expect("it can be written"), r#"[{"name":"a"},{}]"#);
    assert_eq!(serde_json::to_string(&Link::<Cluster>::by_id("1")).expect("it can be written"), r#"{"id":"1"}"#);
    let mut unread = List::<Nic>::new();
    unread.href = Some("/vms/1/nics".to_owned());
    assert_eq!(serde_json::to_string(&Vm::new().nics(unread)).expect("it can be written"), r#"{"nics":{"href":"/vms/1/nics"}}"#);
}
