//! A range of an image that is received, whatever goes wrong on the way.

use super::imageio::{Failures, Route};
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::reply::Opened;
use bytes::Bytes;

/// A range that is being received, whatever number of requests that takes.
pub(super) struct Fetch {
    position: u64,
    end: u64,
    opened: Option<Opened>,
    failures: Failures,
    generation: u64,
}

impl Fetch {
    pub(super) fn new(start: u64, end: u64) -> Self {
        Self { position: start, end, opened: None, failures: Failures::default(), generation: 0 }
    }

    /// The next bytes; `None` when all have come. What comes again after a failure starts where the bytes ended.
    pub(super) async fn next(&mut self, route: &Route) -> Result<Option<Bytes>> {
        loop {
            if self.position >= self.end {
                return Ok(None);
            }
            match self.piece(route).await {
                Ok(bytes) => {
                    self.failures = Failures::default();
                    self.position += bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                Err(error) => {
                    self.opened = None;
                    route.recover(error, self.generation, &mut self.failures).await?;
                }
            }
        }
    }

    async fn piece(&mut self, route: &Route) -> Result<Bytes> {
        let (server, generation) = route.current();
        route.used();
        self.generation = generation;
        let mut opened = match self.opened.take() {
            Some(opened) => opened,
            None => server.get(self.position, self.end).await?,
        };
        match server.piece(&mut opened).await? {
            Some(bytes) if bytes.len() as u64 <= self.end - self.position => {
                self.opened = Some(opened);
                Ok(bytes)
            }
            Some(_) => Err(Error::new(ErrorKind::Decode, format!("{} sends more than was asked for", server.name()))),
            None => {
                let problem = format!("{} ended its answer {} bytes too early", server.name(), self.end - self.position);
                Err(Error::new(ErrorKind::Connection, problem))
            }
        }
    }
}
