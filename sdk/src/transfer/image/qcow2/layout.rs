use super::super::error::{ImageError, Result};
use super::super::extent::{Extent, ExtentKind};
use super::new_header::{header, header_length};
use super::{CLUSTER_BITS, DEFAULT_CLUSTER_SIZE, MAX_L1_BYTES, MAX_REFCOUNT_TABLE_BYTES};

/// What a new image is to be, apart from its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImage {
    /// Size of the disk, in bytes. QEMU wants a multiple of 512.
    pub virtual_size: u64,
    /// Size of a cluster, in bytes: a power of two from 512 to 2 MiB.
    pub cluster_size: u64,
    /// The backing file, if there is to be one.
    pub backing: Option<NewBacking>,
}

/// The backing file of a new image. It is not opened, and need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBacking {
    /// Its name, relative to the folder of the image, or absolute.
    pub file: String,
    /// Its format: `qcow2` or `raw`.
    pub format: String,
}

impl NewImage {
    /// An image without backing file, with clusters of 64 KiB.
    pub const fn new(virtual_size: u64) -> Self {
        Self { virtual_size, cluster_size: DEFAULT_CLUSTER_SIZE, backing: None }
    }

    /// Adds a backing file.
    #[must_use]
    pub fn backing(mut self, file: impl Into<String>, format: impl Into<String>) -> Self {
        self.backing = Some(NewBacking { file: file.into(), format: format.into() });
        self
    }

    /// Sets the size of a cluster, in bytes.
    #[must_use]
    pub const fn cluster_size(mut self, cluster_size: u64) -> Self {
        self.cluster_size = cluster_size;
        self
    }
}

/// The place of everything in a new image, computed from the extents of the disk before any data is there.
///
/// The layout comes first because the extents do: a server tells them before a download. So the place of each
/// cluster is a pure function of its place on the disk, workers need no lock and no common table, and a
/// range that is fetched again goes to the same place. As all metadata is in front of the data, and the data
/// in the order of the disk, the same layout also serves to write the image in one pass from its start.
///
/// Memory: 32 bytes for each run of clusters that are all data or all zeros, of which there are no more than
/// extents.
pub struct Layout {
    pub(super) image: NewImage,
    /// In order; clusters that no run has are left out of the image.
    pub(super) runs: Vec<ClusterRun>,
    pub(super) tables: Tables,
}

/// Clusters one after the other that are all data, or all zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClusterRun {
    /// Number of the first cluster on the disk.
    pub(super) first: u64,
    pub(super) count: u64,
    /// Number of the first one in the file; `None` if they are zeros.
    pub(super) host: Option<u64>,
}

/// Where the metadata is: numbers of clusters in the file. The header is cluster 0, L1 follows, then the table
/// of the refcount blocks, the blocks, the L2 tables, and the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tables {
    pub(super) l1_entries: u64,
    pub(super) l1_clusters: u64,
    pub(super) refcount_table_clusters: u64,
    pub(super) refcount_blocks: u64,
    pub(super) l2_tables: u64,
    pub(super) data_clusters: u64,
}

impl Tables {
    pub(super) const fn refcount_table(&self) -> u64 {
        1 + self.l1_clusters
    }

    pub(super) const fn first_refcount_block(&self) -> u64 {
        self.refcount_table() + self.refcount_table_clusters
    }

    pub(super) const fn first_l2(&self) -> u64 {
        self.first_refcount_block() + self.refcount_blocks
    }

    const fn first_data(&self) -> u64 {
        self.first_l2() + self.l2_tables
    }

    pub(super) const fn all(&self) -> u64 {
        self.first_data() + self.data_clusters
    }

    /// Makes room for the counts of all clusters, those of the counts themselves included.
    pub(super) fn add_refcounts(&mut self, cluster_size: u64) {
        // Each round can only ask for more, and the more it asks for the less it needs next, so this ends.
        loop {
            let blocks = self.all().div_ceil(cluster_size / 2);
            let table = blocks.div_ceil(cluster_size / 8);
            if (blocks, table) == (self.refcount_blocks, self.refcount_table_clusters) {
                return;
            }
            (self.refcount_blocks, self.refcount_table_clusters) = (blocks, table);
        }
    }
}

