use crate::checksum::hexadecimal;
use crate::{Result, progress_bar};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use virt_sdk::vsphere::Session;
use virt_sdk::vsphere::content::library::item::DownloadSessionModel;
use virt_sdk::vsphere::content::library::item::downloadsession::file::{Info, PrepareStatus};
use virt_sdk::vsphere::content::library::item::file::{ChecksumAlgorithm, ChecksumInfo};
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
        let mut fetched: Vec<PathBuf> = Vec::new();
        for file in files.list(&self.id).send().await? {
            let name = file.name.ok_or("the server told a file without a name")?;
            let info = self.prepare(&name).await?;
            // A name from a server must not lead out of the folder.
            let file_name = Path::new(&name).file_name().ok_or_else(|| format!("`{name}` is no name of a file"))?;
            let path = folder.join(file_name);
            if path.exists() {
                return Err(format!("{} is there already; give another folder", path.display()).into());
            }
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
        let mut alive = Instant::now();
        loop {
            if alive.elapsed() > KEEP_ALIVE {
                self.session.content().library().item().download_session().keep_alive(&self.id).send().await?;
                alive = Instant::now();
            }
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
        let mut hashes = Hashes::default();
        let mut alive = Instant::now();
        while let Some(piece) = arriving.chunk().await? {
            file.write_all(&piece).await?;
            hashes.update(&piece);
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
        // A server that counts as it sends knows the checksum only now.
        let files = self.session.content().library().item().downloadsession().file();
        let info = files.get(&self.id, info.name.as_deref().unwrap_or_default()).send().await?;
        if let Some(expected) = &info.checksum_info {
            hashes.check(expected)?;
        }
        partial.persist_noclobber(path)?;
        Ok(())
    }
}

/// All checksums that a server may tell: which one it will be is known only at the end.
#[derive(Default)]
struct Hashes {
    md5: Md5,
    sha1: Sha1,
    sha256: Sha256,
    sha512: Sha512,
}

impl Hashes {
    fn update(&mut self, piece: &[u8]) {
        self.md5.update(piece);
        self.sha1.update(piece);
        self.sha256.update(piece);
        self.sha512.update(piece);
    }

    /// Fails when the content is not what the server said.
    fn check(self, expected: &ChecksumInfo) -> Result<()> {
        let Some(checksum) = expected.checksum.as_deref() else { return Ok(()) };
        let digest = match &expected.algorithm {
            None | Some(ChecksumAlgorithm::Sha1) => hexadecimal(&self.sha1.finalize()),
            Some(ChecksumAlgorithm::Md5) => hexadecimal(&self.md5.finalize()),
            Some(ChecksumAlgorithm::Sha256) => hexadecimal(&self.sha256.finalize()),
            Some(ChecksumAlgorithm::Sha512) => hexadecimal(&self.sha512.finalize()),
            Some(other) => return Err(format!("the server tells a checksum of kind {other}, which cannot be checked").into()),
        };
        if digest.eq_ignore_ascii_case(checksum) {
            return Ok(());
        }
        Err(format!("the checksum is {digest}, and {checksum} was announced").into())
    }
}
