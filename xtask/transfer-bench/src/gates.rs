//! What the figures are held to.

use crate::cells::{Direction, Way};
use crate::clients::Client;
use crate::results::{Measured, Sample};

/// A limit, and the figures that must not be above it, each with the name of its cell.
struct Gate {
    name: &'static str,
    limit: f64,
    figures: Vec<(String, f64)>,
}

impl Gate {
    /// The gate for those cells that `figure` has one of.
    fn each(name: &'static str, limit: f64, results: &[Measured], figure: impl Fn(&Measured) -> Option<f64>) -> Self {
        let figures = results.iter().filter_map(|measured| Some((measured.cell.to_string(), figure(measured)?)));
        Self { name, limit, figures: figures.collect() }
    }

    fn row(&self) -> String {
        let Self { name, limit, figures } = self;
        let Some((cell, highest)) = figures.iter().max_by(|one, other| one.1.total_cmp(&other.1)) else {
            return format!("| {name} | {limit:.2} | | | was not measured |");
        };
        let held = figures.iter().filter(|(_, figure)| figure <= limit).count();
        let verdict =
            if held == figures.len() { "holds".to_owned() } else { format!("**does not hold** in {}", figures.len() - held) };
        format!("| {name} | {limit:.2} | {highest:.2} | {cell} | {verdict} of {} |", figures.len())
    }
}

/// Prints whether the figures are as they should be.
pub(crate) fn print(results: &[Measured]) {
    println!("\n| gate | at most | highest | where | |\n|---|---|---|---|---|");
    for gate in gates(results) {
        println!("{}", gate.row());
    }
}

fn gates(results: &[Measured]) -> Vec<Gate> {
    let wall = |measured: &Measured| measured.ratio(Client::Py4, Sample::wall);
    let processor = |measured: &Measured| measured.ratio(Client::Py4, Sample::processor);
    let is_download_by_http =
        |measured: &Measured| measured.cell.direction == Direction::Download && measured.cell.way == Way::Http;
    let is_fragmented = |measured: &Measured| measured.cell.image.name == "frag1g";

    let walls: Vec<f64> = results.iter().filter_map(wall).collect();
    let mean = (walls.iter().map(|ratio| ratio.ln()).sum::<f64>() / walls.len() as f64).exp();
    let all = if walls.is_empty() { Vec::new() } else { vec![("geometric mean".to_owned(), mean)] };
    vec![
        Gate::each("wall ÷ py4", 0.9, results, wall),
        Gate { name: "wall ÷ py4, all cells together", limit: 0.8, figures: all },
        Gate::each("wall ÷ py4, fragmented", 0.35, results, |measured| wall(measured).filter(|_| is_fragmented(measured))),
        Gate::each("uploaded fragmented image ÷ source, bytes taken up", 1.05, results, |measured| {
            let is_meant = is_fragmented(measured) && measured.cell.direction == Direction::Upload;
            let most = measured.figures(Client::Sdk, Sample::allocation).into_iter().reduce(f64::max)?;
            is_meant.then(|| most / measured.source_allocation as f64)
        }),
        Gate::each("processor ÷ py4, but downloads by http", 0.6, results, |measured| {
            processor(measured).filter(|_| !is_download_by_http(measured))
        }),
        Gate::each("processor ÷ py4, downloads by http", 0.7, results, |measured| {
            processor(measured).filter(|_| is_download_by_http(measured))
        }),
        Gate::each("wall ÷ curl, random data", 1.05, results, |measured| {
            measured.ratio(Client::Curl, Sample::wall).filter(|_| measured.cell.image.name == "rand1g")
        }),
        Gate::each("memory, MiB", 40.0, results, |measured| {
            measured.figures(Client::Sdk, Sample::memory).into_iter().reduce(f64::max)
        }),
    ]
}
