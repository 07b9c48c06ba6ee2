use super::super::bytes::{Bytes, narrow, wide};
use super::super::error::{ImageError, Result};
use super::super::io::ReadAt;
use super::extensions::Extensions;
use super::features::Features;
use super::{CLUSTER_BITS, MAGIC, MAX_BACKING_NAME, MAX_L1_BYTES, MAX_REFCOUNT_TABLE_BYTES};

/// Length of the header of version 2.
const LENGTH_2: usize = 72;
/// Length that the header of version 3 has at least.
const LENGTH_3: usize = 104;
/// Where the type of compression is, which is also how long a header without it is.
const COMPRESSION_TYPE: usize = 104;
/// Extended entries divide a cluster into 32 parts, of 512 bytes at least.
const EXTENDED_L2_CLUSTER_BITS: u32 = 14;
/// A width of 64 bits for each reference count.
const MAX_REFCOUNT_ORDER: u32 = 6;

/// What the header of an image says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Version of the format: 2 or 3.
    pub version: u32,
    /// Size of the disk that a guest sees, in bytes.
    pub virtual_size: u64,
    /// Size of a cluster, in bytes: a power of two from 512 to 2 MiB.
    pub cluster_size: u64,
    /// How clusters are compressed, if any are.
    pub compression: Compression,
    /// Whether each cluster is allocated in 32 parts.
    pub extended_l2: bool,
    /// Name of the backing file as it is in the header, if there is one.
    pub backing_file: Option<String>,
    /// Format of the backing file, if the header gives one.
    pub backing_format: Option<String>,
    /// Number of internal snapshots.
    pub snapshots: u32,
    /// Whether the image was not closed, so that its reference counts may be wrong. Reading needs none.
    pub dirty: bool,
    /// Number of bitmaps, such as those that incremental backups use.
    pub bitmaps: u32,
}

/// How compressed clusters are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Deflate, which QEMU calls zlib.
    Zlib,
    /// Zstandard.
    Zstd,
}

/// A header whose every number was checked.
pub(super) struct Header {
    pub(super) info: Info,
    pub(super) cluster_bits: u32,
    pub(super) l1_offset: u64,
    /// Bytes of the disk that one entry of L1 stands for.
    pub(super) l1_span: u64,
    /// Entries of L1 that the disk needs, which are all there.
    pub(super) l1_entries: u64,
}

/// Where header fields are, for [`Fields`].
struct Fields<'a> {
    image: &'a str,
    bytes: Bytes<'a>,
}

impl Fields<'_> {
    fn u32(&self, at: usize) -> Result<u32> {
        self.bytes.u32(at).ok_or_else(|| self.too_short())
    }

    fn u64(&self, at: usize) -> Result<u64> {
        self.bytes.u64(at).ok_or_else(|| self.too_short())
    }

    fn too_short(&self) -> ImageError {
        self.corrupt("the file ends within the header; was it copied in full?")
    }

    fn corrupt(&self, reason: impl Into<String>) -> ImageError {
        ImageError::corrupt(self.image, reason)
    }

    fn unsupported(&self, reason: impl Into<String>) -> ImageError {
        ImageError::unsupported(self.image, reason)
    }
}

