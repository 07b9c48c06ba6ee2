//! The data of transfers, by each way there is to the daemon, of each kind of image.

use crate::imageio::qemu::{Export, QemuNbd, qemu_img, qemu_img_compare, qemu_img_create, qemu_nbd};
use crate::imageio::tickets::Ticket;
use crate::imageio::{Imageio, Settings};
use crate::server::client;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use virt_sdk::transfer::image::Format;
use virt_sdk::transfer::{ImageioClient, Moved, Source};

/// Size of the images, which is no multiple of any block.
pub(crate) const SIZE: u64 = (37 << 20) + 5 * 512;

/// How data gets to the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Http,
    Tls,
    Unix,
}

const WAYS: [Way; 3] = [Way::Http, Way::Tls, Way::Unix];

/// A daemon, and disks that it serves as an engine has it do.
pub(crate) struct Host {
    pub(crate) imageio: Imageio,
    way: Way,
}

/// A disk on a host.
pub(crate) struct Served {
    pub(crate) path: PathBuf,
    pub(crate) format: &'static str,
    pub(crate) url: String,
    // It serves until it is dropped.
    nbd: QemuNbd,
}

impl Host {
    pub(crate) async fn start(way: Way) -> Option<Self> {
        let settings = Settings { tls: way == Way::Tls, local: way == Way::Unix, ..Settings::default() };
        Some(Self { imageio: Imageio::start(settings).await?, way })
    }

    /// Serves an image that is there.
    pub(crate) async fn serve(&self, path: &Path, format: &'static str, read_only: bool) -> Served {
        let nbd = qemu_nbd(path, Export { format, read_only, allocation_depth: format == "qcow2", ..Export::default() }).await;
        let size: serde_json::Value =
            serde_json::from_str(&qemu_img(["info", "--force-share", "--output=json", path.to_str().expect("UTF-8")]).await)
                .expect("JSON");
        let mut ticket = Ticket::nbd(&nbd.socket, size["virtual-size"].as_u64().expect("a size"));
        ticket.ops = vec![if read_only { "read" } else { "write" }];
        let url = self.imageio.add_ticket(&ticket).await;
        Served { path: path.to_owned(), format, url, nbd }
    }

    /// Serves a new disk.
    pub(crate) async fn new_disk(&self, name: &str, format: &'static str, size: u64) -> Served {
        let path = self.imageio.folder().join(name);
        let _ = fs::remove_file(&path);
        qemu_img_create(&path, format, size, "").await;
        self.serve(&path, format, false).await
    }

    pub(crate) fn client(&self, served: &Served) -> ImageioClient {
        self.client_at(&served.url)
    }

    pub(crate) fn client_at(&self, url: &str) -> ImageioClient {
        let client = ImageioClient::new(url).http_client(client(self.imageio.ca_pem.as_deref()));
        client.unix_socket(self.way == Way::Unix)
    }
}

impl Served {
    /// Ends serving, so that everything is in the file. Returns where that is, and its format.
    pub(crate) fn into_file(self) -> (PathBuf, &'static str) {
        drop(self.nbd);
        (self.path, self.format)
    }
}

