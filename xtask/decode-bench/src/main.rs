//! What decoding a list costs: `decode-bench document COUNT`, `decode-bench empty|whole|stream FILE`.
//!
//! Prints processor seconds (user and system, of decoding alone), objects, and peak memory in KiB.
#![forbid(unsafe_code)]

mod document;

use std::fs::File;
use std::io::{Read, Write};
use std::process::ExitCode;
use virt_sdk::List;
use virt_sdk::ovirt::types::Vm;
use virt_sdk::table_access;

/// Bytes that arrive at a time in a stream.
const PIECE: usize = 64 << 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["document", count] => {
            count.parse().map_err(Into::into).and_then(|count| Ok(std::io::stdout().write_all(document::vms(count).as_bytes())?))
        }
        ["empty", _] => report(|| Ok(0)),
        ["whole", file] => whole(file),
        ["stream", file] => stream(file),
        _ => Err("usage: decode-bench document COUNT | empty FILE | whole FILE | stream FILE".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn whole(file: &str) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    report(|| {
        let mut list: Option<List<Vm>> = None;
        table_access::xml::read_list(&text, "vm", &mut list)?;
        Ok(list.map_or(0, |list| list.len()))
    })
}

fn stream(file: &str) -> Result<()> {
    let mut file = File::open(file)?;
    report(|| {
        let mut count = 0;
        let mut buffer = vec![0; PIECE];
        let mut failure = None;
        let pieces = std::iter::from_fn(|| match file.read(&mut buffer) {
            Ok(0) => None,
            Ok(length) => buffer.get(..length).map(<[u8]>::to_vec),
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        table_access::xml::read_pieces(pieces, |_: Vm| count += 1)?;
        failure.map_or(Ok(count), |error| Err(error.into()))
    })
}

/// Prints what the work cost.
fn report(work: impl FnOnce() -> Result<usize>) -> Result<()> {
    let (before, _) = usage()?;
    let objects = work()?;
    let (after, memory) = usage()?;
    println!("{:.4} {objects} {memory}", after - before);
    Ok(())
}

/// Processor seconds and peak memory in KiB of this process so far.
#[cfg(target_os = "linux")]
fn usage() -> Result<(f64, u64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    // What `getrusage` says of memory includes that of the process which started this one.
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|peak| peak.split_whitespace().next());
    Ok((microseconds as f64 / 1e6, peak.ok_or("the system does not tell the peak of memory")?.parse()?))
}

#[cfg(not(target_os = "linux"))]
fn usage() -> Result<(f64, u64)> {
    Err("only Linux tells what is needed of a process".into())
}
