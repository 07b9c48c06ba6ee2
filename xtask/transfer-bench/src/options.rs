//! What is asked of a run.

use crate::Result;
use crate::cells::Cell;
use crate::clients::Client;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: cargo xtask bench transfer [--rounds N] [--quick] [--cells FILTER] [--clients NAMES] [--folder PATH] [--scale N]
  --rounds N       how often each cell is measured; default: 5
  --quick          one round of rand1g over http
  --cells FILTER   only cells that have all of these words: `rand1g`, `frag1g/upload`, `sparse4g/download/https/cold`;
                   several with commas between them. They are measured in every round, with all clients; else only three
                   rounds have frag1g, and only the first has py1 and what differs little from something else
  --clients NAMES  only these, with commas between them: sdk, py4, py1, curl
  --folder PATH    where images are made; about 10 GB on a file system with direct I/O; default: in the target directory
  --scale N        images of an Nth of the size, to try this program: gates say nothing then";

/// What is asked of a run.
pub(crate) struct Options {
    pub(crate) rounds: usize,
    /// Words that a cell must have, one list of which is enough. All cells where this is none.
    cells: Option<Vec<Vec<String>>>,
    pub(crate) clients: Vec<Client>,
    pub(crate) folder: PathBuf,
    pub(crate) scale: u64,
    /// The interpreter that has ovirt-imageio.
    pub(crate) python: PathBuf,
}

impl Options {
    pub(crate) fn read(arguments: &[&str]) -> Result<Self> {
        let (mut folder, mut python) = (None, None);
        let mut options = Self {
            rounds: 5,
            cells: None,
            clients: Client::ALL.to_vec(),
            folder: PathBuf::new(),
            scale: 1,
            python: PathBuf::new(),
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().copied().ok_or_else(|| format!("{argument} needs a value\n\n{USAGE}"));
            match *argument {
                "--rounds" => options.rounds = number(value()?)?,
                "--scale" => options.scale = u64::try_from(number(value()?)?)?,
                "--quick" => (options.rounds, options.cells) = (1, Some(filter("rand1g/http"))),
                "--cells" => options.cells = Some(filter(value()?)),
                "--clients" => {
                    let named = |name| Client::named(name).ok_or_else(|| format!("`{name}` is no client\n\n{USAGE}"));
                    options.clients = value()?.split(',').map(named).collect::<std::result::Result<_, _>>()?;
                }
                // The command gives one first, which counts unless there is another.
                "--folder" => folder = Some(value()?),
                "--python" => python = Some(value()?),
                other => return Err(format!("`{other}` is no option\n\n{USAGE}").into()),
            }
        }
        options.folder = folder.ok_or(USAGE)?.into();
        options.python = python.ok_or(USAGE)?.into();
        Ok(options)
    }

    /// Whether all that was asked for is to be measured in every round, as there is not much of it.
    pub(crate) fn is_selection(&self) -> bool {
        self.cells.is_some()
    }

    pub(crate) fn selects(&self, cell: &Cell) -> bool {
        let has = |word: &String| cell.words().contains(&word.as_str());
        match &self.cells {
            Some(filters) => filters.iter().any(|words| words.iter().all(has)),
            None => !cell.image.is_extra,
        }
    }
}

fn filter(text: &str) -> Vec<Vec<String>> {
    text.split(',').map(|words| words.split('/').map(str::to_owned).collect()).collect()
}

/// A number above 0.
fn number(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{text}` is no number above 0").into())
}
