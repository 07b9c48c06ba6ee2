//! What the administration shows, as JSON.

use crate::control::Control;
use crate::faults::{Effect, Listed, Target};
use crate::seen::SeenRequest;
use serde_json::{Map, Value, json};

/// The time.
pub(super) fn clock(control: &Control) -> Value {
    json!({ "now": control.clock.written(control.clock.now()), "seconds": control.clock.elapsed().as_secs_f64() })
}

/// All faults.
pub(super) fn faults(faults: &[Listed]) -> Value {
    faults.iter().map(fault).collect()
}

fn fault(listed: &Listed) -> Value {
    let fault = &listed.fault;
    json!({
        "id": listed.id.0,
        "fault": name(&fault.effect),
        "at": match fault.requests.target {
            Target::Api => "api",
            Target::SignIn => "sign_in",
            Target::Images => "images",
            Target::Everything => "everything",
        },
        "method": fault.requests.method,
        "path": fault.requests.path,
        "skip": fault.skip,
        "times": fault.times,
        "met": listed.met,
    })
}

fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Refuse { .. } => "status",
        Effect::Html { .. } => "html",
        Effect::InvalidGrant { is_page: false, .. } => "invalid_grant",
        Effect::InvalidGrant { is_page: true, .. } => "invalid_grant_page",
        Effect::Empty { .. } => "empty",
        Effect::HangUp => "hang_up",
        Effect::ContentType(_) => "content_type",
        Effect::CloseAfter(_) => "close_after",
        Effect::CutBody(_) => "cut_body",
        Effect::Slow { .. } => "slow",
        Effect::Delay(_) => "delay",
        Effect::UnknownEnum(_) => "unknown_enum",
        Effect::Without(_) => "without",
        Effect::UnknownElement => "unknown_element",
        Effect::InList => "in_list",
        Effect::Accepted => "accepted",
    }
}

/// The requests so far.
pub(super) fn requests(requests: &[SeenRequest]) -> Value {
    requests.iter().map(request).collect()
}

fn request(request: &SeenRequest) -> Value {
    let headers = request.headers.iter().map(|(name, value)| json!([name, value]));
    let members = [
        ("method", json!(request.method)),
        ("path", json!(request.path)),
        ("status", json!(request.status)),
        ("headers", headers.collect()),
        ("correlation_id", json!(request.correlation_id)),
        ("body_length", json!(request.body_length)),
        ("is_new_connection", json!(request.is_new_connection)),
        ("at", json!(request.at.as_secs_f64())),
    ];
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}
