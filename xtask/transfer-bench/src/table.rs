//! The figures as a table.

use crate::clients::Client;
use crate::results::{Measured, Sample, median};

/// Prints what was measured, a row for each client.
pub(crate) fn print(results: &[Measured]) {
    println!(
        "medians (lowest–highest); ratios are the median of those within a round; processor seconds of a client are with those of \
         the programs that it starts\n"
    );
    println!(
        "| cell | client | n | wall s | SDK ÷ it | processor s | SDK ÷ it | servers' processor s | requests | sent MiB | memory MiB | file MiB |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for measured in results {
        for client in Client::ALL {
            if let Some(row) = row(measured, client) {
                println!("{row}");
            }
        }
    }
}

/// What is told of a client in a cell; `None` if it was not measured there.
fn row(measured: &Measured, client: Client) -> Option<String> {
    let walls = measured.figures(client, Sample::wall);
    let of = |figure: fn(&Sample) -> f64| median(measured.figures(client, figure));
    let (wall, processor, servers) = (of(Sample::wall)?, of(Sample::processor)?, of(Sample::servers)?);
    let memory = measured.figures(client, Sample::memory).into_iter().fold(0.0, f64::max);
    let mebibytes = |figure: fn(&Sample) -> f64| of(figure).map(|bytes| bytes / f64::from(1 << 20));
    let (requests, sent, allocation) = (of(Sample::requests)?, mebibytes(Sample::sent)?, mebibytes(Sample::allocation)?);
    let lowest = walls.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = walls.iter().copied().fold(0.0, f64::max);
    let ratio = |figure: fn(&Sample) -> f64| match measured.ratio(client, figure) {
        Some(ratio) if client != Client::Sdk => format!("{ratio:.2}"),
        _ => String::new(),
    };
    let (cell, name, count) = (measured.cell, client.name(), walls.len());
    let (wall_ratio, processor_ratio) = (ratio(Sample::wall), ratio(Sample::processor));
    Some(format!(
        "| {cell} | {name} | {count} | {wall:.2} ({lowest:.2}–{highest:.2}) | {wall_ratio} | {processor:.2} | {processor_ratio} | \
         {servers:.2} | {requests:.0} | {sent:.0} | {memory:.1} | {allocation:.0} |"
    ))
}
