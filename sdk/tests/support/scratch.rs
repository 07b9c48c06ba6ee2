//! A folder for a test, and the programs that run in it. Nothing of them is left, however the test ends.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What removes the folder and ends the programs: its standard input ends with the test, even if that is killed. It
/// leads the group of processes that the programs are in; a group of its own, so that what ends the test spares it.
const GUARD: &str = r#"read -r _; rm -rf -- "$1"; kill -KILL 0"#;

/// How long the guard may take, as the folder may hold gigabytes, or a program that is asked to end.
const END: Duration = Duration::from_secs(20);

/// Pause between two looks at a process.
pub(crate) const INTERVAL: Duration = Duration::from_millis(2);

/// A temporary folder with a short path, because that of a socket must not exceed 107 bytes.
pub(crate) struct Scratch {
    folder: TempDir,
    guard: Child,
}

impl Scratch {
    /// Makes the folder.
    ///
    /// # Panics
    ///
    /// When it cannot be made, or `sh` cannot be run.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("virt-sdk-").tempdir().expect("a folder can be made");
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(folder.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh can be run");
        Self { folder, guard }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a program that ends with this folder at the latest.
    ///
    /// # Panics
    ///
    /// When it cannot be run.
    pub(crate) fn spawn(&self, command: &mut Command) -> Program {
        let group = i32::try_from(self.guard.id()).expect("an identifier of a process is small");
        match command.process_group(group).stdin(Stdio::null()).spawn() {
            Ok(child) => Program { child, is_asked_to_end: false },
            Err(error) => panic!("{} cannot be run: {error}", command.get_program().display()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        wait(&mut self.guard);
        // It has ended, unless something is very wrong. The folder removes itself after this if it is still there, and
        // says nothing if it cannot.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
    }
}

/// A program that runs until this is dropped.
pub(crate) struct Program {
    child: Child,
    is_asked_to_end: bool,
}

impl Program {
    /// Its identifier.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Asks it to end when this is dropped, and waits for that, as it has something to write then. Otherwise it is
    /// killed.
    pub(crate) fn ask_to_end(mut self) -> Self {
        self.is_asked_to_end = true;
        self
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.is_asked_to_end && matches!(self.child.try_wait(), Ok(None)) {
            // The standard library sends no other signal than that which kills. If this fails, so does the wait.
            let mut ask = Command::new("sh");
            ask.args(["-c", r#"kill -TERM "$1""#, "ask", &self.id().to_string()]).stdin(Stdio::null()).stderr(Stdio::null());
            let _ = ask.status();
            wait(&mut self.child);
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process, but not for ever.
fn wait(child: &mut Child) {
    let deadline = Instant::now() + END;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
        std::thread::sleep(INTERVAL);
    }
}
