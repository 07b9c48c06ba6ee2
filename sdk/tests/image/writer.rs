//! Images that are written here, as QEMU sees them.

use crate::common::{Qemu, Random, alike, collect};
use proptest::prelude::*;
use std::fs::File;
use std::io;
use std::sync::Mutex;
use virt_sdk::transfer::image::qcow2::{Layout, NewImage, Writer, measure};
use virt_sdk::transfer::image::{Extent, ExtentKind, WriteAt};

/// A new file for reading and writing.
fn target(qemu: &Qemu, name: &str) -> File {
    File::options().read(true).write(true).create(true).truncate(true).open(qemu.path(name)).unwrap()
}

/// What a disk with these extents holds: random bytes where there is data.
fn content(size: u64, extents: &[Extent], seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; size as usize];
    let mut random = Random(seed);
    for extent in extents.iter().filter(|extent| extent.kind == ExtentKind::Data) {
        bytes[extent.start as usize..extent.end() as usize].copy_from_slice(&random.bytes(extent.length as usize));
    }
    bytes
}

/// Writes the data in pieces of random length and order, from four threads.
fn write_parallel<W: WriteAt>(writer: &Writer<W>, bytes: &[u8], extents: &[Extent], seed: u64) {
    let mut random = Random(seed);
    let mut pieces = Vec::new();
    for extent in extents.iter().filter(|extent| extent.kind == ExtentKind::Data) {
        let mut at = extent.start;
        while at < extent.end() {
            let count = (1 + random.below(200_000)).min(extent.end() - at);
            pieces.insert(random.below(pieces.len() as u64 + 1) as usize, (at, count));
            at += count;
        }
    }
    let pieces = Mutex::new(pieces);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((at, count)) = pieces.lock().unwrap().pop() else { return };
                    writer.write_at(&bytes[at as usize..(at + count) as usize], at).unwrap();
                }
            });
        }
    });
}

/// Writes an image and checks it in every way.
fn round_trip(qemu: &Qemu, image: NewImage, extents: &[Extent], seed: u64) {
    let size = image.virtual_size;
    let cluster_size = image.cluster_size;
    let bytes = content(size, extents, seed);
    let layout = Layout::new(image, extents.iter().copied()).unwrap();
    let file_size = layout.file_size();
    assert!(file_size <= measure(size, extents.iter().copied(), cluster_size).unwrap());
    let writer = Writer::new(target(qemu, "w.qcow2"), "w.qcow2", layout).unwrap();
    write_parallel(&writer, &bytes, extents, seed);
    writer.finish().unwrap();
    assert_eq!(std::fs::metadata(qemu.path("w.qcow2")).unwrap().len(), file_size);
    let check = qemu.img(&["check", "-f", "qcow2", "w.qcow2"]);
    assert!(check.contains("No errors were found"), "{check}");
    qemu.write("w.raw", &bytes);
    qemu.img(&["compare", "-f", "qcow2", "-F", "raw", "w.qcow2", "w.raw"]);
    if size > 0 {
        qemu.same("w.qcow2");
    }
}

