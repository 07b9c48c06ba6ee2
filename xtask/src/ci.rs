//! `cargo xtask ci`: everything that must hold before a change lands.

use crate::{codegen_command, workspace};
use std::process::{Command, Stdio};

/// Runs all checks, and stops at the first that fails. The tests come last, so that their summary is
/// what stands at the end.
pub(crate) fn run() -> Result<(), String> {
    cargo("format", &["fmt", "--all", "--check"], &[])?;
    step("codegen --check");
    codegen_command::check(&workspace::root())?;
    cargo("clippy", &["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"], &[])?;
    cargo("docs", &["doc", "--workspace", "--no-deps", "--locked", "--quiet"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    cargo("doc tests", &["test", "--workspace", "--doc", "--locked", "--quiet"], &[])?;
    if succeeds(&["nextest", "--version"]) {
        cargo("tests", &["nextest", "run", "--workspace", "--locked"], &[])?;
    } else {
        cargo(
            "tests, by cargo test: cargo-nextest is not installed",
            &["test", "--workspace", "--all-targets", "--locked"],
            &[],
        )?;
    }
    Ok(())
}

fn step(name: &str) {
    eprintln!("== {name}");
}

fn cargo(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    step(name);
    let status = command(arguments).envs(environment.iter().copied()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`cargo {}` failed: {status}", arguments.join(" "))),
        Err(error) => Err(format!("`cargo {}` cannot be run: {error}", arguments.join(" "))),
    }
}

fn succeeds(arguments: &[&str]) -> bool {
    let status = command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace::root());
    command
}