impl Header {
    /// Reads and checks the header of an image of `file_size` bytes.
    pub(super) fn read(image: &str, source: &dyn ReadAt, file_size: u64) -> Result<Self> {
        let mut first = vec![0; narrow(file_size.min(wide(LENGTH_3 + 8)))];
        let read = |buf: &mut [u8]| source.read_exact_at(buf, 0).map_err(|error| ImageError::io(image, "cannot be read", error));
        read(&mut first)?;
        let fields = Fields { image, bytes: Bytes(&first) };
        if !first.starts_with(&MAGIC) {
            return Err(fields.unsupported("it is not a qcow2 image; if it is a raw one, use it as such"));
        }
        let version = fields.u32(4)?;
        if !(2..=3).contains(&version) {
            return Err(fields.unsupported(format!(
                "it is of version {version} of qcow, but only 2 and 3 can be read; convert it: qemu-img convert -O qcow2"
            )));
        }
        refuse_encryption(&fields)?;
        let cluster_bits = fields.u32(20)?;
        if !CLUSTER_BITS.contains(&cluster_bits) {
            return Err(fields.corrupt(format!("its clusters are of 2^{cluster_bits} bytes, but they must be of 2^9 to 2^21")));
        }
        let cluster_size = 1_u64 << cluster_bits;
        // All else that belongs to the header is in the first cluster.
        let mut cluster = vec![0; narrow(file_size.min(cluster_size))];
        read(&mut cluster)?;
        let fields = Fields { image, bytes: Bytes(&cluster) };

        let (features, length) = if version == 2 { (Features(0), wide(LENGTH_2)) } else { features(&fields, cluster_size)? };
        let backing_file = backing_file(&fields, length, cluster_size)?;
        let end = backing_file.as_ref().map_or(cluster_size, |(offset, _)| *offset);
        let extensions = cluster.get(narrow(length)..narrow(end.min(wide(cluster.len())))).unwrap_or_default();
        let extensions = Extensions::read(image, extensions)?;
        features.check(image, &extensions)?;

        let extended_l2 = features.extended_l2();
        if extended_l2 && cluster_bits < EXTENDED_L2_CLUSTER_BITS {
            return Err(fields.corrupt(format!(
                "extended L2 entries need clusters of 2^14 bytes at least, but these are of 2^{cluster_bits}"
            )));
        }
        check_refcounts(&fields, version, cluster_size, file_size)?;
        let snapshots = fields.u32(60)?;
        if snapshots > 0 && fields.u64(64)? % cluster_size != 0 {
            return Err(fields.corrupt("its table of snapshots does not start at a cluster"));
        }
        let virtual_size = fields.u64(24)?;
        let l1_span = cluster_size * (cluster_size / if extended_l2 { 16 } else { 8 });
        let l1_entries = virtual_size.div_ceil(l1_span);
        let l1_offset = check_l1(&fields, l1_entries, cluster_size, file_size)?;
        let info = Info {
            version,
            virtual_size,
            cluster_size,
            compression: compression(&fields, features, length)?,
            extended_l2,
            backing_format: extensions.backing_format.filter(|_| backing_file.is_some()),
            backing_file: backing_file.map(|(_, name)| name),
            snapshots,
            dirty: features.dirty(),
            bitmaps: extensions.bitmaps,
        };
        Ok(Self { info, cluster_bits, l1_offset, l1_span, l1_entries })
    }
}

fn refuse_encryption(fields: &Fields<'_>) -> Result<()> {
    let by = match fields.u32(32)? {
        0 => return Ok(()),
        1 => "by AES".to_owned(),
        2 => "by LUKS".to_owned(),
        other => format!("by the unknown method {other}"),
    };
    Err(fields
        .unsupported(format!("it is encrypted {by}; decrypt it first: qemu-img convert with --object secret and --image-opts")))
}

/// Features and length of a header of version 3.
fn features(fields: &Fields<'_>, cluster_size: u64) -> Result<(Features, u64)> {
    let length = u64::from(fields.u32(100)?);
    if length < wide(LENGTH_3) || length > cluster_size || length % 8 != 0 {
        return Err(fields.corrupt(format!(
            "its header is {length} bytes long, but must be a multiple of 8 from {LENGTH_3} up to the size of a cluster"
        )));
    }
    Ok((Features(fields.u64(72)?), length))
}

