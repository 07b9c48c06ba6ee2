//! The image endpoint: the HTTP API of the daemon that hosts run for image data.

mod checksum;
mod extents;
mod failure;
mod get;
mod old;
mod patch;
mod put;

use super::{Images, Ticket};
use crate::net::{Answer, Request, full, head};
use failure::Failure;
use hyper::Method;
use hyper::header::{ALLOW, AUTHORIZATION, HeaderName};
use serde_json::json;
use std::sync::Arc;

/// Version of the daemon whose behaviour this is, unless the engine is old.
const VERSION: &str = "2.5.1";

/// Connections that a client is advised to use at most, in each direction.
const CONNECTIONS: u32 = 8;

const JSON: &str = "application/json";

/// What an endpoint works on.
pub(super) struct Access {
    ticket: Arc<Ticket>,
    query: Vec<(String, String)>,
}

impl Access {
    /// The text of a parameter of the query.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What kind of endpoint answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint {
    /// Whether it is the proxy on the machine of the engine, or the daemon of a host.
    pub(crate) is_proxy: bool,
    /// Whether requests have to show the signed permission that belongs to their ticket.
    pub(crate) wants_permission: bool,
    /// Whether it reads and writes only, as in old times: no abilities, extents, zeros or checksums.
    pub(crate) is_old: bool,
}

/// Answers a request to the endpoint.
pub(crate) async fn serve(images: Arc<Images>, endpoint: Endpoint, request: Request) -> Answer {
    let answer =
        if endpoint.is_old { old::route(&images, endpoint, request).await } else { route(&images, endpoint, request).await };
    let mut answer = answer.unwrap_or_else(Failure::answer);
    let version = if endpoint.is_old { old::VERSION } else { VERSION };
    head(&mut answer, hyper::header::SERVER, &format!("imageio/{version}"));
    answer
}

/// A path for the log, without the ticket, which is a secret.
pub(crate) fn disguise(path: &str) -> String {
    match path.strip_prefix("/images/") {
        Some(rest) if rest != "*" => match rest.split_once('/') {
            Some((_, below)) => format!("/images/{{ticket}}/{below}"),
            None => "/images/{ticket}".to_owned(),
        },
        _ => path.to_owned(),
    }
}

async fn route(images: &Images, endpoint: Endpoint, request: Request) -> Result<Answer, Failure> {
    let path = request.uri().path().to_owned();
    if path == "/info/" {
        return info(&request, VERSION);
    }
    let rest = path.strip_prefix("/images/").ok_or_else(Failure::not_found)?;
    let (secret, resource) = rest.split_once('/').unwrap_or((rest, ""));
    if secret.is_empty() {
        return Err(Failure::bad_request("Ticket id is required"));
    }
    match resource {
        "" => {}
        "checksum/algorithms" => return only_get(&request).map(|()| checksum::algorithms()),
        "extents" | "checksum" => only_get(&request)?,
        _ => return Err(Failure::not_found()),
    }
    if resource.is_empty() && secret == "*" && request.method() == Method::OPTIONS {
        return Ok(options(None));
    }
    let writes = matches!(*request.method(), Method::PUT | Method::PATCH);
    let known = matches!(*request.method(), Method::GET | Method::OPTIONS) || writes;
    if !known {
        return Err(Failure::wrong_method("OPTIONS,GET,PUT,PATCH"));
    }
    let access = authorize(images, endpoint, secret, &request)?;
    let _running = if request.method() == Method::OPTIONS { None } else { Some(access.ticket.begin()) };
    match (resource, request.method()) {
        ("extents", _) => extents::answer(&access),
        ("checksum", _) => checksum::answer(&access).await,
        (_, &Method::OPTIONS) => {
            access.ticket.touch();
            Ok(options(Some(&access.ticket)))
        }
        (_, &Method::GET) => get::answer(&access, &request),
        (_, &Method::PUT) => put::answer(&access, request).await,
        _ => patch::answer(&access, request).await,
    }
}

fn authorize(images: &Images, endpoint: Endpoint, secret: &str, request: &Request) -> Result<Access, Failure> {
    let writes = matches!(*request.method(), Method::PUT | Method::PATCH);
    let permission = header(request, AUTHORIZATION);
    if endpoint.wants_permission && permission.is_none() {
        return Err(Failure::unauthorized());
    }
    let ticket = images.ticket(secret).ok_or_else(|| Failure::forbidden(&format!("No such ticket {secret}")))?;
    if endpoint.wants_permission && permission != Some(ticket.permission()) {
        return Err(Failure::unauthorized());
    }
    if let Some(reason) = ticket.refusal(writes) {
        return Err(Failure::forbidden(&reason));
    }
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    Ok(Access { ticket, query })
}

fn info(request: &Request, version: &str) -> Result<Answer, Failure> {
    only_get(request)?;
    Ok(full(200, JSON, json!({ "version": version }).to_string()))
}

fn only_get(request: &Request) -> Result<(), Failure> {
    if request.method() == Method::GET { Ok(()) } else { Err(Failure::wrong_method("GET")) }
}

/// Abilities: of the endpoint, or of a ticket.
fn options(ticket: Option<&Ticket>) -> Answer {
    let may_write = ticket.is_none_or(Ticket::may_write);
    let (features, allow): (&[&str], _) = if may_write {
        (&["checksum", "extents", "flush", "zero"], "OPTIONS,GET,PUT,PATCH")
    } else {
        (&["checksum", "extents"], "OPTIONS,GET")
    };
    let mut body = json!({ "features": features });
    if let Some(ticket) = ticket {
        body["max_readers"] = json!(CONNECTIONS);
        body["max_writers"] = json!(if ticket.is_file() { 1 } else { CONNECTIONS });
    }
    let mut answer = full(200, JSON, body.to_string());
    head(&mut answer, ALLOW, allow);
    answer
}

/// Header of a request as text.
fn header(request: &Request, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}
