//! Backing files that are not opened, and why.

use crate::common::{Qemu, refused, says, says_with};
use virt_sdk::transfer::image::qcow2::{Backing, Image};

/// An image with a backing file that need not be there.
fn overlay(qemu: &Qemu, name: &str, behind: &str, format: &str) {
    qemu.img(&["create", "-q", "-u", "-f", "qcow2", "-F", format, "-b", behind, name, "8M"]);
}

#[test]
fn backing_files_are_opened_only_where_it_is_allowed() {
    let Some(qemu) = Qemu::new("backing_files_are_opened_only_where_it_is_allowed") else { return };
    std::fs::create_dir(qemu.path("in")).unwrap();
    qemu.img(&["create", "-q", "-f", "qcow2", "base.qcow2", "8M"]);
    qemu.img(&["create", "-q", "-f", "qcow2", "in/base.qcow2", "8M"]);
    overlay(&qemu, "in/good.qcow2", "base.qcow2", "qcow2");
    let within = Backing::Within(qemu.path("in"));
    assert!(Image::open(qemu.path("in/good.qcow2"), &within).is_ok());
    says_with(
        &qemu,
        "in/good.qcow2",
        &Backing::Refuse,
        &["has the backing file \"base.qcow2\"", "unless you allow it", "Backing::Within"],
    );
    assert_eq!(Backing::default(), Backing::Refuse);

    for (name, behind) in [("up", "../base.qcow2"), ("absolute", "/etc/hostname"), ("within-and-out", "../in/../base.qcow2")] {
        overlay(&qemu, &format!("in/{name}"), behind, "raw");
        says_with(&qemu, &format!("in/{name}"), &within, &[behind, "which is not within"]);
    }
    std::os::unix::fs::symlink("../base.qcow2", qemu.path("in/link")).unwrap();
    overlay(&qemu, "in/by-link", "link", "qcow2");
    says_with(&qemu, "in/by-link", &within, &["\"link\" is", "base.qcow2, which is not within"]);
    std::os::unix::fs::symlink("..", qemu.path("in/folder")).unwrap();
    overlay(&qemu, "in/by-folder", "folder/base.qcow2", "qcow2");
    says_with(&qemu, "in/by-folder", &within, &["which is not within"]);
    // A link that stays inside is as good as a file.
    std::os::unix::fs::symlink("base.qcow2", qemu.path("in/inner")).unwrap();
    overlay(&qemu, "in/by-inner", "inner", "qcow2");
    assert!(Image::open(qemu.path("in/by-inner"), &within).is_ok());
    // The folder of a similar name is another one.
    std::fs::create_dir(qemu.path("in2")).unwrap();
    std::fs::copy(qemu.path("base.qcow2"), qemu.path("in2/base.qcow2")).unwrap();
    overlay(&qemu, "in/sibling", "../in2/base.qcow2", "qcow2");
    says_with(&qemu, "in/sibling", &within, &["which is not within"]);

    overlay(&qemu, "in/missing", "nothing.qcow2", "qcow2");
    says_with(&qemu, "in/missing", &within, &["\"nothing.qcow2\" cannot be found"]);
    overlay(&qemu, "in/dir", ".", "raw");
    says_with(&qemu, "in/dir", &within, &["is not a regular file"]);
    let pipe = std::process::Command::new("mkfifo").arg(qemu.path("in/pipe")).status().unwrap();
    assert!(pipe.success());
    overlay(&qemu, "in/by-pipe", "pipe", "raw");
    says_with(&qemu, "in/by-pipe", &within, &["is not a regular file"]);
    says_with(&qemu, "in/good.qcow2", &Backing::Within(qemu.path("gone")), &["gone, which cannot be found"]);
}

#[test]
fn names_that_are_no_files() {
    let Some(qemu) = Qemu::new("names_that_are_no_files") else { return };
    qemu.img(&["create", "-q", "-f", "qcow2", "base.qcow2", "8M"]);
    let json = r#"json:{"driver":"file","filename":"/etc/hostname"}"#;
    for name in
        [json, "nbd:localhost:10809", "nbd://localhost/x", "file:base.qcow2", "fat:rw:.", "ssh://host/x", "host_device:/dev/sda"]
    {
        overlay(&qemu, "o.qcow2", "x".repeat(name.len()).as_str(), "qcow2");
        // QEMU would try to make something of it.
        let mut bytes = qemu.read("o.qcow2");
        let at = usize::try_from(u64::from_be_bytes(bytes[8..16].try_into().unwrap())).unwrap();
        bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
        qemu.write("o.qcow2", &bytes);
        says(&qemu, "o.qcow2", &["is not the name of a file but of another source"]);
    }
}

