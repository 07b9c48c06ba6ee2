//! What is known about a connection, and the end that a fault sets to it.

use crate::images::lock;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What ends the head of an answer.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// How much of an answer still goes out before the connection ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// So many bytes, those of its head among them.
    Whole(u64),
    /// Its head, and so many bytes of its body.
    Body(u64),
}

/// Connection as its requests carry it in their extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_used: AtomicBool,
    limit: Mutex<Option<Limit>>,
}

#[derive(Debug)]
struct Limit {
    cut: Cut,
    /// Bytes of the end of the head that were just seen.
    matched: usize,
}

impl Limit {
    /// How many of these bytes go out. They are not counted yet.
    fn allowed(&self, bytes: &[u8]) -> usize {
        let room = |left: u64| usize::try_from(left).unwrap_or(usize::MAX);
        match self.cut {
            Cut::Whole(left) => room(left).min(bytes.len()),
            Cut::Body(left) => match head_end(self.matched, bytes) {
                Some(head) => head.saturating_add(room(left)).min(bytes.len()),
                None => bytes.len(),
            },
        }
    }

    /// Counts bytes that went out.
    fn count(&mut self, sent: &[u8]) {
        let length = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        match self.cut {
            Cut::Whole(left) => self.cut = Cut::Whole(left.saturating_sub(length(sent.len()))),
            Cut::Body(left) => match head_end(self.matched, sent) {
                Some(head) => self.cut = Cut::Whole(left.saturating_sub(length(sent.len() - head))),
                None => self.matched = sent.iter().fold(self.matched, |matched, byte| step(matched, *byte)),
            },
        }
    }
}

/// Number of bytes up to the end of the head, if it ends here.
fn head_end(mut matched: usize, bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| {
        matched = step(matched, *byte);
        matched == END_OF_HEAD.len()
    });
    end.map(|end| end + 1)
}

fn step(matched: usize, byte: u8) -> usize {
    match END_OF_HEAD.get(matched) {
        Some(expected) if *expected == byte => matched + 1,
        _ => usize::from(byte == b'\r'),
    }
}

impl Connection {
    /// Begins with a request: no limit counts any more. Says whether it is the first one.
    pub(crate) fn begin(&self) -> bool {
        *lock(&self.0.limit) = None;
        !self.0.is_used.swap(true, Ordering::AcqRel)
    }

    /// Lets it end within the answer to this request.
    pub(crate) fn cut(&self, cut: Cut) {
        *lock(&self.0.limit) = Some(Limit { cut, matched: 0 });
    }

    /// How many of these bytes go out; none where that does not matter.
    fn allowed(&self, bytes: &[u8]) -> Option<usize> {
        lock(&self.0.limit).as_ref().map(|limit| limit.allowed(bytes))
    }

    fn is_limited(&self) -> bool {
        lock(&self.0.limit).is_some()
    }

    fn count(&self, sent: &[u8]) {
        if let Some(limit) = lock(&self.0.limit).as_mut() {
            limit.count(sent);
        }
    }
}

/// Stream of a connection, which ends where its limit is.
pub(super) struct Limited<S> {
    pub(super) stream: S,
    pub(super) connection: Connection,
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let allowed = self.connection.allowed(bytes).unwrap_or(bytes.len());
        let Some(bytes) = bytes.get(..allowed).filter(|bytes| !bytes.is_empty()) else {
            // What came before is to arrive.
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let sent = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.connection.count(bytes.get(..sent).unwrap_or(bytes));
        Poll::Ready(Ok(sent))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.connection.is_limited() {
            return Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        }
        let first = buffers.iter().find(|buffer| !buffer.is_empty());
        self.poll_write(context, first.map_or(&[], |buffer| buffer))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_the_body_begins_after_the_head() {
        let mut limit = Limit { cut: Cut::Body(3), matched: 0 };
        for (bytes, allowed) in [("HTTP/1.1 200 OK\r\n\r", 18), ("\nbo", 3), ("dy", 1), ("y", 0)] {
            assert_eq!(limit.allowed(bytes.as_bytes()), allowed, "{bytes}");
            limit.count(&bytes.as_bytes()[..allowed]);
        }
        let whole = Limit { cut: Cut::Whole(5), matched: 0 };
        assert_eq!(whole.allowed(b"HTTP/1.1 200 OK\r\n\r\n"), 5);
    }
}
