//! Damaged images: reading them may fail, but neither panics, nor goes on for ever, nor fills the memory.
//!
//! `FUZZ_ROUNDS` sets the number of damaged images, `FUZZ_SEED` where the numbers start.

use crate::common::{Qemu, Random, mixed, peak, use_up};
use std::time::{Duration, Instant};
use virt_sdk::transfer::image::qcow2::{Backing, Image, Layout, NewImage};
use virt_sdk::transfer::image::{Extent, ExtentKind};

/// Most time for one damaged image, in a build without optimisation on a busy machine.
const MOST_TIME: Duration = Duration::from_secs(20);
/// Most memory that all of it may take at once: tables, buffers of one thread, and the image itself.
const MOST_MEMORY: u64 = 160 << 20;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// Images that are right, and small, so that a change at random hits something.
fn seeds(qemu: &Qemu) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    qemu.write("in.raw", &mixed(7, 400_000));
    for options in [
        "compat=0.10,cluster_size=512",
        "compat=1.1,cluster_size=4k",
        "compat=1.1,cluster_size=4k,compression_type=zstd",
        "compat=1.1,cluster_size=64k,compression_type=zstd",
        "compat=1.1,cluster_size=16k,extended_l2=on",
        "compat=1.1,cluster_size=128k,extended_l2=on,compression_type=zstd",
    ] {
        for compress in ["-c", "-p"] {
            qemu.img(&["convert", "-q", compress, "-f", "raw", "-O", "qcow2", "-o", options, "in.raw", "s.qcow2"]);
            seeds.push(qemu.read("s.qcow2"));
        }
        qemu.img(&["create", "-q", "-u", "-f", "qcow2", "-o", options, "-F", "qcow2", "-b", "base", "s.qcow2", "1M"]);
        seeds.push(qemu.read("s.qcow2"));
    }
    seeds
}

/// Images that need no QEMU.
fn own_seeds() -> Vec<Vec<u8>> {
    let kinds = [ExtentKind::Data, ExtentKind::Zero, ExtentKind::Hole];
    (9..14)
        .map(|bits| {
            let extents = (0..40).map(|number| Extent::new(number * 16384, 16384, kinds[number as usize % 3]));
            let layout = Layout::new(NewImage::new(1 << 20).cluster_size(1 << bits).backing("b", "raw"), extents).unwrap();
            let mut bytes = vec![0; layout.file_size() as usize];
            for (offset, piece) in layout.metadata().chain([(0, layout.header())]) {
                bytes[offset as usize..offset as usize + piece.len()].copy_from_slice(&piece);
            }
            bytes
        })
        .collect()
}

/// Where to change something: header, tables, or anywhere. Most of a file is data that does not matter.
fn place(bytes: &[u8], random: &mut Random) -> usize {
    let pointer =
        |at: usize| usize::try_from(u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap()) & 0xff_ffff_fe00).unwrap();
    let length = bytes.len();
    let near = |start: usize, range: u64, random: &mut Random| start.min(length - 1) + random.below(range) as usize;
    let l1 = pointer(40);
    let at = match random.below(8) {
        0 | 1 => random.below(120) as usize,
        2 => near(l1, 16, random),
        // The L2 table that the first entry of L1 names.
        3..=5 if l1 + 8 <= length => near(pointer(l1), 1024, random),
        6 => near(pointer(48), 64, random),
        _ => random.below(length as u64) as usize,
    };
    at.min(length - 1)
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(6) {
        let at = place(bytes, random);
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 | 3 => {
                // A whole number, often one that is near a bound or looks like an offset.
                let number = match random.below(6) {
                    0 => u64::MAX >> random.below(64),
                    1 => 1 << random.below(64),
                    2 => random.below(bytes.len() as u64),
                    3 => (random.below(bytes.len() as u64) / 512 * 512) | (1 << 63),
                    4 => (1 << 62) | random.next() >> random.below(60),
                    _ => random.next(),
                };
                let at = at / 8 * 8;
                let end = (at + 8).min(bytes.len());
                bytes[at..end].copy_from_slice(&number.to_be_bytes()[..end - at]);
            }
            4 => {
                let from = place(bytes, random) / 8 * 8;
                let count = (8 << random.below(6)).min(bytes.len() - from.max(at));
                bytes.copy_within(from..from + count, at);
            }
            5 => {
                let end = (at + random.below(64) as usize).min(bytes.len());
                bytes[at..end].fill(random.next() as u8);
            }
            6 if random.below(4) == 0 => bytes.truncate(at.max(120)),
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
    }
}

#[test]
fn damaged_images() {
    let mut seeds = own_seeds();
    if let Some(qemu) = Qemu::new("damaged_images, with images of QEMU") {
        seeds.extend(self::seeds(&qemu));
    }
    let before = peak();
    let (rounds, first) = (number("FUZZ_ROUNDS", 2500), number("FUZZ_SEED", 1));
    let (mut counts, mut slowest) = ([0; 3], Duration::ZERO);
    for round in first..first + rounds {
        let mut random = Random(round.wrapping_mul(0x1_0000_0001));
        let mut bytes = seeds[random.below(seeds.len() as u64) as usize].clone();
        damage(&mut bytes, &mut random);
        let start = Instant::now();
        counts[use_up(bytes, &mut random)] += 1;
        slowest = slowest.max(start.elapsed());
        assert!(start.elapsed() < MOST_TIME, "round {round} took {:?}", start.elapsed());
        assert!(peak() - before < MOST_MEMORY, "round {round} took {} bytes", peak() - before);
    }
    eprintln!(
        "{rounds} damaged images: {counts:?} refused, failed later, read; slowest {slowest:?}; memory {} MiB",
        (peak() - before) >> 20
    );
    assert!(rounds < 100 || counts.iter().all(|count| *count > rounds / 50), "{counts:?}");
}

/// Only the compressed data is damaged, which is for the decoders alone.
#[test]
fn damaged_compressed_data() {
    let Some(qemu) = Qemu::new("damaged_compressed_data") else { return };
    let rounds = number("FUZZ_ROUNDS", 2500);
    for kind in ["zlib", "zstd"] {
        qemu.write("in.raw", &mixed(11, 200_000));
        let options = format!("compat=1.1,cluster_size=64k,compression_type={kind}");
        qemu.img(&["convert", "-c", "-f", "raw", "-O", "qcow2", "-o", &options, "in.raw", "s.qcow2"]);
        let seed = qemu.read("s.qcow2");
        // Clusters of data come after all else that QEMU writes first: header, refcounts, L1, L2.
        let data = 5 << 16;
        assert!(seed.len() > data + 1000);
        let mut failed = 0;
        for round in 0..rounds {
            let mut random = Random(round + 99);
            let mut bytes = seed.clone();
            for _ in 0..=random.below(20) {
                let at = data + random.below((seed.len() - data) as u64) as usize;
                let near_start = random.below(2) == 0;
                let at = if near_start { data + random.below(40) as usize } else { at };
                bytes[at] = if random.below(2) == 0 { bytes[at] ^ 1 << random.below(8) } else { random.next() as u8 };
            }
            let image = Image::from_source(bytes, "fuzzed", &Backing::Refuse).unwrap();
            let mut buf = vec![0; 200_192];
            for part in buf.chunks_mut(65536).enumerate() {
                failed += usize::from(image.read_at(part.1, part.0 as u64 * 65536).is_err());
            }
        }
        eprintln!("{kind}: {rounds} images with damaged data, {failed} clusters of {} could not be read", rounds * 4);
    }
}
