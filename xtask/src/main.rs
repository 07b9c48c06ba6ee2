//! The maintainers' commands: `cargo xtask help`.
#![forbid(unsafe_code)]

mod bench;
mod ci;
mod codegen_command;
mod command;
mod decode_bench;
mod peers;
mod request_bench;
mod transfer_bench;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
The maintainers' commands of virt-sdk.

cargo xtask codegen           regenerate sdk/src/*/generated and API.txt from model/
cargo xtask codegen --check   fail, naming them, if files are not as codegen would write them
cargo xtask ci                everything that must hold before a change lands
cargo xtask bench             what a build of the SDK crate costs, beside its budget
cargo xtask bench decode      what reading a list costs, beside the official Python SDK
cargo xtask bench request     what a call costs, beside bare reqwest
cargo xtask bench transfer …  what moving disk images costs, beside the Python client and curl; `--help` says more
cargo xtask peers             install the programs that ours are compared with or tested against, outside the tree
cargo xtask conformance …     the SDK against recorded requests and documents; `conformance --help` says more
cargo xtask import …          a published description of an API into model/; `import --help` says more
cargo xtask diff OLD NEW      what changed between two models, as Markdown; `diff --help` says more
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = bench::wrapped_compiler(&arguments) {
        return code;
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["codegen"] => codegen_command::write(&workspace::root()),
        ["codegen", "--check"] => codegen_command::check(&workspace::root()),
        ["ci"] => ci::run(),
        ["bench"] => bench::run(),
        ["bench", "decode"] => decode_bench::run(),
        ["bench", "request"] => request_bench::run(),
        ["bench", "transfer", rest @ ..] => transfer_bench::run(rest),
        ["peers"] => peers::install(),
        ["conformance", rest @ ..] => delegate("conformance", rest),
        ["import" | "diff", ..] => delegate("import", &arguments),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("unknown command `{}`\n\n{HELP}", other.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a crate below `xtask/` that has commands. They are programs of their own: this one is built on every
/// run of CI, and needs neither the SDK nor HTTP.
fn delegate(package: &str, arguments: &[&str]) -> Result<(), String> {
    let start = ["run", "--quiet", "-p", package, "--"];
    command::run(&mut command::cargo(&[&start, arguments].concat()))
}
