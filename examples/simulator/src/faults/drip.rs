//! Bodies that come slowly.

use crate::clock::Clock;
use crate::net::{Answer, Body};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use std::sync::Arc;
use std::time::Duration;

/// The same answer, whose body comes in pieces of so many bytes, with a pause after each.
pub(super) fn slow(answer: Answer, bytes: usize, pause: Duration, clock: Arc<Clock>) -> Answer {
    let (parts, mut body) = answer.into_parts();
    let (sender, pieces) = Body::pieces(body.size_hint().lower());
    tokio::spawn(async move {
        while let Some(frame) = body.frame().await {
            let mut data = match frame.map(|frame| frame.into_data()) {
                Ok(Ok(data)) => data,
                Ok(Err(_)) => continue,
                Err(error) => return drop(sender.send(Err(error)).await),
            };
            while !data.is_empty() {
                let piece = data.split_to(bytes.clamp(1, data.len()));
                // The other side may leave at any time.
                if sender.send(Ok(piece)).await.is_err() {
                    return;
                }
                clock.sleep(pause).await;
            }
        }
    });
    Answer::from_parts(parts, pieces)
}
