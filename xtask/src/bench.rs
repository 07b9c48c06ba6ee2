//! `cargo xtask bench`: what a build of the SDK crate alone costs, beside its budget.
//!
//! The compiler runs under this program as its wrapper: then the figures are those of that one crate,
//! whatever its dependencies cost.

use crate::{command, workspace};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Names the file that the wrapper writes its figures to; set for the wrapper only.
const FIGURES: &str = "VIRT_SDK_BENCH_FIGURES";

struct Build {
    name: &'static str,
    arguments: &'static [&'static str],
    /// Seconds of processor time, user and system.
    budget: f64,
}

const BUILDS: &[Build] = &[
    Build { name: "check", arguments: &["check"], budget: 6.0 },
    Build { name: "debug", arguments: &["build"], budget: 12.0 },
    Build { name: "release", arguments: &["build", "--release"], budget: 45.0 },
];

/// Megabytes (10^6 bytes) that one compiler may use.
const MEMORY_BUDGET: f64 = 1000.0;

/// Seconds that `cargo xtask codegen` may take.
const CODEGEN_BUDGET: f64 = 5.0;

/// Measures each kind of build, the median of three, and prints a table.
pub(crate) fn run() -> Result<(), String> {
    println!("| virt-sdk alone | processor s (budget) | peak memory MB (budget) |\n|---|---|---|");
    for build in BUILDS {
        cargo(build.arguments, None)?;
        let mut runs = Vec::new();
        for _ in 0..3 {
            runs.push(measure(build.arguments)?);
        }
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (seconds, memory) = runs[1];
        println!("| {} | {seconds:.1} ({:.0}) | {memory:.0} ({MEMORY_BUDGET:.0}) |", build.name, build.budget);
    }
    let started = Instant::now();
    crate::codegen_command::check(&workspace::root())?;
    println!("| codegen | {:.1} ({CODEGEN_BUDGET:.0}) | |", started.elapsed().as_secs_f64());
    Ok(())
}

/// Builds the SDK anew; its dependencies are built already.
fn measure(arguments: &[&str]) -> Result<(f64, f64), String> {
    let root = workspace::root();
    let figures = root.join("target/bench/figures");
    let _ = fs::remove_file(&figures);
    let library = root.join("sdk/src/lib.rs");
    let touched =
        fs::File::options().append(true).open(&library).and_then(|file| file.set_modified(std::time::SystemTime::now()));
    touched.map_err(|error| format!("{} cannot be touched: {error}", library.display()))?;
    cargo(arguments, Some(&figures))?;
    let text = fs::read_to_string(&figures).map_err(|error| format!("the compiler left no figures: {error}"))?;
    let parsed = text.split_once(' ').and_then(|(seconds, memory)| Some((seconds.parse().ok()?, memory.parse().ok()?)));
    parsed.ok_or_else(|| format!("`{text}` are no figures"))
}

fn cargo(arguments: &[&str], figures: Option<&Path>) -> Result<(), String> {
    let root = workspace::root();
    let this = std::env::current_exe().map_err(|error| format!("the path of this program cannot be found: {error}"))?;
    let mut command = command::cargo(arguments);
    command.args(["--quiet", "--package", "virt-sdk", "--lib", "--target-dir"]).arg(root.join("target/bench"));
    // Always under the wrapper, so that cargo does not see another compiler.
    command.current_dir(&root).env("RUSTC_WORKSPACE_WRAPPER", this).env("CARGO_INCREMENTAL", "0");
    if let Some(figures) = figures {
        command.env(FIGURES, figures);
    }
    command::run(&mut command)
}

/// Runs the compiler that cargo asked for, if cargo called this program as its wrapper.
pub(crate) fn wrapped_compiler(arguments: &[String]) -> Option<ExitCode> {
    let compiler = arguments.first().filter(|first| Path::new(first).file_stem().is_some_and(|name| name == "rustc"))?;
    let status = Command::new(compiler).args(&arguments[1..]).status();
    let is_sdk = arguments.windows(2).any(|pair| pair[0] == "--crate-name" && pair[1] == "virt_sdk");
    if is_sdk
        && let Some(figures) = std::env::var_os(FIGURES)
        && let Err(error) = usage_of_children().and_then(|figure| fs::write(figures, figure))
    {
        eprintln!("the figures cannot be written: {error}");
    }
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    Some(ExitCode::from(code.unwrap_or(1)))
}

#[cfg(unix)]
fn usage_of_children() -> std::io::Result<String> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let milliseconds = (usage.user_time() + usage.system_time()).num_milliseconds();
    // The kernel counts in KiB.
    Ok(format!("{}.{:03} {}", milliseconds / 1000, milliseconds % 1000, usage.max_rss() * 1024 / 1_000_000))
}

#[cfg(not(unix))]
fn usage_of_children() -> std::io::Result<String> {
    Err(std::io::Error::other("this system does not tell what a process used"))
}
