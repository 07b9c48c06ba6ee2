//! Formats, extents of local files, zeros, and measuring.

use crate::common::{Qemu, Random, mixed};
use proptest::prelude::*;
use std::fs::File;
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use virt_sdk::transfer::image::local::{extents, is_zero, split_zeros};
use virt_sdk::transfer::image::qcow2::measure;
use virt_sdk::transfer::image::{Extent, ExtentKind, Format, ReadAt, detect};

fn format(at: usize, magic: &[u8]) -> Format {
    let mut bytes = vec![0; 40_000];
    bytes[at..at + magic.len()].copy_from_slice(magic);
    detect(&bytes, "x").unwrap()
}

#[test]
fn formats_by_their_first_bytes() {
    assert_eq!(format(0, b""), Format::Raw);
    assert_eq!(format(0, b"QFI\xfb"), Format::Qcow2);
    assert_eq!(format(0x8001, b"CD001"), Format::Iso);
    assert_eq!(format(0, b"\x1f\x8b\x08"), Format::Gzip);
    assert_eq!(format(0, b"\xfd7zXZ\0"), Format::Xz);
    assert_eq!(format(0, b"\x28\xb5\x2f\xfd"), Format::Zstd);
    assert_eq!(format(0, b"BZh91AY&SY"), Format::Bzip2);
    assert_eq!(format(0, b"BZh9"), Format::Raw);
    assert_eq!(format(257, b"ustar"), Format::Tar);
    assert_eq!(format(0, b"LUKS\xba\xbe"), Format::Luks);
    assert_eq!(format(40_000 - 512, b"conectix"), Format::Vhd);
    assert_eq!(format(0, b"# Disk DescriptorFile"), Format::Vmdk);
    for length in [0, 1, 3, 511, 512, 513] {
        assert_eq!(detect(&vec![b'Q'; length], "x").unwrap(), Format::Raw);
    }
    assert_eq!(detect(&b"QFI\xfb".as_slice(), "x").unwrap(), Format::Qcow2);
    for format in [Format::Raw, Format::Qcow2, Format::Iso] {
        assert_eq!(format.refusal(), None);
    }
    assert!(Format::Gzip.refusal().unwrap().contains("gzip -d"));
    assert_eq!(Format::Vmdk.to_string(), "vmdk");
}

#[test]
fn formats_that_qemu_writes() {
    let Some(qemu) = Qemu::new("formats_that_qemu_writes") else { return };
    for (format, options, expected) in [
        ("qcow2", "compat=0.10", Format::Qcow2),
        ("qcow2", "compat=1.1", Format::Qcow2),
        ("raw", "preallocation=off", Format::Raw),
        ("vmdk", "subformat=monolithicSparse", Format::Vmdk),
        ("vmdk", "subformat=streamOptimized", Format::Vmdk),
        ("vmdk", "subformat=monolithicFlat", Format::Vmdk),
        ("vdi", "static=off", Format::Vdi),
        ("vpc", "subformat=dynamic", Format::Vhd),
        ("vpc", "subformat=fixed", Format::Vhd),
        ("vhdx", "subformat=dynamic", Format::Vhdx),
    ] {
        qemu.img(&["create", "-f", format, "-o", options, "f", "4M"]);
        assert_eq!(detect(&File::open(qemu.path("f")).unwrap(), "f").unwrap(), expected, "{format} {options}");
    }
    qemu.img(&["create", "--object", "secret,id=s,data=abc", "-f", "luks", "-o", "key-secret=s", "l", "1M"]);
    assert_eq!(detect(&File::open(qemu.path("l")).unwrap(), "l").unwrap(), Format::Luks);
}

