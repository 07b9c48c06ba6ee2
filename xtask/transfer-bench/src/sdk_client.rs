//! The client of this SDK as a program: `transfer-bench sdk upload|download FILE [CA_FILE]`. Reads the URL of the image from
//! standard input.

use crate::Result;
use std::process::ExitCode;
use virt_sdk::ovirt::Connection;
use virt_sdk::transfer::ImageioClient;

pub(crate) fn run(direction: &str, file: &str, ca: Option<&str>) -> Result<ExitCode> {
    let url = std::io::read_to_string(std::io::stdin())?;
    // As `#[tokio::main]` has it.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(transfer(direction, file, url.trim(), ca))?;
    Ok(ExitCode::SUCCESS)
}

async fn transfer(direction: &str, file: &str, url: &str, ca: Option<&str>) -> Result<()> {
    // Otherwise it would go past the network, as the server is this machine.
    let mut client = ImageioClient::new(url).unix_socket(false);
    if let Some(ca) = ca {
        // The connection is not used; it makes a client that trusts the authority, as programs get theirs.
        let connection = Connection::builder("https://engine.invalid/ovirt-engine/api").token("none").ca_file(ca).build()?;
        client = client.http_client(connection.http_client().await?);
    }
    match direction {
        "upload" => client.upload(file).await?,
        "download" => client.download(file).await?,
        _ => return Err(format!("`{direction}` is neither `upload` nor `download`").into()),
    };
    Ok(())
}
