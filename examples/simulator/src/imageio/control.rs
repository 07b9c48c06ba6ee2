//! The control socket of a daemon: giving it tickets, and asking for what became of them.

use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// How long most answers may take; they take milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the removal of a ticket may take: the daemon waits for a minute for requests that it cancels.
const REMOVAL: Duration = Duration::from_secs(120);

/// Where a daemon takes orders.
#[derive(Clone, Debug)]
pub(super) struct Control {
    socket: PathBuf,
}

/// What a daemon knows of a ticket.
#[derive(Debug)]
pub(super) struct TicketState {
    /// Whether a request is running.
    pub(super) active: bool,
    /// Bytes moved so far, if it counts them.
    pub(super) transferred: Option<u64>,
    /// Time since the last request.
    pub(super) idle: Duration,
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Control {
    /// The control socket at a path.
    pub(super) fn new(socket: PathBuf) -> Self {
        Control { socket }
    }

    /// Gives a ticket.
    ///
    /// # Errors
    ///
    /// That the daemon does not answer, or refuses.
    pub(super) fn put(&self, ticket: &str, body: &Value) -> io::Result<()> {
        let answer = self.exchange("PUT", ticket, &body.to_string(), PATIENCE)?;
        if answer.status == 200 { Ok(()) } else { Err(unexpected(&answer)) }
    }

    /// What became of a ticket; nothing where the daemon does not know it.
    ///
    /// # Errors
    ///
    /// That the daemon does not answer.
    pub(super) fn get(&self, ticket: &str) -> io::Result<Option<TicketState>> {
        let answer = self.exchange("GET", ticket, "", PATIENCE)?;
        match answer.status {
            404 => Ok(None),
            200 => {
                let state: Value = serde_json::from_slice(&answer.body)?;
                let number = |name: &str| state.get(name).and_then(Value::as_u64);
                Ok(Some(TicketState {
                    active: state.get("active").and_then(Value::as_bool).unwrap_or_default(),
                    transferred: number("transferred"),
                    idle: Duration::from_secs(number("idle_time").unwrap_or_default()),
                }))
            }
            _ => Err(unexpected(&answer)),
        }
    }

    /// Makes a ticket valid for so many seconds from now. False where the daemon does not know it.
    ///
    /// # Errors
    ///
    /// That the daemon does not answer.
    pub(super) fn extend(&self, ticket: &str, seconds: u64) -> io::Result<bool> {
        let answer = self.exchange("PATCH", ticket, &json!({ "timeout": seconds }).to_string(), PATIENCE)?;
        match answer.status {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(unexpected(&answer)),
        }
    }

    /// Removes a ticket, if there is one. False where a request that uses it does not end.
    ///
    /// # Errors
    ///
    /// That the daemon does not answer.
    pub(super) fn delete(&self, ticket: &str) -> io::Result<bool> {
        let answer = self.exchange("DELETE", ticket, "", REMOVAL)?;
        match answer.status {
            204 => Ok(true),
            409 => Ok(false),
            _ => Err(unexpected(&answer)),
        }
    }

    /// As [`Control::delete`], for whoever cannot wait for the answer.
    pub(super) fn delete_soon(&self, ticket: &str) {
        // Where it fails, the ticket expires by itself.
        let _ = self.exchange("DELETE", ticket, "", Duration::from_secs(1));
    }

    fn exchange(&self, method: &str, ticket: &str, body: &str, patience: Duration) -> io::Result<Answer> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let length = body.len();
        let head = format!("{method} /tickets/{ticket} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n");
        stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        read(&answer).ok_or_else(|| io::Error::other("ovirt-imageio sent no whole answer"))
    }
}

fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(end)?;
    let status = std::str::from_utf8(head).ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.get(4..)?.to_vec() })
}

fn unexpected(answer: &Answer) -> io::Error {
    let said = String::from_utf8_lossy(&answer.body);
    io::Error::other(format!("ovirt-imageio answered with {}: {}", answer.status, said.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_they_come() {
        let answer = read(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").expect("an answer");
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\n").map(|answer| answer.status), Some(204));
        for broken in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 many\r\n\r\n"] {
            assert!(read(broken.as_bytes()).is_none(), "{broken}");
        }
    }
}
