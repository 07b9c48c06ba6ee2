//! What an import changes.

use crate::common::*;
use import::api::Api;
use import::diff::{Part, compare};
use import::source::Access;

#[test]
fn the_published_forms_of_the_committed_model_change_nothing() {
    let workspace = Workspace::new();
    for form in FORMS {
        let report = workspace.import(&archive(form)).expect("it is right");
        assert_eq!(report, ["the documents say the same already; nothing was written"]);
        assert_eq!(workspace.changed(), [""; 0], "{form}");
        let report = import::import(Api::Ovirt, &workspace.documents(), &archive(form), &Access::default(), true);
        assert_eq!(report.expect("it is right").len(), 1);
        assert_eq!(workspace.changed(), [""; 0], "{form} with its text");
    }
}

/// The published JSON with one attribute added, one value removed, and one method deprecated.
fn changed_json() -> String {
    let text = published("json");
    let attribute = "    {\n     \"name\": \"provisioned_size\",\n     \"type\": \"integer\"\n    },\n";
    let added =
        "    {\n     \"doc\": \"Time of the\\nlast <trim>.\",\n     \"name\": \"trimmed\",\n     \"type\": \"date\"\n    },\n";
    let text = replaced(&text, attribute, &format!("{attribute}{added}"), 2);
    let text = replaced(&text, "    {\n     \"name\": \"not_responding\"\n    },\n", "", 1);
    let method = "     ],\n     \"name\": \"upgrade_check\",";
    let deprecated = "      ,{\"name\": \"deprecated\", \"parameters\": [{\"name\": \"value\", \"values\": [\"4.7\"]}]}\n";
    replaced(&text, method, &format!("{deprecated}{method}"), 1)
}

#[test]
fn three_changes_of_the_source_are_three_changes_of_the_documents() {
    let workspace = Workspace::new();
    let old = workspace.model();
    let report = workspace.import(&workspace.source("model.json", changed_json())).expect("it is right");
    assert_eq!(report, ["wrote enums/vm_status.xml", "wrote services/host.xml", "wrote structs/disk.xml"]);
    assert_eq!(workspace.changed(), ["enums/vm_status.xml", "services/host.xml", "structs/disk.xml"]);
    let disk = std::fs::read_to_string(workspace.documents().join("structs/disk.xml")).expect("it was written");
    // Where the source has it.
    assert!(disk.contains("<attribute name=\"trimmed\" type=\"date\"/>\n  <attribute name=\"initial_size\""), "{disk}");

    let diff = compare(&old, &workspace.model());
    assert_eq!(diff.part(), Some(Part::Major));
    assert_eq!(
        diff.markdown(),
        "## ovirt 4.6.1 → ovirt 4.6.1\n\n\
         This raises the **major** version: removed: enum `vm_status`: value `not_responding`.\n\n\
         ### Removed\n\n- enum `vm_status`: value `not_responding`\n\n\
         ### Deprecated\n\n- service `host`: method `upgrade_check` since 4.7\n\n\
         ### Added\n\n- struct `disk`: attribute `trimmed`: `date`\n"
    );
}

#[test]
fn text_of_the_source_is_taken_on_request_where_there_is_none() {
    let workspace = Workspace::new();
    let source = workspace.source("model.json", changed_json());
    import::import(Api::Ovirt, &workspace.documents(), &source, &Access::default(), true).expect("it is right");
    let disk = std::fs::read_to_string(workspace.documents().join("structs/disk.xml")).expect("it was written");
    assert!(disk.contains("<attribute name=\"trimmed\" type=\"date\">Time of the last &lt;trim&gt;.</attribute>"), "{disk}");
}

#[test]
fn what_vanished_is_removed_with_its_file_and_the_paths_through_it() {
    let workspace = Workspace::new();
    let text = published("xml");
    // `lun_storage` of disks is named in mandatory paths.
    let member = "      <attribute>\n        <name>lun_storage</name>\n        <type>host_storage</type>\n      </attribute>\n";
    let text = replaced(&text, member, "", 2);
    let start = text.find("    <struct>\n      <name>port_mirroring</name>").expect("it is there");
    let end = start + text[start..].find("</struct>\n").expect("it ends") + "</struct>\n".len();
    let text = format!("{}{}", &text[..start], &text[end..]);
    let report = workspace.import(&workspace.source("model.xml", text)).expect("it is right");
    assert!(report.contains(&"removed structs/port_mirroring.xml".to_owned()), "{report:?}");
    assert!(report.iter().any(|line| line.contains("`disk.lun_storage.type`")), "{report:?}");
    let model = workspace.model();
    assert!(!model.structs.contains_key("port_mirroring") && model.structs["disk"].member("lun_storage").is_none());
    assert!(!workspace.documents().join("structs/port_mirroring.xml").exists());
}

