//! Arguments of the program.

use super::log::Level;
use super::place::Place;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, value_parser};
use std::path::PathBuf;
use uuid::Uuid;
use virt_sdk::ovirt::types::DiskFormat;
use virt_sdk::transfer::image::Format;

const EXIT_CODES: &str = "\
Exit codes:
  0         Done
  1         Failed
  2         Wrong arguments or settings
  3         Interrupted by what passes: the same command, with the same --resume, goes on where it stopped
  130, 143  Called off by SIGINT (Ctrl-C) or SIGTERM, and cleaned up; a second signal ends it at once

The configuration file is $XDG_CONFIG_HOME/ovirt-img.conf, or ~/.config/ovirt-img.conf. Its sections have the keys
engine_url, username, password, cafile, secure, disk_timeout (seconds), log_file, log_level and description. Values are
taken as they are; what the command line says goes before them.";

/// Moves disk images to and from an oVirt engine, without QEMU.
#[derive(Debug, Parser)]
#[command(name = "image", version, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Transfer(TransferCommand),
    /// Tell what a local image is; needs no engine
    Info(InfoArguments),
}

#[derive(Debug, Subcommand)]
pub(super) enum TransferCommand {
    /// Upload an image, raw, ISO or qcow2, to a disk
    #[command(visible_alias = "upload-disk", after_help = EXIT_CODES)]
    Upload(Box<UploadArguments>),
    /// Download a disk, or a snapshot of one, to an image
    #[command(visible_alias = "download-disk", after_help = EXIT_CODES)]
    Download(Box<DownloadArguments>),
}

impl TransferCommand {
    pub(super) fn common(&self) -> &CommonArguments {
        match self {
            Self::Upload(arguments) => &arguments.common,
            Self::Download(arguments) => &arguments.common,
        }
    }
}

#[derive(Args, Debug)]
pub(super) struct UploadArguments {
    /// Image to upload; `-` is standard input, a raw image
    pub(super) file: Place,
    /// Storage domain for the new disk
    #[arg(short, long, value_name = "NAME", required_unless_present = "into")]
    pub(super) storage_domain: Option<String>,
    /// Format of the new disk, whatever that of the image [default: qcow2 for qcow2, else raw]
    #[arg(short, long)]
    pub(super) format: Option<NewFormat>,
    /// Let the new disk take its whole size from the start [default: only where it has to]
    #[arg(long)]
    pub(super) preallocated: bool,
    /// Id of the new disk [default: a random one]
    #[arg(long, value_name = "UUID")]
    pub(super) disk_id: Option<Uuid>,
    /// Name of the new disk [default: that of the file]
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Overwrite a disk that is there, which stays whatever happens, instead of making one
    #[arg(long, value_name = "DISK_ID", conflicts_with_all = ["storage_domain", "format", "preallocated", "disk_id", "name"])]
    pub(super) into: Option<String>,
    /// How much of standard input to upload, in bytes
    #[arg(long, value_name = "BYTES")]
    pub(super) size: Option<u64>,
    /// Format of the image, instead of what its content tells: a guest can make a raw disk look like qcow2
    #[arg(long, value_name = "FORMAT")]
    pub(super) source_format: Option<SourceFormat>,
    /// Open backing files of the image that are in this folder, or below it [default: refuse an image that has one]
    #[arg(long, value_name = "DIR")]
    pub(super) backing_folder: Option<PathBuf>,
    /// Keep a journal in this file, and go on where an upload with the same journal was interrupted. Such an upload
    /// leaves the transfer paused, and the disk locked
    #[arg(long, value_name = "JOURNAL")]
    pub(super) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: CommonArguments,
}

#[derive(Args, Debug)]
pub(super) struct DownloadArguments {
    /// Disk to download, by its id
    pub(super) disk_id: String,
    /// File to make, or to replace once the new one is whole; `-` is standard output, for a raw image. Messages then go
    /// to standard error
    pub(super) file: Place,
    /// Format of the file [default: qcow2 if the name ends in .qcow2, else raw]
    #[arg(short, long)]
    pub(super) format: Option<NewFormat>,
    /// The id is that of a disk snapshot
    #[arg(long)]
    pub(super) snapshot: bool,
    /// Keep what arrived (FILE.part, FILE.part.journal) if it is interrupted, and go on with it; the checksum of the
    /// whole is then compared
    #[arg(long)]
    pub(super) resume: bool,
    #[command(flatten)]
    pub(super) common: CommonArguments,
}

#[derive(Args, Debug)]
pub(super) struct InfoArguments {
    /// Image to look at
    pub(super) file: PathBuf,
    /// Open backing files of the image that are in this folder, or below it [default: leave them alone]
    #[arg(long, value_name = "DIR")]
    pub(super) backing_folder: Option<PathBuf>,
    /// How to tell the result
    #[arg(short, long, default_value = "text")]
    pub(super) output: OutputFormat,
}

#[derive(Args, Debug)]
pub(super) struct CommonArguments {
    #[command(flatten)]
    pub(super) moving: MovingArguments,
    #[command(flatten)]
    pub(super) access: AccessArguments,
    #[command(flatten)]
    pub(super) shown: ReportArguments,
}

