//! Everything wrong in documents is reported at once, each at its place and with what would be right.

use model::{Document, Fault, read};
use std::path::Path;

const HEADER: &str = "<model name=\"m\" version=\"1\" root=\"system\"><doc>d</doc></model>";

/// A small model that is right, with the given documents added or put in place of those of that path.
fn faults_of(documents: &[(&str, &str)]) -> Vec<String> {
    let right = [
        ("model.xml", HEADER),
        ("structs/vm.xml", "<struct name=\"vm\"><doc>d</doc><attribute name=\"id\" type=\"string\"/></struct>"),
        ("services/system.xml", "<service name=\"system\"><doc>d</doc></service>"),
    ];
    let kept = right.iter().filter(|(path, _)| !documents.iter().any(|(other, _)| other == path));
    let documents: Vec<Document> =
        kept.chain(documents).map(|(path, text)| Document { path: (*path).to_owned(), text: (*text).to_owned() }).collect();
    read(&documents).err().unwrap_or_default().iter().map(Fault::to_string).collect()
}

/// Expects one fault that starts with its place and contains the rest.
fn assert_fault(documents: &[(&str, &str)], place: &str, parts: &[&str]) {
    let faults = faults_of(documents);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].starts_with(&format!("{place}: ")), "{place} in {}", faults[0]);
    for part in parts {
        assert!(faults[0].contains(part), "{part} in {}", faults[0]);
    }
}

#[test]
fn the_model_of_the_tests_is_right() {
    assert_eq!(faults_of(&[]), Vec::<String>::new());
}

#[test]
fn three_faults_in_one_file_are_three_messages() {
    let text = "<struct name=\"disk\">\n  <doc>d</doc>\n  <attribute name=\"size\" type=\"interger\"/>\n  <attribute name=\"size\" type=\"integer\"/>\n  <link name=\"vm\" type=\"vm\" colour=\"red\"/>\n</struct>";
    let faults = faults_of(&[("structs/disk.xml", text)]);
    assert_eq!(faults.len(), 3, "{faults:#?}");
    assert!(faults[0].starts_with("structs/disk.xml:3:32: unknown type `interger`; did you mean `integer`?"), "{}", faults[0]);
    assert!(
        faults[1].starts_with("structs/disk.xml:4:20: duplicate name:") && faults[1].contains("disk.xml:3:20"),
        "{}",
        faults[1]
    );
    assert!(
        faults[2].starts_with("structs/disk.xml:5:29: unknown attribute `colour`") && faults[2].contains("`secret`"),
        "{}",
        faults[2]
    );
}

#[test]
fn what_heirs_inherit_is_reported_once() {
    let base = "<struct name=\"disk\"><attribute name=\"a\" type=\"string\"/><attribute name=\"a\" type=\"string\"/></struct>";
    let heir = "<struct name=\"lun\" base=\"disk\"><attribute name=\"a\" type=\"string\"/></struct>";
    let faults = faults_of(&[("structs/disk.xml", base), ("structs/lun.xml", heir)]);
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].starts_with("structs/disk.xml:1:73: duplicate name: struct `disk`"), "{}", faults[0]);
    assert!(faults[1].starts_with("structs/lun.xml:1:49: duplicate name: struct `lun`"), "{}", faults[1]);
}

#[test]
fn unknown_types_and_services_come_with_a_suggestion() {
    let text = "<struct name=\"disk\"><doc>d</doc><link name=\"vm\" type=\"vmm[]\"/></struct>";
    assert_fault(&[("structs/disk.xml", text)], "structs/disk.xml:1:55", &["unknown type `vmm`", "did you mean `vm`?"]);
    let text = "<service name=\"system\"><doc>d</doc><locator name=\"vms\" service=\"sistem\"/></service>";
    assert_fault(
        &[("services/system.xml", text)],
        "services/system.xml:1:65",
        &["unknown service `sistem`", "did you mean `system`?"],
    );
    let text = HEADER.replace("\"system\"", "\"sys\"");
    assert_fault(&[("model.xml", &text)], "model.xml:1:35", &["unknown service `sys`"]);
    assert_fault(
        &[("structs/vm.xml", "<struct name=\"vm\" base=\"x\"/>")],
        "structs/vm.xml:1:25",
        &["unknown struct `x` as base"],
    );
}

