//! What a program cost.
//!
//! It runs as the only child of a process that does nothing else, because a process learns only of all its children together
//! what they used.

use crate::Result;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::fs;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// What a run of a client cost, with that of the programs that it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Seconds from its start to its end.
    pub(crate) wall: f64,
    /// Processor seconds, user and system.
    pub(crate) processor: f64,
    /// The most memory that one process of it had, in MiB.
    pub(crate) memory: f64,
}

/// Runs a program, and prints what it cost.
pub(crate) fn tell(program: &str, arguments: &[&str]) -> Result<ExitCode> {
    let started = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let wall = started.elapsed().as_secs_f64();
    let status = status.map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("{program}: {status}").into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let processor = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6;
    // The kernel counts in KiB.
    println!("{wall:.4} {processor:.4} {:.2}", usage.max_rss() as f64 / 1024.0);
    Ok(ExitCode::SUCCESS)
}

/// Runs a client, and finds out what it cost; `input` is its standard input.
pub(crate) fn of(client: &Command, input: &str) -> Result<Cost> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("cost").arg(client.get_program()).args(client.get_args());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut figures = text.split_whitespace().map_while(|word| word.parse().ok());
    let mut figure = || figures.next().ok_or_else(|| format!("`{}` are no figures", text.trim()));
    Ok(Cost { wall: figure()?, processor: figure()?, memory: figure()? })
}

/// Processor seconds that a process has used so far. The kernel counts in hundredths.
pub(crate) fn of_process(id: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // Its name may hold anything, and ends with the last parenthesis.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<std::result::Result<f64, _>>()? / 100.0)
}

/// Processor seconds that everything on this machine has used so far.
pub(crate) fn of_everything() -> Result<f64> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().unwrap_or_default();
    let ticks = line.split_whitespace().skip(1).take(7).map(str::parse::<f64>).collect::<std::result::Result<Vec<_>, _>>()?;
    match ticks.as_slice() {
        // Two in the middle are spent on waiting.
        [user, nice, system, _idle, _wait, interrupts, late_interrupts] => {
            Ok((user + nice + system + interrupts + late_interrupts) / 100.0)
        }
        _ => Err("/proc/stat does not start with figures".into()),
    }
}