#[derive(Args, Debug)]
pub(super) struct MovingArguments {
    /// Compare the checksum of the image with that of the disk
    #[arg(long)]
    pub(super) verify: bool,
    /// Connections at most; the server may allow fewer
    #[arg(long, value_name = "1..8", default_value_t = 4, value_parser = value_parser!(u8).range(1..=8))]
    pub(super) max_workers: u8,
    /// Taken for the sake of scripts for ovirt-img, and left alone: buffers have a fixed size
    #[arg(long, value_name = "SIZE")]
    buffer_size: Option<String>,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Engine")]
pub(super) struct AccessArguments {
    /// Section of the configuration file to read
    #[arg(short, long, value_name = "SECTION")]
    pub(super) config: Option<String>,
    /// URL of the engine, such as <https://engine.example.com>
    #[arg(long, value_name = "URL")]
    pub(super) engine_url: Option<String>,
    /// User with profile, such as admin@internal or admin@ovirt@internalsso
    #[arg(long, value_name = "NAME")]
    pub(super) username: Option<String>,
    /// File whose first line is the password [default: that of the configuration file, or it is asked for on a terminal]
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,
    /// File with the certificate, in PEM, of the authority that signed those of the engine and its hosts
    #[arg(long, value_name = "FILE")]
    pub(super) cafile: Option<PathBuf>,
    /// Accept any certificate: anybody in between can then read and change everything, the password too
    #[arg(long)]
    pub(super) insecure: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Messages")]
pub(super) struct ReportArguments {
    /// How to tell progress and result: a bar on a terminal and text, or one JSON object a line
    #[arg(short, long, default_value = "text")]
    pub(super) output: OutputFormat,
    /// File to append a log to [default: none]
    #[arg(long, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
    /// How much to log [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<Level>,
    /// What to show with the progress [default: upload or download]
    #[arg(short, long, value_name = "TEXT")]
    pub(super) description: Option<String>,
}

/// How to tell what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    Text,
    Json,
}

/// Formats that something new can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NewFormat {
    Raw,
    Qcow2,
}

impl From<NewFormat> for Format {
    fn from(format: NewFormat) -> Self {
        match format {
            NewFormat::Raw => Self::Raw,
            NewFormat::Qcow2 => Self::Qcow2,
        }
    }
}

impl From<NewFormat> for DiskFormat {
    fn from(format: NewFormat) -> Self {
        match format {
            NewFormat::Raw => Self::Raw,
            NewFormat::Qcow2 => Self::Cow,
        }
    }
}

/// Formats that can be uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SourceFormat {
    Raw,
    Iso,
    Qcow2,
}

impl From<SourceFormat> for Format {
    fn from(format: SourceFormat) -> Self {
        match format {
            SourceFormat::Raw => Self::Raw,
            SourceFormat::Iso => Self::Iso,
            SourceFormat::Qcow2 => Self::Qcow2,
        }
    }
}

impl Arguments {
    /// Reads the arguments of the program. If they are wrong, or ask for help, this ends it.
    pub fn read() -> Self {
        let arguments = Self::parse();
        if let Some(problem) = arguments.problem() {
            Self::command().error(ErrorKind::ArgumentConflict, problem).exit();
        }
        arguments
    }

    /// What contradicts itself.
    fn problem(&self) -> Option<&'static str> {
        match &self.command {
            Command::Transfer(TransferCommand::Upload(upload)) => upload.problem(),
            Command::Transfer(TransferCommand::Download(download)) => download.problem(),
            Command::Info(_) => None,
        }
    }
}

impl UploadArguments {
    fn problem(&self) -> Option<&'static str> {
        match (&self.file, self.size) {
            (Place::File(_), None) => None,
            (Place::File(_), Some(_)) => Some("--size is for standard input (`-`): a file has a size"),
            (Place::Stream, None) => Some("standard input needs --size: a disk has its size before its data is there"),
            (Place::Stream, _) if self.resume.is_some() => Some("an upload of standard input cannot be resumed"),
            (Place::Stream, _) if self.backing_folder.is_some() || self.source_format == Some(SourceFormat::Qcow2) => {
                Some("a qcow2 image cannot be read from standard input; store it in a file")
            }
            (Place::Stream, Some(_)) => None,
        }
    }
}

impl DownloadArguments {
    fn problem(&self) -> Option<&'static str> {
        match self.file {
            Place::File(_) => None,
            Place::Stream if self.resume => Some("a download to standard output cannot be resumed"),
            Place::Stream if self.format == Some(NewFormat::Qcow2) => {
                Some("a qcow2 image cannot be written to standard output; name a file")
            }
            Place::Stream => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_dash_is_a_stream() {
        let read = |words: &[&str]| Arguments::try_parse_from([&["image"], words].concat()).expect("they are right").problem();
        assert_eq!(read(&["upload", "-s", "data", "-", "--size", "512"]), None);
        assert_eq!(read(&["upload", "-s", "data", "./-"]), None);
        assert_eq!(read(&["download", "id", "-"]), None);
        for (words, part) in [
            (&["upload", "-s", "data", "-"][..], "--size"),
            (&["upload", "-s", "data", "file", "--size", "512"], "--size"),
            (&["upload", "-s", "data", "-", "--size", "512", "--resume", "journal"], "resumed"),
            (&["upload", "-s", "data", "-", "--size", "512", "--source-format", "qcow2"], "qcow2"),
            (&["download", "id", "-", "--resume"], "resumed"),
            (&["download", "id", "-", "-f", "qcow2"], "qcow2"),
        ] {
            assert!(read(words).is_some_and(|problem| problem.contains(part)), "{words:?}");
        }
    }
}
