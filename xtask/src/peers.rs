//! `cargo xtask peers`: other programs that ours are compared with or tested against, in a cache outside the tree.

use crate::workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The official Python SDK, and what it is built with.
const PYTHON_SDK: &str = "ovirt-engine-sdk-python==4.6.3";
const PYTHON_PACKAGES: &[&str] = &["gcc", "libcurl4-openssl-dev", "libssl-dev", "libxml2-dev", "python3-dev", "python3-venv"];

/// ovirt-imageio, the daemon that serves images on a host. PyPI has its sources alone, with one extension in C.
const IMAGEIO: &str = "ovirt-imageio==2.5.1";

/// What ovirt-imageio is built with; and `qemu-nbd`, by which it reaches qcow2 images, with `qemu-img`.
const IMAGEIO_PACKAGES: &[&str] = &["gcc", "python3-dev", "python3-venv"];
const QEMU_PACKAGES: &[&str] = &["qemu-utils"];

/// What vcsim, the vCenter simulator of govmomi, is built with. Debian has its sources, and no program.
const VCSIM_PACKAGES: &[&str] = &["golang", "golang-github-vmware-govmomi-dev"];

/// Where Debian puts the sources of Go packages.
const GO_PATH: &str = "/usr/share/gocode";

/// libgovirt, and what the Python of Debian uses it with.
const LIBGOVIRT_PACKAGES: &[&str] = &["gir1.2-govirt-1.0", "python3-gi"];

/// Installs what is missing.
pub(crate) fn install() -> Result<(), String> {
    install_vcsim()?;
    install_libgovirt()?;
    install_qemu_tools()?;
    install_imageio()?;
    install_python_sdk()
}

/// What tests run against and is not installed.
pub(crate) fn missing() -> Vec<&'static str> {
    let is_built = cache("vcsim").is_ok_and(|folder| folder.join("vcsim").exists());
    let peers = [
        ("vcsim", is_built),
        ("libgovirt", has_libgovirt()),
        ("the tools of QEMU", has_qemu_tools()),
        ("ovirt-imageio", has_imageio()),
        ("the Python SDK", python_sdk().is_ok()),
    ];
    peers.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name).collect()
}

fn install_libgovirt() -> Result<(), String> {
    if has_libgovirt() {
        println!("libgovirt is there");
        return Ok(());
    }
    install_packages(LIBGOVIRT_PACKAGES)?;
    if !has_libgovirt() {
        return Err("libgovirt is installed, but /usr/bin/python3 does not find it; it has to be the Python of Debian".to_owned());
    }
    println!("libgovirt is there now");
    Ok(())
}

/// Whether the Python of Debian finds libgovirt, as `examples/simulator/tests/peers.rs` wants it.
fn has_libgovirt() -> bool {
    let import = "import gi; gi.require_version('GoVirt', '1.0'); from gi.repository import GoVirt";
    run("/usr/bin/python3", &["-c", import]).is_ok()
}

fn install_qemu_tools() -> Result<(), String> {
    if has_qemu_tools() {
        println!("the tools of QEMU are there");
        return Ok(());
    }
    install_packages(QEMU_PACKAGES)?;
    if !has_qemu_tools() {
        return Err("qemu-utils is installed, but PATH has no qemu-img and qemu-nbd; correct PATH".to_owned());
    }
    println!("the tools of QEMU are there now");
    Ok(())
}

/// Whether there is what `sdk/tests/support/qemu.rs` runs.
fn has_qemu_tools() -> bool {
    ["qemu-img", "qemu-nbd"].iter().all(|tool| run(tool, &["--version"]).is_ok())
}

/// Installs the daemon where `sdk/tests/support/imageio.rs` looks for it.
fn install_imageio() -> Result<(), String> {
    if has_imageio() {
        println!("ovirt-imageio is there");
        return Ok(());
    }
    install_packages(IMAGEIO_PACKAGES)?;
    let folder = cache("imageio")?.display().to_string();
    // Cleared, because an environment of a Python that is gone cannot be mended.
    run("python3", &["-m", "venv", "--clear", &folder])?;
    run(&format!("{folder}/bin/pip"), &["install", "--quiet", IMAGEIO])?;
    if !has_imageio() {
        return Err(format!(
            "{IMAGEIO} is installed in {folder}, but its Python does not load it; remove the folder and run this again"
        ));
    }
    println!("ovirt-imageio is there now: {folder}/bin/ovirt-imageio");
    Ok(())
}

