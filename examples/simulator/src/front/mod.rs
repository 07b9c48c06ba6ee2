//! What an engine's host serves: the API, sign-in, and the services beside them.

mod pages;
mod sessions;
mod sso;

pub(crate) use sessions::Sessions;
use sessions::{Admission, Claim};

use crate::api;
use crate::control::Control;
use crate::engine::new_id;
use crate::images::{self, Endpoint, Images, lock};
use crate::net::{Answer, Handler, Request, full, head};
use http_body_util::{BodyExt, Limited};
use hyper::Method;
use hyper::header::{ALLOW, AUTHORIZATION, COOKIE, EXPECT, HeaderName, LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// More than any honest request carries.
const LONGEST: usize = 32 << 20;

/// Time enough for what is on its way.
const UNNEEDED: Duration = Duration::from_millis(100);

const CORRELATION_ID: HeaderName = HeaderName::from_static("correlation-id");
const OVIRT_EXPECT: HeaderName = HeaderName::from_static("x-ovirt-expect");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const SESSION: HeaderName = HeaderName::from_static("jsessionid");
const VERSION: HeaderName = HeaderName::from_static("version");

const HTML: &str = "text/html;charset=UTF-8";

/// Longest correlation id that the engine keeps.
const CORRELATION_LENGTH: usize = 36;

/// The engine behind HTTP.
#[derive(Clone)]
pub(crate) struct Front(Arc<Inner>);

struct Inner {
    control: Arc<Control>,
    origin: String,
    ca_pem: Option<String>,
    /// Whether answers may wait for other processes, so that they must not keep the runtime waiting.
    is_blocking: bool,
}

impl Front {
    /// Puts an engine behind HTTP.
    pub(crate) fn new(control: Arc<Control>, origin: &str, ca_pem: Option<String>, is_blocking: bool) -> Self {
        Front(Arc::new(Inner { control, origin: origin.to_owned(), ca_pem, is_blocking }))
    }
}

impl Handler for Front {
    async fn handle(self, request: Request) -> Answer {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, LONGEST).collect();
        let body = match tokio::time::timeout(patience(&parts.method), body).await {
            Ok(body) => body.map(|body| body.to_bytes().to_vec()),
            Err(_) => Ok(Vec::new()),
        };
        match body.map(String::from_utf8) {
            Ok(Ok(body)) if self.0.is_blocking => {
                let answer = tokio::task::spawn_blocking(move || self.0.answer(&parts, &body)).await;
                answer.unwrap_or_else(|_| full(500, "text/plain", ""))
            }
            Ok(Ok(body)) => self.0.answer(&parts, &body),
            Ok(Err(_)) => full(400, "text/plain", "The body is not UTF-8.\n"),
            Err(_) => full(413, "text/plain", "The body is too long.\n"),
        }
    }
}

/// How long to wait for the body that a request announces. One that only reads needs none: librest, which repeats a
/// request with a password after a 401, announces the body again and does not send it.
pub(crate) fn patience(method: &Method) -> Duration {
    if matches!(*method, Method::GET | Method::HEAD) { UNNEEDED } else { Duration::MAX }
}

/// Whether a path is one of signing in or out.
pub(crate) fn is_sign_in(path: &str) -> bool {
    matches!(path, sso::TOKEN | sso::LOGOUT)
}

impl Inner {
    fn answer(&self, parts: &hyper::http::request::Parts, body: &str) -> Answer {
        let query = parts.uri.query().unwrap_or_default();
        match parts.uri.path() {
            sso::TOKEN => sso::token(&mut lock(&self.control.sessions), query, body),
            sso::LOGOUT => sso::logout(&mut lock(&self.control.sessions), query, body),
            path if api::is_below(path) => self.api(parts, body),
            path => pages::answer(path, query, self.ca_pem.as_deref()),
        }
    }

    fn api(&self, parts: &hyper::http::request::Parts, body: &str) -> Answer {
        let header = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        let given = api::Options::read(query, "");
        let correlation_id = correlation_id(given.text("correlation_id").unwrap_or(header(CORRELATION_ID)));
        let claim = Claim { authorization: header(AUTHORIZATION), cookie: header(COOKIE), session: header(SESSION) };
        let admission = lock(&self.control.sessions).admit(claim);
        let mut answer = if admission == Admission::Unknown {
            let mut answer = full(401, HTML, pages::UNAUTHORIZED);
            head(&mut answer, WWW_AUTHENTICATE, "Basic realm=\"RESTAPI\"");
            answer
        } else if admission == Admission::Forged {
            full(403, HTML, pages::FORBIDDEN)
        } else if !matches!(header(VERSION), "" | "3" | "4") {
            full(400, HTML, "")
        } else {
            let expect = format!("{},{}", header(EXPECT), header(OVIRT_EXPECT));
            let request = api::Request {
                verb: parts.method.as_str(),
                path: parts.uri.path(),
                query,
                body,
                origin: &self.origin,
                correlation_id: &correlation_id,
                expect: &expect,
            };
            respond(api::answer(&mut lock(&self.control.engine), &request))
        };
        let wishes = header(PREFER);
        if admission == Admission::Granted && !claim.authorization.is_empty() && wishes.contains("persistent-auth") {
            let cookie = lock(&self.control.sessions).open(wishes.contains("csrf-protection"));
            head(&mut answer, SET_COOKIE, &format!("JSESSIONID={cookie}; Path={}; HttpOnly", api::BASE));
        }
        head(&mut answer, CORRELATION_ID, &correlation_id);
        answer
    }
}

fn respond(answer: api::Answer) -> Answer {
    let mut response = full(answer.status, "application/xml;charset=UTF-8", answer.body);
    if let Some(location) = &answer.location {
        head(&mut response, LOCATION, location);
    }
    if let Some(allow) = &answer.allow {
        head(&mut response, ALLOW, allow);
    }
    response
}

/// The caller's correlation id as far as the engine takes it, or a new one.
fn correlation_id(given: &str) -> String {
    let kept = given.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
    let kept: String = kept.take(CORRELATION_LENGTH).collect();
    if kept.is_empty() { new_id() } else { kept }
}

/// An image endpoint behind HTTP.
#[derive(Clone)]
pub(crate) struct ImageFront(Arc<Images>, Endpoint);

impl ImageFront {
    /// Puts the data of disks behind HTTP.
    pub(crate) fn new(images: Arc<Images>, endpoint: Endpoint) -> Self {
        ImageFront(images, endpoint)
    }
}

impl Handler for ImageFront {
    fn handle(self, request: Request) -> impl Future<Output = Answer> + Send {
        images::serve(self.0, self.1, request)
    }
}