impl Layout {
    /// Lays out an image for a disk with these extents, which are in order and do not overlap; gaps between
    /// them count as holes.
    ///
    /// [`Data`](ExtentKind::Data) gets room in the file; a cluster of which only a part is data gets it as a
    /// whole. [`Zero`](ExtentKind::Zero) is written down only if there is a backing file that would show
    /// through. [`Hole`](ExtentKind::Hole) is left out.
    ///
    /// # Errors
    /// [`ImageError::Argument`] if the size of clusters is not one that the format has, the disk is too large
    /// for it, the extents are not in order or not within the disk, the backing file has no or too
    /// long a name, or part of a cluster is a hole through which a backing file shows and another part is not.
    pub fn new(image: NewImage, extents: impl IntoIterator<Item = Extent>) -> Result<Self> {
        let mut tables = tables_without_data(&image)?;
        let mut runs = Runs { image: &image, runs: Vec::new(), position: 0 };
        for extent in extents {
            runs.add(extent)?;
        }
        runs.check_edge(runs.position)?;
        let mut runs = runs.runs;
        let span = image.cluster_size / 8;
        let mut counted = 0;
        for run in &runs {
            // Tables that the run before this one does not have already.
            let end = (run.first + run.count).div_ceil(span);
            tables.l2_tables += end - (run.first / span).max(counted);
            counted = end;
            tables.data_clusters += if run.host.is_some() { run.count } else { 0 };
        }
        tables.add_refcounts(image.cluster_size);
        if tables.refcount_table_clusters * image.cluster_size > MAX_REFCOUNT_TABLE_BYTES {
            return Err(too_large(&image));
        }
        let mut host = tables.first_data();
        for run in &mut runs {
            if let Some(first) = &mut run.host {
                *first = host;
                host += run.count;
            }
        }
        Ok(Self { image, runs, tables })
    }

    /// What was asked for.
    pub fn image(&self) -> &NewImage {
        &self.image
    }

    /// Size of the whole file, in bytes.
    pub fn file_size(&self) -> u64 {
        self.tables.all() * self.image.cluster_size
    }

    /// The place in the file of a byte of the disk, and how many bytes from there on lie side by side in both;
    /// `None` if there is no room for it, because it is not in a cluster with data.
    pub fn host_offset(&self, guest_offset: u64) -> Option<(u64, u64)> {
        let size = self.image.cluster_size;
        let (cluster, within) = (guest_offset / size, guest_offset % size);
        let index = self.runs.partition_point(|run| run.first <= cluster).checked_sub(1)?;
        let run = self.runs.get(index)?;
        let skipped = cluster - run.first;
        let rest = run.count.checked_sub(skipped).filter(|rest| *rest > 0)?;
        let room = (rest * size - within).min(self.image.virtual_size.checked_sub(guest_offset)?);
        Some(((run.host? + skipped) * size + within, room)).filter(|_| room > 0)
    }

    /// As [`host_offset`](Self::host_offset), but for what has no room too: then with the bytes up to what has. `None`
    /// if nothing from there on has any.
    pub(super) fn next_host_offset(&self, guest_offset: u64) -> Option<(Option<u64>, u64)> {
        if let Some((host, room)) = self.host_offset(guest_offset) {
            return Some((Some(host), room));
        }
        let size = self.image.cluster_size;
        let next = self.runs.partition_point(|run| run.first * size <= guest_offset);
        let next = self.runs.get(next..)?.iter().find(|run| run.host.is_some())?;
        Some((None, next.first * size - guest_offset))
    }

    /// The header, which makes an image of the file and so is best written last. It is at 0.
    pub fn header(&self) -> Vec<u8> {
        header(&self.image, &self.tables)
    }

