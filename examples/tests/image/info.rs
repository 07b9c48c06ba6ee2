//! What the program tells of local images.

use crate::support::{json_lines, labelled, program, shown, text, write_qcow2};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{Seek, SeekFrom, Write};
use virt_sdk::transfer::image::qcow2::NewImage;

/// What it tells as JSON.
#[track_caller]
fn info(words: &[&dyn AsRef<OsStr>]) -> Value {
    let output = program(&[&[&"info" as &dyn AsRef<OsStr>, &"--output=json"], words].concat()).output();
    let output = output.expect("it can be started");
    assert!(output.status.success(), "{}", shown(&output));
    let mut lines = json_lines(&text(&output.stdout));
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

#[test]
fn qcow2() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("image.qcow2");
    write_qcow2(&path, NewImage::new(1 << 30).cluster_size(1 << 17), &[(1 << 20, &[5; 1 << 17])]);
    let found = info(&[&path]);
    let size = path.metadata().expect("a file").len();
    assert_eq!((&found["format"], &found["virtual_size"]), (&"qcow2".into(), &(1_u64 << 30).into()));
    assert_eq!((found["file_size"].as_u64(), &found["refusal"]), (Some(size), &Value::Null));
    assert!(found["allocated"].as_u64() <= Some(size) && found["allocated"].as_u64() >= Some(1 << 17), "{found}");
    // The header, the tables of the whole disk, and the data in clusters of the default size.
    let required = found["required_size"].as_u64();
    assert!(required > Some(1 << 17) && required < Some(1 << 20), "{found}");
    let qcow2 = &found["qcow2"];
    assert_eq!(
        (&qcow2["version"], &qcow2["cluster_size"], &qcow2["compression"]),
        (&3.into(), &(1 << 17).into(), &"zlib".into())
    );
    assert!(qcow2["backing_file"].is_null() && qcow2["snapshots"] == 0, "{found}");

    let output = program(&[&"info", &path]).output().expect("it can be started");
    let shown = text(&output.stdout);
    assert_eq!((labelled(&shown, "format"), labelled(&shown, "virtual size")), ("qcow2".into(), "1073741824 (1.00 GiB)".into()));
    assert_eq!((labelled(&shown, "qcow2 version"), labelled(&shown, "compression")), ("3".into(), "zlib".into()));
}

#[test]
fn a_backing_file_is_named_and_only_read_where_that_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("top.qcow2");
    write_qcow2(&path, NewImage::new(4 << 20).backing("base.raw", "raw"), &[(0, &[5; 1 << 16])]);
    let found = info(&[&path]);
    assert_eq!((&found["qcow2"]["backing_file"], &found["qcow2"]["backing_format"]), (&"base.raw".into(), &"raw".into()));
    assert!(found["required_size"].is_null(), "{found}");
    std::fs::write(folder.path().join("base.raw"), vec![3; 1 << 20]).expect("a file");
    let found = info(&[&path, &"--backing-folder", &folder.path()]);
    assert!(found["required_size"].as_u64() > Some(1 << 20), "{found}");
}

#[test]
fn raw_and_iso() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.as_file().set_len((8 << 20) + 1).expect("it can grow");
    file.seek(SeekFrom::Start(1 << 20)).expect("it can be written");
    file.write_all(&[1; 1 << 16]).expect("it can be written");
    let found = info(&[&file.path()]);
    // A disk has whole sectors.
    assert_eq!((&found["format"], &found["virtual_size"]), (&"raw".into(), &((8 << 20) + 512).into()));
    assert_eq!((&found["file_size"], &found["qcow2"]), (&((8 << 20) + 1).into(), &Value::Null));
    assert!(found["allocated"].as_u64() >= Some(1 << 16), "{found}");

    file.seek(SeekFrom::Start(0x8000)).expect("it can be written");
    file.write_all(b"\x01CD001\x01\0").expect("it can be written");
    assert_eq!(info(&[&file.path()])["format"], "iso");
}

#[test]
fn what_cannot_be_uploaded() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"KDMV and more").expect("it can be written");
    let found = info(&[&file.path()]);
    assert_eq!((&found["format"], &found["virtual_size"], &found["file_size"]), (&"vmdk".into(), &Value::Null, &13.into()));
    assert!(found["refusal"].as_str().is_some_and(|text| text.contains("qemu-img convert")), "{found}");
}

#[test]
fn what_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let damaged = folder.path().join("damaged.qcow2");
    std::fs::write(&damaged, b"QFI\xfb\0\0\0\x03").expect("a file");
    let missing = folder.path().join("missing");
    for (path, part) in [(damaged.as_path(), "damaged.qcow2"), (&missing, "missing"), (folder.path(), "neither a file")] {
        let output = program(&[&"info", &path, &"-ojson"]).output().expect("it can be started");
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        assert!(text(&output.stderr).starts_with("image: ") && text(&output.stderr).contains(part), "{}", shown(&output));
        assert_eq!(json_lines(&text(&output.stdout)).pop().expect("a line")["kind"], "image");
    }
}
