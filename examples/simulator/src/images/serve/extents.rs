//! `GET …/extents`: what is data and what is zero.

use super::super::map::Extent;
use super::{Access, Failure, JSON};
use crate::net::{Answer, full};
use serde_json::{Value, json};

/// Lists the extents.
pub(super) fn answer(access: &Access) -> Result<Answer, Failure> {
    match access.parameter("context").unwrap_or("zero") {
        "zero" => {}
        "dirty" => return Err(Failure::no_dirty_extents()),
        other => return Err(Failure::bad_request(format!("Invalid context: '{other}'"))),
    }
    let size = access.ticket.size();
    let extents = if access.ticket.is_file() {
        vec![Extent { start: 0, length: size, zero: false }]
    } else {
        access.ticket.disk().extents(size)
    };
    let listed: Vec<Value> = extents
        .iter()
        .map(|extent| json!({ "start": extent.start, "length": extent.length, "zero": extent.zero, "hole": false }))
        .collect();
    Ok(full(200, JSON, Value::Array(listed).to_string()))
}
