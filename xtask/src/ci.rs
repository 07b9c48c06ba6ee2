//! `cargo xtask ci`: everything that must hold before a change lands.

use crate::{codegen_command, command, peers, workspace};
use std::process::Stdio;

/// Runs all checks, and stops at the first that fails. The tests come last, so that their summary is
/// what stands at the end.
pub(crate) fn run() -> Result<(), String> {
    cargo("format", &["fmt", "--all", "--check"], &[])?;
    step("codegen --check");
    codegen_command::check(&workspace::root())?;
    cargo("clippy", &["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"], &[])?;
    cargo("docs", &["doc", "--workspace", "--no-deps", "--locked", "--quiet"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    cargo("doc tests", &["test", "--workspace", "--doc", "--locked", "--quiet"], &[])?;
    step("peers");
    peers::install()?;
    // A test without its peer fails here; elsewhere it is skipped.
    let peers = &[("VIRT_SDK_PEERS", "required")];
    if succeeds(&["nextest", "--version"]) {
        cargo("tests", &["nextest", "run", "--workspace", "--locked"], peers)?;
    } else {
        cargo(
            "tests, by cargo test: cargo-nextest is not installed",
            &["test", "--workspace", "--all-targets", "--locked"],
            peers,
        )?;
    }
    Ok(())
}

fn step(name: &str) {
    eprintln!("== {name}");
}

fn cargo(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    step(name);
    command::run(command::cargo(arguments).current_dir(workspace::root()).envs(environment.iter().copied()))
}

fn succeeds(arguments: &[&str]) -> bool {
    let status = command::cargo(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
