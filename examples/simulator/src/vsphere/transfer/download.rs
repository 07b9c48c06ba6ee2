//! Bytes that clients fetch.

use super::range::{Wanted, wanted};
use super::{Place, plain};
use crate::images::lock;
use crate::net::{Answer, Body, BodySender, Request, head};
use crate::vsphere::state::{Content, Prepare, Stage, Vcenter};
use bytes::Bytes;
use hyper::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_RANGE, RANGE};
use hyper::{Method, StatusCode};
use std::io;
use std::sync::{Arc, Mutex};

/// Bytes that are read at a time.
const STEP: u64 = 1 << 20;

/// Starts to send what the request asks for.
pub(super) fn answer(vcenter: Arc<Mutex<Vcenter>>, place: Place, content: Arc<Content>, request: &Request) -> Answer {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    if !is_prepared(&vcenter, &place) {
        return plain(404, "The file is not prepared yet.");
    }
    let size = content.length();
    let tag = content.main_checksum().map(|checksum| format!("\"{}\"", checksum.digits)).unwrap_or_default();
    let range = text(RANGE).filter(|_| text(IF_RANGE).is_none_or(|known| known == tag));
    let (status, start, length) = match wanted(range, size) {
        Wanted::All => (StatusCode::OK, 0, size),
        Wanted::Part(start, length) => (StatusCode::PARTIAL_CONTENT, start, length),
        Wanted::Nothing => {
            let mut answer = plain(416, "The file has nothing there.");
            head(&mut answer, CONTENT_RANGE, &format!("bytes */{size}"));
            return answer;
        }
    };
    let (sender, body) = Body::pieces(length);
    let is_head = request.method() == Method::HEAD;
    let mut answer = Answer::new(if is_head { Body::Full(None) } else { body });
    *answer.status_mut() = status;
    head(&mut answer, CONTENT_TYPE, "application/octet-stream");
    head(&mut answer, ACCEPT_RANGES, "bytes");
    head(&mut answer, ETAG, &tag);
    if status == StatusCode::PARTIAL_CONTENT {
        head(&mut answer, CONTENT_RANGE, &format!("bytes {start}-{}/{size}", start + length - 1));
    }
    if is_head {
        head(&mut answer, CONTENT_LENGTH, &length.to_string());
    } else {
        let sending = Sending { vcenter, place, content };
        if length == 0 {
            sending.count(true);
        }
        tokio::spawn(sending.send(start, start + length, sender));
    }
    answer
}

fn is_prepared(vcenter: &Mutex<Vcenter>, place: &Place) -> bool {
    let vcenter = lock(vcenter);
    let file = vcenter.downloads.get(&place.session).and_then(|session| session.files.get(&place.file));
    file.is_some_and(|file| file.status == Prepare::Prepared)
}

struct Sending {
    vcenter: Arc<Mutex<Vcenter>>,
    place: Place,
    content: Arc<Content>,
}

impl Sending {
    async fn send(self, mut position: u64, end: u64, sender: BodySender) {
        while position < end {
            let length = STEP.min(end - position);
            let is_last = position + length == self.content.length();
            let piece = if self.count(is_last) {
                read(Arc::clone(&self.content), position, length).await
            } else {
                Err(io::Error::from(io::ErrorKind::ConnectionAborted))
            };
            let failed = piece.is_err();
            if sender.send(piece).await.is_err() || failed {
                return;
            }
            position += length;
        }
    }

    /// Counts as activity in the session, and notes whether the end of the file is on its way. False
    /// where the session has ended.
    fn count(&self, is_last: bool) -> bool {
        let mut vcenter = lock(&self.vcenter);
        let now = vcenter.now();
        let session = vcenter.downloads.get_mut(&self.place.session);
        let Some(session) = session.filter(|session| session.lease.stage == Stage::Active) else { return false };
        session.lease.touch(now);
        if let Some(file) = session.files.get_mut(&self.place.file) {
            file.downloaded |= is_last;
        }
        true
    }
}

async fn read(content: Arc<Content>, position: u64, length: u64) -> io::Result<Bytes> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let read = tokio::task::spawn_blocking(move || content.read(position, length).map(Bytes::from));
    read.await.map_err(io::Error::other)?
}
