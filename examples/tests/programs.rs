//! Every program, run as a user would, against the simulated engine that it starts.

use std::io::{Seek, SeekFrom, Write};
use std::process::{Command, Output};

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().expect("the program can be started")
}

/// What a program printed; it must have succeeded.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn quickstart_ends_with_equal_digests() {
    let text = output(env!("CARGO_BIN_EXE_quickstart"), &[]);
    let digests: Vec<&str> =
        text.lines().filter(|line| line.starts_with("SHA-256")).filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(digests.len(), 2, "{text}");
    assert_eq!((digests[0].len(), digests[0]), (64, digests[1]));
    assert!(text.contains("Equal: "), "{text}");
}

#[test]
fn quickstart_takes_an_image() {
    let mut image = tempfile::NamedTempFile::new().expect("a file can be made");
    image.as_file().set_len(40 << 20).expect("it can grow");
    image.seek(SeekFrom::Start(17 << 20)).expect("it can be written");
    image.write_all(b"not only zeros").expect("it can be written");
    let text = output(env!("CARGO_BIN_EXE_quickstart"), &["--image", &image.path().display().to_string()]);
    assert!(text.contains("Equal: 40.00 MiB"), "{text}");
}

#[test]
fn quickstart_says_what_is_wrong() {
    for (arguments, part) in [
        (&["--image", "no-such-file"][..], "no-such-file cannot be read"),
        (&["--storage-domain", "none"], "none"),
        (&["--url", "https://127.0.0.1:1/ovirt-engine/api"], "--username"),
    ] {
        let output = run(env!("CARGO_BIN_EXE_quickstart"), arguments);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(part), "{part} in {text}");
    }
}

#[test]
fn list_vms_lists() {
    assert!(output(env!("CARGO_BIN_EXE_list_vms"), &["--search", "name=a*"]).contains("0 virtual machines"));
}

#[test]
fn add_vm_starts_it() {
    let text = output(env!("CARGO_BIN_EXE_add_vm"), &["--name", "web1"]);
    assert!(text.contains("Added web1 as ") && text.contains("It is up"), "{text}");
}

#[test]
fn follow_links_finds_what_is_referred_to() {
    let text = output(env!("CARGO_BIN_EXE_follow_links"), &[]);
    assert!(text.contains("is in cluster Default") && text.contains("data center Default has networks ovirtmgmt"), "{text}");
}
