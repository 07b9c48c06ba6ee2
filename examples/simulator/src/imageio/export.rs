//! `qemu-nbd`: an image as the block device of its guest, at a unix socket.

use super::qemu_img;
use crate::images::Format;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to start; it takes milliseconds.
const START: Duration = Duration::from_secs(30);

/// How long it may take to end, with everything written.
const END: Duration = Duration::from_secs(20);

/// Pause between two looks at a process.
const INTERVAL: Duration = Duration::from_millis(2);

/// Runs a program, and asks it to end (SIGTERM, after which it writes what it still holds) when the standard input ends:
/// on purpose, or because the simulator does, however that happens.
const GUARD: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
program=$!
{ read -r _ <&3; kill -TERM "$program"; } &
guard=$!
wait "$program"
status=$?
kill "$guard" 2>/dev/null
exit "$status"
"#;

/// How writes and reads pass the page cache of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cache {
    /// Not through it, as oVirt has it.
    Bypassed,
    /// Through it, for file systems without another way.
    Used,
}

/// An image that is served, until this is dropped.
#[derive(Debug)]
pub(super) struct Export {
    child: Child,
    socket: PathBuf,
}

impl Export {
    /// Serves an image at `NAME.sock` in a folder.
    ///
    /// # Errors
    ///
    /// That it cannot be served, with what `qemu-nbd` says.
    pub(super) fn start(
        (image, format): (&Path, Format),
        read_only: bool,
        (folder, name): (&Path, &str),
        cache: Cache,
    ) -> io::Result<Self> {
        let [socket, ready, said] = ["sock", "pid", "log"].map(|kind| folder.join(format!("{name}.{kind}")));
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard", "qemu-nbd", "--persistent", "--shared=8", "--export-name=", "--discard=unmap"]);
        match cache {
            Cache::Bypassed => command.args(["--cache=none", "--aio=native"]),
            Cache::Used => command.arg("--cache=writeback"),
        };
        command.arg(if read_only { "--read-only" } else { "--detect-zeroes=unmap" });
        if format == Format::Cow {
            command.arg("--allocation-depth");
        }
        command.arg(format!("--format={}", qemu_img::name(format)));
        command.arg("--socket").arg(&socket).arg("--pid-file").arg(&ready).arg(image);
        // In a group of its own: what interrupts the simulator at a terminal is not for it.
        let guarded = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(File::create(&said)?);
        let mut export = Export { child: guarded.spawn()?, socket };
        let deadline = Instant::now() + START;
        // It writes that file once it listens, with the image open.
        while !ready.exists() {
            if export.child.try_wait()?.is_some() || Instant::now() > deadline {
                let said = std::fs::read_to_string(&said).unwrap_or_default();
                return Err(io::Error::other(format!("qemu-nbd does not serve {}: {}", image.display(), said.trim())));
            }
            std::thread::sleep(INTERVAL);
        }
        Ok(export)
    }

    /// Where it is served.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + END;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(INTERVAL);
        }
        // It has ended, unless something is very wrong.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
