//! The tools of QEMU: an image as a network block device, and what makes and compares images.

use super::scratch::{INTERVAL, Program, Scratch};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// How long `qemu-nbd` may take to start; it takes a few milliseconds.
const START: Duration = Duration::from_secs(30);

/// How long one call of `qemu-img` may take.
const RUN: Duration = Duration::from_secs(120);

/// How `qemu-nbd` is to serve an image.
pub(crate) struct Export {
    /// Name of the format in QEMU, like `raw` or `qcow2`.
    pub(crate) format: &'static str,
    /// Nothing may be written.
    pub(crate) read_only: bool,
    /// How many may use it at a time; whoever comes after that hangs until one leaves.
    pub(crate) shared: u32,
    /// Says of each extent whether this image or one behind it holds it: `hole` of the extents. oVirt does so.
    pub(crate) allocation_depth: bool,
    /// The bitmap of a qcow2 image that says what is dirty.
    pub(crate) bitmap: Option<String>,
    /// Without the images behind it, as a shallow transfer is served. Of qcow2 alone.
    pub(crate) shallow: bool,
    /// Where storage is full: from there on nothing of 64 KiB or more can be written. Of raw alone.
    pub(crate) full_from: Option<u64>,
}

impl Default for Export {
    /// As oVirt serves a qcow2 image, but through the page cache, as not every file system does without.
    fn default() -> Self {
        Self {
            format: "qcow2",
            read_only: false,
            shared: 8,
            allocation_depth: true,
            bitmap: None,
            shallow: false,
            full_from: None,
        }
    }
}

/// An image that is served at a socket, until this is dropped; everything is in the image then.
pub(crate) struct QemuNbd {
    /// Where it is served.
    pub(crate) socket: PathBuf,
    // Dropped in this order.
    program: Program,
    _scratch: Scratch,
}

impl QemuNbd {
    /// Identifier of its process.
    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }
}

/// Whether the tools are in `PATH`.
pub(crate) fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["qemu-img", "qemu-nbd"].iter().all(|tool| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
}

/// Serves an image at a socket of its own.
///
/// # Panics
///
/// When the image cannot be served; with what `qemu-nbd` says.
pub(crate) async fn qemu_nbd(image: &Path, export: Export) -> QemuNbd {
    let scratch = Scratch::new();
    let [socket, ready, said] = ["nbd.sock", "nbd.pid", "nbd.log"].map(|name| scratch.path().join(name));
    let mut command = Command::new("qemu-nbd");
    command.args(["--persistent", "--export-name=", "--cache=writeback", "--discard=unmap"]);
    command.arg(format!("--shared={}", export.shared));
    command.arg("--socket").arg(&socket).arg("--pid-file").arg(&ready);
    if export.read_only {
        command.arg("--read-only");
    } else {
        command.arg("--detect-zeroes=unmap");
    }
    if export.allocation_depth {
        command.arg("--allocation-depth");
    }
    if let Some(bitmap) = &export.bitmap {
        command.arg(format!("--bitmap={bitmap}"));
    }
    if let Some(offset) = export.full_from {
        let image_file = serde_json::json!({ "driver": "file", "filename": image });
        let sectors = std::fs::metadata(image).expect("it is there").len() / 512;
        // Of all the sectors from there on, as one rule is of one sector.
        let rules: Vec<_> = (offset / 512..sectors)
            .step_by(128)
            .map(|sector| serde_json::json!({ "event": "pwritev", "iotype": "write", "errno": 28, "sector": sector }))
            .collect();
        let failing = serde_json::json!({ "driver": "blkdebug", "image": image_file, "inject-error": rules });
        command.arg(format!("json:{}", serde_json::json!({ "driver": export.format, "file": failing })));
    } else if export.shallow {
        let file = serde_json::json!({ "driver": "file", "filename": image });
        let image = serde_json::json!({ "driver": export.format, "backing": null, "file": file });
        command.arg(format!("json:{image}"));
    } else {
        command.arg(format!("--format={}", export.format)).arg(image);
    }
    let file = std::fs::File::create(&said).expect("the folder can be written to");
    // Killed, it would leave the bitmaps of a qcow2 image as not to be used.
    let mut program = scratch.spawn(command.stdout(Stdio::null()).stderr(file)).ask_to_end();
    let deadline = Instant::now() + START;
    // It writes that file once it listens, with the image open.
    while !ready.exists() {
        let ended = program.ended().expect("a child can be asked");
        let said = || std::fs::read_to_string(&said).unwrap_or_default();
        assert!(ended.is_none(), "qemu-nbd ended before it served {}: {}", image.display(), said());
        assert!(Instant::now() < deadline, "qemu-nbd did not serve {} within {START:?}: {}", image.display(), said());
        sleep(INTERVAL).await;
    }
    QemuNbd { socket, program, _scratch: scratch }
}

/// Makes an image. The options are as `-o` has them; none where this is empty.
///
/// # Panics
///
/// When it cannot be made.
pub(crate) async fn qemu_img_create(image: &Path, format: &str, size: u64, options: &str) {
    let size = size.to_string();
    let mut arguments = vec![OsStr::new("create"), OsStr::new("-q"), OsStr::new("-f"), OsStr::new(format)];
    if !options.is_empty() {
        arguments.extend([OsStr::new("-o"), OsStr::new(options)]);
    }
    arguments.extend([image.as_os_str(), OsStr::new(&size)]);
    qemu_img(arguments).await;
}

/// Compares what a guest sees of two images, each with its format. What differs is the error.
///
/// # Panics
///
/// When one cannot be read.
pub(crate) async fn qemu_img_compare(one: (&Path, &str), other: (&Path, &str)) -> Result<(), String> {
    let formats = ["compare", "-f", one.1, "-F", other.1].map(OsStr::new);
    let output = run(formats.into_iter().chain([one.0.as_os_str(), other.0.as_os_str()])).await;
    match output.status.code() {
        Some(0) => Ok(()),
        Some(1) => Err(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        _ => panic!("qemu-img compare failed: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Runs `qemu-img` with whatever arguments, and returns what it says.
///
/// # Panics
///
/// When it fails.
pub(crate) async fn qemu_img(arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> String {
    let arguments: Vec<_> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
    let output = run(&arguments).await;
    assert!(output.status.success(), "qemu-img {arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it says UTF-8")
}

async fn run(arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Output {
    let mut command = tokio::process::Command::new("qemu-img");
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(RUN, command.output()).await;
    output.unwrap_or_else(|_| panic!("{command:?} took longer than {RUN:?}")).expect("qemu-img can be run")
}
