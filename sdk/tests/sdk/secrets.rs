//! No secret shows up anywhere.

use crate::servers::FOLDER;
use std::process::Command;
use virt_sdk::Credentials;
use virt_sdk::ovirt::Connection;

/// Secrets that tests make up themselves; all have one of these within.
const MADE_UP: &[&str] = &["s3cret", "canned-token", "t0ken"];

/// Runs all other tests of this program again, traces everything that they and the libraries below them tell, and searches it
/// for all passwords, tokens and addresses that were used.
#[test]
fn the_trace_of_the_suite_holds_no_secret() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("virt-sdk-trace-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let program = std::env::current_exe().expect("the program is known");
    // Half a minute of calls as fast as they go would be gigabytes of the same.
    let skipped = ["--skip", "the_trace_of_the_suite", "--skip", "jobs::stay_logged_in"];
    let run = Command::new(program).args(skipped).args(["--quiet", "--test-threads", "4"]).env(FOLDER, &folder).output();
    let run = run.expect("the tests can be run");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it was written");
    let (trace, secrets) = (read("trace"), read("secrets"));
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));

    let secrets: Vec<&str> = secrets.lines().chain(MADE_UP.iter().copied()).filter(|secret| secret.len() > 4).collect();
    assert!(secrets.len() > 50, "{} secrets were used", secrets.len());
    for part in ["virt_sdk::wire", "sent GET", "received <vm", "[REDACTED]", "hyper", "/ovirt-engine/sso/oauth/token"] {
        assert!(trace.contains(part), "`{part}` is in the trace, else it shows nothing");
    }
    for line in trace.lines() {
        if let Some(secret) = secrets.iter().find(|secret| line.contains(**secret)) {
            panic!("`{secret}` is in the trace: {line}");
        }
    }
}

#[test]
fn debug_shows_no_secret() {
    let provider = |_| async { Ok(Credentials::password("u", "s3cret")) };
    let builder = || Connection::builder("https://engine.example.com/ovirt-engine/api/").proxy("http://u:s3cret@proxy:3128");
    for builder in
        [builder().username("u").password("s3cret").token("t0ken").header("Cookie", "s3cret"), builder().credentials(provider)]
    {
        let shown = format!("{builder:?}") + &format!("{:?}", builder.build().expect("the settings are right"));
        assert!(shown.contains("engine.example.com") && !shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }
    for credentials in [Credentials::password("u", "s3cret"), Credentials::token("s3cret"), Credentials::negotiate("s3cret")] {
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
