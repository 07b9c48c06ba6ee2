//! Proves the SDK against records of what another client sent and read.
//!
//! A folder of records holds, each optional:
//!
//! - `requests.jsonl`: calls with their arguments, the request that went out, the answer, the result;
//! - `types/T.json`, `T.xml`, `T.read.json`: one object of each type, as value, as written, as read back;
//! - `cases/X.xml`, `X.json`: documents that are hard to read, with what they mean;
//! - `connection.jsonl`: sign-on, renewal, headers, failures: all requests in order, and the outcome.
//!
//! One of the vSphere API holds:
//!
//! - `requests.jsonl`: calls of operations, and the request of each in both dialects;
//! - `responses.jsonl`: answers in both dialects, and what they mean.
//!
//! Each is done with the SDK against a server in this process, and compared. What differs on purpose is
//! listed with its reason in `data/differences.toml`; what is listed and does not differ is a failure too.
#![forbid(unsafe_code)]

mod arguments;
#[rustfmt::skip]
#[allow(deprecated, clippy::all)]
#[path = "generated/calls.rs"]
mod calls;
mod canonical;
mod cases;
mod compare;
mod connection;
mod differences;
mod fill;
mod folder;
mod kinds;
mod lab;
mod node;
mod perform;
mod python_call;
mod report;
mod requests;
mod rows;
mod server;
mod show;
mod types;
mod vsphere;
mod wire;
mod xml;

pub use report::Report;

use differences::Differences;
use folder::Folder;
use std::path::{Path, PathBuf};

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the records.
    pub folder: PathBuf,
    /// The only part to run; all when absent.
    pub only: Option<Part>,
}

impl Default for Options {
    /// The sample in the repository, all of it.
    fn default() -> Self {
        Self { folder: sample(), only: None }
    }
}

/// A part of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Calls of every method.
    Requests,
    /// Objects of every type.
    Types,
    /// Documents that are hard to read.
    Cases,
    /// Sign-on, headers, failures.
    Connection,
    /// Requests of every operation of vSphere.
    VsphereRequests,
    /// Answers of every operation of vSphere.
    VsphereResponses,
}

impl Part {
    /// All of them, in the order in which they run.
    pub const ALL: [Self; 6] =
        [Self::Requests, Self::Types, Self::Cases, Self::Connection, Self::VsphereRequests, Self::VsphereResponses];

    /// Its name: that of its file or folder, without ending.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Types => "types",
            Self::Cases => "cases",
            Self::Connection => "connection",
            Self::VsphereRequests => "vsphere-requests",
            Self::VsphereResponses => "vsphere-responses",
        }
    }
}

/// Runs the records of a folder.
///
/// # Errors
///
/// When the folder or the list of differences cannot be read, and when the server cannot be started. A record
/// that is malformed is a difference.
pub fn run(options: &Options) -> Result<Report, String> {
    let differences = Differences::read(&sample().join("differences.toml"))?;
    let folder = Folder::open(&options.folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let checks = runtime.block_on(async {
        let lab = lab::Lab::new().await?;
        let mut checks = Vec::new();
        for part in Part::ALL.into_iter().filter(|part| options.only.is_none_or(|only| only == *part)) {
            checks.extend(match part {
                Part::Requests => requests::run(&folder, &lab, &differences).await?,
                Part::Types => types::run(&folder, &lab, &differences).await?,
                Part::Cases => cases::run(&folder, &lab, &differences).await?,
                Part::Connection => connection::run(&folder, &lab, &differences).await?,
                Part::VsphereRequests => vsphere::requests::run(&folder, &differences)?,
                Part::VsphereResponses => vsphere::responses::run(&folder, &lab.server, &differences).await?,
            });
        }
        Ok::<_, String>(checks)
    })?;
    Ok(Report::new(checks, &differences))
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}
