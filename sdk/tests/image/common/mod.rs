//! What the tests against QEMU's tools share.

mod refuse;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use virt_sdk::transfer::image::qcow2::{Backing, Image};
use virt_sdk::transfer::image::{Extent, ExtentKind};

pub(crate) use refuse::*;

/// QEMU's tools, and a folder for the images of one test.
pub(crate) struct Qemu {
    folder: TempDir,
}

impl Qemu {
    /// `None`, with a line that says so, if the tools are not there. With `VIRT_SDK_PEERS=required` that
    /// is a failure.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let there = ["qemu-img", "qemu-io"].iter().all(|tool| Command::new(tool).arg("--version").output().is_ok());
        if !there {
            let required = std::env::var("VIRT_SDK_PEERS").is_ok_and(|value| value == "required");
            assert!(!required, "{test}: qemu-img and qemu-io are required, but are not there");
            eprintln!("SKIPPED {test}: qemu-img and qemu-io are not there");
            return None;
        }
        Some(Self { folder: tempfile::tempdir().unwrap() })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn run(&self, tool: &str, args: &[&str]) -> Output {
        Command::new(tool).args(args).current_dir(self.folder()).output().unwrap()
    }

    pub(crate) fn try_img(&self, args: &[&str]) -> Result<String, String> {
        let output = self.run("qemu-img", args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    pub(crate) fn img(&self, args: &[&str]) -> String {
        self.try_img(args).unwrap_or_else(|error| panic!("qemu-img {args:?}: {error}"))
    }

    /// Runs commands of `qemu-io` on an image.
    pub(crate) fn io(&self, image: &str, commands: &[&str]) {
        let mut args = vec!["-f", "qcow2", image];
        commands.iter().for_each(|command| args.extend(["-c", command]));
        let output = self.run("qemu-io", &args);
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && !text.contains("failed") && !text.contains("rror"), "qemu-io {args:?}: {text}");
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// What the image holds, as QEMU sees it.
    pub(crate) fn raw(&self, image: &str) -> Vec<u8> {
        let name = format!("{image}.raw");
        self.img(&["convert", "-f", "qcow2", "-O", "raw", image, &name]);
        let bytes = self.read(&name);
        std::fs::remove_file(self.path(&name)).unwrap();
        bytes
    }

    /// The extents that QEMU sees.
    pub(crate) fn map(&self, image: &str) -> Vec<Extent> {
        extents(&self.img(&["map", "--output=json", "-f", "qcow2", image]))
    }

    /// The extents that QEMU sees in the image alone.
    pub(crate) fn map_layer(&self, image: &str) -> Vec<Extent> {
        let json = format!(r#"json:{{"driver":"qcow2","file":{{"driver":"file","filename":"{image}"}},"backing":null}}"#);
        extents(&self.img(&["map", "--output=json", &json]))
    }

    pub(crate) fn open(&self, image: &str) -> Image {
        let backing = Backing::Within(self.folder().to_owned());
        Image::open(self.path(image), &backing).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads an image, with all that is behind it, and compares bytes and maps with what QEMU says.
    pub(crate) fn same(&self, image: &str) {
        let ours = self.open(image);
        let theirs = self.raw(image);
        let size = usize::try_from(ours.size()).unwrap();
        assert_eq!(size, theirs.len(), "{image}: size");
        // Pieces that start and end anywhere.
        let mut bytes = vec![0xa5; size];
        let (mut at, mut random) = (0, Random(size as u64 + 1));
        while at < size {
            let count = usize::try_from(random.below(300_000) + 1).unwrap().min(size - at);
            ours.read_at(&mut bytes[at..at + count], at as u64).unwrap_or_else(|error| panic!("{error}"));
            at += count;
        }
        let differs = bytes.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
        assert_eq!(differs, None, "{image}: content differs");
        let map = collect(&ours, false);
        alike(&map, &self.map(image));
        alike(&collect(&ours, true), &self.map_layer(image));
        for extent in map.iter().filter(|extent| extent.kind != ExtentKind::Data) {
            let range = usize::try_from(extent.start).unwrap()..usize::try_from(extent.end()).unwrap();
            assert!(virt_sdk::transfer::image::local::is_zero(&theirs[range]), "{image}: {extent:?} is not zeros");
        }
    }
}

/// Compares maps. Ours may know that what is allocated is a hole in the file, and so zeros, where QEMU does
/// not look.
pub(crate) fn alike(ours: &[Extent], theirs: &[Extent]) {
    let mut ours_left = ours.iter().peekable();
    for their in theirs.iter().filter(|extent| extent.length > 0) {
        let mut at = their.start;
        while at < their.end() {
            let our = ours_left.peek().unwrap_or_else(|| panic!("nothing at {at}: {ours:?} {theirs:?}"));
            let same = our.kind == their.kind && our.compressed == their.compressed;
            let finer = our.kind == ExtentKind::Zero && their.kind == ExtentKind::Data && !their.compressed;
            assert!(same || finer, "{our:?} and {their:?}: {ours:?} {theirs:?}");
            at = our.end().min(their.end());
            if at == our.end() {
                ours_left.next();
            }
        }
    }
    assert!(ours_left.next().is_none(), "{ours:?} {theirs:?}");
}

/// The whole map of an image, which must be without gaps and its extents as long as can be.
pub(crate) fn collect(image: &Image, layer: bool) -> Vec<Extent> {
    let map = if layer { image.map_layer(0, u64::MAX) } else { image.map(0, u64::MAX) };
    let map: Vec<Extent> = map.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}"));
    let mut end = 0;
    for (index, extent) in map.iter().enumerate() {
        assert_eq!(extent.start, end);
        assert!(extent.length > 0);
        end = extent.end();
        if let Some(next) = map.get(index + 1) {
            assert!(next.kind != extent.kind || next.compressed != extent.compressed, "{extent:?} and {next:?}");
        }
    }
    assert_eq!(end, image.size());
    map
}

/// What `qemu-img map --output=json` prints, one extent on each line.
pub(crate) fn extents(json: &str) -> Vec<Extent> {
    let mut extents: Vec<Extent> = Vec::new();
    for line in json.lines().filter(|line| line.contains("\"start\"")) {
        let field = |name: &str| {
            let rest = line.split_once(&format!("\"{name}\": ")).unwrap_or_else(|| panic!("no {name} in {line}")).1;
            rest.split([',', '}']).next().unwrap().trim().to_owned()
        };
        let yes = |name: &str| field(name) == "true";
        let kind = match (yes("present"), yes("zero")) {
            (false, _) => ExtentKind::Hole,
            (true, true) => ExtentKind::Zero,
            (true, false) => ExtentKind::Data,
        };
        let (start, length) = (field("start").parse().unwrap(), field("length").parse().unwrap());
        let next = Extent { start, length, kind, compressed: yes("compressed") };
        match extents.last_mut() {
            Some(last) if last.kind == next.kind && last.compressed == next.compressed => last.length += length,
            _ => extents.push(next),
        }
    }
    extents
}

/// Numbers that look random and are the same each time.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_le_bytes()).flatten().take(length).collect()
    }
}

/// Blocks of random bytes, of text, of one byte, and of zeros, of different lengths.
pub(crate) fn mixed(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random(seed);
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let count = usize::try_from(512 * (1 + random.below(400))).unwrap();
        match random.below(4) {
            0 => bytes.extend(random.bytes(count)),
            1 => {
                let line = format!("line {} of a text that can be compressed\n", random.below(1000));
                bytes.extend(line.bytes().cycle().take(count));
            }
            2 => bytes.extend(std::iter::repeat_n(random.next() as u8, count)),
            _ => bytes.extend(std::iter::repeat_n(0, count)),
        }
    }
    bytes.truncate(length);
    bytes
}