#[test]
fn formats_of_backing_files() {
    let Some(qemu) = Qemu::new("formats_of_backing_files") else { return };
    qemu.img(&["create", "-q", "-f", "qcow2", "base.qcow2", "8M"]);
    overlay(&qemu, "vmdk.qcow2", "base.qcow2", "vmdk");
    says(&qemu, "vmdk.qcow2", &["of the format \"vmdk\"", "only raw and qcow2"]);
    overlay(&qemu, "none.qcow2", "base.qcow2", "qcow2");
    let mut bytes = qemu.read("none.qcow2");
    let at = bytes.windows(4).position(|four| four == [0xe2, 0x79, 0x2a, 0xca]).unwrap();
    bytes[at..at + 4].copy_from_slice(&[0x12, 0x34, 0x56, 0x78]);
    qemu.write("none.qcow2", &bytes);
    says(&qemu, "none.qcow2", &["does not say of which format", "qemu-img rebase -u -F qcow2"]);
    // A raw file that is said to be qcow2.
    qemu.write("base.raw", &[0; 4096]);
    overlay(&qemu, "wrong.qcow2", "base.raw", "qcow2");
    let text = refused(&qemu, "wrong.qcow2", &Backing::Within(qemu.folder().to_owned())).to_string();
    assert!(text.contains("base.raw: it is not a qcow2 image"), "{text}");
    // Names that do not fit where they should be.
    for (at, number) in [(8, u64::MAX), (8, 4), (8, 65_530)] {
        overlay(&qemu, "name.qcow2", "base.qcow2", "qcow2");
        let mut bytes = qemu.read("name.qcow2");
        bytes[at..at + 8].copy_from_slice(&number.to_be_bytes());
        qemu.write("name.qcow2", &bytes);
        says(&qemu, "name.qcow2", &["the name of its backing file"]);
    }
    for size in [0_u32, 1024, u32::MAX] {
        overlay(&qemu, "name.qcow2", "base.qcow2", "qcow2");
        let mut bytes = qemu.read("name.qcow2");
        bytes[16..20].copy_from_slice(&size.to_be_bytes());
        qemu.write("name.qcow2", &bytes);
        says(&qemu, "name.qcow2", &["of 1 to 1023 bytes"]);
    }
}

#[test]
fn loops() {
    let Some(qemu) = Qemu::new("loops") else { return };
    overlay(&qemu, "self.qcow2", "0000.qcow2", "qcow2");
    let mut bytes = qemu.read("self.qcow2");
    let at = bytes.windows(4).position(|four| four == b"0000").unwrap();
    bytes[at..at + 4].copy_from_slice(b"self");
    qemu.write("self.qcow2", &bytes);
    says(&qemu, "self.qcow2", &["\"self.qcow2\" is in the chain already, which makes a loop"]);
    overlay(&qemu, "one.qcow2", "two.qcow2", "qcow2");
    overlay(&qemu, "two.qcow2", "one.qcow2", "qcow2");
    says_two(&qemu, "one.qcow2");
    // By another name.
    std::fs::hard_link(qemu.path("self.qcow2"), qemu.path("hard.qcow2")).unwrap();
    says_two(&qemu, "hard.qcow2");
}

fn says_two(qemu: &Qemu, image: &str) {
    let text = refused(qemu, image, &Backing::Within(qemu.folder().to_owned())).to_string();
    assert!(text.contains("makes a loop"), "{text}");
}

#[test]
fn depth() {
    let Some(qemu) = Qemu::new("depth") else { return };
    qemu.img(&["create", "-q", "-f", "qcow2", "1", "8M"]);
    qemu.io("1", &["write -P 1 0 64k"]);
    for number in 2..=17 {
        overlay(&qemu, &number.to_string(), &(number - 1).to_string(), "qcow2");
    }
    let within = Backing::Within(qemu.folder().to_owned());
    let image = Image::open(qemu.path("16"), &within).unwrap();
    let mut bytes = [0; 4];
    image.read_at(&mut bytes, 0).unwrap();
    assert_eq!(bytes, [1; 4]);
    qemu.same("16");
    let text = refused(&qemu, "17", &within).to_string();
    assert!(text.contains("it is the last of 16 files that may form a chain"), "{text}");
}

#[test]
fn a_backing_file_that_is_left_alone() {
    let Some(qemu) = Qemu::new("a_backing_file_that_is_left_alone") else { return };
    overlay(&qemu, "o.qcow2", "nothing.qcow2", "qcow2");
    let image = Image::open(qemu.path("o.qcow2"), &Backing::Leave).unwrap();
    assert_eq!(image.info().backing_file.as_deref(), Some("nothing.qcow2"));
    assert_eq!(image.info().backing_format.as_deref(), Some("qcow2"));
    let extents: Vec<_> = image.map(0, u64::MAX).map(Result::unwrap).collect();
    assert_eq!(extents, [virt_sdk::transfer::image::Extent::new(0, 8 << 20, virt_sdk::transfer::image::ExtentKind::Hole)]);
    let text = image.read_at(&mut [0; 512], 4096).unwrap_err().to_string();
    assert!(
        text.contains("o.qcow2: what is at 4096 on the disk is in the backing file \"nothing.qcow2\", which was left alone"),
        "{text}"
    );
    // The same from a source that is no file.
    let bytes = qemu.read("o.qcow2");
    assert!(Image::from_source(bytes.clone(), "memory", &Backing::Leave).is_ok());
    for backing in [Backing::Refuse, Backing::Within("/".into())] {
        let error = Image::from_source(bytes.clone(), "memory", &backing).err().unwrap();
        assert!(error.to_string().starts_with("memory: it has the backing file"), "{error}");
    }
}
