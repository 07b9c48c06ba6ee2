//! `cargo xtask conformance [FOLDER] [--only PART]`
#![forbid(unsafe_code)]

use conformance::{Options, Part};
use std::process::ExitCode;

const HELP: &str = "\
Runs the SDK against recorded requests and documents.

cargo xtask conformance [FOLDER] [--only PART]

FOLDER, or its folder ovirt/, holds requests.jsonl, types/, cases/ and connection.jsonl; FOLDER, or its folder
vsphere/, holds requests.jsonl and responses.jsonl. Default: the sample in the repository.
PART is requests, types, cases, connection, vsphere-requests or vsphere-responses.
Differences on purpose stand in xtask/conformance/data/differences.toml.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| matches!(argument.as_str(), "help" | "--help" | "-h")) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match options(&arguments).and_then(|options| conformance::run(&options)) {
        Ok(report) => {
            print!("{report}");
            if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn options(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut folder = None;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => {
                let name = arguments.next().map(String::as_str).unwrap_or_default();
                let part = Part::ALL.into_iter().find(|part| part.name() == name);
                options.only = Some(part.ok_or_else(|| format!("`--only {name}` names no part of the records\n\n{HELP}"))?);
            }
            option if option.starts_with('-') => return Err(format!("unknown option `{option}`\n\n{HELP}")),
            path if folder.is_none() => folder = Some(path.into()),
            other => return Err(format!("`{other}` is one folder too many\n\n{HELP}")),
        }
    }
    options.folder = folder.unwrap_or(options.folder);
    Ok(options)
}
