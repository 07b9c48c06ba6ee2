//! Other people's clients run unmodified against the simulator. `cargo xtask peers` installs them, and the programs
//! that use them are in `examples/peers`.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use virt_simulator::{SeenRequest, Simulator};

/// How long a program may run; it takes a few seconds.
const DEADLINE: Duration = Duration::from_secs(60);

/// Pause between two looks at a program.
const INTERVAL: Duration = Duration::from_millis(5);

/// A password that has to be encoded wherever it is put.
const PASSWORD: &str = "p:ss wörd&+%";

/// The same for libgovirt, which sends no UTF-8.
const ASCII_PASSWORD: &str = "p:ss word&+%";

/// A client of other people, used from Python.
struct Peer {
    name: &'static str,
    /// The Python that has it.
    python: PathBuf,
    /// What succeeds where it is installed.
    import: &'static str,
    /// The program that uses it, below `examples/peers`.
    program: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_sdk_is_served() {
    let python = cache().join("virt-sdk-peers/python/bin/python3");
    let peer = Peer { name: "the Python SDK", python, import: "import ovirtsdk4.readers", program: "python_sdk/flows.py" };
    let Some(requests) = run(peer, PASSWORD).await else { return };
    for (method, path, status) in [
        ("POST", "/ovirt-engine/sso/oauth/token", 200),
        ("POST", "/ovirt-engine/sso/oauth/token", 400),
        ("POST", "/ovirt-engine/services/sso-logout", 200),
        ("GET", "/ovirt-engine/api", 401),
        ("GET", "/ovirt-engine/api/vms?max=1", 200),
        ("POST", "/ovirt-engine/api/vms?clone=true", 202),
        ("POST", "/ovirt-engine/api/vms", 409),
        ("POST", "/ovirt-engine/api/imagetransfers", 201),
        ("PUT", "/images/{ticket}", 200),
        ("GET", "/images/{ticket}", 206),
    ] {
        expect(&requests, method, path, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn libgovirt_is_served() {
    let peer = Peer {
        name: "libgovirt",
        python: PathBuf::from("/usr/bin/python3"),
        import: "import gi; gi.require_version('GoVirt', '1.0'); from gi.repository import GoVirt",
        program: "libgovirt/flows.py",
    };
    let Some(requests) = run(peer, ASCII_PASSWORD).await else { return };
    for (method, path, status) in [
        ("GET", "/ovirt-engine/api", 401),
        ("GET", "/ovirt-engine/api", 200),
        ("GET", "/ovirt-engine/api/vms?search=name%3Dvm1", 200),
        ("POST", "/ovirt-engine/api/vms/0f000000-0000-4000-8000-000000000001/start", 200),
        ("POST", "/ovirt-engine/api/vms/0f000000-0000-4000-8000-000000000001/ticket", 200),
        ("DELETE", "/ovirt-engine/api/vms/0f000000-0000-4000-8000-000000000001", 200),
        ("POST", "/ovirt-engine/services/sso-logout", 200),
    ] {
        expect(&requests, method, path, status);
    }
}

/// Runs the program of a peer against a simulator, and returns the requests that this saw; nothing where the peer is
/// not installed.
async fn run(peer: Peer, password: &str) -> Option<Vec<SeenRequest>> {
    if !is_installed(&peer) {
        let hint = format!("{} is not installed; run cargo xtask peers", peer.name);
        assert!(std::env::var_os("VIRT_SDK_PEERS").is_none_or(|value| value != "required"), "{hint}");
        eprintln!("skipped: {hint}");
        return None;
    }
    let engine = Simulator::builder().tls(true).vms(2).password(password).start().await.expect("a simulator");
    let mut ca_file = tempfile::NamedTempFile::new().expect("a file");
    ca_file.write_all(engine.ca_pem().expect("a certificate").as_bytes()).expect("room for it");
    let mut command = command(&peer);
    command.args(["--url", engine.url(), "--username", engine.username(), "--ca-file"]).arg(ca_file.path());
    let input = format!("{password}\n");
    let output = tokio::task::spawn_blocking(move || finish(command, &input)).await.expect("no panic");
    assert!(output.is_success, "{} failed\n{}{}", peer.program, output.stdout, output.stderr);
    assert!(output.stdout.lines().all(|line| line.starts_with("ok: ")), "{}", output.stdout);
    assert_eq!(engine.sessions(), 0, "sessions are left");
    let requests = engine.requests();
    let broken: Vec<_> = requests.iter().filter(|request| request.status >= 500).collect();
    assert!(broken.is_empty(), "{broken:?}");
    engine.shutdown().await;
    Some(requests)
}

#[track_caller]
fn expect(requests: &[SeenRequest], method: &str, path: &str, status: u16) {
    let is_seen = requests.iter().any(|seen| seen.method == method && seen.path == path && seen.status == status);
    let seen = || requests.iter().map(|seen| format!("{} {} {}", seen.status, seen.method, seen.path)).collect::<Vec<_>>();
    assert!(is_seen, "no {method} {path} was answered with {status}, but:\n{}", seen().join("\n"));
}

/// Where `cargo xtask peers` installs what Debian does not have.
fn cache() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    cache.or_else(home).unwrap_or_default()
}

fn is_installed(peer: &Peer) -> bool {
    let mut import = Command::new(&peer.python);
    import.args(["-c", peer.import]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    import.status().is_ok_and(|status| status.success())
}

fn command(peer: &Peer) -> Command {
    let mut command = Command::new(&peer.python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers").join(peer.program));
    // The simulator is on this machine, whatever the settings of the user.
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command
}

/// What a program left behind.
struct Output {
    is_success: bool,
    stdout: String,
    stderr: String,
}

/// Runs a program to its end, or ends it at the deadline.
fn finish(mut command: Command, input: &str) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("a program that starts");
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    // Fails where the program has ended already, which its status shows.
    let _ = child.stdin.take().map(|mut pipe| pipe.write_all(input.as_bytes()));
    let is_success = wait(&mut child);
    let text = |reader: JoinHandle<String>| reader.join().expect("no panic");
    let late = if is_success.is_none() { format!("ended after {DEADLINE:?}\n") } else { String::new() };
    Output { is_success: is_success == Some(true), stdout: text(stdout), stderr: text(stderr) + &late }
}

/// Whether a program succeeds; nothing where it has to be ended.
fn wait(child: &mut Child) -> Option<bool> {
    let deadline = Instant::now() + DEADLINE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("a status") {
            return Some(status.success());
        }
        thread::sleep(INTERVAL);
    }
    // Both fail only where it has ended in between.
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Reads a pipe to its end, beside the others.
fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before a failure is worth showing.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