#[test]
fn members_that_newer_servers_dropped_stay_while_they_are_marked() {
    let workspace = Workspace::new();
    let path = workspace.documents().join("structs/image_transfer.xml");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let kept = text.lines().find(|line| line.contains(r#"name="signed_ticket""#)).expect("an attribute");
    assert!(kept.contains(r#"since="4.0.4" removed="4.4.3""#) && !published("json").contains("signed_ticket"), "{kept}");
    for form in ["json", "xml"] {
        workspace.import(&workspace.source(&format!("model.{form}"), published(form))).expect("it is right");
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);
    }
    // With another change in the document, it is written anew.
    let source = replaced(&published("json"), "\"shallow\"", "\"deep\"", 1);
    workspace.import(&workspace.source("model.json", source)).expect("it is right");
    let written = std::fs::read_to_string(&path).expect("it is there");
    assert!(written.contains("name=\"deep\""), "{written}");
    // In its place.
    let names = |text: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| Some(line.split_once(" name=\"")?.1.split_once('"')?.0.replace("deep", "shallow")))
            .collect()
    };
    assert!(written.contains(kept), "{written}");
    assert_eq!(names(&written), names(&text));
}

#[test]
fn a_higher_version_in_the_source_is_that_of_the_model() {
    let workspace = Workspace::new();
    let text = replaced(&published("json"), "\"4.6.1\"", "\"4.10\"", published("json").matches("\"4.6.1\"").count());
    let report = workspace.import(&workspace.source("model.json", text)).expect("it is right");
    assert!(report.iter().any(|line| line.contains("version 4.10")), "{report:?}");
    assert_eq!(workspace.model().version, "4.10");
}

#[test]
fn comments_and_layout_of_documents_stay_while_they_say_the_same() {
    let workspace = Workspace::new();
    let path = workspace.documents().join("structs/disk.xml");
    let text = std::fs::read_to_string(&path).expect("it is there").replace("<doc>", "<!-- why -->\n\n<doc>");
    std::fs::write(&path, &text).expect("it can be written");
    workspace.import(&archive("json")).expect("it is right");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);
}

#[test]
fn new_types_services_and_signatures_get_their_documents() {
    let workspace = Workspace::new();
    let old = workspace.model();
    let json = published("json");
    let structure = "{\"kind\": \"struct\", \"name\": \"made_up\", \"attributes\": [{\"name\": \"password\", \"type\": \"string\"}], \"links\": []},";
    let text = replaced(&json, "\"types\": [", &format!("\"types\": [{structure}"), 1);
    let service = "{\"name\": \"made_ups\", \"methods\": [{\"name\": \"list\", \"parameters\": [\
                   {\"name\": \"made_ups\", \"in\": false, \"out\": true, \"type\": \"made_up[]\"}]}], \"locators\": []},";
    let text = replaced(&text, "\"services\": [", &format!("\"services\": [{service}"), 1);
    let copies: Vec<String> = old.services["vms"]
        .method("add")
        .expect("it is there")
        .parameters
        .iter()
        .map(|parameter| {
            let (given, returned) = (parameter.direction.is_in(), parameter.direction.is_out());
            format!("{{\"name\": \"{}\", \"in\": {given}, \"out\": {returned}, \"type\": \"{}\"}}", parameter.name, parameter.ty)
        })
        .collect();
    let signature = format!("{{\"name\": \"from_nothing\", \"parameters\": [{}]}},", copies.join(", "));
    let vms = "\"name\": \"vms\",\n   \"methods\": [";
    let text = replaced(&text, vms, &format!("{vms}{signature}"), 1);

    let report = workspace.import(&workspace.source("model.json", text)).expect("it is right");
    assert_eq!(report[..3], ["wrote services/made_ups.xml", "wrote services/vms.xml", "wrote structs/made_up.xml"]);
    for remark in
        ["struct `made_up` is new", "`made_up.password` is new; if its value must not be shown", "`vms.add_from_nothing` is new"]
    {
        assert!(report.iter().any(|line| line.starts_with("note: ") && line.contains(remark)), "{remark}: {report:?}");
    }
    assert_eq!(workspace.changed(), ["services/made_ups.xml", "services/vms.xml", "structs/made_up.xml"]);
    let read = |path: &str| std::fs::read_to_string(workspace.documents().join(path)).expect("it was written");
    assert_eq!(
        read("structs/made_up.xml"),
        "<struct name=\"made_up\">\n  <attribute name=\"password\" type=\"string\"/>\n</struct>\n"
    );
    assert_eq!(
        read("services/made_ups.xml"),
        "<service name=\"made_ups\">\n  <method name=\"list\">\n    <out name=\"made_ups\" type=\"made_up[]\"/>\n  </method>\n</service>\n"
    );
    assert!(
        read("services/vms.xml").contains("<signature name=\"from_nothing\" of=\"add\">\n    <inout name=\"vm\" type=\"vm\"/>\n")
    );
    assert_eq!(compare(&old, &workspace.model()).part(), Some(Part::Minor));
}

#[test]
fn what_a_base_hands_down_is_declared_once() {
    let workspace = Workspace::new();
    // `host` and every other heir of `measurable` has the locator; a method joins it in all of them.
    let old = workspace.model();
    let heirs: Vec<&String> =
        old.services.values().filter(|s| s.base.as_deref() == Some("measurable")).map(|s| &s.name).collect();
    let mut text = published("json");
    for name in heirs.into_iter().chain([&"measurable".to_owned()]) {
        let start = text.find(&format!("   \"name\": \"{name}\",\n   \"methods\": [")).expect("it is there");
        let at = start + text[start..].find("\"methods\": [").expect("it is there") + "\"methods\": [".len();
        let comma = if text[at..].starts_with(']') { "" } else { "," };
        text.insert_str(at, &format!("{{\"name\": \"measure\", \"parameters\": []}}{comma}"));
    }
    let report = workspace.import(&workspace.source("model.json", text)).expect("it is right");
    assert_eq!(report, ["wrote services/measurable.xml"]);
    assert_eq!(compare(&old, &workspace.model()).changes.len(), 1);
    assert!(workspace.model().services["host"].method("measure").is_some());
}
