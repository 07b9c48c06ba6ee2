//! Images over other images, and threads that read them.

use crate::common::{Qemu, Random, cluster_size, collect, mixed, scribble};
use virt_sdk::transfer::image::ExtentKind;

const MIB: usize = 1 << 20;

#[test]
fn chains_of_two_and_three() {
    let Some(qemu) = Qemu::new("chains_of_two_and_three") else { return };
    // Sizes from the base to the top: the backing file may be shorter or longer.
    let (m, k) = (1_u64 << 20, 1_u64 << 10);
    for (number, sizes) in
        [[8 * m, 8 * m, 8 * m], [3 * m, 8 * m, 9 * m], [9 * m, 5 * m, 7 * m], [2 * m + 512, 3 * m + 33 * k, 8 * m]]
            .iter()
            .enumerate()
    {
        for (base_kind, middle_kind, top_kind) in [
            ("cluster_size=64k", "cluster_size=64k", "cluster_size=64k"),
            ("compat=0.10", "compat=0.10,cluster_size=4k", "compat=0.10"),
            ("cluster_size=2M", "cluster_size=512", "cluster_size=64k,compression_type=zstd"),
            ("cluster_size=64k,extended_l2=on", "cluster_size=16k,extended_l2=on", "cluster_size=128k,extended_l2=on"),
        ] {
            for (name, kind, size, behind) in [
                ("base.qcow2", base_kind, sizes[0], None),
                ("middle.qcow2", middle_kind, sizes[1], Some("base.qcow2")),
                ("top.qcow2", top_kind, sizes[2], Some("middle.qcow2")),
            ] {
                let size_text = size.to_string();
                let mut args = vec!["create", "-f", "qcow2", "-o", kind];
                if let Some(behind) = behind {
                    args.extend(["-F", "qcow2", "-b", behind]);
                }
                args.extend([name, &size_text]);
                qemu.img(&args);
                scribble(&qemu, name, number as u64 + size, size, cluster_size(kind));
            }
            qemu.same("base.qcow2");
            qemu.same("middle.qcow2");
            qemu.same("top.qcow2");
        }
    }
}

#[test]
fn a_raw_file_behind() {
    let Some(qemu) = Qemu::new("a_raw_file_behind") else { return };
    for (number, length) in [4 * MIB, 2 * MIB + 4096, 1024].into_iter().enumerate() {
        let mut bytes = mixed(number as u64, length);
        // A header in it must not count.
        bytes[..4].copy_from_slice(b"QFI\xfb");
        qemu.write("base.raw", &bytes);
        qemu.img(&["create", "-f", "qcow2", "-F", "raw", "-b", "base.raw", "top.qcow2", "4M"]);
        scribble(&qemu, "top.qcow2", number as u64, 4 << 20, 65536);
        qemu.same("top.qcow2");
    }
    // One with holes.
    let file = std::fs::File::create(qemu.path("base.raw")).unwrap();
    file.set_len(16 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[7; 100_000], 5 << 20).unwrap();
    qemu.img(&["create", "-f", "qcow2", "-F", "raw", "-b", "base.raw", "top.qcow2", "20M"]);
    qemu.same("top.qcow2");
}

#[test]
fn zeros_over_data_hide_it() {
    let Some(qemu) = Qemu::new("zeros_over_data_hide_it") else { return };
    qemu.img(&["create", "-f", "qcow2", "base.qcow2", "4M"]);
    qemu.io("base.qcow2", &["write -P 1 0 4M"]);
    qemu.img(&["create", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", "top.qcow2", "4M"]);
    qemu.io("top.qcow2", &["write -z 1M 1M", "write -P 2 2M 64k", "discard 3M 512k"]);
    qemu.same("top.qcow2");
    let top = qemu.open("top.qcow2");
    let kinds = |layer| collect(&top, layer).into_iter().map(|extent| (extent.start, extent.kind)).collect::<Vec<_>>();
    let layer = kinds(true);
    assert!(layer.contains(&(1 << 20, ExtentKind::Zero)) && layer.contains(&(0, ExtentKind::Hole)), "{layer:?}");
    assert_eq!(kinds(false)[..3], [(0, ExtentKind::Data), (1 << 20, ExtentKind::Zero), (2 << 20, ExtentKind::Data)]);
}

#[test]
fn threads_share_an_image() {
    let Some(qemu) = Qemu::new("threads_share_an_image") else { return };
    qemu.write("in.raw", &mixed(21, 4 * MIB));
    for options in ["cluster_size=64k", "cluster_size=2M,compression_type=zstd"] {
        qemu.img(&["convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, "in.raw", "base.qcow2"]);
        qemu.img(&["create", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", "top.qcow2"]);
        qemu.io("top.qcow2", &["write -P 1 1M 100k"]);
        let (image, expected) = (qemu.open("top.qcow2"), qemu.raw("top.qcow2"));
        std::thread::scope(|scope| {
            for seed in 0..8 {
                let (image, expected) = (&image, &expected);
                scope.spawn(move || {
                    let mut random = Random(seed);
                    for _ in 0..40 {
                        let start = random.below(expected.len() as u64) as usize;
                        let count = (random.below(200_000) as usize).min(expected.len() - start);
                        let mut buf = vec![0; count];
                        image.read_at(&mut buf, start as u64).unwrap();
                        assert!(buf == expected[start..start + count]);
                    }
                });
            }
        });
    }
}
