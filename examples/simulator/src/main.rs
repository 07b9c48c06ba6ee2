//! The simulator as a program: prints where it is and serves until it is interrupted.

use std::path::PathBuf;
use std::process::ExitCode;
use virt_simulator::{Builder, Simulator};

const HELP: &str = "\
An oVirt engine to test programs against, on the loopback interface.

Usage: virt-simulator [OPTIONS]

Options:
      --port <PORT>           Port of the API [default: a free one]
      --tls                   Serve HTTPS, with a certificate of a new CA
      --ca-out <FILE>         Write the certificate of that CA to a file; implies --tls
      --username <NAME>       Name of the user [default: admin@internal]
      --password-file <FILE>  Read the password of the user from the first line of a file
                              [default password: secret]
      --vms <COUNT>           Virtual machines to begin with [default: 0]
  -h, --help                  Print this text

Prints OVIRT_URL, OVIRT_USERNAME and, where they apply, OVIRT_PASSWORD and OVIRT_CA_FILE as
NAME=value lines, and serves until it is interrupted. A password from a file is not printed.";

/// Exit code for arguments that make no sense.
const USAGE: u8 = 2;

#[derive(Default)]
struct Arguments {
    builder: Builder,
    ca_out: Option<PathBuf>,
    has_password: bool,
    help: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("virt-simulator: {message}\nTry --help.");
            return ExitCode::from(USAGE);
        }
    };
    if arguments.help {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("virt-simulator: {message}");
            ExitCode::FAILURE
        }
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(word) = words.next() {
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        let mut value = || attached.clone().or_else(|| words.next()).ok_or_else(|| format!("{name} needs a value"));
        let builder = std::mem::take(&mut arguments.builder);
        arguments.builder = match name.as_str() {
            "--port" => builder.port(number(&name, &value()?)?),
            "--vms" => builder.vms(number(&name, &value()?)?),
            "--username" => builder.username(value()?),
            "--tls" => builder.tls(true),
            "--ca-out" => {
                arguments.ca_out = Some(PathBuf::from(value()?));
                builder.tls(true)
            }
            "--password-file" => {
                arguments.has_password = true;
                builder.password(password(&value()?)?)
            }
            "-h" | "--help" => {
                arguments.help = true;
                builder
            }
            _ => return Err(format!("unknown argument {name}")),
        };
    }
    Ok(arguments)
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{name} needs a number, not '{text}'"))
}

fn password(path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(str::to_owned).ok_or_else(|| format!("{path} holds no password"))
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let engine = arguments.builder.start().await.map_err(|error| error.to_string())?;
    println!("OVIRT_URL={}", engine.url());
    println!("OVIRT_USERNAME={}", engine.username());
    if !arguments.has_password {
        println!("OVIRT_PASSWORD={}", engine.password());
    }
    if let (Some(path), Some(pem)) = (&arguments.ca_out, engine.ca_pem()) {
        std::fs::write(path, pem).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("OVIRT_CA_FILE={}", path.display());
    }
    wait(engine).await
}

async fn wait(engine: Simulator) -> Result<(), String> {
    interrupted().await.map_err(|error| format!("cannot wait for an interrupt: {error}"))?;
    engine.shutdown().await;
    Ok(())
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
