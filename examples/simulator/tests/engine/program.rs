//! The simulator as a program.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_virt-simulator"))
}

#[test]
fn arguments_are_explained_and_checked() {
    let help = program().arg("--help").output().expect("it runs");
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--password-file"));
    for (arguments, text) in [
        (&["--nonsense"][..], "unknown argument --nonsense"),
        (&["--port"], "--port needs a value"),
        (&["--port", "many"], "--port needs a number, not 'many'"),
        (&["--password-file", "/nonexistent"], "cannot read /nonexistent"),
        (&["--token-lifetime", "long"], "--token-lifetime needs a number, not 'long'"),
        (&["--vsphere", "--engine", "4.2"], "--engine is for an engine, not for --vsphere"),
        (&["--images", "/tmp"], "--imageio-control-socket, --imageio-url and --images go together"),
        (&["--vsphere", "--admin"], "--admin is for an engine, not for --vsphere"),
    ] {
        let output = program().args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(text), "{output:?}");
    }
}

#[tokio::test]
async fn it_can_be_administered() {
    let mut child = program()
        .args(["--admin", "--engine=4.4.6", "--token-lifetime", "60"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stdout = child.stdout.take().expect("its output");
    let lines: Vec<String> = BufReader::new(stdout).lines().take(4).map(|line| line.expect("a line")).collect();
    let url = lines[0].trim_start_matches("OVIRT_URL=");
    let admin = lines[3].strip_prefix("OVIRT_ADMIN_URL=").expect("an address");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let inject = client.post(format!("{admin}/faults")).header("content-type", "application/json");
    let injected = inject.body(r#"{"fault": "status", "status": 503, "times": 1}"#).send().await.expect("an answer");
    let get = || client.get(url).basic_auth("admin@internal", Some("secret")).send();
    let (refused, served) = (get().await.expect("an answer").status(), get().await.expect("an answer"));
    let (status, body) = (served.status(), served.text().await.expect("a body"));
    child.kill().expect("it ends");
    child.wait().expect("it has ended");
    assert_eq!((injected.status(), refused.as_u16(), status.as_u16()), (reqwest::StatusCode::CREATED, 503, 200));
    assert!(body.contains("4.4.6-1.el8"), "{body}");
    let wrong = program().args(["--engine", "old"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("'old' is no version of an engine"), "{wrong:?}");
}

#[tokio::test]
async fn it_serves_and_keeps_the_password_to_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let (password, ca) = (folder.path().join("password"), folder.path().join("ca.pem"));
    std::fs::write(&password, "hush hush\nsecond line\n").expect("written");
    let mut child = program()
        .args(["--port=0", "--vms", "1", "--username", "me@corp", "--ca-out"])
        .arg(&ca)
        .arg("--password-file")
        .arg(&password)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stdout = child.stdout.take().expect("its output");
    let lines: Vec<String> = BufReader::new(stdout).lines().take(3).map(|line| line.expect("a line")).collect();
    let url = lines[0].trim_start_matches("OVIRT_URL=").to_owned();
    assert_eq!(lines[1], "OVIRT_USERNAME=me@corp");
    assert_eq!(lines[2], format!("OVIRT_CA_FILE={}", ca.display()));
    let root = reqwest::Certificate::from_pem(&std::fs::read(&ca).expect("a certificate")).expect("PEM");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().expect("a client");
    let reply = client.get(format!("{url}/vms")).basic_auth("me@corp", Some("hush hush")).send().await.expect("an answer");
    assert_eq!(reply.status(), 200);
    drop(reply);
    let kill = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
    if kill.is_ok_and(|status| status.success()) {
        assert!(child.wait().expect("it has ended").success());
    } else {
        child.kill().expect("it ends");
        child.wait().expect("it has ended");
    }
}
