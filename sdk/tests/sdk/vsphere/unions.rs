use virt_sdk::vsphere::content::library::item::TransferEndpoint;
use virt_sdk::vsphere::content::library::item::updatesession::file::{
    AddSpec, AddSpecSourceTypeCase, Info, InfoSourceTypeCase, SourceType,
};
use virt_sdk::vsphere::content::library::item::updatesession::{PreviewInfo, PreviewInfoState, PreviewInfoStateCase};
use virt_sdk::vsphere::content::library::{StorageBacking, StorageBackingType, StorageBackingTypeCase};

#[test]
fn a_case_has_its_members() {
    let endpoint = TransferEndpoint::new().uri("https://example.com/x");
    let info = Info::new().source_type(SourceType::Push).upload_endpoint(endpoint.clone());
    match info.source_type_case() {
        Some(InfoSourceTypeCase::Push { upload_endpoint }) => assert_eq!(upload_endpoint, endpoint),
        other => panic!("{other:?}"),
    }
    assert_eq!(Info::new().source_type(SourceType::None).source_type_case(), Some(InfoSourceTypeCase::None));
    assert_eq!(Info::new().source_type_case(), None);
}

#[test]
fn a_case_without_a_member_that_it_needs_is_kept_as_it_is() {
    let info = Info::new().source_type(SourceType::Push);
    assert_eq!(info.source_type_case(), Some(InfoSourceTypeCase::Unrecognized(SourceType::Push)));
    let info = Info::new().source_type(SourceType::from("TELEPATHY"));
    let found = info.source_type_case();
    assert!(matches!(found, Some(InfoSourceTypeCase::Unrecognized(SourceType::Unrecognized(text))) if text == "TELEPATHY"));
}

#[test]
fn a_list_that_a_case_needs_may_be_left_out() {
    let info = PreviewInfo::new().state(PreviewInfoState::Available);
    let case = PreviewInfoStateCase::Available { certificate_info: None, warnings: Vec::new() };
    assert_eq!(info.state_case(), Some(case));
}

#[test]
fn setting_a_case_clears_the_others() {
    let endpoint = TransferEndpoint::new().uri("https://example.com/x");
    let spec = AddSpec::new().name("x").with_source_type_case(AddSpecSourceTypeCase::Pull { source_endpoint: endpoint.clone() });
    assert_eq!(spec, AddSpec::new().name("x").source_type(SourceType::Pull).source_endpoint(endpoint));
    let spec = spec.with_source_type_case(AddSpecSourceTypeCase::Push);
    assert_eq!(spec, AddSpec::new().name("x").source_type(SourceType::Push));
}

#[test]
fn what_is_optional_in_a_case_may_be_absent() {
    let backing = StorageBacking::new().r#type(StorageBackingType::Datastore);
    assert_eq!(backing.type_case(), Some(StorageBackingTypeCase::Datastore { datastore_id: None }));
    let case = StorageBackingTypeCase::Datastore { datastore_id: Some("datastore-1".into()) };
    assert_eq!(backing.with_type_case(case.clone()).type_case(), Some(case));
}
