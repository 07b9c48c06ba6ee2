//! Images that are not opened, and why.

use crate::common::{Qemu, refused, says};
use std::path::Path;
use virt_sdk::transfer::image::qcow2::{Backing, Image};

const INCOMPATIBLE: usize = 72;

/// A good image, with a change to its header.
fn changed(qemu: &Qemu, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    qemu.img(&["create", "-q", "-f", "qcow2", name, "8M"]);
    qemu.io(name, &["write -P 1 0 1M"]);
    let mut bytes = qemu.read(name);
    change(&mut bytes);
    qemu.write(name, &bytes);
}

fn set(at: usize, number: &[u8]) -> impl FnOnce(&mut Vec<u8>) {
    move |bytes| bytes[at..at + number.len()].copy_from_slice(number)
}

#[test]
fn encrypted() {
    let Some(qemu) = Qemu::new("encrypted") else { return };
    for (format, by) in [("luks", "by LUKS"), ("aes", "by AES")] {
        let options = format!("encrypt.format={format},encrypt.key-secret=s");
        let name = format!("{format}.qcow2");
        let made = qemu.try_img(&["create", "--object", "secret,id=s,data=abc", "-f", "qcow2", "-o", &options, &name, "1M"]);
        if let Err(error) = made {
            eprintln!("this QEMU makes no {format}: {error}");
            assert_eq!(format, "aes");
            changed(&qemu, &name, set(32, &1_u32.to_be_bytes()));
        }
        says(&qemu, &name, &["is encrypted", by, "decrypt it first"]);
    }
    changed(&qemu, "unknown.qcow2", set(32, &3_u32.to_be_bytes()));
    says(&qemu, "unknown.qcow2", &["encrypted by the unknown method 3"]);
}

#[test]
fn features() {
    let Some(qemu) = Qemu::new("features") else { return };
    qemu.img(&["create", "-f", "qcow2", "-o", "data_file=data.raw", "external.qcow2", "1M"]);
    says(&qemu, "external.qcow2", &["external data file", "qemu-img convert"]);
    changed(&qemu, "corrupt.qcow2", set(INCOMPATIBLE + 7, &[2]));
    says(&qemu, "corrupt.qcow2", &["marked as corrupt", "qemu-img check -r all"]);
    changed(&qemu, "unknown.qcow2", set(INCOMPATIBLE, &[0x80, 0, 0, 0, 0, 0, 0, 0x20]));
    says(&qemu, "unknown.qcow2", &["bit 5, bit 63", "not known here"]);
    // QEMU writes a table of names, whose first entry gets another bit and name here.
    changed(&qemu, "named.qcow2", |bytes| {
        let table = bytes.windows(4).position(|four| four == [0x68, 0x03, 0xf8, 0x57]).unwrap() + 8;
        bytes[table..table + 12].copy_from_slice(b"\0\x28time trave");
        bytes[table + 12..table + 48].fill(0);
        bytes[INCOMPATIBLE + 2] = 1;
    });
    says(&qemu, "named.qcow2", &["bit 40 (\"time trave\")"]);
    changed(&qemu, "compression.qcow2", |bytes| (bytes[INCOMPATIBLE + 7], bytes[104]) = (8, 9));
    says(&qemu, "compression.qcow2", &["compression type 9 is not known"]);
    changed(&qemu, "contradiction.qcow2", |bytes| bytes[INCOMPATIBLE + 7] = 8);
    says(&qemu, "contradiction.qcow2", &["contradict"]);
}