#[test]
fn malformed_xml_is_located_and_hides_no_other_fault() {
    let documents = [
        ("structs/disk.xml", "<struct name=\"disk\">\n<doc>\n</struct>"),
        ("structs/nic.xml", "<struct name=\"nic\"><link name=\"disk\" type=\"disk\"/><link name=\"x\" type=\"xyz\"/></struct>"),
    ];
    let faults = faults_of(&documents);
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].starts_with("structs/disk.xml:3:1: malformed XML"), "{}", faults[0]);
    assert!(faults[1].contains("unknown type `xyz`"), "{}", faults[1]);
}

#[test]
fn a_signature_needs_its_base() {
    let text = "<service name=\"system\"><doc>d</doc><signature name=\"fast\" of=\"start\"><doc>d</doc></signature></service>";
    assert_fault(&[("services/system.xml", text)], "services/system.xml:1:63", &["signature without base", "`start`"]);
}

#[test]
fn bases_may_not_go_round_in_circles() {
    let documents =
        [("structs/vm.xml", "<struct name=\"vm\" base=\"disk\"/>"), ("structs/disk.xml", "<struct name=\"disk\" base=\"vm\"/>")];
    let faults = faults_of(&documents);
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults.iter().all(|fault| fault.contains("cycle in the bases of struct")), "{faults:#?}");
}

#[test]
fn locators_may_not_clash() {
    let with = |locators: &str| format!("<service name=\"system\"><doc>d</doc>{locators}</service>");
    for (locators, part) in [
        ("<locator name=\"a\" service=\"system\"/><locator name=\"a\" service=\"system\"/>", "two locators `a`"),
        ("<locator name=\"a_b\" service=\"system\"/><locator name=\"ab\" service=\"system\"/>", "path segment `ab`"),
        ("<locator name=\"a\" service=\"system\" parameter=\"id\"/><locator name=\"b\" service=\"system\"/>", "hides the other"),
        ("<method name=\"do_it\"><doc>d</doc></method><locator name=\"doit\" service=\"system\"/>", "path segment `doit`"),
    ] {
        let text = with(locators);
        let faults = faults_of(&[("services/system.xml", &text)]);
        assert!(faults.len() == 1 && faults[0].contains("locator clash") && faults[0].contains(part), "{part} in {faults:#?}");
    }
}

#[test]
fn members_may_not_share_a_place_on_the_wire() {
    let text = "<struct name=\"vm\"><attribute name=\"numa_nodes\" type=\"string\"/><attribute name=\"host_numa_nodes\" type=\"string\"/></struct>";
    assert_fault(&[("structs/vm.xml", text)], "structs/vm.xml:1:80", &["<host_numa_nodes>", "`numa_nodes`"]);
    let documents =
        [("structs/os.xml", "<struct name=\"os\"/>"), ("structs/operating_system.xml", "<struct name=\"operating_system\"/>")];
    let faults = faults_of(&documents);
    assert!(!faults.is_empty() && faults.iter().all(|fault| fault.contains("root element")), "{faults:#?}");
}

#[test]
fn methods_have_the_parameters_of_their_kind() {
    for (method, part) in [
        ("<method name=\"get\"><doc>d</doc></method>", "exactly one `out`"),
        ("<method name=\"add\"><doc>d</doc><in name=\"vm\" type=\"vm\"/></method>", "exactly one `inout`"),
        ("<method name=\"remove\"><doc>d</doc><out name=\"vm\" type=\"vm\"/></method>", "no `out`"),
        ("<method name=\"run\"><doc>d</doc><out name=\"a\" type=\"vm\"/><out name=\"b\" type=\"vm\"/></method>", "at most one"),
        ("<method name=\"run\"><doc>d</doc><mandatory>vm.id</mandatory></method>", "does not start with a parameter"),
        (
            "<method name=\"run\"><doc>d</doc><in name=\"vm\" type=\"vm\"/><mandatory>vm.idd</mandatory></method>",
            "no member `idd`",
        ),
        ("<method name=\"run\"><doc>d</doc><in name=\"vms\" type=\"vm[]\"/><mandatory>vms.id</mandatory></method>", "`[]`"),
        ("<method name=\"run\"><doc>d</doc></method><method name=\"run\"><doc>d</doc></method>", "two methods `run`"),
    ] {
        let text = format!("<service name=\"system\"><doc>d</doc>{method}</service>");
        let faults = faults_of(&[("services/system.xml", &text)]);
        assert!(faults.len() == 1 && faults[0].contains(part), "{part} in {faults:#?}");
    }
}

