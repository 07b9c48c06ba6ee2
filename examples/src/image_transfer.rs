//! An image transfer by hand, phase by phase.

use crate::Result;
use reqwest::header::{CONTENT_RANGE, RANGE};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::time::{Duration, Instant};
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::services::ImageTransferService;
use virt_sdk::ovirt::types::{self, Disk, DiskFormat, DiskStatus, ImageTransferDirection, ImageTransferPhase};
use virt_sdk::{ErrorKind, Link};

/// How much goes into one request, in bytes.
const CHUNK: u64 = 16 << 20;

/// How often to look whether the engine has moved on.
const POLL: Duration = Duration::from_millis(200);

/// How long the engine may take to start a transfer, or to end it.
const PATIENCE: Duration = Duration::from_secs(300);

/// A transfer that is under way. End it with [`finalize`](Self::finalize) or [`cancel`](Self::cancel):
/// it keeps the disk locked until then.
pub struct ImageTransfer {
    connection: Connection,
    http: reqwest::Client,
    service: ImageTransferService,
    /// Where the data goes. Whoever has this URL has the data: it is never printed.
    url: String,
    disk_id: String,
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The engine has checked the image, and the disk is `ok`.
    Success,
    /// The engine gave up; a disk that was being uploaded is removed.
    Failure,
}

impl ImageTransfer {
    /// Starts a transfer, and waits until data can flow.
    ///
    /// # Errors
    ///
    /// When the engine refuses, or the transfer does not get to the phase `transferring`; then it is
    /// cancelled.
    pub async fn start(
        connection: &Connection,
        http: &reqwest::Client,
        disk_id: &str,
        direction: ImageTransferDirection,
    ) -> Result<Self> {
        let transfers = connection.system_service().image_transfers_service();
        let wanted = types::ImageTransfer::new().disk(Link::by_id(disk_id)).direction(direction).format(DiskFormat::Raw);
        let added = transfers.add().image_transfer(wanted).send().await?;
        let id = added.id.ok_or("the engine started a transfer without telling its id")?;
        let mut transfer = Self {
            connection: connection.clone(),
            http: http.clone(),
            service: transfers.image_transfer_service(&id),
            url: String::new(),
            disk_id: disk_id.to_owned(),
        };
        match transfer.wait_for_url().await {
            Ok(url) => {
                transfer.url = url;
                Ok(transfer)
            }
            Err(error) => {
                transfer.cancel().await?;
                Err(error)
            }
        }
    }

    async fn wait_for_url(&self) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let found = self.service.get().send().await?;
            match found.phase {
                Some(ImageTransferPhase::Initializing) | None => tokio::time::sleep(POLL).await,
                Some(ImageTransferPhase::Transferring) => {
                    return found.transfer_url.or(found.proxy_url).ok_or_else(|| "the engine tells no URL for the data".into());
                }
                Some(phase) => return Err(format!("the transfer is in the phase `{phase}` and cannot start").into()),
            }
        }
        Err(format!("the transfer did not start within {} seconds", PATIENCE.as_secs()).into())
    }

    /// Sends an image of that size in bytes. `progress` gets the number of bytes after each request.
    ///
    /// # Errors
    ///
    /// When the image cannot be read, or the data endpoint refuses.
    pub async fn upload(&self, image: &mut (impl Read + Send), size: u64, progress: impl Fn(u64)) -> Result<()> {
        for range in chunks(size) {
            let mut chunk = vec![0; length(&range)?];
            image.read_exact(&mut chunk)?;
            let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            let request = self.http.put(format!("{}?flush=n", self.url)).header(CONTENT_RANGE, content_range).body(chunk);
            accepted(request).await?;
            self.service.extend().send().await?;
            progress(range.end - range.start);
        }
        let flush = self.http.patch(&self.url).header("Content-Type", "application/json").body(r#"{"op":"flush"}"#);
        accepted(flush).await?;
        Ok(())
    }

    /// Receives an image of that size in bytes. Parts that are all zeros become holes in the file.
    ///
    /// # Errors
    ///
    /// When the data endpoint refuses or sends less than was asked for, or the file cannot be written.
    pub async fn download(&self, image: &mut std::fs::File, size: u64, progress: impl Fn(u64)) -> Result<()> {
        let zeros = vec![0; length(&(0..CHUNK))?];
        image.set_len(size)?;
        for range in chunks(size) {
            let request = self.http.get(&self.url).header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
            let chunk = accepted(request).await?.bytes().await.map_err(reqwest::Error::without_url)?;
            let expected = length(&range)?;
            if chunk.len() != expected {
                return Err(format!("{} bytes came instead of {expected}", chunk.len()).into());
            }
            if Some(&chunk[..]) != zeros.get(..expected) {
                image.seek(SeekFrom::Start(range.start))?;
                image.write_all(&chunk)?;
            }
            self.service.extend().send().await?;
            progress(range.end - range.start);
        }
        Ok(())
    }

    /// Ends the transfer, and waits until the engine is done and the disk can be used.
    ///
    /// # Errors
    ///
    /// When the engine refuses, or does not get done in time.
    pub async fn finalize(self) -> Result<Outcome> {
        self.service.finalize().send().await?;
        self.wait_for_end().await
    }

    /// Gives up, and waits until the engine has cleaned up: an uploaded disk is removed.
    ///
    /// # Errors
    ///
    /// When the engine refuses, or does not get done in time.
    pub async fn cancel(self) -> Result<Outcome> {
        self.service.cancel().send().await?;
        self.wait_for_end().await
    }

    async fn wait_for_end(&self) -> Result<Outcome> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.service.get().send().await {
                Ok(found) => match found.phase {
                    Some(ImageTransferPhase::FinishedSuccess) => return self.wait_for_disk(deadline).await,
                    Some(ImageTransferPhase::FinishedFailure) => return Ok(Outcome::Failure),
                    _ => {}
                },
                // Engines before 4.4.7 forget a transfer once it has ended: the disk tells how.
                Err(error) if error.kind() == ErrorKind::NotFound => return self.wait_for_disk(deadline).await,
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(POLL).await;
        }
        Err(format!("the transfer did not end within {} seconds", PATIENCE.as_secs()).into())
    }

    async fn wait_for_disk(&self, deadline: Instant) -> Result<Outcome> {
        let disk = self.connection.system_service().disks_service().disk_service(&self.disk_id);
        while Instant::now() < deadline {
            match disk.get().send().await {
                Ok(Disk { status: Some(DiskStatus::Ok), .. }) => return Ok(Outcome::Success),
                Ok(Disk { status: Some(DiskStatus::Illegal), .. }) => return Ok(Outcome::Failure),
                Ok(_) => tokio::time::sleep(POLL).await,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Outcome::Failure),
                Err(error) => return Err(error.into()),
            }
        }
        Err("the disk was still locked when time was up".into())
    }
}

/// The ranges of an image, one for each request.
fn chunks(size: u64) -> impl Iterator<Item = Range<u64>> {
    (0..size.div_ceil(CHUNK)).map(move |index| index * CHUNK..size.min((index + 1) * CHUNK))
}

fn length(range: &Range<u64>) -> Result<usize> {
    Ok(usize::try_from(range.end - range.start)?)
}

/// Sends a request for data. The URL stays out of the error.
async fn accepted(request: reqwest::RequestBuilder) -> Result<reqwest::Response> {
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let reason = response.text().await.map_err(reqwest::Error::without_url)?;
    Err(format!("the data endpoint answered {status}: {}", reason.trim()).into())
}
