//! `PUT`: bytes into an image.

use super::super::range;
use super::super::sparse::SparseFile;
use super::{Access, Failure, header};
use crate::net::{Answer, Request, full, head};
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_RANGE};
use std::io;
use std::sync::Arc;

/// Bytes that are written at a time; each write ends at a multiple of it.
const STEP: u64 = 1 << 20;

/// Writes the body of the request.
pub(super) async fn answer(access: &Access, mut request: Request) -> Result<Answer, Failure> {
    let length = header(&request, CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    let length = length.ok_or_else(|| Failure::bad_request("Content-Length header is required").closing())?;
    let offset = match header(&request, CONTENT_RANGE) {
        Some(header) => range::offset(header).ok_or_else(|| Failure::bad_request("Invalid Content-Range header").closing())?,
        None => 0,
    };
    let flushes = match access.parameter("flush") {
        None | Some("y") => true,
        Some("n") => false,
        Some(other) => return Err(Failure::bad_request(format!("Invalid value for flush: '{other}'")).closing()),
    };
    if offset.checked_add(length).is_none_or(|end| end > access.ticket.size()) {
        return Err(Failure::beyond_end(access.ticket.size()).closing());
    }
    receive(access, &mut request, offset, length).await?;
    if flushes {
        flush(access.ticket.disk()).await?;
    }
    let mut answer = full(200, "text/plain", "");
    if access.parameter("close") == Some("y") {
        head(&mut answer, CONNECTION, "close");
    }
    Ok(answer)
}

async fn receive(access: &Access, request: &mut Request, offset: u64, length: u64) -> Result<(), Failure> {
    let mut position = offset;
    let mut pending = BytesMut::new();
    loop {
        if access.ticket.is_canceled() {
            return Err(Failure::forbidden(&access.ticket.refusal(true).unwrap_or_default()));
        }
        let frame = request.body_mut().frame().await;
        match frame {
            None => break,
            Some(Ok(frame)) => pending.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Some(Err(_)) => {
                let available = position - offset + len(&pending);
                return Err(Failure::bad_request(format!("Requested {length} bytes, available {available} bytes")).closing());
            }
        }
        loop {
            let room = STEP - position % STEP;
            if len(&pending) < room {
                break;
            }
            let piece = pending.split_to(usize::try_from(room).unwrap_or(usize::MAX));
            position = write(access, position, piece).await?;
        }
    }
    write(access, position, pending).await?;
    Ok(())
}

async fn write(access: &Access, position: u64, mut piece: BytesMut) -> Result<u64, Failure> {
    let length = len(&piece);
    let disk = Arc::clone(access.ticket.disk());
    let written = tokio::task::spawn_blocking(move || disk.write(position, &mut piece));
    written.await.map_err(io::Error::other)??;
    access.ticket.count(length);
    Ok(position + length)
}

/// Makes everything that was written durable.
pub(super) async fn flush(disk: &Arc<SparseFile>) -> Result<(), Failure> {
    let disk = Arc::clone(disk);
    let flushed = tokio::task::spawn_blocking(move || disk.flush());
    flushed.await.map_err(io::Error::other)??;
    Ok(())
}

fn len(bytes: &BytesMut) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
