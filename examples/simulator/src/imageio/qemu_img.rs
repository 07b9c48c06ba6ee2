//! `qemu-img`: what makes and checks images.

use crate::images::Format;
use serde_json::Value;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Status of a check that found nothing but space that is not used.
const LEAKS: i32 = 3;

/// Name of a format in QEMU.
pub(super) fn name(format: Format) -> &'static str {
    match format {
        Format::Raw => "raw",
        Format::Cow => "qcow2",
    }
}

/// Makes an empty image.
///
/// # Errors
///
/// That it cannot be made.
pub(super) fn create(image: &Path, size: u64, format: Format) -> io::Result<()> {
    let size = size.to_string();
    run([OsStr::new("create"), "-q".as_ref(), "-f".as_ref(), name(format).as_ref(), image.as_ref(), size.as_ref()])
}

/// Makes an image that holds what another one does.
///
/// # Errors
///
/// That one cannot be read or the other not written.
pub(super) fn convert(from: (&Path, Format), to: (&Path, Format)) -> io::Result<()> {
    let formats = ["convert", "-q", "-f", name(from.1), "-O", name(to.1)].map(OsStr::new);
    run(formats.into_iter().chain([from.0.as_ref(), to.0.as_ref()]))
}

/// Makes an image larger.
///
/// # Errors
///
/// That it cannot be written.
pub(super) fn resize(image: &Path, size: u64, format: Format) -> io::Result<()> {
    let size = size.to_string();
    run([OsStr::new("resize"), "-q".as_ref(), "-f".as_ref(), name(format).as_ref(), image.as_ref(), size.as_ref()])
}

/// Whether a file is a whole qcow2 image that stands alone and fits into a size.
pub(super) fn is_sound(image: &Path, size: u64) -> bool {
    let info = output([OsStr::new("info"), "--output=json".as_ref(), image.as_ref()]);
    let info = info.ok().filter(|output| output.status.success());
    let info: Option<Value> = info.and_then(|output| serde_json::from_slice(&output.stdout).ok());
    let fits = info.is_some_and(|info| {
        let is_qcow2 = info.get("format").and_then(Value::as_str) == Some("qcow2");
        let fits = info.get("virtual-size").and_then(Value::as_u64).is_some_and(|virtual_size| virtual_size <= size);
        is_qcow2 && fits && info.get("backing-filename").is_none()
    });
    let check = || output([OsStr::new("check"), "-q".as_ref(), "-f".as_ref(), "qcow2".as_ref(), image.as_ref()]);
    fits && check().is_ok_and(|output| matches!(output.status.code(), Some(0 | LEAKS)))
}

fn run<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> io::Result<()> {
    let output = output(arguments)?;
    let said = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(io::Error::other(said())) }
}

fn output<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> io::Result<Output> {
    Command::new("qemu-img").args(arguments).stdin(Stdio::null()).output()
}
