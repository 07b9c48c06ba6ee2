//! Arguments, the configuration file, and where secrets are not.

use crate::support::{Bench, PASSWORD, Running, STORAGE_DOMAIN, content, labelled, program, shown, text};
use std::process::Stdio;
use virt_simulator::Simulator;

#[tokio::test(flavor = "multi_thread")]
async fn a_section_of_the_configuration_file() {
    let bench = Bench::start().await;
    let image = bench.file("image.raw", content());
    let origin = bench.engine.url().trim_end_matches("/ovirt-engine/api");
    let file = format!(
        "[DEFAULT]\npassword = {PASSWORD}\n\n[mine]\nengine_url = {origin}\nusername = admin@internal\ndisk_timeout = 60\n\
         log_file = {log}\ndescription = from the file\n[wrong]\nengine_url = {origin}\nusername = nobody@internal\n",
        log = bench.path("log").display(),
    );
    bench.file("ovirt-img.conf", file);
    let run = |section: &str, more: &[&str]| {
        let mut command = bench.bare(&[&"upload", &"-s", &STORAGE_DOMAIN, &"-c", &section, &"-ojson", &image]);
        command.args(more).output().expect("it can be started")
    };
    let output = run("mine", &[]);
    assert!(output.status.success() && text(&output.stdout).contains("from the file"), "{}", shown(&output));
    assert!(std::fs::read_to_string(bench.path("log")).expect("a log").contains("done"));
    let output = run("mine", &["--description", "from the command line"]);
    assert!(output.status.success() && !text(&output.stdout).contains("from the file"), "{}", shown(&output));
    let output = run("wrong", &[]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(text(&output.stdout).contains(r#""kind":"authentication""#), "{}", shown(&output));
    let output = run("wrong", &["--username", "admin@internal"]);
    assert!(output.status.success(), "{}", shown(&output));
    let output = run("none", &[]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(text(&output.stderr).contains("there is no section `none`"), "{}", shown(&output));
}

#[test]
fn wrong_usage() {
    for (words, part) in [
        (&[][..], "Usage"),
        (&["upload", "file"], "--storage-domain"),
        (&["upload", "-s", "data", "--into", "id", "file"], "--into"),
        (&["upload", "-s", "data", "-"], "--size"),
        (&["upload", "-s", "data", "--size", "1", "file"], "--size"),
        (&["upload", "-s", "data", "--max-workers", "9", "file"], "9"),
        (&["upload", "-s", "data", "--disk-id", "1", "file"], "--disk-id"),
        (&["upload", "-s", "data", "--password", "secret", "file"], "--password"),
        (&["upload", "-s", "data", "-f", "vmdk", "file"], "vmdk"),
        (&["download", "id"], "<FILE>"),
        (&["download", "-f", "qcow2", "id", "-"], "standard output"),
        (&["info"], "<FILE>"),
    ] {
        let output = program(&words.iter().map(|word| word as &dyn AsRef<std::ffi::OsStr>).collect::<Vec<_>>()).output();
        let output = output.expect("it can be started");
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", shown(&output));
        assert!(output.stdout.is_empty() && text(&output.stderr).contains(part), "{words:?}: {}", shown(&output));
    }
    let help = program(&[&"upload", &"--help"]).output().expect("it can be started");
    let help = (help.status.success(), text(&help.stdout));
    assert!(help.0 && help.1.contains("Exit codes:") && help.1.contains("buffers have a fixed size"), "{}", help.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said() {
    let bench = Bench::start().await;
    let (url, user) = (["--engine-url", bench.engine.url()], ["--username", "admin@internal"]);
    for (more, part) in [
        (vec![], "--engine-url"),
        (url.to_vec(), "--username"),
        // Nobody sits at a terminal.
        ([url, user].concat(), "--password-file"),
        ([url, user, ["--password-file", "no-such-file"]].concat(), "no-such-file"),
        ([url, user, ["--password-file", "/dev/null"]].concat(), "first line"),
        ([url, user, ["-c", "any"]].concat(), "ovirt-img.conf"),
    ] {
        let output = bench.bare(&[&"download", &"id", &"file"]).args(more).output().expect("it can be started");
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
        assert!(text(&output.stderr).starts_with("image: ") && text(&output.stderr).contains(part), "{}", shown(&output));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_nowhere() {
    let bench = Bench::with(Simulator::builder().tls(true)).await;
    let (log, authority) = (bench.path("log"), bench.file("ca.pem", bench.engine.ca_pem().expect("a certificate")));
    let more: [&dyn AsRef<std::ffi::OsStr>; 7] =
        [&"--cafile", &authority, &"--log-file", &log, &"--log-level=trace", &"--output=json", &"--verify"];
    let words: [&dyn AsRef<std::ffi::OsStr>; 6] = [&"upload", &"-s", &STORAGE_DOMAIN, &"--size=4194304", &"--name=n", &"-"];
    let mut command = bench.command(&[&words[..], &more].concat());
    command.stdin(Stdio::piped());
    let mut running = Running::start(command);
    running.feed(&content()[..1 << 20]);
    bench.until_data_flows().await;
    let mut seen = Vec::new();
    for file in ["cmdline", "environ"] {
        seen.push(text(&std::fs::read(format!("/proc/{}/{file}", running.child().id())).expect("a file")));
    }
    running.feed(&content()[1 << 20..]);
    let sent = running.end();
    assert!(sent.status.success(), "{}", shown(&sent));
    seen.push(shown(&sent));
    let id = serde_json::from_str::<serde_json::Value>(text(&sent.stdout).lines().last().expect("a line")).expect("JSON");
    let id = id["disk_id"].as_str().expect("an id").to_owned();
    let copy = bench.path("copy.raw");
    let received = bench.command(&[&[&"download" as &dyn AsRef<std::ffi::OsStr>, &id, &copy][..], &more].concat()).output();
    seen.push(shown(&received.expect("it can be started")));
    assert!(std::fs::read(copy).expect("a file") == content());
    let logged = std::fs::read_to_string(&log).expect("a log");
    assert!(logged.contains("imagetransfers") && logged.contains("TRACE"), "{logged}");
    seen.push(logged);
    let secrets = bench.engine.secrets();
    assert!(secrets.len() > 3 && secrets.iter().any(|secret| secret == PASSWORD));
    for secret in secrets {
        assert!(!seen.iter().any(|text| text.contains(&secret)), "a secret of {} bytes is shown", secret.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_there_is_only_the_result() {
    let bench = Bench::start().await;
    let image = bench.file("image.raw", content());
    let output = bench.command(&[&"upload", &"-s", &STORAGE_DOMAIN, &image]).output().expect("it can be started");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", shown(&output));
    assert_eq!(text(&output.stdout).lines().count(), 5);
    labelled(&text(&output.stdout), "transfer");
}