/// Extents in order, of any length in sectors, for a disk of `size` bytes.
fn any_extents(size: u64) -> impl Strategy<Value = Vec<Extent>> {
    let kind = prop_oneof![Just(ExtentKind::Data), Just(ExtentKind::Zero), Just(ExtentKind::Hole)];
    let length = prop_oneof![1_u64..8, 1_u64..300, 100_u64..3000];
    proptest::collection::vec((length, kind), 0..40).prop_map(move |parts| {
        let mut start = 0;
        let mut extents = Vec::new();
        for (sectors, kind) in parts {
            let length = (sectors * 512).min(size - start);
            if length > 0 {
                extents.push(Extent::new(start, length, kind));
            }
            start += length;
        }
        extents
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_extents_make_a_good_image(
        (size, extents) in (0_u64..20_000).prop_flat_map(|sectors| (Just(sectors * 512), any_extents(sectors * 512))),
        bits in 9_u32..=21,
        seed in any::<u64>(),
    ) {
        let Some(qemu) = Qemu::new("any_extents_make_a_good_image") else { return Ok(()) };
        round_trip(&qemu, NewImage::new(size).cluster_size(1 << bits), &extents, seed);
    }

    #[test]
    fn an_image_over_another_one(parts in proptest::collection::vec((0_u64..6, 0_u8..3), 1..30), seed in any::<u64>()) {
        let Some(qemu) = Qemu::new("an_image_over_another_one") else { return Ok(()) };
        let cluster = 65536;
        let mut start = 0;
        let mut extents = Vec::new();
        for (clusters, kind) in parts {
            let kind = [ExtentKind::Data, ExtentKind::Zero, ExtentKind::Hole][kind as usize];
            extents.push(Extent::new(start, clusters * cluster, kind));
            start += clusters * cluster;
        }
        let size = start + 512;
        qemu.img(&["create", "-f", "qcow2", "base.qcow2", &size.to_string()]);
        qemu.io("base.qcow2", &[&format!("write -P 0x77 0 {size}")]);
        let bytes = content(size, &extents, seed);
        let image = NewImage::new(size).backing("base.qcow2", "qcow2");
        let writer = Writer::new(target(&qemu, "o.qcow2"), "o.qcow2", Layout::new(image, extents.iter().copied()).unwrap()).unwrap();
        write_parallel(&writer, &bytes, &extents, seed);
        writer.finish().unwrap();
        let check = qemu.img(&["check", "-f", "qcow2", "o.qcow2"]);
        prop_assert!(check.contains("No errors were found"), "{}", check);
        // Holes show what is behind, zeros do not.
        let mut expected = bytes;
        for extent in extents.iter().filter(|extent| extent.kind == ExtentKind::Hole) {
            expected[extent.start as usize..extent.end() as usize].fill(0x77);
        }
        expected[start as usize..].fill(0x77);
        prop_assert!(qemu.raw("o.qcow2") == expected);
        qemu.same("o.qcow2");
        let mut extents: Vec<_> = extents.into_iter().filter(|extent| extent.length > 0).collect();
        extents.push(Extent::new(start, 512, ExtentKind::Hole));
        extents.dedup_by(|next, last| {
            let joins = next.kind == last.kind;
            last.length += if joins { next.length } else { 0 };
            joins
        });
        alike(&collect(&qemu.open("o.qcow2"), true), &extents);
    }
}

#[test]
fn one_pass_from_the_start_of_the_file() {
    let Some(qemu) = Qemu::new("one_pass_from_the_start_of_the_file") else { return };
    // Header, other metadata and data come in the order of the file, so that a pipe would do.
    let m = 1 << 20;
    let extents = [Extent::new(m, m, ExtentKind::Data), Extent::new(5 * m, 3 * m + 512, ExtentKind::Data)];
    let bytes = content(9 * m, &extents, 5);
    let layout = Layout::new(NewImage::new(9 * m), extents).unwrap();
    let mut file = layout.header();
    for (offset, piece) in layout.metadata() {
        assert!(offset >= file.len() as u64);
        file.resize(offset as usize, 0);
        file.extend(piece);
    }
    for extent in extents {
        let (host, room) = layout.host_offset(extent.start).unwrap();
        assert!(room >= extent.length && host >= file.len() as u64);
        file.resize(host as usize, 0);
        file.extend(&bytes[extent.start as usize..extent.end() as usize]);
    }
    file.resize(layout.file_size() as usize, 0);
    qemu.write("p.qcow2", &file);
    assert!(qemu.img(&["check", "p.qcow2"]).contains("No errors"));
    assert!(qemu.raw("p.qcow2") == bytes);
}

#[test]
fn large_disks() {
    let Some(qemu) = Qemu::new("large_disks") else { return };
    let g = 1_u64 << 30;
    for (size, cluster_size) in [(8192 * g, 65536), (100 * g, 512), (65536 * g, 2 << 20)] {
        let extents = [
            Extent::new(0, 1 << 20, ExtentKind::Data),
            Extent::new(50 * g - 512, 1 << 20, ExtentKind::Data),
            Extent::new(size - 512, 512, ExtentKind::Data),
        ];
        let layout = Layout::new(NewImage::new(size).cluster_size(cluster_size), extents).unwrap();
        let writer = Writer::new(target(&qemu, "l.qcow2"), "l.qcow2", layout).unwrap();
        for extent in extents {
            writer.write_at(&vec![3; extent.length as usize], extent.start).unwrap();
        }
        writer.finish().unwrap();
        assert!(qemu.img(&["check", "l.qcow2"]).contains("No errors"), "{size}");
        alike(&collect(&qemu.open("l.qcow2"), false), &qemu.map("l.qcow2"));
        let mut bytes = [0; 512];
        qemu.open("l.qcow2").read_at(&mut bytes, size - 512).unwrap();
        assert_eq!(bytes, [3; 512]);
    }
}

#[test]
fn many_data_clusters_need_several_refcount_blocks() {
    let Some(qemu) = Qemu::new("many_data_clusters_need_several_refcount_blocks") else { return };
    // 512-byte clusters: a block counts 256 clusters, and a cluster of the table names 64 blocks.
    let size = 24 << 20;
    round_trip(&qemu, NewImage::new(size).cluster_size(512), &[Extent::new(0, size, ExtentKind::Data)], 1);
    let extents: Vec<_> = (0..size / 1024).map(|number| Extent::new(number * 1024, 512, ExtentKind::Data)).collect();
    round_trip(&qemu, NewImage::new(size).cluster_size(512), &extents, 2);
    // Where the number of clusters just fills a block, or not quite.
    for clusters in 240..270 {
        let size = clusters * 512;
        let layout = Layout::new(NewImage::new(size).cluster_size(512), [Extent::new(0, size, ExtentKind::Data)]).unwrap();
        Writer::new(target(&qemu, "b.qcow2"), "b.qcow2", layout).unwrap().finish().unwrap();
        assert!(qemu.img(&["check", "b.qcow2"]).contains("No errors"), "{clusters}");
    }
}

#[test]
fn what_cannot_be_laid_out() {
    let layout = |image: NewImage, extents: &[Extent]| Layout::new(image, extents.iter().copied()).err().unwrap().to_string();
    let data = |start, length| Extent::new(start, length, ExtentKind::Data);
    let new = NewImage::new(1 << 20);
    for size in [0, 256, 1000, 4 << 20] {
        assert!(layout(new.clone().cluster_size(size), &[]).contains("not a size for clusters"));
    }
    assert!(layout(new.clone(), &[data(0, 512), data(0, 512)]).contains("not after the one before it"));
    assert!(layout(new.clone(), &[data(1 << 20, 1)]).contains("not within the disk"));
    assert!(layout(new.clone(), &[data(u64::MAX, 2)]).contains("not within the disk"));
    assert!(layout(NewImage::new(u64::MAX), &[]).contains("too large"));
    assert!(layout(NewImage::new(1 << 40).cluster_size(512), &[]).contains("give larger clusters"));
    for (file, format) in [("", "qcow2"), ("x", ""), (&*"x".repeat(1024), "raw")] {
        assert!(layout(new.clone().backing(file, format), &[]).contains("needs a name"));
    }
    assert!(layout(new.clone().cluster_size(512).backing("x".repeat(400), "qcow2"), &[]).contains("larger clusters"));
    let backed = new.clone().backing("b", "raw");
    let text = layout(backed.clone(), &[data(0, 4096)]);
    assert!(text.contains("clusters of 4096 bytes or less"), "{text}");
    assert!(layout(backed.clone(), &[data(0, 65536), data(65536 + 512, 65536 - 512)]).contains("clusters of 512 bytes or less"));
    // Data and zeros may share one, and the end of the disk may be anywhere.
    let zero = Extent::new(4096, 65536 - 4096, ExtentKind::Zero);
    assert!(Layout::new(backed, [data(0, 4096), zero]).is_ok());
    assert!(Layout::new(NewImage::new(1000).backing("b", "raw"), [data(0, 1000)]).is_ok());
}

#[test]
fn where_there_is_no_room() {
    let layout = Layout::new(
        NewImage::new((1 << 20) + 100),
        [Extent::new(65536, 1, ExtentKind::Data), Extent::new(1 << 20, 1, ExtentKind::Data)],
    )
    .unwrap();
    assert_eq!(layout.host_offset(0), None);
    assert_eq!(layout.host_offset(65535), None);
    let (first, room) = layout.host_offset(65536).unwrap();
    assert_eq!((first % 65536, room), (0, 65536));
    assert_eq!(layout.host_offset(65536 + 100), Some((first + 100, 65436)));
    assert_eq!(layout.host_offset(2 * 65536), None);
    assert_eq!(layout.host_offset(1 << 20), Some((first + 65536, 100)));
    assert_eq!(layout.host_offset((1 << 20) + 100), None);
    assert_eq!(layout.host_offset(u64::MAX), None);
    let writer = Writer::new(Broken, "x.qcow2", layout).unwrap();
    let text = writer.write_at(&[1], 0).unwrap_err().to_string();
    assert!(text.contains("x.qcow2: the layout has no room for data at 0"), "{text}");
    let text = writer.write_at(&[1], 65536).unwrap_err().to_string();
    assert_eq!(text, "x.qcow2 cannot be written: full");
    assert!(writer.finish().is_err());
}

struct Broken;

impl WriteAt for Broken {
    fn write_all_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::Error::other("full"))
    }

    fn set_size(&self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_unfinished_image_is_none() {
    let Some(qemu) = Qemu::new("an_unfinished_image_is_none") else { return };
    let extents = [Extent::new(0, 1 << 20, ExtentKind::Data)];
    let writer = Writer::new(target(&qemu, "u.qcow2"), "u.qcow2", Layout::new(NewImage::new(1 << 20), extents).unwrap()).unwrap();
    writer.write_at(&[1; 4096], 0).unwrap();
    drop(writer);
    assert!(qemu.try_img(&["info", "-f", "qcow2", "u.qcow2"]).is_err());
}
