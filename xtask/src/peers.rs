//! `cargo xtask peers`: other programs that ours are compared with or tested against, in a cache outside the tree.

use crate::workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The official Python SDK, and what it is built with.
const PYTHON_SDK: &str = "ovirt-engine-sdk-python==4.6.3";
const PYTHON_PACKAGES: &[&str] = &["gcc", "libcurl4-openssl-dev", "libssl-dev", "libxml2-dev", "python3-dev", "python3-venv"];

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
    install_python_sdk()
}

/// What tests run against and is not installed.
pub(crate) fn missing() -> Vec<&'static str> {
    let is_built = cache("vcsim").is_ok_and(|folder| folder.join("vcsim").exists());
    let peers = [("vcsim", is_built), ("libgovirt", has_libgovirt()), ("the Python SDK", python_sdk().is_ok())];
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
