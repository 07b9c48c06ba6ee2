//! The simulator as a program: prints where it is and serves until it is interrupted.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use virt_simulator::{Builder, vsphere};

const HELP: &str = "\
An oVirt engine, or a vCenter, to test programs against, on the loopback interface.

Usage: virt-simulator [OPTIONS]

Options:
      --vsphere               Serve a vCenter with its Content Library instead of an engine
      --port <PORT>           Port of the API [default: a free one]
      --tls                   Serve HTTPS, with a certificate of a new CA
      --ca-out <FILE>         Write the certificate of that CA to a file; implies --tls
      --username <NAME>       Name of the user [default: admin@internal,
                              of a vCenter administrator@vsphere.local]
      --password-file <FILE>  Read the password of the user from the first line of a file
                              [default password: secret]
      --vms <COUNT>           Virtual machines of the engine to begin with [default: 0]
      --engine <VERSION>      Version of the engine, such as 4.2 [default: 4.5.7]
      --imageio-control-socket <FILE>
                              Control socket of an ovirt-imageio that is to serve the data of the
                              disks of the engine, with --imageio-url and --images; needs
                              qemu-nbd and qemu-img
      --imageio-url <URL>     Where that daemon serves images, such as https://127.0.0.1:54322
      --images <FOLDER>       Folder for the files of the disks, which go with the simulator
      --token-lifetime <SEC>  Seconds for which a token of the engine stays valid unused
                              [default: 1800]
      --admin                 Serve the administration of the engine, which injects faults, moves
                              the clock and more, to everybody on this machine
  -h, --help                  Print this text

Prints OVIRT_URL, OVIRT_USERNAME and, where they apply, OVIRT_PASSWORD, OVIRT_ADMIN_URL and
OVIRT_CA_FILE as NAME=value lines, and serves until it is interrupted. A password from a file is not printed. The names
for a vCenter begin with VSPHERE_; VSPHERE_DATASTORE is the datastore that libraries can lie on.";

/// Exit code for arguments that make no sense.
const USAGE: u8 = 2;

#[derive(Default)]
struct Arguments {
    is_vsphere: bool,
    port: u16,
    tls: bool,
    username: Option<String>,
    password: Option<String>,
    vms: Option<u32>,
    engine_version: Option<String>,
    token_lifetime: Option<Duration>,
    admin: bool,
    imageio_control_socket: Option<PathBuf>,
    imageio_url: Option<String>,
    images: Option<PathBuf>,
    ca_out: Option<PathBuf>,
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
        match name.as_str() {
            "--vsphere" => arguments.is_vsphere = true,
            "--port" => arguments.port = number(&name, &value()?)?,
            "--vms" => arguments.vms = Some(number(&name, &value()?)?),
            "--engine" => arguments.engine_version = Some(value()?),
            "--token-lifetime" => arguments.token_lifetime = Some(Duration::from_secs(number(&name, &value()?)?)),
            "--admin" => arguments.admin = true,
            "--imageio-control-socket" => arguments.imageio_control_socket = Some(PathBuf::from(value()?)),
            "--imageio-url" => arguments.imageio_url = Some(value()?),
            "--images" => arguments.images = Some(PathBuf::from(value()?)),
            "--username" => arguments.username = Some(value()?),
            "--tls" => arguments.tls = true,
            "--ca-out" => {
                arguments.ca_out = Some(PathBuf::from(value()?));
                arguments.tls = true;
            }
            "--password-file" => arguments.password = Some(password(&value()?)?),
            "-h" | "--help" => arguments.help = true,
            _ => return Err(format!("unknown argument {name}")),
        }
    }
    let imageio = [arguments.imageio_control_socket.is_some(), arguments.imageio_url.is_some(), arguments.images.is_some()];
    if imageio.contains(&true) && imageio.contains(&false) {
        return Err("--imageio-control-socket, --imageio-url and --images go together".to_owned());
    }
    match arguments.only_for_engines().filter(|_| arguments.is_vsphere) {
        Some(name) => Err(format!("{name} is for an engine, not for --vsphere")),
        None => Ok(arguments),
    }
}

