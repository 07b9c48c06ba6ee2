//! What was measured, and what follows from it.

use crate::cells::Cell;
use crate::clients::Client;
use crate::cost::Cost;
use crate::traffic::Traffic;

/// What one run of a client told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) cost: Cost,
    /// Processor seconds that the servers used meanwhile.
    pub(crate) servers: f64,
    /// Processor seconds that everything else on the machine used meanwhile, the kernel's own work among it.
    pub(crate) others: f64,
    /// What the servers were asked.
    pub(crate) traffic: Traffic,
    /// Bytes that the file takes up that was written.
    pub(crate) allocation: u64,
}

impl Sample {
    pub(crate) fn wall(&self) -> f64 {
        self.cost.wall
    }

    pub(crate) fn processor(&self) -> f64 {
        self.cost.processor
    }

    pub(crate) fn memory(&self) -> f64 {
        self.cost.memory
    }

    pub(crate) fn servers(&self) -> f64 {
        self.servers
    }

    pub(crate) fn requests(&self) -> f64 {
        self.traffic.requests
    }

    pub(crate) fn sent(&self) -> f64 {
        self.traffic.bytes
    }

    pub(crate) fn allocation(&self) -> f64 {
        self.allocation as f64
    }
}

/// What was measured of a cell.
pub(crate) struct Measured {
    pub(crate) cell: Cell,
    /// Bytes that the source takes up.
    pub(crate) source_allocation: u64,
    samples: Vec<(Client, usize, Sample)>,
}

impl Measured {
    pub(crate) fn new(cell: Cell, source_allocation: u64) -> Self {
        Self { cell, source_allocation, samples: Vec::new() }
    }

    /// Takes in what a client cost in a round.
    pub(crate) fn add(&mut self, client: Client, round: usize, sample: Sample) {
        self.samples.push((client, round, sample));
    }

    pub(crate) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().map(|(_, _, sample)| sample)
    }

    /// A figure of a client, round by round.
    pub(crate) fn figures(&self, client: Client, figure: fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().filter(|(of, ..)| *of == client).map(|(.., sample)| figure(sample)).collect()
    }

    /// How the figure of the SDK compares with that of a client within the same round, as rounds differ more than clients: the
    /// median of these. `None` where they have no round in common.
    pub(crate) fn ratio(&self, client: Client, figure: fn(&Sample) -> f64) -> Option<f64> {
        let ratios = self.samples.iter().filter(|(of, ..)| *of == Client::Sdk).filter_map(|(_, round, ours)| {
            let (.., theirs) = self.samples.iter().find(|(of, in_round, _)| *of == client && in_round == round)?;
            Some(figure(ours) / figure(theirs))
        });
        median(ratios.collect())
    }
}

/// What is in the middle; `None` of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (upper, lower) = (values.get(values.len() / 2)?, values.get(values.len().saturating_sub(1) / 2)?);
    Some((upper + lower) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(wall: f64) -> Sample {
        let cost = Cost { wall, processor: 1.0, memory: 1.0 };
        Sample { cost, servers: 0.0, others: 0.0, traffic: Traffic::default(), allocation: 0 }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn ratios_are_those_within_a_round() {
        let mut measured = Measured::new(Cell::all()[0], 0);
        for (round, ours, theirs) in [(0, 1.0, 2.0), (1, 30.0, 100.0), (2, 9.0, 10.0)] {
            measured.add(Client::Sdk, round, sample(ours));
            measured.add(Client::Py4, round, sample(theirs));
        }
        measured.add(Client::Sdk, 3, sample(1000.0));
        measured.add(Client::Curl, 4, sample(1.0));
        assert_eq!(measured.ratio(Client::Py4, Sample::wall), Some(0.5));
        assert_eq!(measured.ratio(Client::Curl, Sample::wall), None);
    }
}
