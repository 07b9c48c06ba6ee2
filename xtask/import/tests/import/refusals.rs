//! Sources that are refused: each with the place, what is wrong and what is right, and nothing written.

use crate::common::*;
use std::io::Write;

/// Imports what must be refused.
fn refused(name: &str, content: impl AsRef<[u8]>) -> String {
    let workspace = Workspace::new();
    let source = workspace.source(name, content);
    let message = workspace.import(&source).expect_err(name);
    assert_eq!(workspace.changed(), [""; 0], "{message}");
    assert!(message.ends_with("nothing was written"), "{message}");
    message.replace(&format!("{}/", workspace.path().display()), "")
}

#[track_caller]
fn starts(message: &str, with: &str) {
    assert!(message.starts_with(with), "{message}");
}

/// `line:column` of what must be there once.
fn place(text: &str, wanted: &str) -> String {
    assert_eq!(text.matches(wanted).count(), 1, "{wanted}");
    position(text, text.find(wanted).expect("it is there"))
}

/// `line:column` of a byte offset.
fn position(text: &str, at: usize) -> String {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    format!("{}:{}", before.matches('\n').count() + 1, before.len() - line_start + 1)
}

#[test]
fn truncated_sources() {
    let json = published("json");
    let cut = &json[..json.len() / 2];
    starts(&refused("model.json", cut), "model.json:");
    let message = refused("model.json", "{\"root\": \"system\",\n \"types\": [");
    starts(&message, "model.json:2:11: malformed JSON: Unterminated array");
    let xml = published("xml");
    let message = refused("model.xml", &xml[..xml.len() / 2]);
    starts(&message, &format!("model.xml:{}:", xml[..xml.len() / 2].matches('\n').count() + 1));
    assert!(message.contains("malformed XML") && message.contains("get the description again"), "{message}");
}

#[test]
fn foreign_sources() {
    starts(&refused("a.json", "{\"openapi\": \"3.1.0\"}"), "a.json:1:1: this is no API description");
    starts(&refused("a.json", "\n  [1, 2]"), "a.json:1:1: this is neither JSON nor XML");
    starts(&refused("a.json", "{\"types\": {}}"), "a.json:1:11: `types` must be an array");
    starts(&refused("a.json", "{\"root\": [1]}"), "a.json:1:10: `root` must not be an array");
    starts(&refused("a.xml", "<html><body/></html>"), "a.xml:1:1: the root element is `html`; that of a description is `model`");
    starts(&refused("a.xml", "<model><root>x</root></model>"), "a.xml:1:1: this is no API description");
    starts(&refused("a.xml", "plain text"), "a.xml:1:1: this is neither JSON nor XML");
    starts(&refused("a.json", b"{\n\"\xff\": 1}"), "a.json:2:1: bytes that are not UTF-8");
    let deep = format!("<model>{}{}</model>", "<a>".repeat(100), "</a>".repeat(100));
    assert!(refused("a.xml", deep).contains("more than 64 elements in one another"));
}

#[test]
fn an_unknown_type() {
    let json = published("json");
    let wrong = json.replacen("\"type\": \"disk_backup_mode\"", "\"type\": \"disk_backup_mood\"", 1);
    let message = refused("model.json", &wrong);
    let at = place(&wrong, "\"disk_backup_mood\"");
    starts(&message, &format!("model.json:{at}: unknown type `disk_backup_mood`; it must be boolean, "));

    let wrong = published("xml").replacen("<type>disk_backup_mode<", "<type>disk_backup_mood<", 1);
    let at = place(&wrong, "disk_backup_mood");
    starts(&refused("model.xml", &wrong), &format!("model.xml:{at}: unknown type `disk_backup_mood`; "));
}

