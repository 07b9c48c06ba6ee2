use super::super::error::{ImageError, Result};
use super::super::extent::{Extent, ExtentKind};
use super::layout::{NewImage, tables_without_data};

/// How large a qcow2 image for these extents can get, in bytes, which is what a server that makes one is to be
/// told: what `qemu-img measure` calls the required size.
///
/// The metadata is counted as if the whole disk were allocated, and each cluster with any data as a
/// whole, so it is never less than what an image with this data takes. The extents are in order and do not
/// overlap.
///
/// # Errors
/// [`ImageError::Argument`] if `cluster_size` is not a power of two from 512 to 2 MiB, an extent is not
/// after the one before it, or the disk is too large for such clusters.
pub fn measure(virtual_size: u64, extents: impl IntoIterator<Item = Extent>, cluster_size: u64) -> Result<u64> {
    let mut tables = tables_without_data(&NewImage::new(virtual_size).cluster_size(cluster_size))?;
    tables.l2_tables = tables.l1_entries;
    tables.data_clusters = virtual_size.div_ceil(cluster_size);
    tables.add_refcounts(cluster_size);

    tables.data_clusters = 0;
    // End of the last extent, and of the clusters that are counted.
    let (mut position, mut counted) = (0, 0);
    for extent in extents {
        let end = extent.start.checked_add(extent.length).filter(|end| extent.start >= position && *end <= virtual_size);
        position = end.ok_or_else(|| {
            ImageError::argument(format!(
                "the extent of {} bytes at {} is not after the one before it, or not within the disk of {virtual_size} bytes",
                extent.length, extent.start
            ))
        })?;
        if extent.kind == ExtentKind::Data && extent.length > 0 {
            let end = position.div_ceil(cluster_size);
            tables.data_clusters += end - (extent.start / cluster_size).max(counted);
            counted = end;
        }
    }
    Ok(tables.all() * cluster_size)
}