    /// All metadata but the header, in pieces: where in the file each one is, in bytes, and what it is. A piece
    /// takes up to about 4 MiB. They may be written in any order, also before the data.
    pub fn metadata(&self) -> impl Iterator<Item = (u64, Vec<u8>)> + '_ {
        super::metadata::pieces(self)
    }
}

/// Checks what does not depend on extents.
pub(super) fn tables_without_data(image: &NewImage) -> Result<Tables> {
    let size = image.cluster_size;
    if !size.is_power_of_two() || !CLUSTER_BITS.contains(&size.trailing_zeros()) {
        return Err(ImageError::argument(format!("{size} is not a size for clusters; give a power of two from 512 to 2 MiB")));
    }
    let l1_entries = image.virtual_size.div_ceil(size * (size / 8));
    if l1_entries * 8 > MAX_L1_BYTES || image.virtual_size > i64::MAX as u64 {
        return Err(too_large(image));
    }
    if header_length(image).is_none_or(|length| length > size) {
        return Err(ImageError::argument(format!(
            "the backing file needs a name, of 1 to 1023 bytes, and a format, and both must fit in a cluster of {size} bytes; give a shorter name or larger clusters"
        )));
    }
    let l1_clusters = (l1_entries.max(1) * 8).div_ceil(size);
    Ok(Tables { l1_entries, l1_clusters, ..Tables::default() })
}

fn too_large(image: &NewImage) -> ImageError {
    ImageError::argument(format!(
        "a disk of {} bytes is too large for clusters of {} bytes; give larger clusters",
        image.virtual_size, image.cluster_size
    ))
}

/// Turns extents into clusters.
struct Runs<'a> {
    image: &'a NewImage,
    runs: Vec<ClusterRun>,
    /// End of the last extent that is not a hole.
    position: u64,
}

impl Runs<'_> {
    fn add(&mut self, extent: Extent) -> Result<()> {
        let size = self.image.cluster_size;
        let end = extent.start.checked_add(extent.length).filter(|end| *end <= self.image.virtual_size);
        let Some(end) = end.filter(|_| extent.start >= self.position) else {
            return Err(ImageError::argument(format!(
                "the extent of {} bytes at {} is not after the one before it, or not within the disk of {} bytes",
                extent.length, extent.start, self.image.virtual_size
            )));
        };
        let backed = self.image.backing.is_some();
        let data = match extent.kind {
            _ if extent.length == 0 => return Ok(()),
            ExtentKind::Data => true,
            ExtentKind::Zero if backed => false,
            ExtentKind::Zero | ExtentKind::Hole => return Ok(()),
        };
        if extent.start != self.position {
            self.check_edge(self.position)?;
            self.check_edge(extent.start)?;
        }
        self.position = end;
        self.push(extent.start / size, end.div_ceil(size), data);
        Ok(())
    }

    /// Adds clusters, of which the first may be the last one of what is there already.
    fn push(&mut self, mut first: u64, end: u64, data: bool) {
        if let Some(last) = self.runs.last_mut() {
            let last_end = last.first + last.count;
            if first < last_end {
                if data && last.host.is_none() {
                    // A cluster with any data is data.
                    last.count -= 1;
                    if last.count == 0 {
                        self.runs.pop();
                    }
                } else {
                    first += 1;
                }
            }
        }
        if first >= end {
            return;
        }
        let host = data.then_some(0);
        match self.runs.last_mut() {
            Some(last) if last.first + last.count == first && last.host == host => last.count += end - first,
            _ => self.runs.push(ClusterRun { first, count: end - first, host }),
        }
    }

    /// Checks a place where a hole starts or ends: a backing file must show through whole clusters, or not at all.
    fn check_edge(&self, at: u64) -> Result<()> {
        let size = self.image.cluster_size;
        if self.image.backing.is_none() || at.is_multiple_of(size) || at == self.image.virtual_size {
            return Ok(());
        }
        Err(ImageError::argument(format!(
            "at {at} on the disk the backing file shows through a part of a cluster of {size} bytes, which cannot be written down; give clusters of {} bytes or less",
            1_u64 << at.trailing_zeros()
        )))
    }
}
