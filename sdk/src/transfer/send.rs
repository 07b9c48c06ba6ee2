//! The data of an upload: threads read the image, connections send it.
//!
//! What is read stays in its buffer until the server has taken it, so that what has to be sent again needs not be read again. Memory: a buffer for each connection, one for each thread that reads, and one in between.

use super::block_hash::{BlockHash, Blocks, Digested};
use super::buffer::BufferPool;
use super::checksum::compared_with_server;
use super::image::bytes::narrow;
use super::image::{Extent, ExtentKind, local};
use super::imageio::{Abilities, Route, Server};
use super::journal::Journal;
use super::lock::lock;
use super::plan::{self, LONGEST_ZERO, Piece, UPLOAD_GAP, UPLOAD_UNIT};
use super::progress::{Meter, Stage};
use super::ranges::Ranges;
use super::run::{blocking, broken};
use super::source::{Disk, Opened, Stream, wrong};
use crate::core::error::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures_util::future::{Either, select};
use std::convert::Infallible;
use std::num::NonZeroU64;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What is looked at for zeros, in bytes: a cluster of a qcow2 image.
const ZERO_BLOCK: NonZeroU64 = NonZeroU64::new(64 << 10).expect("it is not 0");

/// Zeros amid data that are not sent, in bytes: fewer cost less than a further request.
const LONG_ZEROS: u64 = 256 << 10;

/// Size of a buffer, in bytes: what a request carries at most.
const BUFFER: u64 = 2 << 20;

/// Threads that read: storage that is not cached answers late, but many questions at once.
const READERS: usize = 4;

/// How often everything since the last flush is sent again because the server could not make it last.
const REPETITIONS: u32 = 1;

/// What is to be sent, and how.
pub(super) struct Sending {
    pub(super) route: Arc<Route>,
    /// Size of the disk, in bytes; what the source does not fill is zeros.
    pub(super) size: u64,
    pub(super) connections: usize,
    /// Whether the disk holds zeros already.
    pub(super) is_zero: bool,
    pub(super) wants_checksum: bool,
    /// Where to note what will not be lost, and after how many bytes.
    pub(super) journal: Option<(Arc<Journal>, u64)>,
    /// What is there already.
    pub(super) done: Ranges,
    pub(super) meter: Arc<Meter>,
}

/// A piece of the disk and what is to be done with it.
#[derive(Default)]
struct Job {
    start: u64,
    length: u64,
    zeros: Vec<(u64, u64)>,
    data: Vec<(u64, Bytes)>,
    /// Whether the server has it already.
    is_done: bool,
}

/// An upload that is under way.
struct Flow {
    terms: Sending,
    pool: Arc<BufferPool>,
    hash: Mutex<Option<BlockHash>>,
    written: Mutex<Written>,
    checkpoint: tokio::sync::Mutex<()>,
    /// Zeros for servers that have to be sent them.
    zeros: Bytes,
}

/// What the server has taken.
#[derive(Default)]
struct Written {
    all: Ranges,
    /// What it has made last.
    flushed: Ranges,
    /// Bytes since the last flush.
    unflushed: u64,
    /// How often it could not make something last.
    losses: u32,
}

/// Sends an image. Returns its checksum, which the server has too, if that is wanted.
///
/// # Errors
///
/// `Image`, if the source cannot be read; `Checksum`, if the server has another one; else those of the server, or of the
/// engine that it had to be asked for.
pub(super) async fn send(source: Opened, terms: Sending) -> Result<Option<String>> {
    let (route, meter, size, wants_checksum) = (terms.route.clone(), terms.meter.clone(), terms.size, terms.wants_checksum);
    let ours = sent(source, terms).await?;
    meter.enter(Stage::Finishing);
    if wants_checksum { compared_with_server(&route, size, ours).await.map(Some) } else { Ok(None) }
}

