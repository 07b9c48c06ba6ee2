//! Moves disk images to and from an engine, for people who know `ovirt-img`; see [`examples::image`] for its exit codes.

use examples::image::{Arguments, run};

fn main() -> std::process::ExitCode {
    run(Arguments::read())
}
