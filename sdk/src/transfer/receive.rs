//! The data of a download: connections receive it, threads write it.
//!
//! Memory: two buffers for each connection, of which one is filled while the other is written.

use super::block_hash::{BLOCK, BlockHash, BlockHasher, Digested};
use super::buffer::{Buffer, BufferPool};
use super::image::{Extent, ExtentKind};
use super::imageio::{Failures, Route};
use super::journal::Journal;
use super::plan::{self, DOWNLOAD_GAP, DOWNLOAD_UNIT, Piece};
use super::progress::Meter;
use super::ranges::Ranges;
use super::send::broken;
use super::source::wrong;
use super::target::Target;
use crate::core::error::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::task::{JoinHandle, JoinSet};

/// Size of a buffer, in bytes: what is written at once.
const BUFFER: u64 = 2 << 20;

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
    target: Arc<Target>,
    pool: Arc<BufferPool>,
    hash: Option<Mutex<BlockHash>>,
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
    let pool = BufferPool::new(size(BUFFER));
    let flow = Arc::new(Flow { pool, hash, written, checkpoint: tokio::sync::Mutex::default(), target, terms });
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
    let zeros = vec![0; size(BUFFER)];
    for extent in &extents {
        let mut position = extent.start;
        if extent.kind != ExtentKind::Data {
            while position < extent.end() {
                let count = BUFFER.min(extent.end() - position);
                writer.write_all(zeros.get(..size(count)).unwrap_or_default()).await.map_err(unwritable)?;
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
            if let Some(hash) = &self.hash {
                lock(hash).zeros(piece.start, piece.length);
            }
        } else if is_done {
            let flow = self.clone();
            let piece = piece.clone();
            tokio::task::spawn_blocking(move || flow.hash_what_is_there(&piece)).await.map_err(broken)??;
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
        let mut writing = Writing::new(self.clone(), piece.start, parts);
        for range in plan::moved(&piece.parts, DOWNLOAD_GAP) {
            let mut fetch = Fetch::new(range.start, range.end());
            while let Some(mut bytes) = fetch.next(&self.terms.route).await? {
                self.terms.meter.transferred(bytes.len() as u64);
                while !bytes.is_empty() {
                    let count = writing.fill(&bytes, range.start);
                    bytes.advance_by(count);
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
        let Some(hash) = &self.hash else { return Ok(()) };
        let mut blocks = Blocks { start: piece.start, ..Blocks::default() };
        let mut buffer = self.pool.take();
        for part in &piece.parts {
            if part.kind != ExtentKind::Data {
                blocks.zeros(part.length, |start, digest| lock(hash).block(start, digest));
                continue;
            }
            let mut position = part.start;
            while position < part.end() {
                let count = BUFFER.min(part.end() - position);
                let bytes = buffer.as_mut().get_mut(..size(count)).unwrap_or_default();
                self.target.read(bytes, position)?;
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
        let kept = tokio::task::spawn_blocking(move || {
            let written = {
                let mut written = lock(&flow.written);
                written.unkept = 0;
                written.all.clone()
            };
            flow.target.sync()?;
            flow.terms.journal.as_ref().map_or(Ok(()), |(journal, _)| journal.keep(written))
        });
        kept.await.map_err(broken)?
    }

    fn checksum(&self) -> Option<String> {
        // The workers have ended, and nobody else has it.
        let hash = self.hash.as_ref()?;
        std::mem::replace(&mut *lock(hash), BlockHash::new(0)).finish()
    }
}

/// A range that is being received, whatever number of requests that takes.
struct Fetch {
    position: u64,
    end: u64,
    opened: Option<crate::core::http::reply::Opened>,
    failures: Failures,
    generation: u64,
}

impl Fetch {
    fn new(start: u64, end: u64) -> Self {
        Self { position: start, end, opened: None, failures: Failures::default(), generation: 0 }
    }

    /// The next bytes; `None` when all have come. What comes again after a failure starts where the bytes ended.
    async fn next(&mut self, route: &Route) -> Result<Option<Arriving>> {
        loop {
            if self.position >= self.end {
                return Ok(None);
            }
            match self.piece(route).await {
                Ok(bytes) => {
                    self.failures = Failures::default();
                    self.position += bytes.len() as u64;
                    return Ok(Some(Arriving(bytes)));
                }
                Err(error) => {
                    self.opened = None;
                    route.recover(error, self.generation, &mut self.failures).await?;
                }
            }
        }
    }

    async fn piece(&mut self, route: &Route) -> Result<bytes::Bytes> {
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

/// Bytes that have come, of which the first ones may be taken already.
struct Arriving(bytes::Bytes);

impl Arriving {
    fn advance_by(&mut self, count: usize) {
        let _ = self.0.split_to(count.min(self.0.len()));
    }
}

impl std::ops::Deref for Arriving {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// The data of a piece on its way to the file: a buffer that is filled, and one that is written.
struct Writing {
    flow: Arc<Flow>,
    parts: Arc<[Extent]>,
    filling: Option<Filling>,
    /// Where the next byte belongs.
    position: u64,
    blocks: Blocks,
    written: Option<JoinHandle<Result<Blocks>>>,
}

struct Filling {
    buffer: Buffer,
    start: u64,
    filled: u64,
    room: u64,
}

impl Writing {
    fn new(flow: Arc<Flow>, start: u64, parts: Arc<[Extent]>) -> Self {
        let blocks = Blocks { start, position: start, ..Blocks::default() };
        Self { flow, parts, filling: None, position: 0, blocks, written: None }
    }

    /// Takes as many bytes as there is room for. `start` is where the range starts that they are of.
    fn fill(&mut self, bytes: &[u8], start: u64) -> usize {
        self.position = self.position.max(start);
        let position = self.position;
        let filling = self.filling.get_or_insert_with(|| {
            // Buffers end where the next one is aligned, which direct writes need.
            let room = BUFFER - position % BUFFER;
            Filling { buffer: self.flow.pool.take(), start: position, filled: 0, room }
        });
        // Where the file is aligned, so is the buffer.
        let offset = size(filling.start % super::buffer::ALIGNMENT as u64 + filling.filled);
        let count = size(filling.room - filling.filled).min(bytes.len());
        if let (Some(room), Some(bytes)) = (filling.buffer.as_mut().get_mut(offset..offset + count), bytes.get(..count)) {
            room.copy_from_slice(bytes);
        }
        filling.filled += count as u64;
        self.position += count as u64;
        count
    }

    fn is_full(&self) -> bool {
        self.filling.as_ref().is_some_and(|filling| filling.filled == filling.room)
    }

    /// Has a thread write what is filled, once the one before is written.
    async fn write(&mut self) -> Result<()> {
        let Some(filling) = self.filling.take() else { return Ok(()) };
        self.wait().await?;
        let (flow, parts, mut blocks) = (self.flow.clone(), self.parts.clone(), std::mem::take(&mut self.blocks));
        self.written = Some(tokio::task::spawn_blocking(move || {
            let from = size(filling.start % super::buffer::ALIGNMENT as u64);
            let bytes = filling.buffer.as_ref().get(from..from + size(filling.filled)).unwrap_or_default();
            if let Some(hash) = &flow.hash {
                blocks.zeros(filling.start - blocks.position, |start, digest| lock(hash).block(start, digest));
                blocks.data(bytes, |start, digest| lock(hash).block(start, digest));
            }
            let end = filling.start + filling.filled;
            for part in parts.iter().filter(|part| part.kind == ExtentKind::Data) {
                let (first, last) = (part.start.max(filling.start), part.end().min(end));
                if first < last {
                    let data = bytes.get(size(first - filling.start)..size(last - filling.start)).unwrap_or_default();
                    flow.target.write(data, first)?;
                }
            }
            Ok(blocks)
        }));
        Ok(())
    }

    async fn wait(&mut self) -> Result<()> {
        if let Some(written) = self.written.take() {
            self.blocks = written.await.map_err(broken)??;
        }
        Ok(())
    }

    /// Waits until everything is written; `end` is where the piece ends.
    async fn finish(mut self, end: u64) -> Result<()> {
        self.wait().await?;
        if let Some(hash) = &self.flow.hash {
            let left = end - self.blocks.position;
            self.blocks.zeros(left, |start, digest| lock(hash).block(start, digest));
            self.blocks.finish(|start, digest| lock(hash).block(start, digest));
        }
        Ok(())
    }
}

/// Hashes the blocks of a piece, in their order.
#[derive(Default)]
struct Blocks {
    /// Start of the block that is being hashed.
    start: u64,
    /// Where the next byte belongs.
    position: u64,
    hasher: BlockHasher,
}

impl Blocks {
    fn data(&mut self, bytes: &[u8], done: impl FnMut(u64, Digested)) {
        let mut rest = bytes;
        self.cut(bytes.len() as u64, done, |hasher, count| {
            let (now, later) = rest.split_at_checked(size(count)).unwrap_or((rest, &[]));
            hasher.data(now);
            rest = later;
        });
    }

    fn zeros(&mut self, length: u64, done: impl FnMut(u64, Digested)) {
        self.cut(length, done, BlockHasher::zeros);
    }

    /// Hashes so many bytes, block by block.
    fn cut(&mut self, length: u64, mut done: impl FnMut(u64, Digested), mut add: impl FnMut(&mut BlockHasher, u64)) {
        let mut left = length;
        while left > 0 {
            let count = left.min(BLOCK - self.hasher.length());
            add(&mut self.hasher, count);
            left -= count;
            self.position += count;
            if self.hasher.length() == BLOCK {
                done(self.start, std::mem::take(&mut self.hasher).finish());
                self.start += BLOCK;
            }
        }
    }

    /// Ends the last block, which may be shorter.
    fn finish(self, mut done: impl FnMut(u64, Digested)) {
        if self.hasher.length() > 0 {
            done(self.start, self.hasher.finish());
        }
    }
}

/// A length of what is in memory, of which no piece is longer than a buffer.
fn size(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