#[test]
fn headers() {
    let Some(qemu) = Qemu::new("headers") else { return };
    let huge = &u64::MAX.to_be_bytes();
    let past = &(1_u64 << 40).to_be_bytes();
    let cases: &[(&str, usize, &[u8], &str)] = &[
        ("magic", 0, b"QFI\0", "not a qcow2 image"),
        ("version1", 4, &1_u32.to_be_bytes(), "of version 1"),
        ("version4", 4, &4_u32.to_be_bytes(), "of version 4"),
        ("bits8", 20, &8_u32.to_be_bytes(), "2^8 bytes"),
        ("bits22", 20, &22_u32.to_be_bytes(), "2^22 bytes"),
        ("bits-max", 20, &u32::MAX.to_be_bytes(), "must be of 2^9 to 2^21"),
        ("size", 24, huge, "the size of the disk needs"),
        ("size-more", 24, &(1_u64 << 40).to_be_bytes(), "the size of the disk needs 2048"),
        ("l1-size", 36, &u32::MAX.to_be_bytes(), "33554432 are the most"),
        ("l1-place", 40, &513_u64.to_be_bytes(), "L1 table is at 513"),
        ("l1-header", 40, &0_u64.to_be_bytes(), "L1 table is at 0"),
        ("l1-past", 40, past, "past the end of the file"),
        ("l1-overflow", 40, &(u64::MAX << 16).to_be_bytes(), "past the end of the file"),
        ("refcount-place", 48, &1_u64.to_be_bytes(), "refcount table is at 1"),
        ("refcount-past", 48, past, "refcount table, 65536 bytes at 1099511627776"),
        ("refcount-none", 56, &0_u32.to_be_bytes(), "refcount table is of 0 bytes"),
        ("refcount-many", 56, &u32::MAX.to_be_bytes(), "8388608 at most"),
        ("refcount-order", 96, &7_u32.to_be_bytes(), "2^7 bits"),
        ("length-odd", 100, &105_u32.to_be_bytes(), "header is 105 bytes long"),
        ("length-short", 100, &72_u32.to_be_bytes(), "header is 72 bytes long"),
        ("length-long", 100, &u32::MAX.to_be_bytes(), "up to the size of a cluster"),
        ("extension", 116, &u32::MAX.to_be_bytes(), "longer than what is left of the header"),
    ];
    for (name, at, number, text) in cases {
        changed(&qemu, name, set(*at, number));
        says(&qemu, name, &[text]);
    }
    qemu.img(&["create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", "small", "8M"]);
    let mut bytes = qemu.read("small");
    bytes[INCOMPATIBLE + 7] = 16;
    qemu.write("small", &bytes);
    says(&qemu, "small", &["extended L2 entries need clusters of 2^14 bytes"]);
    for length in [0, 3, 4, 71, 100, 4096] {
        changed(&qemu, "short", |bytes| bytes.truncate(length));
        let text = refused(&qemu, "short", &Backing::Refuse).to_string();
        assert!(text.contains("not a qcow2 image") || text.contains("copied in full"), "{length}: {text}");
    }
}

#[test]
fn a_file_that_was_cut_off() {
    let Some(qemu) = Qemu::new("a_file_that_was_cut_off") else { return };
    changed(&qemu, "cut", |bytes| bytes.truncate(bytes.len() - 1));
    let image = Image::open(qemu.path("cut"), &Backing::Refuse).unwrap();
    let results: Vec<_> = image.map(0, u64::MAX).collect();
    let error = results.last().unwrap().as_ref().unwrap_err().to_string();
    assert!(error.contains("was it copied in full?"), "{error}");
    assert!(results.iter().rev().skip(1).all(Result::is_ok));
    // What comes before the damage is there, and nothing after it.
    assert_eq!(results[0].as_ref().unwrap().length, 15 * 65536);
    assert_eq!(results.len(), 2);
    let mut buf = vec![0; 1 << 20];
    assert!(image.read_at(&mut buf, 0).unwrap_err().to_string().contains("copied in full"));
    assert!(image.read_at(&mut buf[..65536], 0).is_ok());
}

#[test]
fn files_that_are_not_there() {
    let text = Image::open(Path::new("/nowhere/x.qcow2"), &Backing::Refuse).err().unwrap().to_string();
    assert!(text.starts_with("/nowhere/x.qcow2 cannot be opened: "), "{text}");
    let text = Image::open(Path::new("/"), &Backing::Refuse).err().unwrap().to_string();
    assert!(text.starts_with("/ "), "{text}");
}
