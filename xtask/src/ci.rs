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
    for feature in ["ovirt", "vsphere", "transfer"] {
        let features = format!("rustls,{feature}");
        let arguments = ["clippy", "-p", "virt-sdk", "--no-default-features", "--features", &features];
        let name = format!("the feature {feature} alone");
        cargo(&name, &[&arguments[..], &["--locked", "--quiet", "--", "-D", "warnings"]].concat(), &[])?;
    }
    step("peers");
    for missing in peers::missing() {
        eprintln!("skipped: the tests against {missing}, which is not installed; run `cargo xtask peers`");
    }
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
    command::run(command::cargo(arguments).current_dir(workspace::root()).envs(environment.iter().copied()))
}

fn succeeds(arguments: &[&str]) -> bool {
    let status = command::cargo(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