/// Does with an image all that can be done. How far it got: not opened, opened, read in full.
pub(crate) fn use_up(bytes: Vec<u8>, random: &mut Random) -> usize {
    virt_sdk::transfer::image::detect(&bytes, "fuzzed").unwrap();
    let Ok(image) = Image::from_source(bytes, "fuzzed", &Backing::Leave) else { return 0 };
    let mut good = true;
    for map in [image.map(0, u64::MAX), image.map_layer(random.next() % (image.size() + 1), u64::MAX)] {
        let mut end = None;
        for extent in map {
            match extent {
                Ok(extent) => {
                    assert!(extent.length > 0 && extent.end() <= image.size());
                    assert!(end.is_none_or(|end| end == extent.start));
                    end = Some(extent.end());
                }
                Err(_) => good = false,
            }
        }
    }
    let mut buf = vec![0; 300_000];
    let mut offsets: Vec<u64> = (0..8).map(|_| random.next() % (image.size() + 1)).collect();
    offsets.extend((0..20).map(|part| part * 300_000));
    for offset in offsets.into_iter().filter(|offset| *offset <= image.size()) {
        let count = buf.len().min(usize::try_from(image.size() - offset).unwrap());
        good &= image.read_at(&mut buf[..count], offset).is_ok();
    }
    1 + usize::from(good)
}

/// Most memory that this process had so far, in bytes.
pub(crate) fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
}

/// Size of clusters in options of `qemu-img create -o`.
pub(crate) fn cluster_size(kind: &str) -> u64 {
    let text = kind.split("cluster_size=").nth(1).map_or("64k", |rest| rest.split(',').next().unwrap());
    let number = |text: &str| text.parse::<u64>().unwrap();
    match (text.strip_suffix('k'), text.strip_suffix('M')) {
        (Some(k), _) => number(k) << 10,
        (_, Some(m)) => number(m) << 20,
        _ => number(text),
    }
}

/// Compressed writes, then writes, zeros and discards, at random places.
pub(crate) fn scribble(qemu: &Qemu, image: &str, seed: u64, size: u64, cluster: u64) {
    let mut random = Random(seed);
    // QEMU compresses only where nothing is yet, and damages the image if told otherwise.
    let mut commands: Vec<String> = (0..size / cluster)
        .filter(|_| random.below(4) == 0)
        .map(|number| format!("write -c -P {} {} {cluster}", number % 255 + 1, number * cluster))
        .take(20)
        .collect();
    for _ in 0..30 {
        let start = random.below(size / 512) * 512;
        let length = ((1 + random.below(4 * cluster / 512)) * 512).min(size - start);
        commands.push(match random.below(4) {
            0 | 1 => format!("write -P {} {start} {length}", 1 + random.below(255)),
            2 => format!("write -z {start} {length}"),
            _ => format!("discard {start} {length}"),
        });
    }
    qemu.io(image, &commands.iter().map(String::as_str).collect::<Vec<_>>());
}
