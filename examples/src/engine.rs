use crate::Result;
use clap::Args;
use std::path::PathBuf;
use virt_sdk::ovirt::Connection;
use virt_simulator::Simulator;

/// Options that say which engine to use.
#[derive(Args, Debug)]
pub struct EngineOptions {
    /// URL of the API, such as <https://engine.example.com/ovirt-engine/api>; without it a simulated engine is started
    #[arg(long, requires = "username", requires = "password_file")]
    url: Option<String>,
    /// User with profile, such as admin@internal or admin@ovirt@internalsso
    #[arg(long)]
    username: Option<String>,
    /// File whose first line is the password
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// File with the certificate, in PEM, of the authority that signed that of the engine
    #[arg(long)]
    ca_file: Option<PathBuf>,
}

/// An engine to work with, real or simulated.
pub struct Engine {
    /// Connection to it.
    pub connection: Connection,
    simulator: Option<Simulator>,
}

impl Engine {
    /// Connects to the engine that the options name, or to one that is started in this process.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, an option is wrong, or the simulator cannot start.
    pub async fn open(options: EngineOptions) -> Result<Self> {
        let EngineOptions { url: Some(url), username: Some(username), password_file: Some(password_file), ca_file } = options
        else {
            let simulator = Simulator::start().await?;
            let connection =
                Connection::builder(simulator.url()).username(simulator.username()).password(simulator.password()).build()?;
            println!("Simulated engine at {}", simulator.url());
            return Ok(Self { connection, simulator: Some(simulator) });
        };
        let password = std::fs::read_to_string(&password_file)
            .map_err(|error| format!("{} cannot be read: {error}", password_file.display()))?;
        let mut builder = Connection::builder(url).username(username).password(password.lines().next().unwrap_or_default());
        if let Some(path) = ca_file {
            builder = builder.ca_file(path);
        }
        Ok(Self { connection: builder.build()?, simulator: None })
    }

    /// Ends the session, and the simulator if there is one.
    ///
    /// # Errors
    ///
    /// When the engine does not end the session.
    pub async fn close(self) -> Result<()> {
        self.connection.close().await?;
        if let Some(simulator) = self.simulator {
            simulator.shutdown().await;
        }
        Ok(())
    }
}
