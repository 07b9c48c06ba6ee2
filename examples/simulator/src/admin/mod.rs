//! The administration: what tests do with a simulator, over HTTP, for those in other languages.

mod fault;
mod show;

use crate::control::{Control, Outage};
use crate::faults::FaultId;
use crate::net::{Answer, Handler, Request, full};
use http_body_util::{BodyExt, Limited};
use hyper::Method;
use hyper::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// More than any honest request carries.
const LONGEST: usize = 1 << 20;

const BASE: &str = "/simulator";
const JSON: &str = "application/json";

/// The administration behind HTTP.
#[derive(Clone)]
pub(crate) struct Admin(Arc<Control>);

/// A refused request.
struct Refusal {
    status: u16,
    message: String,
}

impl Refusal {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Refusal { status, message: message.into() }
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Refusal::new(400, message)
    }
}

impl Admin {
    /// Opens a simulator to its administration.
    pub(crate) fn new(control: Arc<Control>) -> Self {
        Admin(control)
    }

    fn answer(&self, method: &Method, path: &str, body: &Object) -> Result<Answer, Refusal> {
        let control = &self.0;
        let rest = path.strip_prefix(BASE).unwrap_or_default();
        match (method.as_str(), rest) {
            ("GET", "/faults") => Ok(answer(200, &show::faults(&control.faults.all()))),
            ("POST", "/faults") => {
                let FaultId(id) = control.faults.inject(fault::read(body)?);
                Ok(answer(201, &json!({ "id": id })))
            }
            ("DELETE", "/faults") => {
                control.faults.clear();
                Ok(nothing())
            }
            ("DELETE", one) if one.starts_with("/faults/") => {
                let id = one.trim_start_matches("/faults/").parse().map(FaultId);
                let is_known = id.is_ok_and(|id| control.faults.remove(id));
                if is_known { Ok(nothing()) } else { Err(Refusal::new(404, "there is no such fault")) }
            }
            ("POST", "/locks") => {
                body.check("a lock", &["path", "seconds"])?;
                let path = body.text("path")?.ok_or_else(|| "'path' is missing: the href of an object".to_owned())?;
                control.lock(&path, body.time("seconds")?.ok_or_else(seconds_missing)?).map_err(|error| error.to_string())?;
                Ok(nothing())
            }
            ("GET", "/clock") => Ok(answer(200, &show::clock(control))),
            ("POST", "/clock") => {
                body.check("a move of the clock", &["seconds"])?;
                control.clock.advance(body.time("seconds")?.ok_or_else(seconds_missing)?);
                Ok(answer(200, &show::clock(control)))
            }
            ("POST", "/restart") => {
                control.restart(outage(body)?);
                Ok(nothing())
            }
            ("POST", "/host/stop" | "/host/start") => {
                let gate = control.host_gate.as_ref().ok_or_else(|| "a real daemon serves the image data".to_owned())?;
                if rest == "/host/stop" {
                    gate.close()
                } else {
                    gate.open()
                }
                Ok(nothing())
            }
            ("POST", "/expire-tokens") => {
                control.expire_tokens();
                Ok(nothing())
            }
            ("GET", "/requests") => Ok(answer(200, &show::requests(&control.seen.all()))),
            ("DELETE", "/requests") => {
                control.seen.clear();
                Ok(nothing())
            }
            _ => Err(Refusal::new(404, "there is no such thing; the documentation of virt-simulator lists what there is")),
        }
    }
}

impl Handler for Admin {
    async fn handle(self, request: Request) -> Answer {
        let (parts, body) = request.into_parts();
        // A browser sends no page's JSON to another origin without asking first, which is refused.
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON);
        let result = match Limited::new(body, LONGEST).collect().await {
            Err(_) => Err(Refusal::new(413, "the body is too long, or ended too early")),
            Ok(_) if parts.method == Method::POST && !is_json => {
                Err(Refusal::new(415, "the content type must be application/json"))
            }
            Ok(body) => Object::read(&body.to_bytes())
                .map_err(Refusal::from)
                .and_then(|body| self.answer(&parts.method, parts.uri.path(), &body)),
        };
        result.unwrap_or_else(|refusal| answer(refusal.status, &json!({ "error": refusal.message })))
    }
}

fn answer(status: u16, value: &Value) -> Answer {
    full(status, JSON, value.to_string())
}

fn nothing() -> Answer {
    full(204, JSON, "")
}

fn seconds_missing() -> String {
    "'seconds' is missing: a time, such as 1.5".to_owned()
}

fn outage(body: &Object) -> Result<Outage, String> {
    body.check("a restart", &["unavailable", "refused"])?;
    match (body.time("unavailable")?, body.time("refused")?) {
        (None, None) => Ok(Outage::None),
        (Some(time), None) => Ok(Outage::Unavailable(time)),
        (None, Some(time)) => Ok(Outage::Refused(time)),
        (Some(_), Some(_)) => Err("give 'unavailable' or 'refused', not both".to_owned()),
    }
}

/// A JSON object whose members are asked for one by one.
struct Object(Map<String, Value>);

impl Object {
    /// Reads a body. An empty one is an empty object.
    fn read(body: &[u8]) -> Result<Self, String> {
        if body.trim_ascii().is_empty() {
            return Ok(Object(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Object(members)),
            Ok(_) => Err("the body must be a JSON object".to_owned()),
            Err(error) => Err(format!("the body is no JSON: {error}")),
        }
    }

    /// Refuses members that have no meaning.
    fn check(&self, what: &str, known: &[&str]) -> Result<(), String> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(format!("{what} has no '{name}'; it has {}", known.join(", "))),
            None => Ok(()),
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, String> {
        self.0
            .get(name)
            .map(|value| value.as_str().map(str::to_owned).ok_or_else(|| format!("'{name}' must be a text")))
            .transpose()
    }

    fn number(&self, name: &str) -> Result<Option<u64>, String> {
        self.0.get(name).map(|value| value.as_u64().ok_or_else(|| format!("'{name}' must be a whole number"))).transpose()
    }

    /// A time in seconds, with a fraction where needed.
    fn time(&self, name: &str) -> Result<Option<Duration>, String> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let time = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        time.map(Some).ok_or_else(|| format!("'{name}' must be a number of seconds"))
    }
}