/// A raw image with data and holes of all sorts, and zeros that are stored.
pub(crate) fn raw_image(path: &Path, size: u64) {
    let file = File::create(path).expect("room for an image");
    file.set_len(size).expect("room for an image");
    let write = |start: u64, length: u64, seed: u64| {
        let words = (start / 8..(start + length).div_ceil(8)).map(|word| (word ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).take(length as usize).collect();
        file.write_all_at(&bytes, start).expect("room for an image");
    };
    write(0, 65536, 1);
    write(3 << 20, 3 << 20, 2);
    file.write_all_at(&vec![0; 2 << 20], 8 << 20).expect("room for an image");
    for index in 0..40 {
        write((12 << 20) + index * 131_072, 65536, index);
    }
    write((20 << 20) + 4096, 8192, 4);
    write((20 << 20) + 20480, 512, 5);
    write(24 << 20, (9 << 20) + 12345, 6);
    write(size - 700, 700, 7);
}

/// Images of all kinds that can be uploaded, with the formats that QEMU reads them in.
pub(crate) async fn images(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let raw = folder.join("source.raw");
    raw_image(&raw, SIZE);
    let iso = folder.join("source.iso");
    raw_image(&iso, SIZE);
    File::options().write(true).open(&iso).expect("it is there").write_all_at(b"\x01CD001\x01\x00", 0x8000).expect("room");
    let mut images = vec![(raw.clone(), "raw"), (iso, "raw")];
    for (name, options) in
        [("v3.qcow2", &["-o", "compat=1.1"][..]), ("zlib.qcow2", &["-c"]), ("zstd.qcow2", &["-c", "-o", "compression_type=zstd"])]
    {
        let path = folder.join(name);
        let fixed = ["convert", "-f", "raw", "-O", "qcow2"].into_iter().chain(options.iter().copied());
        qemu_img(fixed.chain([raw.to_str().expect("UTF-8"), path.to_str().expect("UTF-8")])).await;
        images.push((path, "qcow2"));
    }
    images
}

fn allocated(path: &Path) -> u64 {
    fs::metadata(path).expect("it is there").blocks() * 512
}

#[tokio::test]
async fn every_image_arrives_by_every_way() {
    for way in WAYS {
        let Some(host) = Host::start(way).await else { return };
        for (image, format) in images(host.imageio.folder()).await {
            for target in ["raw", "qcow2"] {
                let disk = host.new_disk(&format!("disk.{target}"), target, SIZE).await;
                let moved =
                    host.client(&disk).checksum(true).upload(&image).await.unwrap_or_else(|error| {
                        panic!("{way:?} {} to {target}: {error}\n{}", image.display(), host.imageio.log())
                    });
                assert_eq!(moved.size, SIZE);
                assert!(moved.checksum.is_some());
                let (disk, target) = disk.into_file();
                qemu_img_compare((&image, format), (&disk, target))
                    .await
                    .unwrap_or_else(|error| panic!("{way:?} {} to {target}: {error}", image.display()));
            }
        }
    }
}

#[tokio::test]
async fn every_disk_comes_by_every_way() {
    for way in WAYS {
        let Some(host) = Host::start(way).await else { return };
        for (image, format) in images(host.imageio.folder()).await {
            let disk = host.serve(&image, format, true).await;
            for target in [Format::Raw, Format::Qcow2] {
                let file = host.imageio.folder().join("downloaded");
                let client = host.client(&disk).checksum(true).format(target);
                let moved: Moved = client
                    .download(&file)
                    .await
                    .unwrap_or_else(|error| panic!("{way:?} {} to {target}: {error}\n{}", image.display(), host.imageio.log()));
                assert_eq!(moved.size, SIZE);
                let name = target.to_string();
                qemu_img_compare((&image, format), (&file, &name))
                    .await
                    .unwrap_or_else(|error| panic!("{way:?} {} to {target}: {error}", image.display()));
                assert!(!file.with_extension("part").exists());
                if format == "qcow2" {
                    assert!(allocated(&file) < 22 << 20, "{} bytes are allocated", allocated(&file));
                }
            }
        }
    }
}

#[tokio::test]
async fn zeros_that_are_stored_stay_here() {
    let Some(host) = Host::start(Way::Http).await else { return };
    let image = host.imageio.folder().join("zeros.raw");
    fs::write(&image, vec![0; 64 << 20]).expect("room for an image");
    let disk = host.new_disk("disk.raw", "raw", 64 << 20).await;
    let moved = host.client(&disk).upload(&image).await.expect("it is uploaded");
    assert_eq!(moved.transferred, 0);
    let stream = Source::reader(tokio::io::repeat(0), 64 << 20);
    let moved = host.client(&disk).upload(stream).await.expect("it is uploaded");
    assert_eq!(moved.transferred, 0);
}

/// Writes to an image from QEMU's side.
async fn change(image: &Path, format: &str, commands: &[&str]) {
    let mut command = tokio::process::Command::new("qemu-io");
    command.args(["-f", format]);
    for text in commands {
        command.args(["-c", text]);
    }
    let output = command.arg(image).output().await.expect("qemu-io can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A ticket for an image that is exported in some way.
async fn exported(host: &Host, path: &Path, export: Export, dirty: bool) -> (String, QemuNbd) {
    let nbd = qemu_nbd(path, export).await;
    let ticket = Ticket { ops: vec!["read"], dirty, ..Ticket::nbd(&nbd.socket, SIZE) };
    (host.imageio.add_ticket(&ticket).await, nbd)
}

#[tokio::test]
async fn what_has_changed_makes_a_chain_with_what_was_there() {
    let Some(host) = Host::start(Way::Http).await else { return };
    let folder = host.imageio.folder();
    let [disk, full, increment] = ["disk.qcow2", "full.qcow2", "increment.qcow2"].map(|name| folder.join(name));
    let raw = folder.join("source.raw");
    raw_image(&raw, SIZE);
    let [raw_name, disk_name] = [&raw, &disk].map(|path| path.to_str().expect("UTF-8"));
    qemu_img(["convert", "-f", "raw", "-O", "qcow2", raw_name, disk_name]).await;
    let served = host.serve(&disk, "qcow2", true).await;
    host.client(&served).download(&full).await.expect("it is downloaded");
    drop(served);
    qemu_img(["bitmap", "--add", disk_name, "b0"]).await;
    change(&disk, "qcow2", &["write -P 9 1M 200k", "write -z 24M 1M", "write -P 8 36M 1M"]).await;
    let export = Export { read_only: true, bitmap: Some("b0".to_owned()), ..Export::default() };
    let (url, nbd) = exported(&host, &disk, export, true).await;
    let client = host.client_at(&url).incremental(true).backing_file("full.qcow2", "qcow2");
    let moved = client.download(&increment).await.expect("it is downloaded");
    assert!(moved.transferred < 3 << 20, "{}", moved.transferred);
    drop(nbd);
    qemu_img_compare((&disk, "qcow2"), (&increment, "qcow2")).await.expect("the same data");

    let (url, _nbd) = exported(&host, &disk, Export { read_only: true, ..Export::default() }, true).await;
    let client = host.client_at(&url).incremental(true).backing_file("full.qcow2", "qcow2");
    let error = client.download(&increment).await.expect_err("there is no bitmap");
    assert_eq!(error.kind(), virt_sdk::ErrorKind::NotFound, "{error}");
    assert!(!error.to_string().contains(url.rsplit('/').next().expect("a ticket")), "{error}");
}

#[tokio::test]
async fn a_single_layer_refers_to_what_is_behind() {
    let Some(host) = Host::start(Way::Http).await else { return };
    let folder = host.imageio.folder();
    let [base, top, single, local_base] =
        ["base.qcow2", "top.qcow2", "single.qcow2", "local-base.qcow2"].map(|name| folder.join(name));
    let raw = folder.join("source.raw");
    raw_image(&raw, SIZE);
    let [raw_name, base_name, top_name] = [&raw, &base, &top].map(|path| path.to_str().expect("UTF-8"));
    qemu_img(["convert", "-f", "raw", "-O", "qcow2", raw_name, base_name]).await;
    qemu_img(["create", "-q", "-f", "qcow2", "-b", base_name, "-F", "qcow2", top_name]).await;
    change(&top, "qcow2", &["write -P 9 2M 100k", "write -z 25M 2M", "write -P 7 33M 64k"]).await;
    for (image, shallow, to, backing) in
        [(&base, false, &local_base, None), (&top, true, &single, Some(("local-base.qcow2", "qcow2")))]
    {
        let (url, _nbd) = exported(&host, image, Export { read_only: true, shallow, ..Export::default() }, false).await;
        let mut client = host.client_at(&url);
        if let Some((name, format)) = backing {
            client = client.backing_file(name, format);
        }
        let moved = client.download(to).await.expect("it is downloaded");
        assert!(!shallow || moved.transferred < 1 << 20, "{}", moved.transferred);
    }
    qemu_img_compare((&top, "qcow2"), (&single, "qcow2")).await.expect("the same data");
}

#[tokio::test]
async fn a_large_disk_with_little_data_costs_what_the_data_costs() {
    let Some(host) = Host::start(Way::Http).await else { return };
    let folder = host.imageio.folder();
    let [disk, to] = ["disk.qcow2", "downloaded.qcow2"].map(|name| folder.join(name));
    qemu_img_create(&disk, "qcow2", 100 << 30, "").await;
    // Data of 256 MiB in 128 places.
    let commands: Vec<_> = (0..128_u64).map(|index| format!("write -P {} {}k 2M", index + 1, index * 819_200 + 320)).collect();
    change(&disk, "qcow2", &commands.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let served = host.serve(&disk, "qcow2", true).await;
    let network = crate::tcp_proxy::TcpProxy::start(host.imageio.address).await;
    let client = host.client_at(&network.url(&served.url));
    client.download(&to).await.expect("it is downloaded");
    let received = network.counts().to_client;
    assert!(received <= (256 << 20) / 100 * 105, "{received} bytes came");
    assert!(network.counts().most <= 5, "{:?}", network.counts());
    qemu_img_compare((&disk, "qcow2"), (&to, "qcow2")).await.expect("the same data");
}

#[tokio::test]
async fn the_proxy_is_used_where_the_host_cannot_be_reached() {
    let Some(host) = Host::start(Way::Tls).await else { return };
    let trusted_ca = host.imageio.ca_pem.clone();
    let Some(proxy) = Imageio::start(Settings { trusted_ca, local: false, ..Settings::default() }).await else { return };
    let raw = host.imageio.folder().join("source.raw");
    raw_image(&raw, SIZE);
    let disk = host.new_disk("disk.raw", "raw", SIZE).await;
    let ticket = Ticket { ops: vec!["read", "write"], ..Ticket::new(&disk.url, SIZE) };
    let proxy_url = proxy.add_ticket(&ticket).await;
    let mut network = crate::tcp_proxy::TcpProxy::start(host.imageio.address).await;
    let client =
        |network: &crate::tcp_proxy::TcpProxy| host.client_at(&network.url(&disk.url)).proxy_url(&proxy_url).checksum(true);

    // In the middle of it.
    network.stall(crate::tcp_proxy::Direction::ToServer, SIZE / 3);
    let upload = tokio::spawn(client(&network).upload(raw.clone()));
    network.stalled().await;
    network.refuse().await;
    network.reset_all();
    upload.await.expect("no panic").expect("it is uploaded");
    // From the start.
    let to = host.imageio.folder().join("downloaded.raw");
    client(&network).download(&to).await.expect("it is downloaded");
    qemu_img_compare((&raw, "raw"), (&to, "raw")).await.expect("the same data");
    let (disk, format) = disk.into_file();
    qemu_img_compare((&raw, "raw"), (&disk, format)).await.expect("the same data");
}
