//! Folders other than the sample.

use conformance::{Options, Part, Report};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder with one part, made anew.
fn folder(name: &str, file: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let path = folder.join(file);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
    fs::write(path, text).expect("a file can be written");
    folder
}

fn run(folder: PathBuf) -> Report {
    conformance::run(&Options { folder, only: None }).expect("the folder can be read")
}

fn sample(file: &str) -> String {
    fs::read_to_string(Options::default().folder.join("ovirt").join(file)).expect("the sample is there")
}

#[test]
fn records_may_stand_one_folder_below() {
    let lines = sample("requests.jsonl");
    let line = lines.lines().next().expect("there is a call");
    let outer = folder("one_below", "ovirt/requests.jsonl", line);
    let report = run(outer);
    assert!(report.is_success() && report.to_string().contains("requests                   1       1"), "{report}");
}

#[test]
fn a_record_that_is_not_so_is_found() {
    let lines = sample("requests.jsonl");
    let line = lines.lines().find(|line| line.contains("\"max\"")).expect("there is a call with arguments");
    assert!(line.contains("\"http_method\": \"GET\"") && line.contains("\"Version\": \"4\""), "{line}");
    for (index, (from, to, aspect)) in [
        ("\"http_method\": \"GET\"", "\"http_method\": \"PUT\"", "method"),
        ("\"Version\": \"4\"", "\"Version\": \"3\"", "header version"),
        ("\"path\": \"/ovirt-engine/api/", "\"path\": \"/ovirt-engine/api/x", "path"),
        ("\"query\": [[", "\"query\": [[\"a\", \"b\"], [", "query"),
        ("\"result\": {", "\"result\": {\"zzz\": 1, ", "result"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(line.contains(from), "{from} in {line}");
        let report = run(folder(&format!("changed-{index}"), "requests.jsonl", &line.replacen(from, to, 1)));
        assert!(!report.is_success());
        assert!(report.to_string().contains(&format!("\n  {aspect} (")), "{report}");
    }
}

#[test]
fn a_malformed_record_is_named_and_does_not_end_the_run() {
    let lines = sample("connection.jsonl");
    let line = lines.lines().find(|line| line.contains("\"auth-twice\"")).expect("it is there");
    let report = run(folder("malformed", "connection.jsonl", &format!("{line}\n\n{{\"case\": 1}}\n")));
    assert!(!report.is_success());
    assert!(report.to_string().contains("connection.jsonl:3:"), "{report}");
    assert_eq!(report.records(Part::Connection), 2);
}

#[test]
fn an_argument_that_the_method_does_not_take_is_found() {
    let lines = sample("requests.jsonl");
    let line = lines.lines().next().expect("there is one").replacen("\"args\": {", "\"args\": {\"zzz\": 1", 1);
    let report = run(folder("argument", "requests.jsonl", &line));
    assert!(report.to_string().contains("the method takes no argument `zzz`"), "{report}");
}

#[test]
fn a_folder_without_records_is_an_error() {
    let folder = folder("empty", "other.txt", "");
    assert!(conformance::run(&Options { folder, only: None }).is_err());
}
