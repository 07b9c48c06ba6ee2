//! Images that were made to do harm, and bytes that are none.

use crate::common::{Random, peak, use_up};
use proptest::prelude::*;
use std::time::{Duration, Instant};
use virt_sdk::transfer::image::qcow2::{Backing, Image, Layout, NewImage};
use virt_sdk::transfer::image::{Extent, ExtentKind};

#[test]
fn one_l2_table_named_four_million_times() {
    // 34 MiB that would be a map of 10^12 entries.
    let (cluster, entries) = (2_u64 << 20, 4_u64 << 20);
    let mut bytes = vec![0; 20 * cluster as usize];
    let header = Layout::new(NewImage::new(0).cluster_size(cluster), []).unwrap().header();
    bytes[..header.len()].copy_from_slice(&header);
    bytes[24..32].copy_from_slice(&(entries * cluster * (cluster / 8)).to_be_bytes());
    bytes[36..40].copy_from_slice(&(entries as u32).to_be_bytes());
    bytes[40..48].copy_from_slice(&(2 * cluster).to_be_bytes());
    bytes[48..56].copy_from_slice(&cluster.to_be_bytes());
    let l2 = 19 * cluster;
    for entry in bytes[2 * cluster as usize..(2 * cluster + entries * 8) as usize].chunks_exact_mut(8) {
        entry.copy_from_slice(&(l2 | 1 << 63).to_be_bytes());
    }
    for (number, entry) in bytes[l2 as usize..].chunks_exact_mut(8).enumerate() {
        entry.copy_from_slice(&u64::from(number % 2 == 0).to_be_bytes());
    }
    let start = Instant::now();
    let image = Image::from_source(bytes, "bomb", &Backing::Refuse).unwrap();
    let last = image.map(0, u64::MAX).last().unwrap();
    assert!(last.unwrap_err().to_string().contains("names more L2 tables than there are clusters"));
    eprintln!("it was given up after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(60));
}

/// An image of one cluster of 2 MiB, which is compressed by zstd to these bytes.
fn zstd_image(packed: &[u8]) -> Image {
    let cluster = 2 << 20;
    let layout = Layout::new(NewImage::new(cluster).cluster_size(cluster), [Extent::new(0, cluster, ExtentKind::Data)]).unwrap();
    let mut bytes = vec![0; layout.file_size() as usize];
    let mut l2 = 0;
    for (offset, piece) in layout.metadata().chain([(0, layout.header())]) {
        l2 = if offset > 0 { offset as usize } else { l2 };
        bytes[offset as usize..offset as usize + piece.len()].copy_from_slice(&piece);
    }
    (bytes[79], bytes[104]) = (8, 1);
    let (data, _) = layout.host_offset(0).unwrap();
    bytes[data as usize..data as usize + packed.len()].copy_from_slice(packed);
    let word = (1 << 62) | (8191 << 49) | data;
    bytes[l2..l2 + 8].copy_from_slice(&u64::to_be_bytes(word));
    Image::from_source(bytes, "zstd", &Backing::Refuse).unwrap()
}

#[test]
fn little_zstd_data_that_would_be_much() {
    // Frame header without length, then the window, then blocks that each repeat a byte 128 KiB times.
    let frame = |window: u8, blocks: usize| {
        let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
        bytes.extend([0x02, 0x00, 0x10, 0x77].repeat(blocks));
        bytes
    };
    let before = peak();
    let mut buf = vec![0; 2 << 20];
    // A window of 8 MiB, and 64 GiB of data that would follow.
    zstd_image(&frame(13 << 3, 500_000)).read_at(&mut buf, 0).unwrap();
    assert!(buf.iter().all(|byte| *byte == 0x77));
    assert!(peak() - before < 100 << 20, "{} bytes", peak() - before);
    // A larger window, blocks that end too early, an empty frame for ever.
    let empty = [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1, 0, 0].repeat(200_000);
    for packed in [frame(14 << 3, 100), frame(21 << 3, 100), frame(31 << 3, 100), frame(13 << 3, 3), empty, vec![]] {
        let text = zstd_image(&packed).read_at(&mut buf, 0).unwrap_err().to_string();
        assert!(text.contains("is not right zstd data"), "{text}");
    }
}

#[test]
fn an_entry_that_needs_all_bits() {
    // Each kind of entry, in images of each size of clusters.
    let mut random = Random(3);
    for bits in 9..=21 {
        let size = 1_u64 << bits;
        let layout =
            Layout::new(NewImage::new(size * 8).cluster_size(size), [Extent::new(0, size * 8, ExtentKind::Data)]).unwrap();
        let mut good = vec![0; layout.file_size() as usize];
        let mut l2 = 0;
        for (offset, piece) in layout.metadata().chain([(0, layout.header())]) {
            l2 = if offset > 0 { offset as usize } else { l2 };
            good[offset as usize..offset as usize + piece.len()].copy_from_slice(&piece);
        }
        for bit in 0..64 {
            for word in [1_u64 << bit, !(1_u64 << bit), u64::MAX >> bit, u64::MAX << bit, random.next()] {
                good[l2..l2 + 8].copy_from_slice(&word.to_be_bytes());
                let image = Image::from_source(good.as_slice().to_vec(), "entry", &Backing::Refuse).unwrap();
                let _ = image.map(0, u64::MAX).count();
                let _ = image.read_at(&mut [0; 700], 1);
                if bits > 12 && bit % 8 != 0 {
                    break;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..3000), seed in any::<u64>()) {
        use_up(bytes, &mut Random(seed));
    }

    #[test]
    fn any_bytes_after_a_good_start(
        rest in proptest::collection::vec(any::<u8>(), 0..5000),
        (bits, version) in (9_u32..=21, 2_u32..=3),
        (l1, refcounts, l1_size, size) in (0_u64..10, 0_u64..10, 0_u32..70, 0_u64..100_000),
        seed in any::<u64>(),
    ) {
        let mut bytes = vec![0; 112];
        bytes[..4].copy_from_slice(b"QFI\xfb");
        bytes[4..8].copy_from_slice(&version.to_be_bytes());
        bytes[20..24].copy_from_slice(&bits.to_be_bytes());
        bytes[24..32].copy_from_slice(&size.to_be_bytes());
        bytes[36..40].copy_from_slice(&l1_size.to_be_bytes());
        bytes[40..48].copy_from_slice(&(l1 << bits).to_be_bytes());
        bytes[48..56].copy_from_slice(&(refcounts << bits).to_be_bytes());
        bytes[59] = 1;
        bytes[103] = 104;
        bytes.extend(rest);
        use_up(bytes, &mut Random(seed));
    }
}
