//! The simulator as a program, with `--vsphere`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_virt-simulator"))
}

#[test]
fn what_is_of_an_engine_is_refused() {
    let output = program().args(["--vsphere", "--vms", "1"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--vms is for an engine"), "{output:?}");
}

#[tokio::test]
async fn it_serves_a_vcenter() {
    let mut child = program().args(["--vsphere", "--username=me@corp"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let stdout = child.stdout.take().expect("its output");
    let lines: Vec<String> = BufReader::new(stdout).lines().take(4).map(|line| line.expect("a line")).collect();
    let url = lines[0].strip_prefix("VSPHERE_URL=").expect("the URL").to_owned();
    assert_eq!(lines[1..], ["VSPHERE_USERNAME=me@corp", "VSPHERE_PASSWORD=secret", "VSPHERE_DATASTORE=datastore-11"]);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let reply = client.post(format!("{url}/api/session")).basic_auth("me@corp", Some("secret")).send().await.expect("an answer");
    assert_eq!(reply.status(), 201);
    drop(reply);
    let kill = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
    if kill.is_ok_and(|status| status.success()) {
        assert!(child.wait().expect("it has ended").success());
    } else {
        child.kill().expect("it ends");
        child.wait().expect("it has ended");
    }
}
