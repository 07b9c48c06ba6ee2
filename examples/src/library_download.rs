use crate::{Result, progress_bar};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use virt_sdk::vsphere::Session;
use virt_sdk::vsphere::content::library::item::DownloadSessionModel;
use virt_sdk::vsphere::content::library::item::downloadsession::file::{Info, PrepareStatus};
use virt_sdk::vsphere::content::library::item::file::ChecksumAlgorithm;
use virt_sdk::vsphere::ids::{DownloadSessionId, ItemId};

/// How long a server may take to get a file ready.
const DEADLINE: Duration = Duration::from_secs(600);

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// How often a session that works is kept alive: it ends after five minutes without a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// A download session of an item.
pub struct LibraryDownload {
    session: Session,
    id: DownloadSessionId,
}

impl LibraryDownload {
    /// Opens a download session.
    ///
    /// # Errors
    ///
    /// Those of the request.
    pub async fn start(session: &Session, item: &ItemId) -> Result<Self> {
        let spec = DownloadSessionModel::new().library_item_id(item);
        let id = session.content().library().item().download_session().create(spec).send().await?;
        Ok(Self { session: session.clone(), id })
    }

    /// Fetches all files into a folder, and returns where they are. Whatever happens, the download session is gone
    /// afterwards; files whose content is not complete and right are not left behind.
    ///
    /// # Errors
    ///
    /// Those of requests and of files; and when content is not as the server said.
    pub async fn run(self, folder: &Path) -> Result<Vec<PathBuf>> {
        let result = tokio::select! {
            result = self.fetch_all(folder) => result,
            _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        };
        let deleted = self.session.content().library().item().download_session().delete(&self.id).send().await;
        let files = result?;
        deleted?;
        Ok(files)
    }

    async fn fetch_all(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let files = self.session.content().library().item().downloadsession().file();
        let mut fetched = Vec::new();
        for file in files.list(&self.id).send().await? {
            let name = file.name.ok_or("the server told a file without a name")?;
            let info = self.prepare(&name).await?;
            // A name from a server must not lead out of the folder.
            let file_name = Path::new(&name).file_name().ok_or_else(|| format!("`{name}` is no name of a file"))?;
            let path = folder.join(file_name);
            self.fetch(&info, &path).await?;
            fetched.push(path);
        }
        Ok(fetched)
    }

    /// Waits until a file can be fetched.
    async fn prepare(&self, name: &str) -> Result<Info> {
        let files = self.session.content().library().item().downloadsession().file();
        let mut info = files.prepare(&self.id, name).send().await?;
        let started = Instant::now();
        loop {
            match &info.status {
                Some(PrepareStatus::Prepared) => return Ok(info),
                Some(PrepareStatus::Error) => {
                    let message = info.error_message.and_then(|message| message.localized.or(message.default_message));
                    return Err(message.unwrap_or_else(|| format!("the server cannot prepare {name}")).into());
                }
                _ if started.elapsed() > DEADLINE => {
                    return Err(format!("{name} was not ready after {} s", DEADLINE.as_secs()).into());
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
            info = files.get(&self.id, name).send().await?;
        }
    }

    /// Fetches a file under another name, which it loses when all of it is there.
    async fn fetch(&self, info: &Info, path: &Path) -> Result<()> {
        let endpoint = info.download_endpoint.as_ref().ok_or("the server told no place to fetch the file from")?;
        let partial = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        let mut file = tokio::fs::File::from_std(partial.reopen()?);
        let mut arriving = self.session.download(endpoint, 0).await?;
        let size = info.size.and_then(|size| u64::try_from(size).ok()).or(arriving.size());
        let bar = progress_bar("Download", size.unwrap_or_default());
        let mut hash = Sha256::new();
        let mut alive = Instant::now();
        while let Some(piece) = arriving.chunk().await? {
            file.write_all(&piece).await?;
            hash.update(&piece);
            bar.inc(piece.len() as u64);
            if alive.elapsed() > KEEP_ALIVE {
                self.session.content().library().item().download_session().keep_alive(&self.id).send().await?;
                alive = Instant::now();
            }
        }
        file.flush().await?;
        bar.finish();
        let got = bar.position();
        if let Some(size) = size.filter(|size| *size != got) {
            return Err(format!("{got} of {size} bytes arrived").into());
        }
        let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        // A server that counts as it sends knows the checksum only now.
        let files = self.session.content().library().item().downloadsession().file();
        let info = files.get(&self.id, info.name.as_deref().unwrap_or_default()).send().await?;
        let expected = info.checksum_info.as_ref().filter(|info| info.algorithm == Some(ChecksumAlgorithm::Sha256));
        if let Some(expected) =
            expected.and_then(|info| info.checksum.as_deref()).filter(|sum| !sum.eq_ignore_ascii_case(&digest))
        {
            return Err(format!("the SHA-256 is {digest}, and {expected} was announced").into());
        }
        partial.persist(path)?;
        Ok(())
    }
}
