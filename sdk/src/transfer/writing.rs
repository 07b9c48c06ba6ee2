//! Received data on its way to the file: while one buffer is filled, another is written.

use super::block_hash::{BlockHash, Blocks};
use super::buffer::{ALIGNMENT, Buffer, BufferPool};
use super::image::bytes::narrow;
use super::image::{Extent, ExtentKind};
use super::lock::lock;
use super::run::broken;
use super::target::Target;
use crate::core::error::Result;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

/// Size of a buffer, in bytes: what is written at once.
pub(super) const BUFFER: u64 = 2 << 20;

/// Where data goes, by way of which buffers.
pub(super) struct Destination {
    pub(super) target: Arc<Target>,
    pub(super) pool: Arc<BufferPool>,
    pub(super) hash: Option<Mutex<BlockHash>>,
}

/// The data of a piece on its way to the file: a buffer that is filled, and one that is written.
pub(super) struct Writing {
    into: Arc<Destination>,
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
    pub(super) fn new(into: Arc<Destination>, start: u64, parts: Arc<[Extent]>) -> Self {
        let blocks = Blocks::starting_at(start);
        Self { into, parts, filling: None, position: 0, blocks, written: None }
    }

    /// Takes as many bytes as there is room for. `start` is where the range starts that they are of.
    pub(super) fn fill(&mut self, bytes: &[u8], start: u64) -> usize {
        self.position = self.position.max(start);
        let position = self.position;
        let filling = self.filling.get_or_insert_with(|| {
            // Buffers end where the next one is aligned, which direct writes need.
            let room = BUFFER - position % BUFFER;
            Filling { buffer: self.into.pool.take(), start: position, filled: 0, room }
        });
        // Where the file is aligned, so is the buffer.
        let offset = narrow(filling.start % ALIGNMENT as u64 + filling.filled);
        let count = narrow(filling.room - filling.filled).min(bytes.len());
        if let (Some(room), Some(bytes)) = (filling.buffer.as_mut().get_mut(offset..offset + count), bytes.get(..count)) {
            room.copy_from_slice(bytes);
        }
        filling.filled += count as u64;
        self.position += count as u64;
        count
    }

    pub(super) fn is_full(&self) -> bool {
        self.filling.as_ref().is_some_and(|filling| filling.filled == filling.room)
    }

    /// Has a thread write what is filled, once the one before is written.
    pub(super) async fn write(&mut self) -> Result<()> {
        let Some(filling) = self.filling.take() else { return Ok(()) };
        self.wait().await?;
        let (into, parts, mut blocks) = (self.into.clone(), self.parts.clone(), std::mem::take(&mut self.blocks));
        self.written = Some(tokio::task::spawn_blocking(move || {
            let from = narrow(filling.start % ALIGNMENT as u64);
            let bytes = filling.buffer.as_ref().get(from..from + narrow(filling.filled)).unwrap_or_default();
            if let Some(hash) = &into.hash {
                blocks.zeros(filling.start - blocks.position(), |start, digest| lock(hash).block(start, digest));
                blocks.data(bytes, |start, digest| lock(hash).block(start, digest));
            }
            let end = filling.start + filling.filled;
            for part in parts.iter().filter(|part| part.kind == ExtentKind::Data) {
                let (first, last) = (part.start.max(filling.start), part.end().min(end));
                if first < last {
                    let data = bytes.get(narrow(first - filling.start)..narrow(last - filling.start)).unwrap_or_default();
                    into.target.write(data, first)?;
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
    pub(super) async fn finish(mut self, end: u64) -> Result<()> {
        self.wait().await?;
        if let Some(hash) = &self.into.hash {
            let left = end - self.blocks.position();
            self.blocks.zeros(left, |start, digest| lock(hash).block(start, digest));
            self.blocks.finish(|start, digest| lock(hash).block(start, digest));
        }
        Ok(())
    }
}
