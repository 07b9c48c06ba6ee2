//! The clients that are compared, as programs to run. The URL of an image lets in whoever has it: they read it from their
//! standard input, as everybody can see the arguments of a program.

use crate::Result;
use crate::cells::Direction;
use std::path::Path;
use std::process::Command;

/// The Python client as a program.
const PYTHON_PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python_client.py");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// The client of this SDK, as it is by default.
    Sdk,
    /// The Python client with four connections, which is its default.
    Py4,
    /// The same with one.
    Py1,
    /// One request for everything.
    Curl,
}

/// What a client is to do.
pub(crate) struct Job<'a> {
    pub(crate) direction: Direction,
    pub(crate) file: &'a Path,
    pub(crate) url: &'a str,
    /// File with the authority of the server.
    pub(crate) ca: Option<&'a Path>,
    /// The interpreter that has the Python client.
    pub(crate) python: &'a Path,
}

impl Client {
    pub(crate) const ALL: [Self; 4] = [Self::Sdk, Self::Py4, Self::Py1, Self::Curl];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::Py4 => "py4",
            Self::Py1 => "py1",
            Self::Curl => "curl",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| client.name() == name)
    }

    /// The program, and its standard input.
    pub(crate) fn program(self, job: &Job<'_>) -> Result<(Command, String)> {
        let direction = match job.direction {
            Direction::Upload => "upload",
            Direction::Download => "download",
        };
        let mut input = job.url.to_owned();
        let mut command = match self {
            Self::Sdk => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["sdk", direction]).arg(job.file);
                command
            }
            Self::Py4 | Self::Py1 => {
                let mut command = Command::new(job.python);
                let workers = if self == Self::Py4 { "4" } else { "1" };
                command.args([PYTHON_PROGRAM, workers, direction]).arg(job.file);
                command
            }
            Self::Curl => {
                input = format!("url = \"{}\"\n", job.url);
                let mut command = Command::new("curl");
                command.args(["--silent", "--show-error", "--fail", "--config", "-"]);
                match job.direction {
                    Direction::Upload => command.arg("--upload-file").arg(job.file),
                    Direction::Download => command.arg("--output").arg(job.file),
                };
                if job.ca.is_some() {
                    command.arg("--cacert");
                }
                command
            }
        };
        command.args(job.ca);
        Ok((command, input))
    }
}
