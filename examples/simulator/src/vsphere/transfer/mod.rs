//! Bytes of files: from clients, to clients, and from elsewhere.

mod download;
mod fetch;
mod pull;
mod range;
mod trust;
mod unpack;
mod upload;

pub(crate) use pull::start;

use super::state::{Content, Source, Stage, Vcenter};
use crate::images::lock;
use crate::net::{Answer, Request, full, head};
use hyper::Method;
use hyper::header::ALLOW;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::{Arc, Mutex};

/// What the paths of transfers start with.
pub(crate) const BASE: &str = "/cls/data/";

/// A new address for the bytes of a file. Who knows it may use it, so it is a secret.
pub(crate) fn uri(origin: &str, name: &str) -> String {
    format!("{origin}{BASE}{}/{}", uuid::Uuid::new_v4(), utf8_percent_encode(name, NON_ALPHANUMERIC))
}

/// A path for the log, without what makes it a secret.
pub(crate) fn disguise(path: &str) -> String {
    let name = path.strip_prefix(BASE).and_then(|rest| rest.split_once('/')).map(|(_, name)| name);
    name.map_or_else(|| path.to_owned(), |name| format!("{BASE}{{transfer}}/{name}"))
}

/// What an address is for.
enum Target {
    /// A file of an update session.
    Upload(Place),
    /// A file of a download session.
    Download(Place, Arc<Content>),
}

/// File of a session.
#[derive(Clone)]
struct Place {
    session: String,
    file: String,
}

/// Answers a request to an address.
pub(crate) async fn serve(vcenter: Arc<Mutex<Vcenter>>, request: Request) -> Answer {
    let path = request.uri().path().to_owned();
    let target = {
        let mut vcenter = lock(&vcenter);
        vcenter.settle();
        find(&vcenter, &path)
    };
    match (target, request.method()) {
        (None, _) => plain(404, "There is no such transfer, or its session has ended."),
        (Some(Target::Upload(place)), &(Method::PUT | Method::POST)) => upload::answer(vcenter, place, request).await,
        (Some(Target::Upload(_)), _) => wrong_method("PUT, POST"),
        (Some(Target::Download(place, content)), &(Method::GET | Method::HEAD)) => {
            download::answer(vcenter, place, content, &request)
        }
        (Some(Target::Download(..)), _) => wrong_method("GET, HEAD"),
    }
}

fn find(vcenter: &Vcenter, path: &str) -> Option<Target> {
    let is_here = |uri: &str| uri.strip_prefix(&vcenter.settings.origin) == Some(path);
    for (session, update) in vcenter.updates.iter().filter(|(_, update)| update.lease.stage == Stage::Active) {
        let file = update.files.iter().find(|(_, file)| matches!(&file.source, Source::Push(uri) if is_here(uri)));
        if let Some((file, _)) = file.filter(|_| !update.completing) {
            return Some(Target::Upload(Place { session: session.clone(), file: file.clone() }));
        }
    }
    for (session, download) in vcenter.downloads.iter().filter(|(_, download)| download.lease.stage == Stage::Active) {
        let file = download.files.iter().find(|(_, file)| is_here(&file.uri));
        if let Some((name, content)) = file.and_then(|(name, file)| Some((name, file.content.clone()?))) {
            return Some(Target::Download(Place { session: session.clone(), file: name.clone() }, content));
        }
    }
    None
}

fn plain(status: u16, text: &str) -> Answer {
    full(status, "text/plain", format!("{text}\n"))
}

fn wrong_method(allowed: &str) -> Answer {
    let mut answer = plain(405, "The address is not for that method.");
    head(&mut answer, ALLOW, allowed);
    answer
}
