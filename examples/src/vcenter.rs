use crate::{LibraryUpload, Result, Source, create_item};
use clap::Args;
use std::path::PathBuf;
use virt_sdk::vsphere::Session;
use virt_sdk::vsphere::content::LibraryModel;
use virt_sdk::vsphere::content::library::{StorageBacking, StorageBackingType};
use virt_simulator::vsphere::Simulator;

/// Options that say which vCenter to use.
#[derive(Args, Debug)]
pub struct VcenterOptions {
    /// URL of the vCenter, such as <https://vcenter.example.com>; without it a simulated one is started, with a library
    /// `examples` and an item `sample` in it
    #[arg(long, requires = "username", requires = "password_file")]
    url: Option<String>,
    /// User with domain, such as administrator@vsphere.local
    #[arg(long, requires = "url")]
    username: Option<String>,
    /// File whose first line is the password
    #[arg(long, requires = "url")]
    password_file: Option<PathBuf>,
    /// File with the certificate, in PEM, of the authority that signed that of the vCenter
    #[arg(long)]
    ca_file: Option<PathBuf>,
}

/// A vCenter to work with, real or simulated.
pub struct Vcenter {
    /// Session with it.
    pub session: Session,
    simulator: Option<Simulator>,
}

impl Vcenter {
    /// Opens a session with the vCenter that the options name, or with one that is started in this process.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, an option is wrong, or the simulator cannot start.
    pub async fn open(options: VcenterOptions) -> Result<Self> {
        let VcenterOptions { url: Some(url), username: Some(username), password_file: Some(password_file), ca_file } = options
        else {
            return Self::simulate().await;
        };
        let password = std::fs::read_to_string(&password_file)
            .map_err(|error| format!("{} cannot be read: {error}", password_file.display()))?;
        let mut builder = Session::builder(url).username(username).password(password.lines().next().unwrap_or_default());
        if let Some(path) = ca_file {
            builder = builder.ca_file(path);
        }
        Ok(Self { session: builder.detect_dialect().build()?, simulator: None })
    }

    async fn simulate() -> Result<Self> {
        let simulator = Simulator::start().await?;
        let session = Session::builder(simulator.url()).username(simulator.username()).password(simulator.password()).build()?;
        println!("Simulated vCenter at {}", simulator.url());
        let backing = StorageBacking::new().r#type(StorageBackingType::Datastore).datastore_id(simulator.datastore());
        let library = LibraryModel::new().name("examples").storage_backings([backing]);
        let library = session.content().local_library().create(library).send().await?;
        let item = create_item(&session, &library, "sample").await?;
        let content: Vec<u8> = (0..=255).cycle().take(4 << 20).collect();
        let file = tempfile::NamedTempFile::with_suffix(".bin")?;
        std::fs::write(file.path(), content)?;
        let source = Source::push(file.path().to_owned(), "sample.bin")?;
        LibraryUpload::start(&session, &item).await?.run(source, false).await?;
        Ok(Self { session, simulator: Some(simulator) })
    }

    /// Ends the session, and the simulator if there is one.
    ///
    /// # Errors
    ///
    /// When the vCenter does not end the session.
    pub async fn close(self) -> Result<()> {
        self.session.close().await?;
        if let Some(simulator) = self.simulator {
            simulator.shutdown().await;
        }
        Ok(())
    }
}
