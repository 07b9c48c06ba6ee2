//! The command line, and the operands of `diff`.

use crate::common::*;
use import::api::Api;
use std::path::Path;
use std::process::{Command, Output};

fn program(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_import"));
    command.env_remove("OVIRT_USERNAME").env_remove("OVIRT_PASSWORD");
    command.args(arguments).output().expect("the program runs")
}

fn printed(arguments: &[&str]) -> String {
    let output = program(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

fn failure(arguments: &[&str]) -> String {
    let output = program(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).expect("it prints text")
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(variable);
    }
    command.env("GIT_CONFIG_GLOBAL", folder.join("none")).env("GIT_CONFIG_NOSYSTEM", "1");
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    let output = command.current_dir(folder).args(identity).args(arguments).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn folders_revisions_and_descriptions_are_compared() {
    let workspace = Workspace::new();
    git(workspace.path(), &["init", "--quiet"]);
    git(workspace.path(), &["add", "."]);
    git(workspace.path(), &["commit", "--quiet", "-m", "documents"]);
    let folder = workspace.documents().display().to_string();
    let disk = workspace.documents().join("structs/disk.xml");
    let text = std::fs::read_to_string(&disk).expect("it is there");
    std::fs::write(&disk, text.replace("name=\"logical_name\"", "name=\"label\"")).expect("it can be written");

    let text = printed(&["diff", "HEAD", &folder, "--model", &folder]);
    assert!(text.contains("### Removed\n\n- struct `disk`: attribute `logical_name`\n"), "{text}");
    assert!(text.contains("### Added\n\n- struct `disk`: attribute `label`: `string`\n"), "{text}");
    let text = printed(&["diff", "--model", &folder, &folder, &archive("json")]);
    assert!(text.contains("### Removed\n\n- struct `disk`: attribute `label`\n"), "{text}");
    assert!(printed(&["diff", "HEAD", "HEAD", "--model", &folder]).contains("Nothing changed."));
    for wrong in ["no-such-revision", "-x"] {
        let message = failure(&["diff", wrong, "HEAD", "--model", &folder]);
        assert!(message.contains("is no folder, file or address, and as a git revision cannot be read"), "{message}");
    }
}

#[test]
fn the_api_of_a_comparison_is_that_of_the_folder_or_named() {
    let workspace = Workspace::of(Api::Vsphere);
    git(workspace.path(), &["init", "--quiet"]);
    git(workspace.path(), &["add", "."]);
    git(workspace.path(), &["commit", "--quiet", "-m", "documents"]);
    let folder = workspace.documents().display().to_string();
    let file = workspace.documents().join("services/cis.tasks.xml");
    let text = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(&file, text.replace("<error name=\"vapi.std.errors.unsupported\"/>", "")).expect("it can be written");
    for arguments in [vec!["diff", "HEAD", &folder], vec!["diff", "vsphere", "HEAD", &folder]] {
        let text = printed(&[arguments.as_slice(), &["--model", &folder]].concat());
        assert!(text.starts_with("## vsphere 9.1.0.0 → vsphere 9.1.0.0\n"), "{text}");
        assert!(text.contains("- service `cis.tasks`: method `cancel`: error `vapi.std.errors.unsupported`\n"), "{text}");
    }
    assert!(printed(&["diff", "vsphere", "HEAD", "HEAD", "--model", &folder]).contains("Nothing changed."));
    // An address or file alone does not tell.
    assert!(
        failure(&["diff", "HEAD", &file.display().to_string(), "--model", &folder]).contains("the root element is `service`")
    );
    let source = workspace.source("vcenter.yaml", "openapi: 3.0.3\n");
    assert!(failure(&["diff", &folder, &source, "--model", &folder]).contains("this is no OpenAPI 3 document"));
    assert!(failure(&["import", "vsphere", &source, "--model", &folder]).contains("nothing was written"));
}

#[test]
fn an_import_reports_what_it_did() {
    let workspace = Workspace::new();
    let folder = workspace.documents().display().to_string();
    assert_eq!(
        printed(&["import", "ovirt", &archive("xml"), "--model", &folder]),
        "the documents say the same already; nothing was written\n"
    );
}

#[test]
fn wrong_arguments_are_explained() {
    assert!(printed(&["--help"]).contains("cargo xtask import ovirt SOURCE"));
    assert!(failure(&["import", "other", "x"]).contains("`ovirt` and `vsphere` can be imported"));
    assert!(failure(&["import", "vsphere", "x", "--with-docs"]).contains("leave `--with-docs` away"));
    assert!(failure(&["diff", "other", "a", "b"]).contains("unknown API `other`"));
    assert!(failure(&["diff", "a"]).contains("is none of the commands"));
    assert!(failure(&["import", "ovirt"]).contains("is none of the commands"));
    assert!(failure(&["import", "ovirt", "x", "--wrong"]).contains("unknown option `--wrong`"));
    assert!(failure(&["import", "ovirt", "x", "--ca-file"]).contains("`--ca-file` must be followed by a path"));
    let output = Command::new(env!("CARGO_BIN_EXE_import"))
        .args(["import", "ovirt", "https://engine.example/ovirt-engine/api"])
        .env("OVIRT_PASSWORD", "hidden")
        .env_remove("OVIRT_USERNAME")
        .output()
        .expect("the program runs");
    let message = String::from_utf8(output.stderr).expect("it prints text");
    assert!(message.contains("set both, or none") && !message.contains("hidden"), "{message}");
}
