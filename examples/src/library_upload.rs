use crate::{Result, progress_bar, sha256};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use virt_sdk::vsphere::Session;
use virt_sdk::vsphere::content::library::item::file::{ChecksumAlgorithm, ChecksumInfo};
use virt_sdk::vsphere::content::library::item::updatesession::file::{AddSpec, AddSpecSourceTypeCase, ValidationResult};
use virt_sdk::vsphere::content::library::item::updatesession::{
    PreviewInfoState, PreviewInfoStateCase, WarningBehavior, WarningType,
};
use virt_sdk::vsphere::content::library::item::{TransferEndpoint, UpdateSessionModel, UpdateSessionModelState};
use virt_sdk::vsphere::ids::{ItemId, UpdateSessionId};

/// How often a session that works is kept alive: it ends after five minutes without a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// How long to wait between two looks at what the server does.
const PAUSE: Duration = Duration::from_millis(200);

/// How long nothing may happen while the server works.
const DEADLINE: Duration = Duration::from_secs(120);

/// Where the content of a file comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// It is sent from here.
    Push {
        /// File to send.
        path: PathBuf,
        /// What the server is told of it.
        spec: AddSpec,
        /// Size in bytes.
        size: u64,
    },
    /// The server fetches it.
    Pull(AddSpec),
}

impl Source {
    /// A file that is here. It is read once for its checksum.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn push(path: PathBuf, name: &str) -> Result<Self> {
        let unreadable = |error| format!("{} cannot be read: {error}", path.display());
        let size = std::fs::metadata(&path).map_err(unreadable)?.len();
        let checksum = ChecksumInfo::new().algorithm(ChecksumAlgorithm::Sha256).checksum(sha256(&path).map_err(unreadable)?);
        let mut spec = AddSpec::new().name(name).size(i64::try_from(size)?).with_source_type_case(AddSpecSourceTypeCase::Push);
        // The server takes archives apart, and then has nothing to compare with.
        if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("ova")) {
            spec = spec.checksum_info(checksum);
        }
        Ok(Self::Push { path, spec, size })
    }

    /// A file that the server finds at an URL. A server that does not trust the certificate there needs its thumbprint.
    pub fn pull(url: &str, thumbprint: Option<String>, name: &str) -> Self {
        let mut endpoint = TransferEndpoint::new().uri(url);
        endpoint.ssl_certificate_thumbprint = thumbprint;
        Self::Pull(AddSpec::new().name(name).with_source_type_case(AddSpecSourceTypeCase::Pull { source_endpoint: endpoint }))
    }
}

/// An update session of an item.
pub struct LibraryUpload {
    session: Session,
    id: UpdateSessionId,
}

impl LibraryUpload {
    /// Opens an update session.
    ///
    /// # Errors
    ///
    /// Those of the request, such as that another one is open.
    pub async fn start(session: &Session, item: &ItemId) -> Result<Self> {
        let spec = UpdateSessionModel::new().library_item_id(item);
        let id = session.content().library().item().update_session().create(spec).send().await?;
        Ok(Self { session: session.clone(), id })
    }

    /// Adds a file, and waits until the item has it. Whatever happens, the update session is gone afterwards.
    ///
    /// # Errors
    ///
    /// Those of requests; and what the server says when it does not take the file: the item then is as it was.
    pub async fn run(self, source: Source, ignore_warnings: bool) -> Result<()> {
        let sessions = self.session.content().library().item().update_session();
        let result = tokio::select! {
            result = self.add(source, ignore_warnings) => result,
            _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        };
        if result.is_err() {
            // One that is complete, or that the server has ended, cannot be cancelled, which is as good.
            let _ = sessions.cancel(&self.id).send().await;
        }
        let deleted = sessions.delete(&self.id).send().await;
        // What went wrong first counts.
        result?;
        Ok(deleted?)
    }

    async fn add(&self, source: Source, ignore_warnings: bool) -> Result<()> {
        let files = self.session.content().library().item().updatesession().file();
        let (Source::Push { spec, .. } | Source::Pull(spec)) = &source;
        let added = files.add(&self.id, spec.clone()).send().await?;
        if let Source::Push { path, size, .. } = &source {
            let endpoint = added.upload_endpoint.ok_or("the server told no place to send the file to")?;
            self.push(&endpoint, path, *size).await?;
            check(&files.validate(&self.id).send().await?)?;
            self.confirm(ignore_warnings).await?;
        }
        self.session.content().library().item().update_session().complete(&self.id).send().await?;
        self.wait().await
    }

