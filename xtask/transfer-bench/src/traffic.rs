//! What a client asked of the daemon, from what that says of each connection when it is closed.

use crate::Result;
use crate::imageio::Imageio;
use crate::imageio::scratch::INTERVAL;
use std::time::{Duration, Instant};

/// How long the daemon may take to notice that a client is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a client asked of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Traffic {
    pub(crate) requests: f64,
    /// Bytes of the image that were sent either way; the daemon rounds to a hundredth of its unit.
    pub(crate) bytes: f64,
}

/// What was said before, so that it is left out.
pub(crate) struct Mark(usize);

impl Mark {
    pub(crate) fn here(daemon: &Imageio) -> Self {
        Self(daemon.log().len())
    }

    /// What was asked since, by clients that have ended.
    pub(crate) async fn traffic(&self, daemon: &Imageio) -> Result<Traffic> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = daemon.log();
            let said = log.get(self.0..).unwrap_or_default();
            let count = |what: &str| said.lines().filter(|line| line.contains(what) && is_of_client(line)).count();
            if count(" OPEN ") == count(" CLOSE ") {
                let closed = said.lines().filter(|line| line.contains(" CLOSE ") && is_of_client(line));
                return Ok(closed.map(read).fold(Traffic::default(), |sum, one| Traffic {
                    requests: sum.requests + one.requests,
                    bytes: sum.bytes + one.bytes,
                }));
            }
            if Instant::now() > deadline {
                return Err("the daemon does not notice that the client is gone".into());
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

/// Whether a line is of a client of images, and not of the one that gives tickets.
fn is_of_client(line: &str) -> bool {
    line.contains("client=127.0.0.1")
}

/// What one connection was used for: the line has `[dispatch 253 ops, 0.44 s] [write 253 ops, 0.39 s, 15.81 MiB, …]`.
fn read(line: &str) -> Traffic {
    let mut traffic = Traffic::default();
    for part in line.split('[').filter_map(|part| part.split(']').next()) {
        let words: Vec<&str> = part.split_whitespace().map(|word| word.trim_end_matches(',')).collect();
        match words.as_slice() {
            ["dispatch", count, ..] => traffic.requests += count.parse().unwrap_or(0.0),
            ["read" | "write", _, "ops", _, "s", amount, unit, ..] => {
                let unit = ["bytes", "KiB", "MiB", "GiB", "TiB"].iter().position(|name| name == unit).unwrap_or_default();
                let unit = i32::try_from(unit).map_or(1.0, |power| 1024_f64.powi(power));
                traffic.bytes += amount.parse().unwrap_or(0.0) * unit;
            }
            _ => {}
        }
    }
    traffic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_and_requests_are_found() {
        let line = "INFO (Thread-3) [http] CLOSE connection=3 client=127.0.0.1 [connection 1 ops, 0.6 s] \
                    [dispatch 268 ops, 0.4 s] [read 1 ops, 0.0005 s, 1 bytes, 1.83 KiB/s] [zero 1 ops, 0.1 s, 128.00 MiB, 1 GiB/s] \
                    [write 254 ops, 0.4 s, 1.50 KiB, 39.08 MiB/s] [write.read 254 ops, 0.01 s, 15.88 MiB, 1.54 GiB/s]";
        assert_eq!(read(line), Traffic { requests: 268.0, bytes: 1.0 + 1.5 * 1024.0 });
    }
}
