//! Compressed clusters.

use super::super::bytes::narrow;
use super::super::error::{ImageError, Result};
use super::entry::Packed;
use super::header::Compression;
use super::tables::Tables;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::Read;
use std::sync::{Mutex, PoisonError};

/// Most bytes back that a zstd frame may refer to. A cluster is of 2 MiB at most; some writers announce
/// more than that nevertheless.
const MAX_WINDOW: u64 = 8 << 20;
/// Workplaces that are kept for the next cluster: as many threads as mostly read at once.
const KEPT: usize = 4;

/// Workplaces, each for one thread at a time.
#[derive(Default)]
pub(super) struct Unpackers(Mutex<Vec<Unpacker>>);

#[derive(Default)]
struct Unpacker {
    /// Which cluster is in `cluster`.
    holds: Option<Packed>,
    cluster: Vec<u8>,
    packed: Vec<u8>,
    zlib: Option<Box<DecompressorOxide>>,
    zstd: Option<Box<FrameDecoder>>,
}

impl Unpackers {
    /// Fills `buf` with what is `within` a compressed cluster.
    pub(super) fn read(&self, tables: &Tables, packed: Packed, within: u64, buf: &mut [u8]) -> Result<()> {
        let mut unpacker = self.take(packed);
        if unpacker.holds != Some(packed) {
            unpacker.holds = None;
            // What an error leaves behind is not used again.
            unpacker.unpack(tables, packed)?;
            unpacker.holds = Some(packed);
        }
        let part = unpacker.cluster.get(narrow(within)..).and_then(|rest| rest.get(..buf.len()));
        buf.copy_from_slice(part.ok_or_else(|| tables.corrupt("a compressed cluster is too short"))?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(unpacker);
        }
        Ok(())
    }

    /// Preferably one that holds the cluster, as when a thread reads less than a cluster at a time.
    fn take(&self, packed: Packed) -> Unpacker {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.iter().position(|unpacker| unpacker.holds == Some(packed)) {
            Some(index) => kept.swap_remove(index),
            None => kept.pop().unwrap_or_default(),
        }
    }
}

impl Unpacker {
    fn unpack(&mut self, tables: &Tables, packed: Packed) -> Result<()> {
        // The last sector may not be there in full, as nothing needs the end of it.
        let length = packed.length.min(tables.file_size.saturating_sub(packed.offset));
        self.packed.resize(narrow(length), 0);
        tables
            .source
            .read_exact_at(&mut self.packed, packed.offset)
            .map_err(|error| ImageError::io(&tables.name, "cannot be read", error))?;
        let size = narrow(tables.header.info.cluster_size);
        self.cluster.resize(size, 0);
        let (name, count) = match tables.header.info.compression {
            Compression::Zlib => ("zlib", self.unpack_zlib()),
            Compression::Zstd => ("zstd", self.unpack_zstd()),
        };
        if count == Some(size) {
            return Ok(());
        }
        Err(tables.corrupt(format!("the compressed cluster at {} in the file is not right {name} data", packed.offset)))
    }

    /// How many bytes came out, if all went well.
    fn unpack_zlib(&mut self) -> Option<usize> {
        let zlib = self.zlib.get_or_insert_default();
        zlib.init();
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, _, count) = decompress(zlib, &self.packed, &mut self.cluster, 0, flags);
        // What comes after a full cluster does not matter.
        matches!(status, TINFLStatus::Done | TINFLStatus::HasMoreOutput).then_some(count)
    }

    fn unpack_zstd(&mut self) -> Option<usize> {
        let zstd = self.zstd.get_or_insert_default();
        zstd.set_max_window_size(MAX_WINDOW);
        let mut packed = self.packed.as_slice();
        let mut count = 0;
        // One frame as a rule, but several are allowed. Each takes some input, so that this ends.
        while count < self.cluster.len() {
            zstd.reset(&mut packed).ok()?;
            while count < self.cluster.len() {
                // By blocks, each of 128 KiB at most, so that a short input cannot fill the memory.
                let finished = zstd.decode_blocks(&mut packed, BlockDecodingStrategy::UptoBlocks(1)).ok()?;
                count += read_all(zstd, self.cluster.get_mut(count..)?);
                if finished {
                    break;
                }
            }
        }
        Some(count)
    }
}

/// Takes what is ready, as far as there is room.
fn read_all(from: &mut FrameDecoder, to: &mut [u8]) -> usize {
    let mut count = 0;
    while let Some(rest) = to.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(read) if read > 0 => count += read,
            _ => break,
        }
    }
    count
}