/// Whether the daemon is there, of the version that is asked for, and its extension in C fits its Python.
fn has_imageio() -> bool {
    let (name, version) = IMAGEIO.split_once("==").unwrap_or((IMAGEIO, ""));
    let check = format!(
        "from importlib.metadata import version; assert version('{name}') == '{version}'; import ovirt_imageio._internal.server"
    );
    cache("imageio").is_ok_and(|folder| run(&folder.join("bin/python3").display().to_string(), &["-c", &check]).is_ok())
}

/// A Python that has ovirt-imageio, if that and the tools of QEMU are there.
pub(crate) fn imageio() -> Result<PathBuf, String> {
    if !has_imageio() || !has_qemu_tools() {
        return Err("ovirt-imageio or the tools of QEMU are not installed; run `cargo xtask peers`".to_owned());
    }
    Ok(cache("imageio")?.join("bin/python3"))
}

fn install_python_sdk() -> Result<(), String> {
    if python_sdk().is_ok() {
        println!("the Python SDK is there");
        return Ok(());
    }
    install_packages(PYTHON_PACKAGES)?;
    let folder = cache("python")?.display().to_string();
    run("python3", &["-m", "venv", &folder])?;
    run(&format!("{folder}/bin/pip"), &["install", "--quiet", "setuptools", "wheel"])?;
    run(&format!("{folder}/bin/pip"), &["install", "--quiet", "--no-build-isolation", PYTHON_SDK])?;
    python_sdk().map(|python| println!("the Python SDK is there now: {}", python.display()))
}

/// A Python that has the official SDK.
pub(crate) fn python_sdk() -> Result<PathBuf, String> {
    let python = cache("python")?.join("bin/python3");
    run(&python.display().to_string(), &["-c", "import ovirtsdk4.readers"])
        .map(|()| python)
        .map_err(|_| "the Python SDK is not installed; run `cargo xtask peers`".to_owned())
}

/// Builds vcsim, unless what is there was built from the same source. `sdk/tests/support/vcsim.rs` looks for it in
/// the same place.
fn install_vcsim() -> Result<(), String> {
    let source = workspace::root().join("examples/peers/vcsim/main.go");
    let folder = cache("vcsim")?;
    let (program, built_from) = (folder.join("vcsim"), folder.join("main.go"));
    let text = fs::read(&source).map_err(|error| cannot("read", &source, &error))?;
    if program.exists() && fs::read(&built_from).is_ok_and(|built| built == text) {
        println!("vcsim is there");
        return Ok(());
    }
    install_packages(VCSIM_PACKAGES)?;
    fs::create_dir_all(&folder).map_err(|error| cannot("create", &folder, &error))?;
    let mut build = Command::new("go");
    build.arg("build").arg("-o").arg(&program).arg(&source);
    // Packages come from Debian alone, whatever the settings of the user.
    build.envs([("GOENV", "off"), ("GO111MODULE", "off"), ("GOPATH", GO_PATH), ("GOFLAGS", "")]);
    output(&mut build)?;
    // Last: a build that fails or is interrupted is done again.
    fs::write(&built_from, &text).map_err(|error| cannot("write", &built_from, &error))?;
    println!("vcsim is there now: {}", program.display());
    Ok(())
}

/// Installs those of the Debian packages that are missing, without asking anything.
fn install_packages(names: &[&str]) -> Result<(), String> {
    let is_missing = |name: &&str| run("dpkg", &["-s", name]).is_err();
    let missing: Vec<&str> = names.iter().copied().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let apt_get = |arguments: &[&str]| output(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"));
    apt_get(&["update", "--quiet"])
        .and_then(|()| apt_get(&[&["install", "--yes", "--quiet", "--no-install-recommends"], &missing[..]].concat()))
        .map_err(|error| format!("{error}\ninstall the Debian packages {} as root, and run this again", missing.join(" ")))?;
    println!("Debian packages installed: {}", missing.join(" "));
    Ok(())
}

/// The folder of one peer.
fn cache(peer: &str) -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).ok_or("neither XDG_CACHE_HOME nor HOME is set; set one")?;
    Ok(cache.join("virt-sdk-peers").join(peer))
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    output(Command::new(program).args(arguments))
}

/// Runs a program, and shows what it says only when it fails.
fn output(command: &mut Command) -> Result<(), String> {
    let line = |command: &Command| {
        let words = [command.get_program()].into_iter().chain(command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    };
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`{}` failed:\n{}", line(command), String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("`{}` cannot be run: {error}", line(command))),
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}
