//! The rounds: in each, all clients take their turns at all cells, so that what else the machine does meets all of them.

use crate::Result;
use crate::cells::{Cell, Direction};
use crate::clients::{Client, Job};
use crate::cost::{self, Cost};
use crate::imageio::qemu::qemu_img_compare;
use crate::images::{self, Image, KINDS};
use crate::options::Options;
use crate::results::{Measured, Sample, median};
use crate::servers::Servers;
use crate::{gates, page_cache, table};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Measures, and prints tables. Fails if an image was not moved as it is; figures are never a failure.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut run = Run::prepare(options).await?;
        for round in 0..options.rounds {
            run.round(round).await?;
        }
        Ok(run.report())
    })
}

struct Run<'a> {
    options: &'a Options,
    servers: Servers,
    images: Vec<Image>,
    /// What is written: by the server, or by the client.
    target: PathBuf,
    results: Vec<Measured>,
    /// What went wrong.
    failures: Vec<String>,
    started: Instant,
    load_at_start: String,
}

impl<'a> Run<'a> {
    async fn prepare(options: &'a Options) -> Result<Self> {
        let folder = &options.folder;
        fs::create_dir_all(folder)?;
        page_cache::check(folder)?;
        let mut run = Self {
            options,
            servers: Servers::start().await?,
            images: Vec::new(),
            target: folder.join("target.raw"),
            results: Vec::new(),
            failures: Vec::new(),
            started: Instant::now(),
            load_at_start: load()?,
        };
        let cells: Vec<Cell> = Cell::all().into_iter().filter(|cell| options.selects(cell)).collect();
        if cells.is_empty() {
            return Err("no cell is as --cells wants it".into());
        }
        for kind in &KINDS {
            if cells.iter().any(|cell| cell.image.name == kind.name) {
                run.images.push(Image::make(kind, folder, options.scale)?);
            }
        }
        let allocation = |cell: &Cell| run.images.iter().find(|image| image.kind.name == cell.image.name).map(|it| it.allocation);
        run.results = cells.into_iter().map(|cell| Measured::new(cell, allocation(&cell).unwrap_or_default())).collect();
        Ok(run)
    }

    async fn round(&mut self, round: usize) -> Result<()> {
        let mut results = std::mem::take(&mut self.results);
        for measured in &mut results {
            let cell = measured.cell;
            let mut clients = self.clients(&cell, round);
            if round % 2 == 1 {
                clients.reverse();
            }
            for client in clients {
                match self.measure(&cell, client, round).await {
                    Ok(sample) => {
                        let Sample { cost, others, .. } = sample;
                        let (name, wall, processor) = (client.name(), cost.wall, cost.processor);
                        eprintln!(
                            "round {}: {cell}: {name}: {wall:.2} s, processor {processor:.2} s, others {others:.2} s",
                            round + 1
                        );
                        measured.add(client, round, sample);
                    }
                    Err(error) => {
                        let failure = format!("round {}: {cell}: {}: {error}", round + 1, client.name());
                        eprintln!("{failure}");
                        self.failures.push(failure);
                    }
                }
                images::remove(&self.target)?;
            }
        }
        self.results = results;
        Ok(())
    }

    /// Who is measured in a round.
    fn clients(&self, cell: &Cell, round: usize) -> Vec<Client> {
        let is_selection = self.options.is_selection();
        let is_measured = |client: &Client| is_selection || (cell.is_for(*client) && round < cell.most_rounds(*client));
        self.options.clients.iter().copied().filter(is_measured).collect()
    }

    async fn measure(&self, cell: &Cell, client: Client, round: usize) -> Result<Sample> {
        let image = self.images.iter().find(|image| image.kind.name == cell.image.name).ok_or("there is no such image")?;
        let (file, served) = match cell.direction {
            Direction::Upload => {
                images::make_target(&self.target, image.size)?;
                (&image.path, &self.target)
            }
            Direction::Download => (&self.target, &image.path),
        };
        let served = self.servers.serve(served, image.size, cell.direction, cell.way).await?;
        let job = Job { direction: cell.direction, file, url: &served.url, ca: served.ca, python: &self.options.python };
        let (program, input) = client.program(&job)?;
        page_cache::prepare(image, cell.cache)?;

        let (servers, everything) = (served.processor()?, cost::of_everything()?);
        let cost = cost::of(&program, &input)?;
        let (servers, everything) = (served.processor()? - servers, cost::of_everything()? - everything);
        let traffic = served.end().await?;

        let others = (everything - servers - cost.processor).max(0.0);
        let sample = Sample { cost, servers, others, traffic, allocation: images::allocation(&self.target)? };
        if round == 0 {
            qemu_img_compare((&image.path, "raw"), (&self.target, "raw")).await?;
        }
        Ok(sample)
    }

    /// What the Python client costs before it does anything.
    fn python_start(&self) -> Result<Cost> {
        let mut command = Command::new(&self.options.python);
        cost::of(command.args(["-c", "import ovirt_imageio.client"]), "")
    }

    fn report(&self) -> ExitCode {
        table::print(&self.results);
        gates::print(&self.results);
        match self.python_start() {
            Ok(Cost { wall, processor, .. }) => {
                println!(
                    "\nof each run of py4 and py1, {wall:.2} s are the start of Python, and {processor:.2} s of its processor time"
                );
            }
            Err(error) => println!("\nPython does not start: {error}"),
        }
        let shares = self.results.iter().flat_map(Measured::samples).map(|sample| sample.others / sample.cost.wall);
        println!(
            "\n{:.0} s; load average {} at the start, {} at the end; others used {:.2} processors meanwhile (median)",
            self.started.elapsed().as_secs_f64(),
            self.load_at_start,
            load().unwrap_or_default(),
            median(shares.collect()).unwrap_or_default()
        );
        for failure in &self.failures {
            println!("**wrong**: {failure}");
        }
        if self.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        for path in self.images.iter().map(|image| &image.path).chain([&self.target]) {
            // What stays is made anew by the next run.
            let _ = images::remove(path);
        }
    }
}

/// Load averages of the last one, five and fifteen minutes.
fn load() -> Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}
