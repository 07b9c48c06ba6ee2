//! Images that QEMU makes, of every kind that can be read.

use crate::common::{Qemu, alike, cluster_size, collect, mixed, scribble};
use virt_sdk::transfer::image::ExtentKind;
use virt_sdk::transfer::image::qcow2::Compression;

const MIB: usize = 1 << 20;

/// Options of `qemu-img convert -o`.
const KINDS: &[&str] = &[
    "compat=0.10,cluster_size=512",
    "compat=0.10,cluster_size=4k",
    "compat=0.10,cluster_size=64k",
    "compat=0.10,cluster_size=2M",
    "compat=1.1,cluster_size=512",
    "compat=1.1,cluster_size=4k",
    "compat=1.1,cluster_size=64k",
    "compat=1.1,cluster_size=2M",
    "compat=1.1,cluster_size=64k,compression_type=zstd",
    "compat=1.1,cluster_size=512,compression_type=zstd",
    "compat=1.1,cluster_size=2M,compression_type=zstd",
    "compat=1.1,cluster_size=16k,extended_l2=on",
    "compat=1.1,cluster_size=128k,extended_l2=on,compression_type=zstd",
    "compat=1.1,cluster_size=2M,extended_l2=on",
    "compat=1.1,cluster_size=64k,refcount_bits=1",
    "compat=1.1,cluster_size=64k,refcount_bits=64",
];

#[test]
fn converted_images_of_every_kind() {
    let Some(qemu) = Qemu::new("converted_images_of_every_kind") else { return };
    for (number, kind) in KINDS.iter().enumerate() {
        let size = if kind.contains("=512") { 3 * MIB } else { 9 * MIB } + 512;
        qemu.write("in.raw", &mixed(number as u64, size));
        for compress in [false, true] {
            let name = format!("{number}-{compress}.qcow2");
            let mut args = vec!["convert", "-f", "raw", "-O", "qcow2", "-o", kind, "in.raw", &name];
            if compress {
                args.insert(1, "-c");
            }
            qemu.img(&args);
            qemu.same(&name);
            let image = qemu.open(&name);
            assert_eq!(image.info().version, if kind.contains("0.10") { 2 } else { 3 });
            assert_eq!(image.info().extended_l2, kind.contains("extended"));
            assert_eq!(image.info().compression == Compression::Zstd, kind.contains("zstd"));
            assert_eq!(collect(&image, false).iter().any(|extent| extent.compressed), compress, "{kind}");
        }
    }
}

#[test]
fn images_after_random_writes() {
    let Some(qemu) = Qemu::new("images_after_random_writes") else { return };
    for (number, kind) in KINDS.iter().enumerate() {
        let cluster = cluster_size(kind);
        let size = (cluster * 100).clamp(1 << 20, 24 << 20);
        let name = format!("{number}.qcow2");
        qemu.img(&["create", "-f", "qcow2", "-o", kind, &name, &size.to_string()]);
        scribble(&qemu, &name, number as u64, size, cluster);
        qemu.same(&name);
    }
}

#[test]
fn internal_snapshots_are_counted_and_ignored() {
    let Some(qemu) = Qemu::new("internal_snapshots_are_counted_and_ignored") else { return };
    for compat in ["compat=0.10", "compat=1.1"] {
        qemu.img(&["create", "-f", "qcow2", "-o", compat, "s.qcow2", "8M"]);
        qemu.io("s.qcow2", &["write -P 1 0 4M"]);
        qemu.img(&["snapshot", "-c", "one", "s.qcow2"]);
        qemu.io("s.qcow2", &["write -P 2 1M 1M"]);
        qemu.img(&["snapshot", "-c", "two", "s.qcow2"]);
        qemu.io("s.qcow2", &["write -P 3 2M 3M", "write -P 4 0 512"]);
        qemu.same("s.qcow2");
        assert_eq!(qemu.open("s.qcow2").info().snapshots, 2);
    }
}

#[test]
fn an_image_that_was_not_closed() {
    let Some(qemu) = Qemu::new("an_image_that_was_not_closed") else { return };
    qemu.img(&["create", "-f", "qcow2", "-o", "lazy_refcounts=on", "d.qcow2", "8M"]);
    // It ends at once, as if it crashed.
    let mut child = std::process::Command::new("qemu-io");
    child.args(["-f", "qcow2", "d.qcow2", "-c", "write -P 5 1M 2M", "-c", "flush", "-c", "abort"]).current_dir(qemu.folder());
    child.output().unwrap();
    let image = qemu.open("d.qcow2");
    assert!(image.info().dirty);
    let mut bytes = vec![0; 8 << 20];
    image.read_at(&mut bytes, 0).unwrap();
    assert!(bytes[1 << 20..3 << 20].iter().all(|byte| *byte == 5));
    assert!(
        virt_sdk::transfer::image::local::is_zero(&bytes[..1 << 20])
            && virt_sdk::transfer::image::local::is_zero(&bytes[3 << 20..])
    );
    // QEMU repairs it when it opens it for writing.
    qemu.img(&["check", "-r", "all", "d.qcow2"]);
    qemu.same("d.qcow2");
    assert!(!qemu.open("d.qcow2").info().dirty);
}

