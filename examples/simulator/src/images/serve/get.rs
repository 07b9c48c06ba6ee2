//! `GET`: the bytes of an image, or a part of them.

use super::super::range::{self, Refusal, Wanted};
use super::super::sparse::SparseFile;
use super::super::ticket::Ticket;
use super::{Access, Failure, header};
use crate::net::{Answer, Body, BodySender, Request, head};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use std::io;
use std::sync::Arc;

/// Bytes that are read at a time.
const STEP: u64 = 1 << 20;

/// Starts to send what the request asks for.
pub(super) fn answer(access: &Access, request: &Request) -> Result<Answer, Failure> {
    let size = access.ticket.size();
    let part = match header(request, RANGE) {
        Some(header) => Some(range::wanted(header, size).map_err(|refusal| refuse(refusal, size))?),
        None => None,
    };
    let wanted = part.unwrap_or(Wanted { start: 0, length: size });
    let (sender, body) = Body::pieces(wanted.length);
    let mut answer = Answer::new(body);
    head(&mut answer, CONTENT_TYPE, "application/octet-stream");
    head(&mut answer, CONTENT_DISPOSITION, "attachment");
    if let Some(Wanted { start, length }) = part {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        // An empty part has no last byte; the daemon writes the byte before the first.
        let last = i128::from(start) + i128::from(length) - 1;
        head(&mut answer, CONTENT_RANGE, &format!("bytes {start}-{last}/{size}"));
    }
    tokio::spawn(send(Arc::clone(&access.ticket), wanted, sender));
    Ok(answer)
}

fn refuse(refusal: Refusal, size: u64) -> Failure {
    match refusal {
        Refusal::BeyondEnd => Failure::beyond_end(size),
        Refusal::Unsupported => Failure::bad_range("Unsupported range"),
        Refusal::StartBeyondEnd => Failure::bad_request("Requested range starts after the end of the image"),
    }
}

async fn send(ticket: Arc<Ticket>, wanted: Wanted, sender: BodySender) {
    let _running = ticket.begin();
    let mut position = wanted.start;
    let end = wanted.start + wanted.length;
    while position < end {
        let length = STEP.min(end - position);
        let piece = if ticket.is_canceled() {
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        } else {
            read(ticket.disk(), position, length).await
        };
        let failed = piece.is_err();
        if sender.send(piece).await.is_err() || failed {
            return;
        }
        ticket.count(length);
        position += length;
    }
}

async fn read(disk: &Arc<SparseFile>, position: u64, length: u64) -> io::Result<Bytes> {
    let disk = Arc::clone(disk);
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let read = tokio::task::spawn_blocking(move || disk.read(position, length).map(Bytes::from));
    read.await.map_err(io::Error::other)?
}
