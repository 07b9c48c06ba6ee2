//! The data of a download: connections receive it, threads write it.
//!
//! Memory: two buffers for each connection.

use super::block_hash::{BlockHash, Blocks};
use super::buffer::BufferPool;
use super::fetch::Fetch;
use super::image::bytes::narrow;
use super::image::{Extent, ExtentKind};
use super::imageio::Route;
use super::journal::Journal;
use super::lock::lock;
use super::plan::{self, DOWNLOAD_GAP, DOWNLOAD_UNIT, Piece};
use super::progress::Meter;
use super::ranges::Ranges;
use super::run::{blocking, broken};
use super::source::wrong;
use super::target::Target;
use super::writing::{BUFFER, Destination, Writing};
use crate::core::error::Result;
use bytes::Buf;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::task::JoinSet;

/// What is to be received, and how.
pub(super) struct Receiving {
    pub(super) route: Arc<Route>,
    /// What is where, in order and without gaps.
    pub(super) extents: Vec<Extent>,
    pub(super) size: u64,
    pub(super) connections: usize,
    pub(super) wants_checksum: bool,
    /// Where to note what will not be lost, and after how many bytes.
    pub(super) journal: Option<(Arc<Journal>, u64)>,
    /// What is there already.
    pub(super) done: Ranges,
    pub(super) meter: Arc<Meter>,
}

