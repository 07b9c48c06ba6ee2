//! Bytes that the server fetches by itself.

use super::fetch::{self, Failure, shown};
use super::trust::Trust;
use super::upload::{Landing, write};
use super::{Place, unpack};
use crate::images::lock;
use crate::vsphere::operations::{conclude, stored_at};
use crate::vsphere::ovf::{Descriptor, is_descriptor};
use crate::vsphere::record::wide;
use crate::vsphere::state::{Content, PullJob, Receiver, SessionFile, Source, Stage, UpdateSession, Vcenter};
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::CONTENT_LENGTH;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// Bytes that are written at a time.
const STEP: usize = 1 << 20;

/// Size that a file which never comes seems to have, while its first byte seems to be there: so its
/// progress is one percent.
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
    let scheme = job.uri.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if matches!(scheme.as_str(), "http" | "https") {
        fetch(&vcenter, &job, &landing, receiver).await;
    } else {
        let content = stored_at(&lock(&vcenter), &job.uri);
        match content {
            Some(content) => landing.finish(content),
            None => landing.fail(&format!("There is nothing at {}.", shown(&job.uri))),
        }
    }
    let mut vcenter = lock(&vcenter);
    let is_over = |session: &UpdateSession| session.lease.stage == Stage::Active && session.completing && !session.is_pulling();
    if vcenter.updates.get(&job.session).is_some_and(is_over) {
        conclude(&mut vcenter, &job.session);
    }
}

async fn fetch(vcenter: &Arc<Mutex<Vcenter>>, job: &PullJob, landing: &Landing, receiver: Receiver) {
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
        return landing.fail(&format!("{} was answered with status {}.", shown(&job.uri), response.status().as_u16()));
    }
    let length = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if landing.announce(length) {
        receive(vcenter, job, landing, receiver, response.into_body()).await;
    }
}

async fn receive(vcenter: &Arc<Mutex<Vcenter>>, job: &PullJob, landing: &Landing, mut receiver: Receiver, mut body: Incoming) {
    let mut pending = BytesMut::new();
    let mut seen = 0;
    let broken = |error: &dyn std::fmt::Display| format!("{} ended too early: {error}", shown(&job.uri));
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => {
                let data = frame.into_data().unwrap_or_default();
                seen += wide(data.len());
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
        Ok(content) => {
            let content = follow(vcenter, job, landing, content);
            unpack::arrive(landing, content).await;
        }
        Err(error) => landing.fail(&broken(&error)),
    }
}

/// Starts to fetch what a descriptor refers to, from beside it.
fn follow(vcenter: &Arc<Mutex<Vcenter>>, job: &PullJob, landing: &Landing, content: Content) -> Content {
    let text = landing.in_package().filter(|name| is_descriptor(name)).and_then(|_| content.text());
    let descriptor = text.and_then(|text| Descriptor::read(&text).ok());
    let base = job.uri.rsplit_once('/').map(|(base, _)| base).unwrap_or_default();
    let beside = |name: &String| {
        let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let mut endpoint = json!({ "uri": format!("{base}/{encoded}") });
        if let Some(thumbprint) = &job.thumbprint {
            endpoint["ssl_certificate_thumbprint"] = json!(thumbprint);
        }
        if let Some(certificate) = &job.certificate {
            endpoint["ssl_certificate"] = json!(certificate);
        }
        let mut file = SessionFile::new(Source::Pull(endpoint), false);
        file.begin();
        (name.clone(), file)
    };
    let wanted = descriptor.iter().flat_map(|descriptor| &descriptor.references).map(beside).collect();
    let added = landing.add(wanted).into_iter();
    let jobs = added.map(|(file, attempt)| {
        let uri = format!("{base}/{}", utf8_percent_encode(&file, NON_ALPHANUMERIC));
        PullJob { file, attempt, uri, ..job.clone() }
    });
    start(vcenter, jobs.collect());
    content
}
