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