#[test]
fn words_and_values_of_the_vocabulary_are_checked() {
    for (text, part) in [
        ("<struct name=\"vm\"><attribut name=\"id\" type=\"string\"/></struct>", "unknown element `attribut`"),
        ("<struct name=\"vm\"><attribute type=\"string\"/></struct>", "no attribute `name`"),
        ("<struct name=\"vm\"><attribute name=\"Id\" type=\"string\"/></struct>", "lower-case words"),
        ("<struct name=\"vm\"><attribute name=\"id\" type=\"string\" since=\"soon\"/></struct>", "a version"),
        ("<struct name=\"vm\"><attribute name=\"id\" type=\"string\" secret=\"yes\"/></struct>", "`true`"),
        ("<struct name=\"vm\">description</struct>", "put descriptions into `doc`"),
        ("<struct name=\"vmm\"/>", "name the file `vmm.xml`"),
    ] {
        let faults = faults_of(&[("structs/vm.xml", text)]);
        assert!(faults.len() == 1 && faults[0].contains(part), "{part} in {faults:#?}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let faults = model::read_folder(Path::new("no/such/folder")).expect_err("there is no such folder");
    assert!(faults[0].to_string().starts_with("no/such/folder:1:1: cannot be read"), "{}", faults[0]);
    let faults = read(&[]).expect_err("there is no header");
    assert!(faults[0].to_string().contains("there is no `model.xml`"), "{}", faults[0]);
}

#[test]
fn the_counts_are_those_of_the_published_model() {
    let model = model::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ovirt")).expect("the documents are right");
    let own_methods = || model.services.values().flat_map(|s| s.methods.iter().filter(|m| m.declared_in == s.name));
    // The published model has no members that it dropped.
    let members =
        || model.structs.values().flat_map(|s| s.members.iter().map(move |m| (s, m))).filter(|(_, m)| m.notes.removed.is_none());
    let own_members = || members().filter(|(s, m)| m.declared_in == s.name).map(|(_, m)| m);
    assert_eq!(model.version, "4.6.1");
    assert_eq!((model.structs.len(), model.enums.len(), model.services.len()), (220, 115, 290));
    assert_eq!(model.enums.values().map(|item| item.values.len()).sum::<usize>(), 598);
    assert_eq!((own_members().filter(|m| !m.link).count(), own_members().filter(|m| m.link).count()), (989, 349));
    assert_eq!(members().filter(|(_, m)| !m.link).count(), 1702);
    assert_eq!((own_methods().count(), model.services.values().map(|s| s.methods.len()).sum::<usize>()), (686, 706));
    assert_eq!(own_methods().map(|m| m.parameters.len()).sum::<usize>(), 1467);
    assert_eq!(own_methods().map(|m| m.mandatory.len()).sum::<usize>(), 194);
    assert_eq!(own_methods().map(|m| m.optional.len()).sum::<usize>(), 973);
    assert_eq!(own_methods().flat_map(|m| &m.parameters).filter(|p| p.mandatory).count(), 7);
    let locators = model.services.values().flat_map(|s| s.locators.iter().filter(|l| l.declared_in == s.name));
    assert_eq!(locators.count(), 318);
}

#[test]
fn every_item_is_described() {
    let model = model::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ovirt")).expect("the documents are right");
    let mut bare = Vec::new();
    let mut check = |what: String, notes: &model::Notes| {
        if notes.doc.is_empty() {
            bare.push(what);
        }
    };
    for item in model.enums.values() {
        check(item.name.clone(), &item.notes);
        item.values.iter().for_each(|value| check(format!("{}.{}", item.name, value.name), &value.notes));
    }
    for item in model.structs.values() {
        check(item.name.clone(), &item.notes);
        item.members.iter().for_each(|member| check(format!("{}.{}", item.name, member.name), &member.notes));
    }
    for service in model.services.values().filter(|service| !service.pseudo) {
        check(service.name.clone(), &service.notes);
        service.locators.iter().for_each(|locator| check(format!("{}.{}", service.name, locator.name), &locator.notes));
        for method in &service.methods {
            check(format!("{}.{}", service.name, method.name), &method.notes);
            method.parameters.iter().for_each(|p| check(format!("{}.{}.{}", service.name, method.name, p.name), &p.notes));
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}
