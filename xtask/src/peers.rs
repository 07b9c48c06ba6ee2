//! `cargo xtask peers`: other programs that ours are compared with, in a cache outside the tree.

use std::path::PathBuf;
use std::process::Command;

/// The official Python SDK, and what it is built with.
const PYTHON_SDK: &str = "ovirt-engine-sdk-python==4.6.3";
const DEBIAN_PACKAGES: &[&str] = &["gcc", "libcurl4-openssl-dev", "libssl-dev", "libxml2-dev", "python3-dev", "python3-venv"];

/// Installs what is missing.
pub(crate) fn install() -> Result<(), String> {
    if python_sdk().is_ok() {
        println!("the Python SDK is there");
        return Ok(());
    }
    let installed = DEBIAN_PACKAGES.iter().all(|name| run("dpkg", &["-s", name]).is_ok());
    if !installed {
        run("apt-get", &["update", "--quiet"])?;
        run("apt-get", &[&["install", "--yes", "--quiet", "--no-install-recommends"], DEBIAN_PACKAGES].concat())?;
    }
    let folder = environment()?.display().to_string();
    run("python3", &["-m", "venv", &folder])?;
    run(&format!("{folder}/bin/pip"), &["install", "--quiet", "setuptools", "wheel"])?;
    run(&format!("{folder}/bin/pip"), &["install", "--quiet", "--no-build-isolation", PYTHON_SDK])?;
    python_sdk().map(|python| println!("the Python SDK is there now: {}", python.display()))
}

/// A Python that has the official SDK.
pub(crate) fn python_sdk() -> Result<PathBuf, String> {
    let python = environment()?.join("bin/python3");
    run(&python.display().to_string(), &["-c", "import ovirtsdk4.readers"])
        .map(|()| python)
        .map_err(|_| "the Python SDK is not installed; run `cargo xtask peers`".to_owned())
}

/// Folder of the Python environment.
fn environment() -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).ok_or("neither XDG_CACHE_HOME nor HOME is set; set one")?;
    Ok(cache.join("virt-sdk-peers/python"))
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let line = || format!("{program} {}", arguments.join(" "));
    match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`{}` failed:\n{}", line(), String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("`{}` cannot be run: {error}", line())),
    }
}