/// A download that is under way.
struct Flow {
    terms: Receiving,
    to: Arc<Destination>,
    written: Mutex<Written>,
    checkpoint: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Written {
    all: Ranges,
    /// Bytes since the journal was kept.
    unkept: u64,
}

/// Receives an image into a file. Returns its checksum, if that is wanted.
///
/// # Errors
///
/// `Image`, if the file cannot be written; else those of the server, or of the engine that it had to be asked for.
pub(super) async fn receive(target: Arc<Target>, mut terms: Receiving) -> Result<Option<String>> {
    let extents = std::mem::take(&mut terms.extents);
    let hash = terms.wants_checksum.then(|| Mutex::new(BlockHash::new(terms.size)));
    let written = Mutex::new(Written { all: terms.done.clone(), unkept: 0 });
    let to = Arc::new(Destination { target, pool: BufferPool::new(narrow(BUFFER)), hash });
    let flow = Arc::new(Flow { to, written, checkpoint: tokio::sync::Mutex::default(), terms });
    let pieces = plan::pieces(extents.into_iter().map(Ok::<_, std::convert::Infallible>), DOWNLOAD_UNIT).flatten();
    let pieces: Arc<Mutex<dyn Iterator<Item = Piece> + Send>> = Arc::new(Mutex::new(pieces));
    // Those of a set end when it is dropped, be it because the caller is gone.
    let mut workers = JoinSet::new();
    for _ in 0..flow.terms.connections.max(1) {
        let (flow, pieces) = (flow.clone(), pieces.clone());
        workers.spawn(async move {
            loop {
                let piece = lock(&pieces).next();
                match piece {
                    Some(piece) => flow.carry_out(piece).await?,
                    None => return Ok(()),
                }
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.map_err(broken)??;
    }
    drop(workers);
    flow.keep().await?;
    Ok(flow.checksum())
}

/// Receives an image in the order of its bytes.
///
/// # Errors
///
/// `Image`, if the writer fails; else those of the server, or of the engine that it had to be asked for.
pub(super) async fn receive_in_order(
    writer: &mut (dyn AsyncWrite + Send + Unpin),
    mut terms: Receiving,
) -> Result<Option<String>> {
    let extents = std::mem::take(&mut terms.extents);
    let mut hash = terms.wants_checksum.then(|| (BlockHash::new(terms.size), Blocks::default()));
    let unwritable = |error: std::io::Error| wrong(format!("the writer failed: {error}")).with_source(error);
    let zeros = vec![0; narrow(BUFFER)];
    for extent in &extents {
        let mut position = extent.start;
        if extent.kind != ExtentKind::Data {
            while position < extent.end() {
                let count = BUFFER.min(extent.end() - position);
                writer.write_all(zeros.get(..narrow(count)).unwrap_or_default()).await.map_err(unwritable)?;
                position += count;
            }
            if let Some((hash, blocks)) = &mut hash {
                blocks.zeros(extent.length, |start, digest| hash.block(start, digest));
            }
            terms.meter.done(extent.length);
            continue;
        }
        let mut fetch = Fetch::new(extent.start, extent.end());
        while let Some(bytes) = fetch.next(&terms.route).await? {
            writer.write_all(&bytes).await.map_err(unwritable)?;
            if let Some((hash, blocks)) = &mut hash {
                blocks.data(&bytes, |start, digest| hash.block(start, digest));
            }
            terms.meter.transferred(bytes.len() as u64);
            terms.meter.done(bytes.len() as u64);
        }
    }
    writer.flush().await.map_err(unwritable)?;
    Ok(hash.and_then(|(mut hash, blocks)| {
        blocks.finish(|start, digest| hash.block(start, digest));
        hash.finish()
    }))
}

impl Flow {
    async fn carry_out(self: &Arc<Self>, piece: Piece) -> Result<()> {
        let is_done = lock(&self.written).all.contains(piece.start, piece.length);
        if piece.without_data().is_some() {
            if let Some(hash) = &self.to.hash {
                lock(hash).zeros(piece.start, piece.length);
            }
        } else if is_done {
            let flow = self.clone();
            let piece = piece.clone();
            blocking(move || flow.hash_what_is_there(&piece)).await?;
        } else {
            self.fetch(&piece).await?;
        }
        self.terms.meter.done(piece.length);
        if is_done {
            return Ok(());
        }
        let is_due = {
            let mut written = lock(&self.written);
            written.all.insert(piece.start, piece.length);
            written.unkept += piece.length;
            self.terms.journal.as_ref().is_some_and(|(_, interval)| written.unkept >= *interval)
        };
        if is_due && let Ok(_turn) = self.checkpoint.try_lock() {
            self.keep().await?;
        }
        Ok(())
    }

    /// Receives the data of a piece, and writes it.
    async fn fetch(self: &Arc<Self>, piece: &Piece) -> Result<()> {
        let parts: Arc<[Extent]> = piece.parts.clone().into();
        let mut writing = Writing::new(self.to.clone(), piece.start, parts);
        for range in plan::moved(&piece.parts, DOWNLOAD_GAP) {
            let mut fetch = Fetch::new(range.start, range.end());
            while let Some(mut bytes) = fetch.next(&self.terms.route).await? {
                self.terms.meter.transferred(bytes.len() as u64);
                while !bytes.is_empty() {
                    let count = writing.fill(&bytes, range.start);
                    bytes.advance(count);
                    if writing.is_full() {
                        writing.write().await?;
                    }
                }
            }
            // What comes next is somewhere else.
            writing.write().await?;
        }
        writing.finish(piece.end()).await
    }

    fn hash_what_is_there(&self, piece: &Piece) -> Result<()> {
        let Some(hash) = &self.to.hash else { return Ok(()) };
        let mut blocks = Blocks::starting_at(piece.start);
        let mut buffer = self.to.pool.take();
        for part in &piece.parts {
            if part.kind != ExtentKind::Data {
                blocks.zeros(part.length, |start, digest| lock(hash).block(start, digest));
                continue;
            }
            let mut position = part.start;
            while position < part.end() {
                let count = BUFFER.min(part.end() - position);
                let bytes = buffer.as_mut().get_mut(..narrow(count)).unwrap_or_default();
                self.to.target.read(bytes, position)?;
                blocks.data(bytes, |start, digest| lock(hash).block(start, digest));
                position += count;
            }
        }
        blocks.finish(|start, digest| lock(hash).block(start, digest));
        Ok(())
    }

    /// Makes last what is written, and notes it.
    async fn keep(self: &Arc<Self>) -> Result<()> {
        if self.terms.journal.is_none() {
            return Ok(());
        }
        let flow = self.clone();
        blocking(move || {
            let written = {
                let mut written = lock(&flow.written);
                written.unkept = 0;
                written.all.clone()
            };
            flow.to.target.sync()?;
            flow.terms.journal.as_ref().map_or(Ok(()), |(journal, _)| journal.keep(written))
        })
        .await
    }

    fn checksum(&self) -> Option<String> {
        // The workers have ended, and nobody else has it.
        let hash = self.to.hash.as_ref()?;
        std::mem::replace(&mut *lock(hash), BlockHash::new(0)).finish()
    }
}
