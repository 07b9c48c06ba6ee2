//! Images that go to an engine and come back.

use crate::support::{Bench, STORAGE_DOMAIN, content, json_lines, labelled, read_qcow2, shown, text, write_qcow2};
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;
use virt_sdk::ovirt::types::{
    Cluster, Disk, DiskAttachment, DiskFormat, DiskInterface, DiskStatus, Snapshot, Template, Vm, VmStatus,
};
use virt_sdk::transfer::image::qcow2::NewImage;
use virt_simulator::Simulator;

#[tokio::test(flavor = "multi_thread")]
async fn raw_there_and_back() {
    let bench = Bench::start().await;
    let image = bench.file("fedora.raw", content());
    let sent = bench.run(&[&"upload", &"-s", &STORAGE_DOMAIN, &"--verify", &image]);
    let id = labelled(&sent, "disk");
    assert_eq!((labelled(&sent, "format"), labelled(&sent, "size")), ("raw".into(), "4194304 (4.00 MiB)".into()));
    assert_eq!(labelled(&sent, "checksum").len(), 64);
    let disk = bench.disk(&id).await.expect("a disk");
    assert_eq!((disk.name.as_deref(), disk.format, disk.sparse), (Some("fedora"), Some(DiskFormat::Raw), Some(true)));

    let copy = bench.path("copy.raw");
    let received = bench.run(&[&"download", &id, &copy]);
    assert_eq!(labelled(&received, "disk"), id);
    assert!(std::fs::read(copy).expect("a file") == content());
    assert_eq!(bench.phases().await, []);
    bench.connection.close().await.expect("it ends");
    assert_eq!(bench.engine.sessions(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn qcow2_there_and_back() {
    let bench = Bench::start().await;
    let image = bench.path("fedora.qcow2");
    let data = vec![7; 200_000];
    write_qcow2(&image, NewImage::new(8 << 20), &[(0, &data), (5 << 20, &data)]);
    let id = "01234567-89ab-4def-8123-456789abcdef";
    let words: [&dyn AsRef<std::ffi::OsStr>; 9] =
        [&"upload-disk", &"--storage-domain", &STORAGE_DOMAIN, &"--disk-id", &id, &"--name", &"new", &"-ojson", &image];
    let lines = json_lines(&bench.run(&words));
    let (last, progress) = lines.split_last().expect("lines");
    assert_eq!((&last["disk_id"], &last["format"], &last["size"]), (&id.into(), &"qcow2".into(), &(8 << 20).into()));
    assert!(last["transferred"].as_u64() >= Some(400_000) && last["checksum"].is_null(), "{last}");
    assert!(last["transfer_id"].is_string(), "{last}");
    let stages: Vec<&str> = progress.iter().filter_map(|line| line["stage"].as_str()).collect();
    assert_eq!((stages.first(), stages.last()), (Some(&"preparing"), Some(&"finishing")));
    for line in progress {
        assert!(["transferred", "size", "done", "elapsed"].iter().all(|name| line[name].is_number()), "{line}");
        assert_eq!(line["description"], "upload");
    }
    let disk = bench.disk(id).await.expect("a disk");
    assert_eq!((disk.name.as_deref(), disk.format), (Some("new"), Some(DiskFormat::Cow)));

    let copy = bench.path("copy");
    let words: [&dyn AsRef<std::ffi::OsStr>; 8] =
        [&"download-disk", &"--format=qcow2", &"--output=json", &"--max-workers=1", &"-dto me", &"--verify", &id, &copy];
    let lines = json_lines(&bench.run(&words));
    let (last, progress) = lines.split_last().expect("lines");
    assert_eq!((&last["format"], last["checksum"].as_str().map(str::len)), (&"qcow2".into(), Some(64)));
    assert!(progress.iter().all(|line| line["description"] == "to me"));
    assert!(read_qcow2(&copy) == read_qcow2(&image));
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_streams() {
    let bench = Bench::start().await;
    let size = content().len().to_string();
    let words: [&dyn AsRef<std::ffi::OsStr>; 8] =
        [&"upload", &"-s", &STORAGE_DOMAIN, &"--name=piped", &"--size", &size, &"--verify", &"-"];
    let mut child = bench.command(&words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it can be started");
    child.stdin.take().expect("a pipe").write_all(&content()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", shown(&output));
    let id = labelled(&text(&output.stdout), "disk");

    let output = bench.command(&[&"download", &"-o", &"json", &id, &"-"]).output().expect("it can be started");
    assert!(output.status.success() && output.stdout == content(), "{}", text(&output.stderr));
    let lines = json_lines(&text(&output.stderr));
    assert_eq!(lines.last().map(|line| &line["disk_id"]), Some(&Value::from(id.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_too_early_leaves_nothing() {
    let bench = Bench::start().await;
    let words: [&dyn AsRef<std::ffi::OsStr>; 7] =
        [&"upload", &"-s", &STORAGE_DOMAIN, &"--name=short", &"--size=4096", &"--output=json", &"-"];
    let output = bench.command(&words).output().expect("it can be started");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert_eq!(json_lines(&text(&output.stdout)).pop().expect("a line")["kind"], "image");
    assert_eq!((bench.disks("short").await, bench.phases().await), (0, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_there_is_overwritten() {
    let bench = Bench::start().await;
    let first = bench.file("first.img", vec![9; 4 << 20]);
    let options = ["--preallocated", "--format=qcow2"];
    let id = labelled(&bench.run(&[&"upload", &"-s", &STORAGE_DOMAIN, &options[0], &options[1], &first]), "disk");
    let disk = bench.disk(&id).await.expect("a disk");
    assert_eq!((disk.format, disk.sparse), (Some(DiskFormat::Cow), Some(false)));
    let second = bench.file("second.img", content());
    assert_eq!(labelled(&bench.run(&[&"upload", &"--into", &id, &second]), "disk"), id);
    let copy = bench.path("copy.raw");
    bench.run(&[&"download", &id, &copy]);
    assert!(std::fs::read(copy).expect("a file") == content());

    let large = bench.file("large.img", vec![1; 5 << 20]);
    let output = bench.command(&[&"upload", &"--into", &id, &large]).output().expect("it can be started");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(text(&output.stderr).contains("does not fit") && bench.disk(&id).await.is_some(), "{}", shown(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot() {
    let bench = Bench::start().await;
    let image = bench.file("image.raw", content());
    let id = labelled(&bench.run(&[&"upload", &"-s", &STORAGE_DOMAIN, &image]), "disk");
    let system = bench.connection.system_service();
    let vm = Vm::new().name("vm").cluster(Cluster::new().name("Default")).template(Template::new().name("Blank"));
    let vm = system.vms_service().add().vm(vm).send().await.expect("it is added").id.expect("an id");
    let vm = system.vms_service().vm_service(&vm);
    bench.until("a machine", async || vm.get().send().await.is_ok_and(|vm| vm.status == Some(VmStatus::Down))).await;
    let attachment = DiskAttachment::new().disk(Disk::new().id(&id)).interface(DiskInterface::VirtioScsi).active(true);
    vm.disk_attachments_service().add().attachment(attachment).send().await.expect("it is attached");
    vm.snapshots_service().add().snapshot(Snapshot::new().description("s")).send().await.expect("it is made");
    let layers = system.disks_service().disk_service(&id).disk_snapshots_service();
    let layer = layers.list().send().await.expect("a list").iter().find_map(|layer| layer.id.clone()).expect("an id");
    bench.until("a free disk", async || bench.disk(&id).await.is_some_and(|disk| disk.status == Some(DiskStatus::Ok))).await;

    let copy = bench.path("copy.qcow2");
    let lines = json_lines(&bench.run(&[&"download", &"--snapshot", &"-o", &"json", &layer, &copy]));
    let last = lines.last().expect("a line");
    assert_eq!((&last["snapshot_id"], &last["disk_id"]), (&Value::from(layer), &Value::Null));
    assert!(read_qcow2(&copy) == content());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_has_the_id_already_stays() {
    let bench = Bench::start().await;
    let image = bench.file("image.raw", content());
    let id = "01234567-89ab-4def-8123-456789abcdef";
    let words: [&dyn AsRef<std::ffi::OsStr>; 6] = [&"upload", &"-s", &STORAGE_DOMAIN, &"--disk-id", &id, &image];
    bench.run(&words);
    let output = bench.command(&words).output().expect("it can be started");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(bench.disk(id).await.is_some(), "{}", shown(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backing_file_has_to_be_allowed() {
    let bench = Bench::start().await;
    write_qcow2(&bench.path("base.qcow2"), NewImage::new(4 << 20), &[(0, &[1; 65536])]);
    let top = bench.path("top.qcow2");
    write_qcow2(&top, NewImage::new(4 << 20).backing("base.qcow2", "qcow2"), &[(1 << 20, &[2; 65536])]);
    let output = bench.command(&[&"upload", &"-s", &STORAGE_DOMAIN, &top]).output().expect("it can be started");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(text(&output.stderr).contains("base.qcow2"), "{}", shown(&output));
    let folder = bench.path("");
    let sent = bench.run(&[&"upload", &"-s", &STORAGE_DOMAIN, &"--backing-folder", &folder, &top]);
    let copy = bench.path("copy.raw");
    bench.run(&[&"download", &labelled(&sent, "disk"), &copy]);
    let copy = std::fs::read(copy).expect("a file");
    assert_eq!((copy.len(), copy[0], copy[1 << 20], copy[2 << 20]), (4 << 20, 1, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_another_format_can_be_told_to_be_raw() {
    let bench = Bench::start().await;
    let mut bytes = content();
    bytes[..4].copy_from_slice(b"QFI\xfb");
    let image = bench.file("guest.img", &bytes);
    let output = bench.command(&[&"upload", &"-s", &STORAGE_DOMAIN, &image]).output().expect("it can be started");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let sent = bench.run(&[&"upload", &"-s", &STORAGE_DOMAIN, &"--source-format=raw", &image]);
    let copy = bench.path("copy.raw");
    bench.run(&[&"download", &labelled(&sent, "disk"), &copy]);
    assert!(std::fs::read(copy).expect("a file") == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_one_line_and_json() {
    let bench = Bench::start().await;
    let image = bench.file("image.raw", content());
    for (words, kind) in [
        (&[&"upload" as &dyn AsRef<std::ffi::OsStr>, &"-s", &"none", &image][..], None),
        (&[&"upload", &"-s", &STORAGE_DOMAIN, &"no-such-file"], Some("image")),
        (&[&"download", &"01234567-89ab-4def-8123-456789abcdef", &"never.raw"], None),
        (&[&"download", &"--snapshot", &"01234567-89ab-4def-8123-456789abcdef", &"never.raw"], None),
    ] {
        let output = bench.command(&[words, &[&"-o", &"json"]].concat()).output().expect("it can be started");
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("image: ") && stderr.lines().count() == 1, "{stderr}");
        let last = json_lines(&text(&output.stdout)).pop().expect("a line");
        let message = last["error"].as_str().expect("a text");
        assert_eq!(stderr.trim_end(), format!("image: {message}"));
        assert!(last["kind"].is_string() && kind.is_none_or(|kind| last["kind"] == kind), "{last}");
    }
    assert_eq!(bench.phases().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn trust() {
    let bench = Bench::with(Simulator::builder().tls(true)).await;
    let image = bench.file("image.raw", content());
    let authority = bench.file("ca.pem", bench.engine.ca_pem().expect("a certificate"));
    let upload = |more: &[&dyn AsRef<std::ffi::OsStr>]| {
        let words: [&dyn AsRef<std::ffi::OsStr>; 6] = [&"upload", &"-s", &STORAGE_DOMAIN, &"-o", &"json", &image];
        bench.command(&[&words, more].concat()).output().expect("it can be started")
    };
    let output = upload(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert_eq!(json_lines(&text(&output.stdout)).pop().expect("a line")["kind"], "tls");
    for more in [&[&"--cafile" as &dyn AsRef<std::ffi::OsStr>, &authority][..], &[&"--insecure"]] {
        let output = upload(more);
        assert!(output.status.success(), "{}", shown(&output));
    }
}
