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

#[test]
fn library_list_shows_files() {
    let text = output(env!("CARGO_BIN_EXE_library_list"), &[]);
    assert!(text.contains("examples (LOCAL)") && text.contains("sample.bin 4.00 MiB"), "{text}");
}

#[test]
fn library_upload_pushes_a_file() {
    let text = output(env!("CARGO_BIN_EXE_library_upload"), &[]);
    assert!(text.contains("made.bin has 8388608 bytes") && text.contains("Uploaded to uploaded"), "{text}");
    let mut file = tempfile::NamedTempFile::with_suffix(".iso").expect("a file can be made");
    file.write_all(b"not really an image").expect("it can be written");
    let path = file.path().display().to_string();
    let text = output(env!("CARGO_BIN_EXE_library_upload"), &[&path, "--item", "sample"]);
    assert!(text.contains(".iso has 19 bytes") && text.contains("sample.bin has 4194304 bytes"), "{text}");
}

#[test]
fn library_upload_pulls_from_an_url() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        }
    });
    let url = format!("http://{address}/folder/hello.txt?x=1");
    let text = output(env!("CARGO_BIN_EXE_library_upload"), &["--pull", &url]);
    assert!(text.contains("hello.txt has 5 bytes"), "{text}");
}

#[test]
fn library_upload_says_what_is_wrong() {
    for (arguments, part) in [
        (&["no-such-file"][..], "no-such-file cannot be read"),
        (&["--library", "none"], "there is no library `none`"),
        (&["--pull", "http://127.0.0.1:1/a.iso"], "127.0.0.1:1"),
        (&["--pull", "http://127.0.0.1:1/"], "file name"),
    ] {
        let output = run(env!("CARGO_BIN_EXE_library_upload"), arguments);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(part), "{part} in {text}");
    }
}

#[test]
fn library_download_fetches_files() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let text = output(env!("CARGO_BIN_EXE_library_download"), &["--to", &folder.path().display().to_string()]);
    assert!(text.contains("sample.bin has 4194304 bytes"), "{text}");
    let content = std::fs::read(folder.path().join("sample.bin")).expect("it is there");
    assert!(content == (0..=255).cycle().take(4 << 20).collect::<Vec<u8>>());
}
