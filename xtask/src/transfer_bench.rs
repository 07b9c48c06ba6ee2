//! `cargo xtask bench transfer`: what moving disk images costs, beside the Python client and curl at the same server.

use crate::{command, peers, workspace};
use std::process::Command;

/// Builds the program that measures, and runs it.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let root = workspace::root();
    let python = peers::imageio()?;
    let target = root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let build = ["build", "--release", "--quiet", "--package", "transfer-bench", "--target-dir"];
    command::run(command::cargo(&build).arg(&target).current_dir(&root))?;
    let mut program = Command::new(target.join("release/transfer-bench"));
    program.arg("run").arg("--python").arg(python).arg("--folder").arg(target.join("transfer-bench"));
    command::run(program.args(arguments))
}
