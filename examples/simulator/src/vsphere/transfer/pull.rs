//! Bytes that the server fetches by itself.

use super::Place;
use super::fetch::{self, Failure};
use super::trust::Trust;
use super::upload::{Landing, write};
use crate::images::lock;
use crate::vsphere::operations::{conclude, stored_at};
use crate::vsphere::state::{PullJob, Receiver, Stage, Vcenter};
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::CONTENT_LENGTH;
use std::sync::{Arc, Mutex};

/// Bytes that are written at a time.
const STEP: usize = 1 << 20;

/// Of a file that never comes, the part that seems to be there: one percent of it.
const STALLED: u64 = 100;

/// Starts to fetch files.
pub(crate) fn start(vcenter: &Arc<Mutex<Vcenter>>, jobs: Vec<PullJob>) {
    for job in jobs {
        tokio::spawn(run(Arc::clone(vcenter), job));
    }
}

async fn run(vcenter: Arc<Mutex<Vcenter>>, job: PullJob) {
    let place = Place { session: job.session.clone(), file: job.file.clone() };
    let Some((landing, receiver)) = Landing::begin(Arc::clone(&vcenter), place, Some(job.attempt)) else { return };
    if job.uri.starts_with("http://") || job.uri.starts_with("https://") {
        fetch(&vcenter, &job, &landing, receiver).await;
    } else {
        let content = stored_at(&lock(&vcenter), &job.uri);
        match content {
            Some(content) => landing.finish_shared(content),
            None => landing.fail(&format!("There is nothing at {}.", job.uri)),
        }
    }
    let mut vcenter = lock(&vcenter);
    let is_over = |session: &crate::vsphere::state::UpdateSession| {
        session.lease.stage == Stage::Active && session.completing && !session.is_pulling()
    };
    if vcenter.updates.get(&job.session).is_some_and(is_over) {
        conclude(&mut vcenter, &job.session);
    }
}

async fn fetch(vcenter: &Mutex<Vcenter>, job: &PullJob, landing: &Landing, receiver: Receiver) {
    let trusted = {
        let vcenter = lock(vcenter);
        vcenter.certificates.values().chain(&vcenter.settings.trusted).cloned().collect()
    };
    let trust = Trust { thumbprint: job.thumbprint.clone(), certificate: job.certificate.clone(), trusted };
    let response = match fetch::get(&job.uri, trust).await {
        Ok(response) => response,
        Err(Failure::Untrusted) => {
            // As servers do: the file stays in transfer, and nothing says why.
            landing.announce(Some(STALLED));
            landing.count(1);
            return;
        }
        Err(Failure::Other(text)) => return landing.fail(&text),
    };
    if response.status() != StatusCode::OK {
        return landing.fail(&format!("{} was answered with status {}.", job.uri, response.status().as_u16()));
    }
    let length = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if landing.announce(length) {
        receive(job, landing, receiver, response.into_body()).await;
    }
}

async fn receive(job: &PullJob, landing: &Landing, mut receiver: Receiver, mut body: Incoming) {
    let mut pending = BytesMut::new();
    let mut seen = 0;
    let broken = |error: &dyn std::fmt::Display| format!("{} ended too early: {error}", job.uri);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => {
                let data = frame.into_data().unwrap_or_default();
                seen += crate::vsphere::record::wide(data.len());
                pending.extend_from_slice(&data);
            }
            Err(error) => return landing.fail(&broken(&error)),
        }
        if !landing.count(seen) {
            return;
        }
        if pending.len() >= STEP {
            receiver = match write(receiver, pending.split()).await {
                Ok(receiver) => receiver,
                Err(error) => return landing.fail(&broken(&error)),
            };
        }
    }
    match write(receiver, pending).await.and_then(Receiver::finish) {
        Ok(content) => landing.finish(content),
        Err(error) => landing.fail(&broken(&error)),
    }
}