#[test]
fn extents_of_a_sparse_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let file = File::options().read(true).write(true).create_new(true).open(path).unwrap();
    let all = |file: &File| extents(file, "s").unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(all(&file), []);
    let m = 1 << 20;
    file.set_len(16 * m).unwrap();
    file.write_all_at(&[1; 4096], 4 * m).unwrap();
    file.write_all_at(&[1; 4096], 16 * m - 4096).unwrap();
    let found = all(&file);
    let mut end = 0;
    for extent in &found {
        assert_eq!(extent.start, end);
        end = extent.end();
    }
    assert_eq!(end, 16 * m);
    // Some file systems know no holes.
    if found.len() > 1 {
        let (hole, data) = (ExtentKind::Zero, ExtentKind::Data);
        let expected = [
            Extent::new(0, 4 * m, hole),
            Extent::new(4 * m, 4096, data),
            Extent::new(4 * m + 4096, 12 * m - 8192, hole),
            Extent::new(16 * m - 4096, 4096, data),
        ];
        assert_eq!(found, expected);
        let span = file.span_at(m, m).unwrap();
        assert_eq!((span.length, span.stored), (m, false));
    } else {
        eprintln!("SKIPPED extents_of_a_sparse_file: this file system knows no holes");
    }
    file.set_len(17 * m).unwrap();
    assert_eq!(all(&file).last().map(Extent::end), Some(17 * m));
    let memory = vec![0_u8; 100];
    assert_eq!(extents(&memory, "m").unwrap().map(Result::unwrap).collect::<Vec<_>>(), [Extent::new(0, 100, ExtentKind::Data)]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn zeros_are_found(length in 0_usize..2000, at in 0_usize..2000, bit in 0_u8..8) {
        let mut bytes = vec![0; length];
        prop_assert!(is_zero(&bytes));
        if let Some(byte) = bytes.get_mut(at) {
            *byte = 1 << bit;
            prop_assert!(!is_zero(&bytes));
        }
    }

    #[test]
    fn zeros_are_split_off(blocks in proptest::collection::vec(0_u8..2, 0..40), start in 0_u64..3000, cut in 0_usize..600) {
        let mut bytes: Vec<u8> = blocks.iter().flat_map(|byte| [*byte; 512]).collect();
        bytes.truncate(bytes.len().saturating_sub(cut));
        let parts: Vec<Extent> = split_zeros(&bytes, start, NonZeroU64::new(512).unwrap()).collect();
        let mut end = start;
        for (index, part) in parts.iter().enumerate() {
            prop_assert_eq!(part.start, end);
            prop_assert!(index == 0 || part.start % 512 == 0);
            prop_assert!(index == 0 || parts[index - 1].kind != part.kind);
            end = part.end();
            let range = (part.start - start) as usize..(part.end() - start) as usize;
            prop_assert_eq!(is_zero(&bytes[range]), part.kind == ExtentKind::Zero);
        }
        prop_assert_eq!(end, start + bytes.len() as u64);
    }
}

#[test]
fn measures_as_qemu_does() {
    let Some(qemu) = Qemu::new("measures_as_qemu_does") else { return };
    let required =
        |text: &str| -> u64 { text.lines().find_map(|line| line.strip_prefix("required size: ")).unwrap().parse().unwrap() };
    let mut random = Random(1);
    let (k, g) = (1_u64 << 10, 1_u64 << 30);
    for size in [0, 512, 65536, 5 << 20, (5 << 20) + 512, 3 * g, 100 * g + 512, 2048 * g] {
        for cluster in [512, 4 * k, 64 * k, 2048 * k] {
            let options = format!("cluster_size={cluster}");
            let text = match qemu.try_img(&["measure", "-O", "qcow2", "-o", &options, "--size", &size.to_string()]) {
                Ok(text) => text,
                Err(error) => {
                    assert!(error.contains("too large") || error.contains("too small"), "{error}");
                    continue;
                }
            };
            let ours = measure(size, [], cluster).unwrap();
            // QEMU counts no L1 table for a disk of no size, though it makes one.
            let more = if size == 0 { cluster } else { 0 };
            assert_eq!(ours, required(&text) + more, "{size} {cluster}");
        }
    }
    // With data, in a file whose holes QEMU sees.
    for round in 0..12 {
        let file = File::create(qemu.path("m.raw")).unwrap();
        file.set_len(64 << 20).unwrap();
        for _ in 0..random.below(30) {
            let count = 4096 * (1 + random.below(200)) as usize;
            file.write_all_at(&mixed(round + 1, count), random.below(15_000) * 4096).unwrap();
        }
        let file = File::open(qemu.path("m.raw")).unwrap();
        for cluster in [512, 4 * k, 64 * k, 2048 * k] {
            let options = format!("cluster_size={cluster}");
            let text = qemu.img(&["measure", "-f", "raw", "-O", "qcow2", "-o", &options, "m.raw"]);
            let found: Vec<Extent> = extents(&file, "m.raw").unwrap().map(Result::unwrap).collect();
            assert_eq!(measure(64 << 20, found, cluster).unwrap(), required(&text), "{round} {cluster}");
            // And QEMU needs no more than that.
            qemu.img(&["convert", "-f", "raw", "-O", "qcow2", "-o", &options, "m.raw", "m.qcow2"]);
            assert!(std::fs::metadata(qemu.path("m.qcow2")).unwrap().len() <= required(&text));
        }
    }
    assert!(measure(1 << 20, [], 1000).unwrap_err().to_string().contains("not a size for clusters"));
    let twice = [Extent::new(0, 10, ExtentKind::Data); 2];
    assert!(measure(1 << 20, twice, 65536).unwrap_err().to_string().contains("not after the one before it"));
    assert!(measure(u64::MAX, [], 512).unwrap_err().to_string().contains("too large"));
}
