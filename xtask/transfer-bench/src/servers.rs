//! The servers: ovirt-imageio, which passes what it is sent on to `qemu-nbd`, which writes it to a file; as on a host.

use crate::Result;
use crate::cells::{Direction, Way};
use crate::cost;
use crate::imageio::scratch::{INTERVAL, Program, Scratch};
use crate::imageio::tickets::Ticket;
use crate::imageio::{Imageio, Settings};
use crate::traffic::{Mark, Traffic};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long `qemu-nbd` may take to start; it takes a few milliseconds.
const START: Duration = Duration::from_secs(30);

/// A daemon for each way, which serve no unix socket: the Python client would use it.
pub(crate) struct Servers {
    http: Imageio,
    https: Imageio,
    /// File with the authority of the one with TLS.
    ca: PathBuf,
}

impl Servers {
    pub(crate) async fn start() -> Result<Self> {
        let start = async |tls| {
            let daemon = Imageio::start(Settings { tls, local: false, ..Settings::default() }).await;
            daemon.ok_or("the servers cannot be started; run `cargo xtask peers`")
        };
        let (http, https) = (start(false).await?, start(true).await?);
        let ca = https.folder().join("ca.pem");
        std::fs::write(&ca, https.ca_pem.as_deref().unwrap_or_default())?;
        Ok(Self { http, https, ca })
    }

    /// Serves a raw image of so many bytes.
    pub(crate) async fn serve(&self, image: &Path, size: u64, direction: Direction, way: Way) -> Result<Served<'_>> {
        let (daemon, ca) = match way {
            Way::Http => (&self.http, None),
            Way::Https => (&self.https, Some(self.ca.as_path())),
        };
        // Its folder has a short name, as that of a socket has to be.
        let scratch = Scratch::new();
        let [socket, ready, said] = ["nbd.sock", "nbd.pid", "nbd.log"].map(|name| scratch.path().join(name));
        let mut command = Command::new("qemu-nbd");
        command.args(["--persistent", "--shared=8", "--export-name=", "--format=raw"]);
        command.args(["--cache=none", "--aio=native", "--discard=unmap"]);
        command.arg(if direction == Direction::Upload { "--detect-zeroes=unmap" } else { "--read-only" });
        command.arg("--socket").arg(&socket).arg("--pid-file").arg(&ready).arg(image);
        command.stdout(Stdio::null()).stderr(File::create(&said)?);
        let mut program = scratch.spawn(&mut command).ask_to_end();
        let deadline = Instant::now() + START;
        // It writes that file once it listens, with the image open.
        while !ready.exists() {
            if program.ended()?.is_some() || Instant::now() > deadline {
                let said = std::fs::read_to_string(&said).unwrap_or_default();
                return Err(format!("qemu-nbd does not serve {}: {said}", image.display()).into());
            }
            tokio::time::sleep(INTERVAL).await;
        }
        let operation = if direction == Direction::Upload { "write" } else { "read" };
        let ticket = Ticket { ops: vec![operation], ..Ticket::nbd(&socket, size) };
        let url = daemon.add_ticket(&ticket).await;
        let before = Mark::here(daemon);
        Ok(Served { url, ca, ticket: ticket.uuid, daemon, before, program, _scratch: scratch })
    }
}

/// An image that is served.
pub(crate) struct Served<'a> {
    pub(crate) url: String,
    /// File with the authority of the server.
    pub(crate) ca: Option<&'a Path>,
    ticket: String,
    daemon: &'a Imageio,
    before: Mark,
    // Dropped in this order.
    program: Program,
    _scratch: Scratch,
}

impl Served<'_> {
    /// Processor seconds that the servers have used so far.
    pub(crate) fn processor(&self) -> Result<f64> {
        let daemon = self.daemon.id().ok_or("ovirt-imageio does not run")?;
        Ok(cost::of_process(daemon)? + cost::of_process(self.program.id())?)
    }

    /// Serves it no more; everything is in the file then. Returns what was asked, by clients that have ended.
    pub(crate) async fn end(self) -> Result<Traffic> {
        let traffic = self.before.traffic(self.daemon).await;
        self.daemon.remove_ticket(&self.ticket).await;
        traffic
    }
}
