//! One request of HTTP/1.1 over a unix socket, written by hand: reqwest connects by TCP alone.

use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long an answer may take: removing a ticket that is used takes the daemon a minute.
const ANSWER: Duration = Duration::from_secs(90);

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its headers, as they came.
    pub(crate) head: String,
    /// What follows them.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as text, with whatever is no text replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request on a connection of its own, and reads the answer to its end. Headers are whole lines, each with its
/// end of line.
///
/// # Errors
///
/// Those of the socket, and of an answer that is not HTTP or shorter than it says.
///
/// # Panics
///
/// When the answer takes longer than any may.
pub(crate) async fn exchange(socket: &Path, request: &str, headers: &str, body: &[u8]) -> std::io::Result<Answer> {
    let exchange = async {
        let mut stream = UnixStream::connect(socket).await?;
        let length = body.len();
        let head =
            format!("{request} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        read(&answer).ok_or_else(|| std::io::Error::other(format!("no whole answer: {}", String::from_utf8_lossy(&answer))))
    };
    let answer = timeout(ANSWER, exchange).await;
    answer.unwrap_or_else(|_| panic!("{} did not answer {request} within {ANSWER:?}", socket.display()))
}

fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec());
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length =
        head.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let is_whole = length.is_none_or(|(_, length)| length.trim().parse() == Ok(body.len()));
    is_whole.then_some(Answer { status, head, body })
}
