//! Endpoints of engines before 4.3: they read and write, and know nothing else.

use super::super::{Images, range};
use super::{Access, Endpoint, Failure, authorize, get, header, info, put};
use crate::net::{Answer, Request, full};
use hyper::Method;
use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE};

/// Version of such a daemon.
pub(super) const VERSION: &str = "1.4.6";

/// Answers a request. What a newer client puts into the query means nothing here.
pub(super) async fn route(images: &Images, endpoint: Endpoint, request: Request) -> Result<Answer, Failure> {
    let path = request.uri().path().to_owned();
    if path == "/info/" {
        return info(&request, VERSION);
    }
    let secret = path.strip_prefix("/images/").filter(|secret| !secret.is_empty() && !secret.contains('/'));
    let secret = secret.ok_or_else(Failure::not_found)?;
    match *request.method() {
        // Browsers ask the proxy whether they may, without what lets them in.
        Method::OPTIONS if endpoint.is_proxy => return Ok(full(204, "", "")),
        Method::GET | Method::PUT => {}
        _ => return Err(Failure::wrong_method("GET,PUT").closing()),
    }
    let access = Access { query: Vec::new(), ..authorize(images, endpoint, secret, &request)? };
    let _running = access.ticket.begin();
    if *request.method() == Method::GET {
        return get::answer(&access, &request);
    }
    let part = header(&request, CONTENT_RANGE).and_then(range::part);
    let length = header(&request, CONTENT_LENGTH).and_then(|text| text.parse().ok());
    if part.is_none_or(|part| Some(part.length) != length) {
        let expected = "Content-Range header is required, as bytes FIRST-LAST/SIZE, and has to fit the body";
        return Err(Failure::bad_request(expected).closing());
    }
    put::answer(&access, request).await
}
