//! The API: from a request to an answer, by walking the model.

mod action;
mod collection;
#[cfg(test)]
mod coverage;
mod fault;
mod follow;
mod item;
mod lock;
mod mandatory;
mod options;
mod read;
pub(crate) mod references;
mod render;
mod root;
mod search;
mod values;
mod views;
mod walk;
mod xml;

pub(crate) use action::result;
pub(crate) use fault::Fault;
pub(crate) use lock::lock;
pub(crate) use options::Options;
pub(crate) use read::element as read_element;
pub(crate) use values::camel;
use walk::Found;
pub(crate) use walk::Spot;

use crate::engine::Engine;
use crate::rules;
use model::{Kind, Method, Service};
use percent_encoding::percent_decode_str;

/// Path under which the API stands.
pub(crate) const BASE: &str = "/ovirt-engine/api";

/// Request to the API.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// HTTP method.
    pub(crate) verb: &'a str,
    /// Path, still percent-encoded.
    pub(crate) path: &'a str,
    /// Query, without the question mark.
    pub(crate) query: &'a str,
    /// The body.
    pub(crate) body: &'a str,
    /// Scheme and authority, for absolute addresses.
    pub(crate) origin: &'a str,
    /// Text that the caller or the engine gave to the request.
    pub(crate) correlation_id: &'a str,
    /// What the headers `Expect` and `X-Ovirt-Expect` ask for.
    pub(crate) expect: &'a str,
}

/// Answer of the API.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// XML document; empty where the answer has no body.
    pub(crate) body: String,
    /// Address of what was added.
    pub(crate) location: Option<String>,
    /// Verbs that the path takes, for status 405.
    pub(crate) allow: Option<String>,
}

impl Answer {
    /// An answer with a body.
    fn new(status: u16, body: String) -> Self {
        Answer { status, body, ..Answer::default() }
    }
}

/// A request to a place in the tree.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The place.
    pub(crate) spot: Spot<'static>,
    /// Method of the service that answers.
    pub(crate) method: &'static Method,
    /// Parameters.
    pub(crate) options: Options,
    /// What the hrefs of the answer begin with.
    pub(crate) base: &'a str,
    /// The request.
    pub(crate) request: &'a Request<'a>,
}

impl Call<'_> {
    /// The fault for a body that cannot be read.
    pub(crate) fn syntax(&self) -> Fault {
        Fault::syntax(&self.spot.service.name, &self.method.name)
    }
}

/// Whether a path is that of the API.
pub(crate) fn is_below(path: &str) -> bool {
    path.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ';']))
}

/// The document of a refusal in other words than the engine's: a fault, or an action that has one.
pub(crate) fn fault_document(reason: &str, detail: &str, is_action: bool) -> String {
    let mut xml = xml::Xml::new();
    if is_action {
        xml.open("action", &[]);
    }
    xml.open("fault", &[]);
    xml.leaf("detail", detail);
    xml.leaf("reason", reason);
    xml.close("fault");
    if is_action {
        xml.leaf("status", "failed");
        xml.close("action");
    }
    xml.finish()
}

/// Answers a request.
pub(crate) fn answer(engine: &mut Engine, request: &Request<'_>) -> Answer {
    engine.settle();
    respond(engine, request).unwrap_or_else(refusal)
}

fn respond(engine: &mut Engine, request: &Request<'_>) -> Result<Answer, Fault> {
    let (base, path) = split(request.path).ok_or_else(Fault::not_found)?;
    let (path, matrix) = path.split_once(';').unwrap_or((path, ""));
    let mut segments = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let decoded = percent_decode_str(segment).decode_utf8().map_err(|_| Fault::not_found())?;
        segments.push(decoded.into_owned());
    }
    let options = Options::read(request.query, matrix);
    match walk::walk(engine.model, &engine.store, &segments).ok_or_else(Fault::not_found)? {
        Found::Work(spot, work) if request.verb == "GET" => Ok(action::work(engine, &spot, &work)),
        Found::Work(..) => Err(Fault::wrong_verb(vec!["GET"])),
        Found::Action(spot, method) if !rules::has_action(engine, spot.service, method) => {
            Err(Fault::no_such(&format!("action {}", method.name)))
        }
        Found::Action(spot, method) if request.verb == "POST" => {
            action::run(engine, &Call { spot, method, options, base, request })
        }
        Found::Action(..) => Err(Fault::wrong_verb(vec!["POST"])),
        Found::Spot(spot) => {
            let method = method(spot.service, request.verb).ok_or_else(|| Fault::wrong_verb(verbs(spot.service)))?;
            let call = Call { spot, method, options, base, request };
            match method.kind {
                Kind::Get if call.spot.pattern.is_empty() => root::get(engine, &call),
                Kind::Get => item::get(engine, &call),
                Kind::List => collection::list(engine, &call),
                Kind::Add => collection::add(engine, &call),
                Kind::Update => item::update(engine, &call),
                Kind::Remove => item::remove(engine, &call),
                Kind::Action => Err(Fault::wrong_verb(vec!["POST"])),
            }
        }
    }
}

fn refusal(fault: Fault) -> Answer {
    let mut xml = xml::Xml::new();
    fault.write(&mut xml);
    let body = if fault.reason.is_some() { xml.finish() } else { String::new() };
    let allow = (!fault.allow.is_empty()).then(|| fault.allow.join(", "));
    Answer { status: fault.status, body, allow, location: None }
}

/// The base of the hrefs of the answer, and the path below it.
fn split(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(BASE)?;
    if !rest.is_empty() && !rest.starts_with(['/', ';']) {
        return None;
    }
    let versioned = rest.strip_prefix("/v4").filter(|rest| rest.is_empty() || rest.starts_with(['/', ';']));
    let rest = versioned.unwrap_or(rest);
    Some((path.strip_suffix(rest)?, rest))
}

fn method(service: &'static Service, verb: &str) -> Option<&'static Method> {
    let plain = service.methods.iter().filter(|method| method.signature_of.is_none() && method.kind != Kind::Action);
    plain.into_iter().find(|method| method.route.verb.as_str() == verb || (verb == "HEAD" && is_read(method)))
}

fn is_read(method: &Method) -> bool {
    matches!(method.kind, Kind::Get | Kind::List)
}

fn verbs(service: &Service) -> Vec<&'static str> {
    let mut verbs: Vec<_> =
        service.methods.iter().filter(|method| method.kind != Kind::Action).map(|method| method.route.verb.as_str()).collect();
    verbs.sort_unstable();
    verbs.dedup();
    verbs
}
