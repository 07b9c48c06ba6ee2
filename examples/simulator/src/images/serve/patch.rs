//! `PATCH`: zeros without sending them, and flushing.

use super::{Access, Failure, header, put};
use crate::net::{Answer, Request, full};
use http_body_util::{BodyExt, Limited};
use hyper::header::CONTENT_LENGTH;
use serde_json::{Map, Value};
use std::io;
use std::sync::Arc;

/// More than any command needs.
const LONGEST: usize = 64 * 1024;

/// Runs the command in the body.
pub(super) async fn answer(access: &Access, request: Request) -> Result<Answer, Failure> {
    if header(&request, CONTENT_LENGTH).is_none() {
        return Err(Failure::bad_request("Content-Length header is required").closing());
    }
    let body = Limited::new(request.into_body(), LONGEST).collect().await;
    let body = body.map_err(|_| Failure::bad_request("Cannot read the request").closing())?.to_bytes();
    let command = match serde_json::from_slice(&body) {
        Ok(Value::Object(command)) => command,
        // The daemon stumbles over what is JSON and no object.
        Ok(_) => return Err(Failure::from(io::Error::from(io::ErrorKind::InvalidData))),
        Err(_) => return Err(Failure::bad_request("Invalid JSON")),
    };
    match command.get("op").and_then(Value::as_str) {
        Some("zero") => zero(access, &command).await?,
        Some("flush") => put::flush(access.ticket.disk()).await?,
        other => return Err(Failure::bad_request(format!("Unknown operation: {other:?}"))),
    }
    Ok(full(200, "text/plain", ""))
}

async fn zero(access: &Access, command: &Map<String, Value>) -> Result<(), Failure> {
    let length = number(command, "size")?.ok_or_else(|| Failure::bad_request("Missing required value for 'size'"))?;
    let offset = number(command, "offset")?.unwrap_or_default();
    let flushes = match command.get("flush") {
        None => false,
        Some(Value::Bool(flushes)) => *flushes,
        Some(_) => return Err(Failure::bad_request("Invalid type for 'flush': expecting a bool")),
    };
    if offset.checked_add(length).is_none_or(|end| end > access.ticket.size()) {
        return Err(Failure::beyond_end(access.ticket.size()));
    }
    let disk = Arc::clone(access.ticket.disk());
    let zeroed = tokio::task::spawn_blocking(move || disk.zero(offset, length));
    zeroed.await.map_err(io::Error::other)??;
    access.ticket.count(length);
    if flushes { put::flush(access.ticket.disk()).await } else { Ok(()) }
}

fn number(command: &Map<String, Value>, name: &str) -> Result<Option<u64>, Failure> {
    match command.get(name) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => Err(Failure::bad_request(format!("Invalid value for '{name}': expecting a whole number"))),
        },
    }
}
