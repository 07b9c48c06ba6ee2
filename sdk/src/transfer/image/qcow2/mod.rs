//! Images in QEMU's qcow2 format: reading them, with or without their backing files, and writing new ones.
//!
//! # Reading
//! [`Image`] reads versions 2 and 3, clusters compressed by zlib or zstd, extended L2 entries, and backing
//! files where [`Backing`] allows them. Internal snapshots are counted and otherwise ignored. Encrypted
//! images, those with an external data file, those marked as corrupt, and those that need a feature that
//! is not known are refused.
//!
//! An image may come from anybody: every number in it is checked, a read or a step of a map does a
//! bounded amount of work, and backing files are opened only from a folder that the caller names.
//!
//! Memory: at most 4 MiB of tables for each file of a chain. Where there are compressed clusters, each thread
//! that reads takes up to three times the size of a cluster, which is 6 MiB at most, and with zstd up to
//! 24 MiB more; four of these buffers at most are kept for each file. The size of the disk does not matter.
//!
//! # Writing
//! [`Layout`] computes the place of everything in a new image from the extents of the disk, and
//! [`Writer`] puts data there, in any order and from several threads.

mod backing;
mod backing_name;
mod compressed;
mod entry;
mod extensions;
mod features;
mod header;
mod image;
mod layer;
mod layout;
mod map;
mod measure;
mod metadata;
mod new_header;
mod slices;
mod tables;
mod writer;

pub use backing::Backing;
pub use header::{Compression, Info};
pub use image::Image;
pub use layout::{Layout, NewBacking, NewImage};
pub use map::Map;
pub use measure::measure;
pub use writer::Writer;

/// First four bytes of every image.
const MAGIC: [u8; 4] = *b"QFI\xfb";

/// Size of a cluster that QEMU and oVirt use if nothing else is asked for, in bytes.
pub const DEFAULT_CLUSTER_SIZE: u64 = 64 << 10;

/// Bits in the offset within a cluster, from 512 bytes to 2 MiB: what the format and QEMU allow.
const CLUSTER_BITS: std::ops::RangeInclusive<u32> = 9..=21;

/// Most bytes of an L1 table: QEMU opens no image with a larger one.
const MAX_L1_BYTES: u64 = 32 << 20;

/// Most bytes of a table of refcount blocks: QEMU opens no image with a larger one.
const MAX_REFCOUNT_TABLE_BYTES: u64 = 8 << 20;

/// Most bytes of the name of a backing file.
const MAX_BACKING_NAME: u64 = 1023;

/// Header extension that holds the format of the backing file.
const BACKING_FORMAT: u32 = 0xe279_2aca;

/// The bits of an entry of L1 or L2 that hold an offset in the file.
const OFFSET_MASK: u64 = 0x00ff_ffff_ffff_fe00;
/// Bit of an entry whose table or cluster nothing else refers to.
const COPIED: u64 = 1 << 63;
/// Bit of an L2 entry whose cluster reads as zeros.
const ZERO: u64 = 1;