    /// Sends the content, and keeps the update session alive meanwhile.
    async fn push(&self, endpoint: &TransferEndpoint, path: &Path, size: u64) -> Result<()> {
        let bar = progress_bar("Upload", size);
        let content = bar.wrap_async_read(tokio::fs::File::open(path).await?);
        let sent = self.session.upload(endpoint, content, size);
        let keep_alive = async {
            loop {
                tokio::time::sleep(KEEP_ALIVE).await;
                if let Err(error) = self.session.content().library().item().update_session().keep_alive(&self.id).send().await {
                    return error;
                }
            }
        };
        tokio::select! {
            sent = sent => sent?,
            error = keep_alive => return Err(error.into()),
        }
        bar.finish();
        Ok(())
    }

    /// Looks at the warnings that the content raises, and has them ignored if that is wanted.
    async fn confirm(&self, ignore: bool) -> Result<()> {
        let sessions = self.session.content().library().item().update_session();
        let started = Instant::now();
        loop {
            let found = sessions.get(&self.id).send().await?;
            let Some(preview) = found.preview_info else { return Ok(()) };
            match (preview.state.clone(), preview.state_case()) {
                (Some(PreviewInfoState::Preparing), _) if started.elapsed() > DEADLINE => {
                    return Err(format!("the server has not looked at the content after {} s", DEADLINE.as_secs()).into());
                }
                (Some(PreviewInfoState::Preparing), _) => tokio::time::sleep(PAUSE).await,
                (_, Some(PreviewInfoStateCase::Available { warnings, .. })) => {
                    let open: Vec<WarningType> =
                        warnings.into_iter().filter(|warning| warning.ignored != Some(true)).filter_map(|w| w.r#type).collect();
                    if open.is_empty() {
                        return Ok(());
                    }
                    if !ignore {
                        let names: Vec<&str> = open.iter().map(WarningType::as_str).collect();
                        return Err(format!("the content raises warnings: {}; they can be ignored", names.join(", ")).into());
                    }
                    let ignored = open.into_iter().map(|kind| WarningBehavior::new().r#type(kind).ignored(true));
                    let spec = UpdateSessionModel::new().warning_behavior(ignored.collect::<Vec<_>>());
                    sessions.update(&self.id, spec).send().await?;
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
    }

    /// Waits until the server has everything; what it pulls takes its time.
    async fn wait(&self) -> Result<()> {
        let library_item = self.session.content().library().item();
        let bar = progress_bar("Server", 0);
        let mut moved = Instant::now();
        loop {
            let found = library_item.update_session().get(&self.id).send().await?;
            let reason = found.error_message.and_then(|message| message.localized.or(message.default_message));
            match found.state {
                Some(UpdateSessionModelState::Done) => {
                    bar.finish_and_clear();
                    return Ok(());
                }
                Some(UpdateSessionModelState::Active) | None => {}
                Some(state) => {
                    let reason = reason.unwrap_or_else(|| format!("the update session ended as {state}"));
                    return Err(reason.into());
                }
            }
            let before = bar.position();
            for file in library_item.updatesession().file().list(&self.id).send().await? {
                let bytes = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
                bytes(file.size).into_iter().for_each(|size| bar.set_length(size));
                bytes(file.bytes_transferred).into_iter().for_each(|done| bar.set_position(done));
            }
            if bar.position() != before {
                moved = Instant::now();
            } else if moved.elapsed() > DEADLINE {
                let seconds = DEADLINE.as_secs();
                return Err(format!(
                    "the server has fetched {before} bytes and nothing for {seconds} s; if it does not trust the certificate of the \
                     source, give its --thumbprint"
                )
                .into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Fails, naming them, when files are missing or wrong.
fn check(result: &ValidationResult) -> Result<()> {
    let mut problems: Vec<String> = result.missing_files.iter().flatten().map(|name| format!("{name} is missing")).collect();
    for file in result.invalid_files.iter().flatten() {
        let message = file.error_message.as_ref();
        let reason = message.and_then(|message| message.localized.as_deref().or(message.default_message.as_deref()));
        problems.push(format!("{}: {}", file.name.as_deref().unwrap_or("?"), reason.unwrap_or("it is not valid")));
    }
    match (problems.is_empty(), result.has_errors) {
        (true, Some(true)) => Err("the server does not take the files, and does not say which".into()),
        (true, _) => Ok(()),
        (false, _) => Err(problems.join("; ").into()),
    }
}
