//! Spans: what a request is to whoever collects traces. The names are those of OpenTelemetry's conventions for HTTP
//! clients.

use super::reply::Asked;
use crate::core::error::Error;
use tracing::{Span, field};

/// Whether somebody wants to know.
pub(crate) fn is_collected() -> bool {
    tracing::enabled!(tracing::Level::INFO)
}

/// A request to a server. `template` is its path with names in place of identifiers.
pub(crate) fn request(asked: &Asked, template: &str) -> Span {
    let Asked { method, url, .. } = asked;
    tracing::info_span!(
        "request",
        otel.kind = "client",
        otel.name = format!("{method} {template}"),
        otel.status_code = field::Empty,
        http.request.method = method.as_str(),
        http.request.resend_count = field::Empty,
        http.response.status_code = field::Empty,
        url.template = template,
        url.scheme = url.scheme(),
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        error.type = field::Empty,
    )
}

/// Notes the status of an answer in the current span.
pub(crate) fn answered(status: u16) {
    Span::current().record("http.response.status_code", status);
}

/// Notes in the current span how often the request was sent again.
pub(crate) fn resent(times: u32) {
    Span::current().record("http.request.resend_count", times);
}

/// Notes in the current span that the request failed.
pub(crate) fn failed(error: &Error) {
    let span = Span::current();
    span.record("otel.status_code", "ERROR");
    match error.status().filter(|status| *status >= 400) {
        Some(status) => span.record("error.type", field::display(status)),
        None => span.record("error.type", error.kind().name()),
    };
}
