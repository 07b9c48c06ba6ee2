//! The maintainers' commands: `cargo xtask help`.
#![forbid(unsafe_code)]

mod bench;
mod ci;
mod codegen_command;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
The maintainers' commands of virt-sdk.

cargo xtask codegen           regenerate sdk/src/ovirt/generated and API.txt from model/
cargo xtask codegen --check   fail, naming them, if files are not as codegen would write them
cargo xtask ci                everything that must hold before a change lands
cargo xtask bench             what a build of the SDK crate costs, beside its budget
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
