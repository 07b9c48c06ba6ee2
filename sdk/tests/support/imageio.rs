//! ovirt-imageio, the daemon that serves images on a host, as a process that a test starts. `cargo xtask peers`
//! installs it.
#![allow(dead_code, reason = "a test program may use a part of it")]

pub(crate) mod qemu;
pub(crate) mod scratch;
pub(crate) mod tickets;
pub(crate) mod unix_http;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use scratch::{INTERVAL, Program, Scratch};
use std::env;
use std::fmt::Write;
use std::fs::{self, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tickets::{Ticket, TicketState};
use unix_http::{Answer, exchange};

/// How long the daemon may take to start; it takes a fraction of a second.
const START: Duration = Duration::from_secs(30);

/// How a daemon is to be.
pub(crate) struct Settings {
    /// Whether images are served by TLS, with a certificate for `localhost` and `127.0.0.1`.
    pub(crate) tls: bool,
    /// Whether images are served at a unix socket too, and whoever asks is told so.
    pub(crate) local: bool,
    /// Connections that clients are told to use at most; the daemon lets everyone in.
    pub(crate) max_connections: u32,
    /// How long a ticket that is used may keep its removal waiting.
    pub(crate) remove_timeout: Duration,
    /// Authority, in PEM, of the daemons that tickets of this one may point to.
    pub(crate) trusted_ca: Option<String>,
}

impl Default for Settings {
    /// As oVirt has it, but by plain HTTP.
    fn default() -> Self {
        Self { tls: false, local: true, max_connections: 8, remove_timeout: Duration::from_secs(60), trusted_ca: None }
    }
}

/// A daemon that runs; it ends when this is dropped, and its folder goes with it.
pub(crate) struct Imageio {
    /// Where it serves images by TCP, like `http://127.0.0.1:40123`; without a path.
    pub(crate) url: String,
    /// The same, for a proxy before it. It stays the same when the daemon is started again.
    pub(crate) address: SocketAddr,
    /// Authority of its certificate, in PEM, if it has one.
    pub(crate) ca_pem: Option<String>,
    /// Where it serves images without TCP, by plain HTTP, if it does.
    pub(crate) local_socket: PathBuf,
    settings: Settings,
    executable: PathBuf,
    // Dropped in this order.
    program: Option<Program>,
    scratch: Scratch,
}

impl Imageio {
    /// Starts one at a free port of 127.0.0.1.
    ///
    /// `None`, and a line on the standard error, where it is not installed, or `qemu-nbd` is not.
    ///
    /// # Panics
    ///
    /// When it does not start, or when it is not installed and `VIRT_SDK_PEERS` is `required`.
    pub(crate) async fn start(settings: Settings) -> Option<Self> {
        let executable = executable().filter(|executable| executable.is_file() && qemu::is_installed());
        let Some(executable) = executable else {
            let hint = "ovirt-imageio or qemu-nbd is not installed; run `cargo xtask peers`";
            assert!(env::var_os("VIRT_SDK_PEERS").is_none_or(|value| value != "required"), "{hint}");
            eprintln!("skipped: {hint}");
            return None;
        };
        let scratch = Scratch::new();
        let mut imageio = Self {
            url: String::new(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            ca_pem: None,
            local_socket: scratch.path().join("local.sock"),
            settings,
            executable,
            program: None,
            scratch,
        };
        if imageio.settings.tls {
            imageio.ca_pem = Some(write_certificate(imageio.folder()));
        }
        imageio.start_again().await;
        Some(imageio)
    }

    /// Kills it, as a host that fails does, and starts it again at the same places. It knows no ticket then.
    ///
    /// # Panics
    ///
    /// As those of [`Imageio::start_again`].
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.start_again().await;
    }

    /// Kills it; nobody listens at its places until it is started again.
    pub(crate) fn kill(&mut self) {
        self.program = None;
    }

    /// Starts it after it was killed, at the same places.
    ///
    /// # Panics
    ///
    /// When it runs, or does not start; with what it says.
    pub(crate) async fn start_again(&mut self) {
        assert!(self.program.is_none(), "it runs");
        let (folder, log) = (self.folder(), self.folder().join("log"));
        fs::create_dir_all(folder.join("conf.d")).expect("the folder can be written to");
        // The name comes after those of a daemon that this machine may have, whose settings would count otherwise.
        fs::write(folder.join("conf.d/99-test.conf"), self.configuration()).expect("the folder can be written to");
        let file = OpenOptions::new().create(true).append(true).open(&log).expect("the folder can be written to");
        let mut command = Command::new(&self.executable);
        command.arg("-c").arg(folder).env_remove("PYTHONHOME").env_remove("PYTHONPATH");
        let mut program = self.scratch.spawn(command.stdout(Stdio::null()).stderr(file));
        let deadline = Instant::now() + START;
        // The control socket is the last to be served, and asking there needs no TLS.
        while exchange(&self.control_socket(), "GET /tickets/none", "", b"").await.is_err() {
            let ended = program.ended().expect("a child can be asked");
            assert!(ended.is_none(), "ovirt-imageio ended before it served: {}", self.log());
            assert!(Instant::now() < deadline, "ovirt-imageio did not serve within {START:?}: {}", self.log());
            tokio::time::sleep(INTERVAL).await;
        }
        self.program = Some(program);
        if self.address.port() == 0 {
            let log = self.log();
            let port = log.split_once("remote.service listening on ('127.0.0.1', ").and_then(|(_, rest)| rest.split(')').next());
            let port = port.and_then(|port| port.parse().ok());
            self.address.set_port(port.unwrap_or_else(|| panic!("ovirt-imageio does not say its port: {log}")));
            self.url = format!("{}://{}", if self.settings.tls { "https" } else { "http" }, self.address);
        }
    }

    /// A folder for images, which goes with the daemon.
    pub(crate) fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// What the daemon said so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }

    /// Identifier of its process, if it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.program.as_ref().map(Program::id)
    }

    /// Gives a ticket, or replaces the one with the same identifier. Returns the URL of the image.
    ///
    /// # Panics
    ///
    /// When the daemon refuses it.
    pub(crate) async fn add_ticket(&self, ticket: &Ticket) -> String {
        self.control("PUT", &ticket.uuid, ticket.json().to_string().as_bytes(), &[200]).await;
        format!("{}/images/{}", self.url, ticket.uuid)
    }

    /// What the daemon knows of a ticket; nothing, if it has none.
    ///
    /// # Panics
    ///
    /// When the daemon does not say.
    pub(crate) async fn ticket(&self, uuid: &str) -> Option<TicketState> {
        let answer = self.control("GET", uuid, b"", &[200, 404]).await;
        let state = || serde_json::from_slice(&answer.body).ok().and_then(|state| TicketState::read(&state));
        (answer.status == 200).then(|| state().unwrap_or_else(|| panic!("not a ticket: {}", answer.text())))
    }

    /// Makes a ticket valid for some time from now, whole seconds, also if it had expired. It expires now if that is
    /// none. The next request that ends gives it its own time again.
    ///
    /// # Panics
    ///
    /// When there is no such ticket.
    pub(crate) async fn extend_ticket(&self, uuid: &str, timeout: Duration) {
        let body = serde_json::json!({ "timeout": timeout.as_secs() }).to_string();
        self.control("PATCH", uuid, body.as_bytes(), &[200]).await;
    }

    /// Removes a ticket, if there is one. Requests that are carried out are broken off; while one does not end, as its
    /// client does not read, the ticket stays, canceled, and the answer is false.
    ///
    /// # Panics
    ///
    /// When the daemon refuses to.
    pub(crate) async fn remove_ticket(&self, uuid: &str) -> bool {
        self.control("DELETE", uuid, b"", &[204, 409]).await.status == 204
    }

    async fn control(&self, method: &str, uuid: &str, body: &[u8], expected: &[u16]) -> Answer {
        let request = format!("{method} /tickets/{uuid}");
        let answer = exchange(&self.control_socket(), &request, "", body).await;
        let answer = answer.unwrap_or_else(|error| panic!("ovirt-imageio did not answer {request}: {error}\n{}", self.log()));
        assert!(expected.contains(&answer.status), "{request} was answered with {}: {}", answer.status, answer.text());
        answer
    }

    fn control_socket(&self) -> PathBuf {
        self.folder().join("control.sock")
    }

    /// Its settings, in the format that it reads. There must be no comment behind a value.
    fn configuration(&self) -> String {
        let (folder, settings) = (self.folder().display(), &self.settings);
        let mut text = format!("[daemon]\nsystemd_enable = false\ndrop_privileges = false\nrun_dir = {folder}\n");
        let mut section = |text_of: std::fmt::Arguments<'_>| writeln!(text, "{text_of}").expect("a string takes everything");
        section(format_args!("max_connections = {}", settings.max_connections));
        section(format_args!("[tls]\nenable = {}", settings.tls));
        section(format_args!("key_file = {folder}/key.pem\ncert_file = {folder}/certificate.pem"));
        if let Some(ca) = &settings.trusted_ca {
            fs::write(self.folder().join("trusted.pem"), ca).expect("the folder can be written to");
            section(format_args!("ca_file = {folder}/trusted.pem"));
        }
        section(format_args!("[remote]\nhost = {}\nport = {}", self.address.ip(), self.address.port()));
        section(format_args!("[local]\nenable = {}\nsocket = {}", settings.local, self.local_socket.display()));
        section(format_args!("[control]\ntransport = unix\nsocket = {}", self.control_socket().display()));
        section(format_args!("remove_timeout = {}", settings.remove_timeout.as_secs()));
        section(format_args!("[handlers]\nkeys = stderr\n[logger_root]\nlevel = INFO\nhandlers = stderr"));
        text
    }
}

/// Writes a certificate for this machine and its key into a folder. Returns its authority, in PEM.
fn write_certificate(folder: &Path) -> String {
    let (ca_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name.push(DnType::CommonName, "ovirt-imageio test CA");
    let ca_pem = ca.self_signed(&ca_key).expect("a certificate").pem();
    let mut leaf = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
    leaf.distinguished_name.push(DnType::CommonName, "localhost");
    let leaf_pem = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).expect("a certificate").pem();
    for (name, text) in [("certificate.pem", leaf_pem), ("key.pem", key.serialize_pem())] {
        fs::write(folder.join(name), text).expect("the folder can be written to");
    }
    ca_pem
}

/// Where `cargo xtask peers` puts the daemon.
fn executable() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    Some(cache.or_else(home)?.join("virt-sdk-peers/imageio/bin/ovirt-imageio"))
}