async fn sent(source: Opened, terms: Sending) -> Result<Option<String>> {
    let size = terms.size;
    let hash = Mutex::new(terms.wants_checksum.then(|| BlockHash::new(size)));
    let written = Written { all: terms.done.clone(), flushed: terms.done.clone(), unflushed: 0, losses: 0 };
    let mut flow = Flow {
        pool: BufferPool::new(narrow(BUFFER)),
        hash,
        written: Mutex::new(written),
        checkpoint: tokio::sync::Mutex::default(),
        zeros: Bytes::from(vec![0; narrow(BUFFER)]),
        terms,
    };
    let mut producer = match source {
        Opened::Stream(stream) => Producer::Stream(stream),
        Opened::Disk(disk) => {
            flow.make_zero(&disk).await?;
            Producer::Disk(disk)
        }
    };
    let flow = Arc::new(flow);
    let mut repetitions = 0;
    loop {
        flow.run(&mut producer).await?;
        let error = match flow.flush().await {
            Ok(()) if flow.lock_written().flushed.contains(0, size) => return Ok(flow.checksum()),
            // That happened in between.
            Ok(()) => Error::new(ErrorKind::Transfer, "the server could not make last what it had taken"),
            Err(error) if error.status() == Some(500) => error,
            Err(error) => return Err(error),
        };
        // What was read from a stream is not there any more.
        if matches!(producer, Producer::Stream(_)) || repetitions >= REPETITIONS {
            return Err(error);
        }
        repetitions += 1;
    }
}

/// Where jobs come from.
enum Producer {
    Disk(Arc<Disk>),
    Stream(Stream),
}

impl Flow {
    /// Makes the whole disk zero if that costs less than to make its parts zero.
    async fn make_zero(&mut self, disk: &Arc<Disk>) -> Result<()> {
        if self.terms.is_zero || !self.abilities().has_zero() || self.terms.done.total() > 0 {
            return Ok(());
        }
        let disk = disk.clone();
        let survey = blocking(move || disk.survey()).await?;
        if survey.0.is_fragmented() {
            let mut start = 0;
            while start < self.terms.size {
                let length = LONGEST_ZERO.min(self.terms.size - start);
                self.zero(start, length).await?;
                start += length;
            }
            // Nobody would make a part zero again that was not made to last.
            self.flush().await?;
            self.terms.is_zero = true;
        }
        Ok(())
    }

    /// Sends what is not there yet.
    async fn run(self: &Arc<Self>, producer: &mut Producer) -> Result<()> {
        let (sender, receiver) = mpsc::channel::<Result<Job>>(1);
        let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
        // Those of a set end when it is dropped, be it because the caller is gone.
        let mut workers = JoinSet::new();
        for _ in 0..self.terms.connections.max(1) {
            let (flow, receiver) = (self.clone(), receiver.clone());
            workers.spawn(async move {
                loop {
                    let next = receiver.lock().await.recv().await;
                    match next {
                        Some(job) => flow.carry_out(job?).await?,
                        None => return Ok(()),
                    }
                }
            });
        }
        drop(receiver);
        match producer {
            Producer::Disk(disk) => {
                let pieces = plan::pieces(disk.extents(self.terms.size), UPLOAD_UNIT);
                let pieces: Arc<Mutex<dyn Iterator<Item = Result<Piece>> + Send>> = Arc::new(Mutex::new(pieces));
                for _ in 0..READERS {
                    let (flow, disk, pieces, sender) = (self.clone(), disk.clone(), pieces.clone(), sender.clone());
                    tokio::task::spawn_blocking(move || flow.read(&disk, &pieces, &sender));
                }
                drop(sender);
            }
            Producer::Stream(stream) => {
                let ended = {
                    let produced = pin!(self.read_stream(stream, &sender));
                    match select(produced, pin!(workers.join_next())).await {
                        Either::Left((produced, _)) => {
                            produced?;
                            None
                        }
                        // None ends before the jobs do, unless it fails.
                        Either::Right((ended, _)) => ended,
                    }
                };
                drop(sender);
                if let Some(ended) = ended {
                    ended.map_err(broken)??;
                }
            }
        }
        while let Some(ended) = workers.join_next().await {
            ended.map_err(broken)??;
        }
        Ok(())
    }