fn compression(fields: &Fields<'_>, features: Features, length: u64) -> Result<Compression> {
    let there = length > wide(COMPRESSION_TYPE);
    let kind = if there { fields.bytes.u8(COMPRESSION_TYPE).ok_or_else(|| fields.too_short())? } else { 0 };
    match (features.compression_type(), kind) {
        (false, 0) => Ok(Compression::Zlib),
        (true, 1) => Ok(Compression::Zstd),
        (true, 2..) => {
            Err(fields
                .unsupported(format!("its compression type {kind} is not known here; convert it: qemu-img convert -O qcow2")))
        }
        _ => Err(fields.corrupt("its compression type and the feature bit for it contradict each other")),
    }
}

/// Offset and name of the backing file.
fn backing_file(fields: &Fields<'_>, length: u64, cluster_size: u64) -> Result<Option<(u64, String)>> {
    let (offset, size) = (fields.u64(8)?, u64::from(fields.u32(16)?));
    if offset == 0 {
        return Ok(None);
    }
    let fits = offset >= length && offset.checked_add(size).is_some_and(|end| end <= cluster_size);
    if !fits || !(1..=MAX_BACKING_NAME).contains(&size) {
        return Err(fields.corrupt(format!(
            "the name of its backing file, {size} bytes at {offset}, is not within the first cluster, or not of 1 to {MAX_BACKING_NAME} bytes"
        )));
    }
    let name = fields.bytes.part(narrow(offset), narrow(size)).ok_or_else(|| fields.too_short())?;
    let name = std::str::from_utf8(name)
        .map_err(|_| fields.unsupported("the name of its backing file is not UTF-8; change it: qemu-img rebase -u"))?;
    Ok(Some((offset, name.to_owned())))
}

/// Reading needs no reference counts, but where they are wrong much else is.
fn check_refcounts(fields: &Fields<'_>, version: u32, cluster_size: u64, file_size: u64) -> Result<()> {
    let order = if version == 2 { 4 } else { fields.u32(96)? };
    if order > MAX_REFCOUNT_ORDER {
        return Err(
            fields.corrupt(format!("its refcounts are of 2^{order} bits, but they must be of 2^0 to 2^{MAX_REFCOUNT_ORDER}"))
        );
    }
    let (offset, clusters) = (fields.u64(48)?, u64::from(fields.u32(56)?));
    let bytes = clusters * cluster_size;
    if bytes == 0 || bytes > MAX_REFCOUNT_TABLE_BYTES {
        return Err(fields.corrupt(format!(
            "its refcount table is of {bytes} bytes, but it must have some, and {MAX_REFCOUNT_TABLE_BYTES} at most"
        )));
    }
    check_place(fields, "refcount table", offset, bytes, cluster_size, file_size)
}

fn check_l1(fields: &Fields<'_>, needed: u64, cluster_size: u64, file_size: u64) -> Result<u64> {
    let (entries, offset) = (u64::from(fields.u32(36)?), fields.u64(40)?);
    let bytes = entries * 8;
    if bytes > MAX_L1_BYTES {
        return Err(fields.corrupt(format!("its L1 table is of {bytes} bytes, but {MAX_L1_BYTES} are the most")));
    }
    if entries < needed {
        return Err(fields.corrupt(format!("its L1 table has {entries} entries, but the size of the disk needs {needed}")));
    }
    if entries > 0 {
        check_place(fields, "L1 table", offset, bytes, cluster_size, file_size)?;
    }
    Ok(offset)
}

fn check_place(fields: &Fields<'_>, table: &str, offset: u64, bytes: u64, cluster_size: u64, file_size: u64) -> Result<()> {
    if offset == 0 || !offset.is_multiple_of(cluster_size) {
        return Err(fields.corrupt(format!("its {table} is at {offset}, which is not the start of a cluster after the header")));
    }
    if offset.checked_add(bytes).is_none_or(|end| end > file_size) {
        return Err(fields.corrupt(format!(
            "its {table}, {bytes} bytes at {offset}, is past the end of the file of {file_size} bytes; was it copied in full?"
        )));
    }
    Ok(())
}