impl Arguments {
    /// The first argument that was given and means nothing to a vCenter.
    fn only_for_engines(&self) -> Option<&'static str> {
        let given = [
            ("--vms", self.vms.is_some()),
            ("--engine", self.engine_version.is_some()),
            ("--token-lifetime", self.token_lifetime.is_some()),
            ("--admin", self.admin),
            ("--imageio-control-socket", self.imageio_control_socket.is_some()),
            ("--imageio-url", self.imageio_url.is_some()),
            ("--images", self.images.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }
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
    if arguments.is_vsphere { run_vsphere(arguments).await } else { run_ovirt(arguments).await }
}

async fn run_ovirt(arguments: Arguments) -> Result<(), String> {
    let Arguments { port, tls, username, password, vms, engine_version, token_lifetime, admin, ca_out, .. } = arguments;
    let has_password = password.is_some();
    let mut builder = Builder::default().port(port).tls(tls).vms(vms.unwrap_or_default()).admin(admin);
    if let (Some(control_socket), Some(url), Some(images)) =
        (arguments.imageio_control_socket, arguments.imageio_url, arguments.images)
    {
        builder = with_imageio(builder, control_socket, url, images)?;
    }
    if let Some(version) = engine_version {
        builder = builder.engine_version(version);
    }
    if let Some(lifetime) = token_lifetime {
        builder = builder.token_lifetime(lifetime);
    }
    if let Some(username) = username {
        builder = builder.username(username);
    }
    if let Some(password) = password {
        builder = builder.password(password);
    }
    let engine = builder.start().await.map_err(|error| error.to_string())?;
    print("OVIRT", engine.url(), engine.username(), Some(engine.password()).filter(|_| !has_password));
    if let Some(url) = engine.admin_url() {
        println!("OVIRT_ADMIN_URL={url}");
    }
    write_ca("OVIRT", ca_out.as_deref(), engine.ca_pem())?;
    interrupted().await.map_err(not_interrupted)?;
    engine.shutdown().await;
    Ok(())
}

#[cfg(unix)]
fn with_imageio(builder: Builder, control_socket: PathBuf, url: String, images: PathBuf) -> Result<Builder, String> {
    Ok(builder.imageio(virt_simulator::Imageio::new(control_socket, url, images)))
}

#[cfg(not(unix))]
fn with_imageio(_: Builder, _: PathBuf, _: String, _: PathBuf) -> Result<Builder, String> {
    Err("--imageio-control-socket needs unix sockets".to_owned())
}

async fn run_vsphere(arguments: Arguments) -> Result<(), String> {
    let Arguments { port, tls, username, password, ca_out, .. } = arguments;
    let has_password = password.is_some();
    let mut builder = vsphere::Simulator::builder().port(port).tls(tls);
    if let Some(username) = username {
        builder = builder.username(username);
    }
    if let Some(password) = password {
        builder = builder.password(password);
    }
    let vcenter = builder.start().await.map_err(|error| error.to_string())?;
    print("VSPHERE", vcenter.url(), vcenter.username(), Some(vcenter.password()).filter(|_| !has_password));
    println!("VSPHERE_DATASTORE={}", vcenter.datastore());
    write_ca("VSPHERE", ca_out.as_deref(), vcenter.ca_pem())?;
    interrupted().await.map_err(not_interrupted)?;
    vcenter.shutdown().await;
    Ok(())
}

fn print(prefix: &str, url: &str, username: &str, password: Option<&str>) {
    println!("{prefix}_URL={url}");
    println!("{prefix}_USERNAME={username}");
    if let Some(password) = password {
        println!("{prefix}_PASSWORD={password}");
    }
}

fn write_ca(prefix: &str, path: Option<&Path>, pem: Option<&str>) -> Result<(), String> {
    if let (Some(path), Some(pem)) = (path, pem) {
        std::fs::write(path, pem).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("{prefix}_CA_FILE={}", path.display());
    }
    Ok(())
}

fn not_interrupted(error: std::io::Error) -> String {
    format!("cannot wait for an interrupt: {error}")
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