    /// Reads pieces until there are none, or nobody wants them any more.
    fn read(&self, disk: &Disk, pieces: &Mutex<dyn Iterator<Item = Result<Piece>> + Send>, jobs: &mpsc::Sender<Result<Job>>) {
        loop {
            let piece = lock(pieces).next();
            let read = match piece {
                Some(piece) => piece.and_then(|piece| self.read_piece(disk, &piece, jobs)),
                None => return,
            };
            match read {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    // If nobody wants it, there is another error already.
                    let _ = jobs.blocking_send(Err(error));
                    return;
                }
            }
        }
    }

    /// Reads a piece, buffer by buffer. False when nobody wants it any more.
    fn read_piece(&self, disk: &Disk, piece: &Piece, jobs: &mpsc::Sender<Result<Job>>) -> Result<bool> {
        let is_done = self.lock_written().all.contains(piece.start, piece.length);
        let is_hashed = lock(&self.hash).is_some();
        if piece.without_data().is_some() || (is_done && !is_hashed) {
            if let Some(hash) = lock(&self.hash).as_mut() {
                hash.zeros(piece.start, piece.length);
            }
            let is_kept = is_done || self.terms.is_zero;
            let zeros = if is_kept { Vec::new() } else { vec![(piece.start, piece.length)] };
            let job = Job { start: piece.start, length: piece.length, zeros, data: Vec::new(), is_done };
            return Ok(jobs.blocking_send(Ok(job)).is_ok());
        }
        let mut blocks = is_hashed.then(|| Blocks::starting_at(piece.start));
        let parts = piece.parts.iter().map(|part| Ok::<_, Infallible>(*part));
        for part in plan::pieces(parts, BUFFER).flatten() {
            let mut buffer = self.pool.take().with_length(narrow(part.length));
            let mut bytes = buffer.as_mut();
            for extent in &part.parts {
                let (here, rest) = std::mem::take(&mut bytes).split_at_mut(narrow(extent.length));
                bytes = rest;
                match extent.kind {
                    ExtentKind::Data => disk.read(here, extent.start)?,
                    ExtentKind::Zero | ExtentKind::Hole => here.fill(0),
                }
            }
            let bytes = buffer.freeze();
            if let Some(blocks) = &mut blocks {
                blocks.data(&bytes, |start, digest| self.hashed(start, digest));
            }
            let is_done = is_done || self.lock_written().all.contains(part.start, part.length);
            if jobs.blocking_send(Ok(self.job(&part, &bytes, is_done))).is_err() {
                return Ok(false);
            }
        }
        if let Some(blocks) = blocks {
            blocks.finish(|start, digest| self.hashed(start, digest));
        }
        Ok(true)
    }

    fn hashed(&self, start: u64, digest: Digested) {
        if let Some(hash) = lock(&self.hash).as_mut() {
            hash.block(start, digest);
        }
    }

    /// What is to be done with what is in memory.
    fn job(&self, piece: &Piece, bytes: &Bytes, is_done: bool) -> Job {
        let mut job = Job { start: piece.start, length: piece.length, is_done, ..Job::default() };
        if is_done {
            return job;
        }
        let mut data = Vec::new();
        for range in plan::moved(&piece.parts, UPLOAD_GAP) {
            let from = narrow(range.start - piece.start);
            let found =
                local::split_zeros(bytes.get(from..from + narrow(range.length)).unwrap_or_default(), range.start, ZERO_BLOCK);
            data.extend(found.map(|part| match part.kind {
                ExtentKind::Data => part,
                _ if part.length < LONG_ZEROS => Extent { kind: ExtentKind::Data, ..part },
                _ => part,
            }));
        }
        let data = plan::moved(&data, 0);
        if !self.terms.is_zero {
            job.zeros = plan::between(&data, piece.start, piece.end());
        }
        let slice = |range: &Extent| {
            let from = narrow(range.start - piece.start);
            (range.start, bytes.slice(from..from + narrow(range.length)))
        };
        job.data = data.iter().map(slice).collect();
        job
    }

    async fn read_stream(self: &Arc<Self>, stream: &mut Stream, jobs: &mpsc::Sender<Result<Job>>) -> Result<()> {
        let mut start = 0;
        let mut blocks = lock(&self.hash).is_some().then(|| Blocks::starting_at(0));
        while start < self.terms.size {
            let length = BUFFER.min(self.terms.size - start);
            let stored = length.min(stream.size.saturating_sub(start));
            let mut buffer = self.pool.take().with_length(narrow(length));
            let (bytes, past) = buffer.as_mut().split_at_mut(narrow(stored));
            past.fill(0);
            stream.reader.read_exact(bytes).await.map_err(|error| {
                let problem =
                    format!("the reader failed between {start} and {} of {} bytes: {error}", start + stored, stream.size);
                wrong(problem).with_source(error)
            })?;
            let piece = Piece { start, length, parts: vec![Extent::new(start, length, ExtentKind::Data)] };
            let (flow, mut hasher) = (self.clone(), blocks.take());
            let job;
            (job, blocks) = blocking(move || {
                let bytes = buffer.freeze();
                if let Some(blocks) = &mut hasher {
                    blocks.data(&bytes, |start, digest| flow.hashed(start, digest));
                }
                Ok((flow.job(&piece, &bytes, false), hasher))
            })
            .await?;
            if jobs.send(Ok(job)).await.is_err() {
                // Whoever sends has failed, and says why.
                return Ok(());
            }
            start += length;
        }
        if let Some(blocks) = blocks {
            blocks.finish(|start, digest| self.hashed(start, digest));
        }
        Ok(())
    }

    async fn carry_out(&self, job: Job) -> Result<()> {
        let losses = self.lock_written().losses;
        for (start, length) in &job.zeros {
            self.zero(*start, *length).await?;
        }
        for (start, data) in &job.data {
            self.put(*start, data).await?;
        }
        self.terms.meter.done(job.length);
        if job.is_done {
            return Ok(());
        }
        let is_due = {
            let mut written = self.lock_written();
            if written.losses != losses {
                // What was lost meanwhile may be a part of this.
                self.terms.meter.undone(job.length);
                return Ok(());
            }
            written.all.insert(job.start, job.length);
            written.unflushed += job.length;
            self.terms.journal.as_ref().is_some_and(|(_, interval)| written.unflushed >= *interval)
        };
        if is_due && let Ok(_turn) = self.checkpoint.try_lock() {
            // If the server could not, the flush at the end finds out.
            let flushed = self.flush().await;
            flushed.or_else(|error| if error.status() == Some(500) { Ok(()) } else { Err(error) })?;
        }
        Ok(())
    }

    async fn put(&self, start: u64, data: &Bytes) -> Result<()> {
        let (size, defers) = (self.terms.size, self.abilities().has_flush());
        let put = |server: Server| {
            let data = data.clone();
            async move { server.put(start, data, size, defers).await }
        };
        self.terms.route.request(put).await?;
        self.terms.meter.transferred(data.len() as u64);
        Ok(())
    }

    async fn zero(&self, start: u64, length: u64) -> Result<()> {
        if self.abilities().has_zero() {
            return self.terms.route.request(|server| async move { server.zero(start, length).await }).await;
        }
        let (mut start, end) = (start, start.saturating_add(length));
        while start < end {
            let count = BUFFER.min(end - start);
            self.put(start, &self.zeros.slice(..narrow(count).min(self.zeros.len()))).await?;
            start += count;
        }
        Ok(())
    }

    /// Has the server make everything last that it has taken.
    async fn flush(&self) -> Result<()> {
        let (taken, count) = {
            let written = self.lock_written();
            (written.all.clone(), written.unflushed)
        };
        if self.abilities().has_flush() {
            let flushed = self.terms.route.request_once_served(|server| async move { server.flush().await }).await;
            if let Err(error) = flushed {
                if error.status() == Some(500) {
                    // What was written since the last time may be lost.
                    let mut written = self.lock_written();
                    self.terms.meter.undone(written.all.total() - written.flushed.total());
                    written.all = written.flushed.clone();
                    written.unflushed = 0;
                    written.losses += 1;
                }
                return Err(error);
            }
        }
        {
            let mut written = self.lock_written();
            written.flushed = taken.clone();
            written.unflushed = written.unflushed.saturating_sub(count);
        }
        match &self.terms.journal {
            Some((journal, _)) => {
                let journal = journal.clone();
                blocking(move || journal.keep(taken)).await
            }
            None => Ok(()),
        }
    }

    /// Those of the server that is used now.
    fn abilities(&self) -> Abilities {
        self.terms.route.abilities()
    }

    fn checksum(&self) -> Option<String> {
        lock(&self.hash).take().and_then(BlockHash::finish)
    }

    fn lock_written(&self) -> MutexGuard<'_, Written> {
        lock(&self.written)
    }
}
