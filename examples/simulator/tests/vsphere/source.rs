//! A web server that gives out what a test tells it to, piece by piece.

use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// A server for one answer, in two pieces. The second waits for [`Source::release`].
pub(crate) struct Source {
    pub(crate) url: String,
    gate: Arc<Semaphore>,
}

impl Source {
    /// Serves these bytes, after the head, to whoever asks.
    pub(crate) async fn start(head: &str, first: &[u8], second: &[u8]) -> Source {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/file", listener.local_addr().expect("an address"));
        let gate = Arc::new(Semaphore::new(0));
        let (head, first, second, waiting) = (head.to_owned(), first.to_vec(), second.to_vec(), Arc::clone(&gate));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").as_bytes()).await;
                let _ = stream.write_all(&first).await;
                let permit = waiting.acquire().await;
                let _ = stream.write_all(&second).await;
                drop(permit);
            }
        });
        Source { url, gate }
    }

    /// Lets the second piece go.
    pub(crate) fn release(&self) {
        self.gate.add_permits(1);
    }

    /// Serves an answer at once.
    pub(crate) async fn open(head: &str, body: &[u8]) -> Source {
        let source = Source::start(head, body, b"").await;
        source.release();
        source
    }
}
