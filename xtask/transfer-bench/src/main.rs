//! Moving disk images, beside the Python client and curl: `cargo xtask bench transfer`.
//!
//! It plays three parts, each in processes of its own: `run` goes through the rounds, `sdk` is the client that uses the SDK,
//! and `cost` stands between them: it runs a client, whichever, and tells what that cost.
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod cells;
#[cfg(target_os = "linux")]
mod clients;
#[cfg(target_os = "linux")]
mod cost;
#[cfg(target_os = "linux")]
mod gates;
#[cfg(target_os = "linux")]
#[path = "../../../sdk/tests/support/imageio.rs"]
mod imageio;
#[cfg(target_os = "linux")]
mod images;
#[cfg(target_os = "linux")]
mod options;
#[cfg(target_os = "linux")]
mod page_cache;
#[cfg(target_os = "linux")]
mod results;
#[cfg(target_os = "linux")]
mod rounds;
#[cfg(target_os = "linux")]
mod sdk_client;
#[cfg(target_os = "linux")]
mod servers;
#[cfg(target_os = "linux")]
mod table;
#[cfg(target_os = "linux")]
mod traffic;

use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match perform(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
fn perform(arguments: &[&str]) -> Result<ExitCode> {
    match arguments {
        ["run", rest @ ..] if rest.contains(&"--help") => {
            println!("{}", options::USAGE);
            Ok(ExitCode::SUCCESS)
        }
        ["run", rest @ ..] => rounds::run(&options::Options::read(rest)?),
        ["cost", program, rest @ ..] => cost::tell(program, rest),
        ["sdk", direction, file, ca @ ..] => sdk_client::run(direction, file, ca.first().copied()),
        _ => Err(options::USAGE.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn perform(_arguments: &[&str]) -> Result<ExitCode> {
    Err("only Linux has what this needs: direct I/O, and figures of processes".into())
}