#[test]
fn contradictions() {
    let json = published("json");
    // An heir without something that its base has.
    let heir = json.find("\"name\": \"disk_snapshot\",\n   \"attributes\"").expect("it is there");
    let (before, after) = json.split_at(heir);
    let text = format!("{before}{}", after.replacen("\"name\": \"provisioned_size\"", "\"name\": \"made_up\"", 1));
    let message = refused("model.json", text);
    starts(
        &message,
        &format!("model.json:{}: `disk_snapshot` lacks `provisioned_size` of its base `disk`; ", position(&json, heir + 8)),
    );
    assert!(message.contains("correct `base` in `structs/disk_snapshot.xml`"), "{message}");

    let text = replaced(&json, "\"name\": \"not_responding\"", "\"name\": \"up\"", 1);
    let at = place(&text, "\"up\"\n    },\n    {\n     \"name\": \"powering_up\"");
    let message = refused("model.json", &text);
    assert!(!message.contains(&at) && message.contains("enum `vm_status` has two values `up`"), "{message}");

    let text = replaced(&json, "\"name\": \"not_responding\"", "\"name\": \"Not-Responding\"", 1);
    let message = refused("model.json", &text);
    starts(
        &message,
        &format!(
            "model.json:{}: the document `vm_status.xml` made of it would be wrong: ",
            place(&text, "\"vm_status\",\n   \"values\"")
        ),
    );
    assert!(message.contains("it must be words joined by `_`"), "{message}");

    let text = json.replacen("\"in\": true", "\"in\": \"yes\"", 1);
    starts(
        &refused("model.json", &text),
        &format!("model.json:{}: `in` is `yes`; it must be `true` or `false`", place(&text, "\"yes\"")),
    );
    let text = json.replacen("\"4.4.3\"", "\"soon\"", 1);
    let message = refused("model.json", text);
    assert!(message.contains("`since` has the value `soon`; it must be one version such as `4.2.1`"), "{message}");
    let text = json.replacen("\"root\": \"system\"", "\"root\": \"sistem\"", 1);
    starts(&refused("model.json", text), "model.json:2:10: unknown service `sistem`");
}

#[test]
fn archives_without_a_description() {
    let mut content = std::io::Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut content);
    zip.start_file("META-INF/pom.xml", zip::write::SimpleFileOptions::default()).expect("it can be written");
    zip.write_all(b"<project/>").expect("it can be written");
    zip.finish().expect("it can be written");
    let content = content.into_inner();
    starts(&refused("model.jar", &content), "model.jar holds no description");
    starts(&refused("model.jar", &content[..content.len() / 2]), "model.jar cannot be read as an archive");
}

#[test]
fn what_is_wrong_inside_an_archive_is_placed_in_its_entry() {
    let mut content = std::io::Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut content);
    zip.start_file("org/model.json", zip::write::SimpleFileOptions::default()).expect("it can be written");
    zip.write_all(b"{\n}").expect("it can be written");
    zip.finish().expect("it can be written");
    starts(&refused("model.jar", content.into_inner()), "model.jar/org/model.json:1:1: this is no API description");
}

#[test]
fn a_defect_that_is_gone() {
    let json = published("json");
    let text = replaced(&json, "\"name\": \"rhev_h\"", "\"name\": \"node\"", 1);
    let message = refused("model.json", text);
    starts(&message, "model.json: the fixup of `host_type` ");
    assert!(message.contains("remove the row from xtask/import/src/fixups.rs"), "{message}");
}

#[test]
fn documents_of_ours_that_are_wrong() {
    let workspace = Workspace::new();
    let path = workspace.documents().join("structs/port_mirroring.xml");
    std::fs::write(&path, "<struct name=\"port_mirroring\" base=\"none\"/>").expect("it can be written");
    let message = workspace.import(&archive("json")).expect_err("it is wrong");
    starts(&message, &format!("{}:1:37: unknown struct `none` as base", path.display()));
}

#[test]
fn sources_that_are_not_there() {
    let workspace = Workspace::new();
    assert!(workspace.import("/nowhere/model.json").expect_err("it is not there").contains("cannot be read"));
    assert!(
        workspace.import("http://engine.example/ovirt-engine/api").expect_err("not https").contains("must start with `https`")
    );
}
