//! vcsim, the vCenter simulator of govmomi, as a process that a test starts. `cargo xtask peers` installs it.
#![allow(dead_code, reason = "a test program may use a part of it")]

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the program may take to start; it takes a fraction of a second.
const START: Duration = Duration::from_secs(30);

/// How long the program may take to remove its files and end.
const END: Duration = Duration::from_secs(5);

/// A vCenter simulator that runs; it ends when this is dropped.
///
/// It serves the sessions and the Content Library below `/rest`, with inventory and libraries of its own.
pub(crate) struct Vcsim {
    /// Where it listens, like `http://127.0.0.1:40123`; without a path.
    pub(crate) url: String,
    /// Identifier of its datastore, for `storage_backings[].datastore_id` of a new library.
    pub(crate) datastore: String,
    /// The only user that may log in.
    pub(crate) username: String,
    /// The password of that user.
    pub(crate) password: String,
    child: Child,
}

impl Vcsim {
    /// Starts one at a free port of 127.0.0.1, by plain HTTP.
    ///
    /// `None`, and a line on the standard error, when the program is not installed. The call blocks for the fraction
    /// of a second that the start takes.
    ///
    /// # Panics
    ///
    /// When the program does not start, or when it is not installed and `VIRT_SDK_PEERS` is `required`.
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = program().filter(|program| program.is_file()) else {
            let hint = "vcsim is not installed; run `cargo xtask peers`";
            assert!(env::var_os("VIRT_SDK_PEERS").is_none_or(|value| value != "required"), "{hint}");
            eprintln!("skipped: {hint}");
            return None;
        };
        let (username, password) = ("administrator@vsphere.local", "p:ss wörd");
        let child = Command::new(&program)
            .args(["-l", "127.0.0.1:0", "-username", username, "-password", password])
            // It ends when this pipe is closed, and so with this process, however that ends.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be run: {error}", program.display()));
        // From here on, a panic ends the child too.
        let mut vcsim = Self {
            url: String::new(),
            datastore: String::new(),
            username: username.to_owned(),
            password: password.to_owned(),
            child,
        };
        let output = vcsim.child.stdout.take().expect("it was asked for");
        vcsim.read_lines(output);
        Some(vcsim)
    }

    /// Reads where it listens and what it has. A thread of its own reads, because a pipe has no deadline.
    fn read_lines(&mut self, output: ChildStdout) {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody listens any more once both lines are there; what follows is read all the same, so that the
                // program never waits for a reader.
                let _ = sender.send(line);
            }
        });
        let deadline = Instant::now() + START;
        while self.url.is_empty() || self.datastore.is_empty() {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => match line.split_once('=') {
                    Some(("URL", url)) => self.url = url.to_owned(),
                    Some(("DATASTORE", datastore)) => self.datastore = datastore.to_owned(),
                    _ => {}
                },
                Err(RecvTimeoutError::Timeout) => panic!("vcsim did not say within {START:?} where it listens"),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("vcsim ended, or closed its output, before it said where it listens; its standard error says why")
                }
            }
        }
    }
}

impl Drop for Vcsim {
    fn drop(&mut self) {
        // Asked to end, it removes its folder of temporary files; killed, it would leave that behind.
        drop(self.child.stdin.take());
        let deadline = Instant::now() + END;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                // It may have ended by now, and nothing more can be done.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Where `cargo xtask peers` puts the program.
fn program() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    Some(cache.or_else(home)?.join("virt-sdk-peers/vcsim/vcsim"))
}
