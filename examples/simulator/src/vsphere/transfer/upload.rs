//! Bytes that clients send.

use super::{Place, plain, unpack};
use crate::images::lock;
use crate::net::{Answer, Request, full, head};
use crate::vsphere::fault::message;
use crate::vsphere::state::{Algorithm, Checksum, Content, Receiver, SessionFile, Stage, Store, Transfer, Vcenter};
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::header::{CONNECTION, CONTENT_LENGTH};
use std::io;
use std::sync::{Arc, Mutex};

/// Bytes that are written at a time.
const STEP: usize = 1 << 20;

/// Takes the body of a request as the content of a file. What is wrong with the content shows in the
/// status of the file, not in the answer.
pub(super) async fn answer(vcenter: Arc<Mutex<Vcenter>>, place: Place, request: Request) -> Answer {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    // A request without body needs no length.
    let length = length.or_else(|| request.body().is_end_stream().then_some(0));
    let Some(length) = length else { return closing(plain(411, "The request has no Content-Length.")) };
    let Some((landing, receiver)) = Landing::begin(vcenter, place, None) else {
        return closing(plain(404, "The session of the transfer has ended."));
    };
    match receive(&landing, request, receiver).await {
        Ok(Some(content)) => {
            unpack::arrive(&landing, content).await;
            full(200, "text/plain", "")
        }
        Ok(None) => closing(plain(409, "The session has ended, or the file was sent again.")),
        Err(error) => {
            landing.fail(&format!("The upload ended before {length} bytes were there: {error}"));
            closing(plain(400, "The upload ended too early."))
        }
    }
}

async fn receive(landing: &Landing, mut request: Request, mut receiver: Receiver) -> io::Result<Option<Content>> {
    let mut pending = BytesMut::new();
    while let Some(frame) = request.body_mut().frame().await {
        let frame = frame.map_err(io::Error::other)?;
        pending.extend_from_slice(&frame.into_data().unwrap_or_default());
        if pending.len() >= STEP {
            receiver = write(receiver, pending.split()).await?;
            if !landing.count(receiver.length()) {
                return Ok(None);
            }
        }
    }
    let receiver = write(receiver, pending).await?;
    Ok(if landing.count(receiver.length()) { Some(receiver.finish()?) } else { None })
}

/// Writes where it blocks nobody.
pub(super) async fn write(mut receiver: Receiver, mut bytes: BytesMut) -> io::Result<Receiver> {
    if bytes.is_empty() {
        return Ok(receiver);
    }
    let written = tokio::task::spawn_blocking(move || receiver.write(&mut bytes).map(|()| receiver));
    written.await.map_err(io::Error::other)?
}

fn closing(mut answer: Answer) -> Answer {
    head(&mut answer, CONNECTION, "close");
    answer
}

/// Where a transfer arrives: a file of an update session, and the number of the transfer into it.
pub(super) struct Landing {
    vcenter: Arc<Mutex<Vcenter>>,
    place: Place,
    attempt: u64,
}

impl Landing {
    /// Begins a transfer, unless the session has ended. One that was begun already has a number.
    pub(super) fn begin(vcenter: Arc<Mutex<Vcenter>>, place: Place, attempt: Option<u64>) -> Option<(Self, Receiver)> {
        let mut locked = lock(&vcenter);
        let (now, store) = (locked.now(), locked.store.clone());
        let session = locked.updates.get_mut(&place.session).filter(|session| session.lease.stage == Stage::Active)?;
        session.lease.touch(now);
        let file = session.files.get_mut(&place.file)?;
        let attempt = attempt.unwrap_or_else(|| file.begin());
        let algorithm = file.checksum.as_ref().map_or(Algorithm::Sha1, |checksum| checksum.algorithm);
        drop(locked);
        Some((Landing { vcenter, place, attempt }, store.begin(algorithm)))
    }

    /// Counts what has arrived. False where it no longer matters.
    pub(super) fn count(&self, received: u64) -> bool {
        self.file(|file| file.received = received).is_some()
    }

    /// Notes the size that the source announces. False where it no longer matters.
    pub(super) fn announce(&self, size: Option<u64>) -> bool {
        self.file(|file| file.announced = size).is_some()
    }

    /// Ends the transfer with a content, which may be another one than was announced.
    pub(super) fn finish(&self, content: Arc<Content>) {
        self.file(|file| {
            file.received = content.length();
            match difference(file, &content) {
                None => {
                    file.status = Transfer::Ready;
                    file.content = Some(content);
                }
                Some(text) => file.fail(message("transfer", &text, &[])),
            }
        });
    }

    /// Name of the file, where its item is a package.
    pub(super) fn in_package(&self) -> Option<&str> {
        let vcenter = lock(&self.vcenter);
        let session = vcenter.updates.get(&self.place.session)?;
        vcenter.items.get(&session.lease.item).filter(|item| item.is_ovf()).map(|_| self.place.file.as_str())
    }

    /// Where files are kept.
    pub(super) fn store(&self) -> Store {
        lock(&self.vcenter).store.clone()
    }

    /// Adds files to the session that came with this one, unless they are in it already. Returns the names
    /// of those that were added, with the number of the transfer into them.
    pub(super) fn add(&self, files: Vec<(String, SessionFile)>) -> Vec<(String, u64)> {
        if self.file(|_| ()).is_none() {
            return Vec::new();
        }
        let mut vcenter = lock(&self.vcenter);
        let Some(session) = vcenter.updates.get_mut(&self.place.session) else { return Vec::new() };
        let mut added = Vec::new();
        for (name, file) in files {
            if !session.files.contains_key(&name) {
                session.removed.retain(|removed| *removed != name);
                added.push((name.clone(), file.attempt));
                session.files.insert(name, file);
            }
        }
        added
    }

    /// Ends the transfer with an error.
    pub(super) fn fail(&self, text: &str) {
        self.file(|file| file.fail(message("transfer", text, &[])));
    }

    /// Changes the file, if the transfer still counts. That is activity in the session.
    fn file<T>(&self, change: impl FnOnce(&mut SessionFile) -> T) -> Option<T> {
        let mut vcenter = lock(&self.vcenter);
        let now = vcenter.now();
        let session = vcenter.updates.get_mut(&self.place.session)?;
        if session.lease.stage != Stage::Active {
            return None;
        }
        session.lease.touch(now);
        let file = session.files.get_mut(&self.place.file)?;
        if file.attempt == self.attempt { Some(change(file)) } else { None }
    }
}

/// How a content differs from what was announced.
fn difference(file: &SessionFile, content: &Content) -> Option<String> {
    if let Some(size) = file.size.filter(|size| *size != content.length()) {
        return Some(format!("The file has {} bytes, but {size} were announced.", content.length()));
    }
    let wanted = file.checksum.as_ref()?;
    match content.checksum(wanted.algorithm) {
        Ok(Checksum { digits, .. }) if digits == wanted.digits => None,
        Ok(actual) => {
            let name = actual.algorithm.name();
            Some(format!("The {name} checksum of the file is {}, but {} was announced.", actual.digits, wanted.digits))
        }
        Err(error) => Some(format!("The file cannot be read again: {error}")),
    }
}
