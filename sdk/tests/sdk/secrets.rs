//! No secret shows up anywhere.

use crate::servers::FOLDER;
use std::collections::HashMap;
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
    if let Some((at, secret)) = find_any(&trace, &secrets) {
        let line = trace[..at].rfind('\n').map_or(0, |end| end + 1);
        panic!("`{secret}` is in the trace: {}", trace[line..].lines().next().unwrap_or_default());
    }
}

/// Finds the first of many texts, each of 4 bytes at least, in a long one: looking for one after the other would take minutes.
fn find_any<'a>(text: &str, wanted: &[&'a str]) -> Option<(usize, &'a str)> {
    let pair = |bytes: &[u8], at: usize| usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1]);
    let (mut first, mut second) = (vec![false; 1 << 16], vec![false; 1 << 16]);
    let mut by_start: HashMap<[usize; 2], Vec<&str>> = HashMap::new();
    for wanted in wanted {
        let start = [0, 2].map(|at| pair(wanted.as_bytes(), at));
        (first[start[0]], second[start[1]]) = (true, true);
        by_start.entry(start).or_default().push(wanted);
    }
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(3)).filter(|at| first[pair(bytes, *at)] && second[pair(bytes, at + 2)]).find_map(|at| {
        let known = by_start.get(&[0, 2].map(|offset| pair(bytes, at + offset)))?;
        Some((at, *known.iter().find(|wanted| bytes[at..].starts_with(wanted.as_bytes()))?))
    })
}

#[test]
fn any_of_many_texts_is_found() {
    let wanted = ["s3cret", "s3crypt", "token"];
    for (text, found) in [
        ("token", Some((0, "token"))),
        ("a s3cr s3crypt s3cret", Some((7, "s3crypt"))),
        ("ä\ns3cret", Some((3, "s3cret"))),
        ("toke s3cre", None),
        ("", None),
    ] {
        assert_eq!(find_any(text, &wanted), found, "{text}");
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
