//! `cargo xtask bench request`: what a call through the SDK costs, beside bare reqwest and the same server.

use crate::{command, workspace};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Calls in each run.
const CALLS: u32 = 20_000;

/// How often each way is measured. The ways take turns: what else the machine does meets all of them.
const ROUNDS: usize = 9;

/// What a call may cost, in that of bare reqwest.
const TARGET: f64 = 1.10;

/// Measures, and prints a table.
pub(crate) fn run() -> Result<(), String> {
    let root = workspace::root();
    let target = root.join("target");
    let build = ["build", "--release", "--quiet", "--package", "request-bench", "--target-dir"];
    command::run(command::cargo(&build).arg(&target).current_dir(&root))?;
    let program = target.join("release/request-bench");
    let server = Server::start(&program)?;

    let mut cells = [
        Cell::new("`remove`, one after the other", "remove", "reqwest", "1"),
        Cell::new("`remove`, 16 at a time", "remove", "reqwest", "16"),
        Cell::new("`get` beside reqwest and the same decoding", "get", "decoded", "1"),
        Cell::new("the same, 16 at a time", "get", "decoded", "16"),
        Cell::new("`get` beside reqwest that leaves the answer in bytes", "get", "reqwest", "1"),
    ];
    for round in 0..ROUNDS {
        for cell in &mut cells {
            cell.measure(&program, &server.port, round % 2 == 0)?;
        }
    }
    println!(
        "{CALLS} calls in each of {ROUNDS} rounds; medians; processor time of the client alone, server and client on one processor"
    );
    println!("| calls | SDK µs | reqwest µs | ratio (target {TARGET:.2}) | lowest–highest |\n|---|---|---|---|---|");
    for cell in &cells {
        println!("{}", cell.row());
    }
    Ok(())
}

/// Microseconds per call, round by round.
struct Cell {
    name: &'static str,
    call: &'static str,
    /// What it is held against.
    other: &'static str,
    tasks: &'static str,
    sdk: Vec<f64>,
    reqwest: Vec<f64>,
}

impl Cell {
    fn new(name: &'static str, call: &'static str, other: &'static str, tasks: &'static str) -> Self {
        Self { name, call, other, tasks, sdk: Vec::new(), reqwest: Vec::new() }
    }

    fn measure(&mut self, program: &Path, port: &str, sdk_first: bool) -> Result<(), String> {
        for sdk in [sdk_first, !sdk_first] {
            let (way, costs) = if sdk { ("sdk", &mut self.sdk) } else { (self.other, &mut self.reqwest) };
            costs.push(microseconds(program, &[way, self.call, port, &CALLS.to_string(), self.tasks])?);
        }
        Ok(())
    }

    /// The row of the table. The ratio is that within a round: rounds differ more than ways.
    fn row(&self) -> String {
        let mut ratios: Vec<f64> = self.sdk.iter().zip(&self.reqwest).map(|(sdk, reqwest)| sdk / reqwest).collect();
        let ratio = median(&mut ratios);
        let (lowest, highest) = (ratios.first().copied().unwrap_or_default(), ratios.last().copied().unwrap_or_default());
        let (sdk, reqwest) = (median(&mut self.sdk.clone()), median(&mut self.reqwest.clone()));
        format!("| {} | {sdk:.1} | {reqwest:.1} | {ratio:.2} | {lowest:.2}–{highest:.2} |", self.name)
    }
}

/// What the program says that its calls cost, per call.
fn microseconds(program: &Path, arguments: &[&str]) -> Result<f64, String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).output().map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    let seconds = String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().ok();
    seconds
        .filter(|_| output.status.success())
        .map(|seconds| seconds * 1e6 / f64::from(CALLS))
        .ok_or_else(|| format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Sorts, too.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The server that is called, in a process of its own: its processor time is not counted.
struct Server {
    child: Child,
    port: String,
}

impl Server {
    fn start(program: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        // It ends when its standard input does, however this program ends.
        let child = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let child = child.map_err(|error| format!("{command:?} cannot be run: {error}"))?;
        let mut server = Self { child, port: String::new() };
        if let Some(output) = server.child.stdout.take() {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map_err(|error| format!("{command:?} tells no port: {error}"))?;
            server.port = line.trim().to_owned();
        }
        if server.port.is_empty() { Err(format!("{command:?} tells no port")) } else { Ok(server) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // There is nobody to tell of a failure. `wait` closes its standard input.
        let _ = self.child.wait();
    }
}
