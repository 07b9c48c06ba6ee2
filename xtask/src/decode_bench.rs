//! `cargo xtask bench decode`: reading a list of 5,000 virtual machines, beside the official Python SDK.

use crate::{command, peers, workspace};
use std::fs::File;
use std::process::{Command, Stdio};

/// Virtual machines in the document.
const COUNT: &str = "5000";

/// How often each way is measured; the median counts.
const RUNS: usize = 5;

/// What one run cost.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    objects: u64,
    /// Peak memory in KiB.
    memory: f64,
}

/// Measures, and prints a table.
pub(crate) fn run() -> Result<(), String> {
    let root = workspace::root();
    let python = peers::python_sdk()?;
    command::run(Command::new("cargo").args(["build", "--release", "--quiet", "--package", "decode-bench"]).current_dir(&root))?;
    let ours = root.join("target/release/decode-bench");
    let document = root.join("target/vms.xml");
    let file = File::create(&document).map_err(|error| format!("{} cannot be written: {error}", document.display()))?;
    command::run(Command::new(&ours).args(["document", COUNT]).stdout(Stdio::from(file)))?;
    let megabytes = document.metadata().map_err(|error| error.to_string())?.len() as f64 / 1e6;

    let baseline = median(&|| cost(Command::new(&ours).arg("empty").arg(&document)))?;
    let whole = median(&|| cost(Command::new(&ours).arg("whole").arg(&document)))?;
    let stream = median(&|| cost(Command::new(&ours).arg("stream").arg(&document)))?;
    let script = root.join("xtask/decode-bench/decode.py");
    let theirs = median(&|| cost(Command::new(&python).arg(&script).arg(&document)))?;
    if [whole.objects, stream.objects].iter().any(|objects| *objects != theirs.objects) {
        return Err(format!("{}, {} and {} objects were read from one document", whole.objects, stream.objects, theirs.objects));
    }
    println!("{COUNT} virtual machines, {megabytes:.1} MB; medians of {RUNS} runs");
    println!("| | processor ms | MB/s | times less than Python | peak memory over the bare program, MB |\n|---|---|---|---|---|");
    for (name, cost) in [("whole list", whole), ("stream", stream), ("Python SDK", theirs)] {
        let ratio = theirs.seconds / cost.seconds;
        let over = (cost.memory - baseline.memory) * 1024.0 / 1e6;
        println!("| {name} | {:.0} | {:.0} | {ratio:.1} | {over:.1} |", cost.seconds * 1e3, megabytes / cost.seconds);
    }
    Ok(())
}

fn median(run: &dyn Fn() -> Result<Cost, String>) -> Result<Cost, String> {
    let mut costs = (0..RUNS).map(|_| run()).collect::<Result<Vec<_>, _>>()?;
    costs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(costs[RUNS / 2])
}

fn cost(command: &mut Command) -> Result<Cost, String> {
    let output = command.output().map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let parsed = || {
        let mut words = text.split_whitespace();
        Some(Cost {
            seconds: words.next()?.parse().ok()?,
            objects: words.next()?.parse().ok()?,
            memory: words.next()?.parse().ok()?,
        })
    };
    parsed()
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
}
