//! An engine, the program, and images to move.

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use virt_sdk::ErrorKind;
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::types::{Disk, ImageTransferPhase};
use virt_sdk::transfer::image::qcow2::{Backing, Image, Layout, NewImage, Writer};
use virt_sdk::transfer::image::{Extent, ExtentKind};
use virt_simulator::{Builder, Simulator};

/// Longest time that anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Password of the user, which nothing else looks like.
pub(crate) const PASSWORD: &str = "un%pr#int;able";

/// Name of the storage domain of the engine.
pub(crate) const STORAGE_DOMAIN: &str = "data1";

/// An engine, a connection to it, and a folder for files.
pub(crate) struct Bench {
    pub(crate) engine: Simulator,
    pub(crate) connection: Connection,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(Simulator::builder()).await
    }

    pub(crate) async fn with(builder: Builder) -> Self {
        let engine = builder.password(PASSWORD).start().await.expect("a simulator");
        let mut builder = Connection::builder(engine.url()).username(engine.username()).password(PASSWORD);
        if let Some(pem) = engine.ca_pem() {
            builder = builder.ca_pem(pem);
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("password"), format!("{PASSWORD}\nsomething else\n")).expect("a file");
        Self { connection: builder.build().expect("a connection"), engine, folder }
    }

    /// A file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// The program, without saying which engine it is to talk to.
    pub(crate) fn bare(&self, words: &[&dyn AsRef<OsStr>]) -> Command {
        let mut command = program(words);
        command.env("XDG_CONFIG_HOME", self.folder.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn command(&self, words: &[&dyn AsRef<OsStr>]) -> Command {
        let mut command = self.bare(words);
        command.args(["--engine-url", self.engine.url(), "--username", self.engine.username(), "--password-file"]);
        command.arg(self.path("password"));
        command
    }

    /// What the program printed; it must have succeeded.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&dyn AsRef<OsStr>]) -> String {
        let output = self.command(words).output().expect("it can be started");
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        text(&output.stdout)
    }

    /// The disk, as the engine has it; `None` if there is none.
    pub(crate) async fn disk(&self, id: &str) -> Option<Disk> {
        match self.connection.system_service().disks_service().disk_service(id).get().send().await {
            Ok(disk) => Some(disk),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Number of disks of that name.
    pub(crate) async fn disks(&self, name: &str) -> usize {
        let disks = self.connection.system_service().disks_service().list().send().await.expect("a list");
        disks.iter().filter(|disk| disk.name.as_deref() == Some(name) || disk.alias.as_deref() == Some(name)).count()
    }

    /// The phases of the transfers that have not ended.
    pub(crate) async fn phases(&self) -> Vec<ImageTransferPhase> {
        let transfers = self.connection.system_service().image_transfers_service().list().send().await.expect("a list");
        let has_ended = |phase: &ImageTransferPhase| {
            matches!(phase, ImageTransferPhase::FinishedSuccess | ImageTransferPhase::FinishedFailure)
        };
        transfers.into_iter().filter_map(|transfer| transfer.phase).filter(|phase| !has_ended(phase)).collect()
    }

    /// Waits until something holds.
    pub(crate) async fn until<R: Future<Output = bool>>(&self, what: &str, mut holds: impl FnMut() -> R) {
        let deadline = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(Instant::now() < deadline, "{what} did not happen");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until data flows.
    pub(crate) async fn until_data_flows(&self) {
        self.until("a request for data", async || {
            self.engine.requests().iter().any(|request| {
                request.path.starts_with("/images/") && matches!(request.method.as_str(), "PUT" | "PATCH" | "GET" | "OPTIONS")
            })
        })
        .await;
    }
}

pub(crate) fn program(words: &[&dyn AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_image"));
    command.args(words.iter().map(|word| word.as_ref()));
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn shown(output: &Output) -> String {
    format!("{}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// Every line as JSON.
#[track_caller]
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))).collect()
}

/// What stands after a label.
#[track_caller]
pub(crate) fn labelled(text: &str, label: &str) -> String {
    let found = text.lines().find_map(|line| line.strip_prefix(label)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("no {label} in {text}")).trim().to_owned()
}

/// A raw image of 4 MiB with data at both ends, zeros, and holes.
pub(crate) fn content() -> Vec<u8> {
    let mut content = vec![0; 4 << 20];
    let data: Vec<u8> = (0..=250).cycle().take(100_000).collect();
    content[..data.len()].copy_from_slice(&data);
    let end = content.len() - data.len();
    content[end..].copy_from_slice(&data);
    content
}

/// Makes a qcow2 image with the library's own writer.
pub(crate) fn write_qcow2(path: &Path, image: NewImage, data: &[(u64, &[u8])]) {
    let extents = data.iter().map(|(start, bytes)| Extent::new(*start, bytes.len() as u64, ExtentKind::Data));
    let layout = Layout::new(image, extents).expect("a layout");
    let file = std::fs::File::create(path).expect("a file");
    let writer = Writer::new(file, "test", layout).expect("a writer");
    for (start, bytes) in data {
        writer.write_at(bytes, *start).expect("it can be written");
    }
    writer.finish().expect("it can be completed");
}

/// What a guest would see of a qcow2 image.
pub(crate) fn read_qcow2(path: &Path) -> Vec<u8> {
    let image = Image::open(path, &Backing::Refuse).expect("an image");
    let mut content = vec![0; usize::try_from(image.size()).expect("it fits")];
    image.read_at(&mut content, 0).expect("it can be read");
    content
}

/// A program that runs, and is ended if a test fails.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(Some(command.spawn().expect("it can be started")))
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it runs")
    }

    /// Writes to its standard input, which stays open.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.child().stdin.as_mut().expect("a pipe").write_all(bytes).expect("it reads");
    }

    #[cfg(unix)]
    pub(crate) fn signal(&mut self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(self.child());
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Waits until it ends, with its standard input open.
    #[track_caller]
    pub(crate) fn end(mut self) -> Output {
        let deadline = Instant::now() + PATIENCE;
        let status: ExitStatus = loop {
            match self.child().try_wait().expect("it can be waited for") {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "it does not end"),
            }
            std::thread::sleep(PAUSE);
        };
        let child = self.0.take().expect("it ran");
        // What it printed is less than a pipe holds.
        let output = child.wait_with_output().expect("it has ended");
        Output { status, ..output }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