#[test]
fn preallocated_images() {
    let Some(qemu) = Qemu::new("preallocated_images") else { return };
    for mode in ["metadata", "falloc", "full"] {
        for kind in ["cluster_size=64k", "cluster_size=64k,extended_l2=on", "cluster_size=512"] {
            let options = format!("preallocation={mode},{kind}");
            qemu.img(&["create", "-f", "qcow2", "-o", &options, "p.qcow2", "9M"]);
            qemu.io("p.qcow2", &["write -P 6 3M 1M", "write -P 7 7M 512"]);
            let (ours, theirs) = (qemu.open("p.qcow2"), qemu.raw("p.qcow2"));
            let mut bytes = vec![0; theirs.len()];
            ours.read_at(&mut bytes, 0).unwrap();
            assert!(bytes == theirs, "{options}");
            let map = collect(&ours, false);
            // Whether space that was only reserved counts as a hole depends on the file system.
            if mode == "metadata" {
                let data: u64 = map.iter().filter(|extent| extent.kind == ExtentKind::Data).map(|extent| extent.length).sum();
                assert!(data <= 3 << 20, "{options}: {map:?}");
            }
            for extent in map.iter().filter(|extent| extent.kind != ExtentKind::Data) {
                assert!(virt_sdk::transfer::image::local::is_zero(&theirs[extent.start as usize..extent.end() as usize]));
            }
        }
    }
}

#[test]
fn a_huge_disk_with_little_in_it_is_mapped_fast() {
    let Some(qemu) = Qemu::new("a_huge_disk_with_little_in_it_is_mapped_fast") else { return };
    for (kind, size) in [
        ("cluster_size=64k", "8T"),
        ("cluster_size=2M", "64T"),
        ("cluster_size=64k,extended_l2=on", "8T"),
        ("cluster_size=512", "120G"),
    ] {
        qemu.img(&["create", "-f", "qcow2", "-o", kind, "h.qcow2", size]);
        qemu.io("h.qcow2", &["write -P 8 0 64k", "write -P 9 100G 128k", "write -z 90G 4M", "write -P 8 119G 2M"]);
        let image = qemu.open("h.qcow2");
        let start = std::time::Instant::now();
        let map = collect(&image, false);
        let took = start.elapsed();
        assert!(took.as_secs_f64() < 1.0, "{kind}: {took:?}");
        alike(&map, &qemu.map("h.qcow2"));
        let mut bytes = [0; 4];
        image.read_at(&mut bytes, (100 << 30) + 1000).unwrap();
        assert_eq!(bytes, [9; 4]);
        eprintln!("{kind} {size}: {} extents in {took:?}", map.len());
    }
}

#[test]
fn an_empty_disk_and_odd_sizes() {
    let Some(qemu) = Qemu::new("an_empty_disk_and_odd_sizes") else { return };
    for size in ["0", "512", "65024", "65536", "66048", "33554432", "33554944"] {
        qemu.img(&["create", "-f", "qcow2", "e.qcow2", size]);
        assert_eq!(qemu.open("e.qcow2").size().to_string(), size);
        qemu.same("e.qcow2");
    }
}

#[test]
fn bitmaps_are_counted() {
    let Some(qemu) = Qemu::new("bitmaps_are_counted") else { return };
    qemu.img(&["create", "-f", "qcow2", "b.qcow2", "8M"]);
    qemu.img(&["bitmap", "--add", "b.qcow2", "one"]);
    qemu.img(&["bitmap", "--add", "b.qcow2", "two"]);
    qemu.io("b.qcow2", &["write -P 1 0 1M"]);
    assert_eq!(qemu.open("b.qcow2").info().bitmaps, 2);
    qemu.same("b.qcow2");
}

#[test]
fn part_of_a_map() {
    let Some(qemu) = Qemu::new("part_of_a_map") else { return };
    qemu.img(&["create", "-f", "qcow2", "m.qcow2", "8M"]);
    qemu.io("m.qcow2", &["write -P 1 1M 1M"]);
    let image = qemu.open("m.qcow2");
    let part = |start, length| {
        image
            .map(start, length)
            .map(|extent| extent.unwrap())
            .map(|extent| (extent.start, extent.length, extent.kind))
            .collect::<Vec<_>>()
    };
    let m = 1 << 20;
    assert_eq!(part(m + 5, 10), [(m + 5, 10, ExtentKind::Data)]);
    assert_eq!(part(m - 5, 10), [(m - 5, 5, ExtentKind::Hole), (m, 5, ExtentKind::Data)]);
    assert_eq!(part(8 * m - 1, u64::MAX), [(8 * m - 1, 1, ExtentKind::Hole)]);
    assert_eq!(part(8 * m, 1), []);
    assert_eq!(part(u64::MAX, u64::MAX), []);
    assert_eq!(part(0, 0), []);
    let mut buf = [0; 2];
    assert!(image.read_at(&mut buf, 8 * m - 1).unwrap_err().to_string().contains("cannot be read from a disk of 8388608 bytes"));
}
