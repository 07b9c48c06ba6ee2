//! Which operation a request is for.

use super::dialect::Dialect;
use model::{Method, Model, Route};
use percent_encoding::percent_decode_str;
use std::cmp::Reverse;

/// Parameters of a query that say which operation is meant.
const ACTIONS: &[&str] = &["action", "~action"];

/// All routes of a model, the most specific first.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    dialect: Dialect,
    service: &'static str,
    method: &'static Method,
    route: &'static Route,
    segments: Vec<Segment>,
    /// Keys without which the query is incomplete. They tell operations at the same path apart.
    needed: Vec<&'static str>,
}

impl Entry {
    /// Which segments are parameters.
    fn shape(&self) -> Vec<bool> {
        self.segments.iter().map(|segment| matches!(segment, Segment::Parameter(..))).collect()
    }
}

/// Segment of a path template.
#[derive(Debug)]
enum Segment {
    Text(&'static str),
    /// What stands before the value, and the name of the parameter.
    Parameter(&'static str, &'static str),
}

/// Parameters of a path and their values.
type Path = Vec<(&'static str, String)>;

/// Operation that a request is for.
#[derive(Debug)]
pub(crate) struct Found {
    /// Name of the service.
    pub(crate) service: &'static str,
    /// The method.
    pub(crate) method: &'static Method,
    /// Its route in the dialect of the request.
    pub(crate) route: &'static Route,
    /// Parameters of the path and their values.
    pub(crate) path: Path,
}

impl Routes {
    /// The routes of a model in both dialects.
    pub(crate) fn new(model: &'static Model) -> Self {
        let mut entries = Vec::new();
        for (service, method) in model.services.values().flat_map(|service| service.methods.iter().map(move |m| (service, m))) {
            for dialect in [Dialect::Api, Dialect::Rest] {
                let Some(route) = dialect.route(method) else { continue };
                let segments = route.path.as_deref().unwrap_or_default().split('/').map(segment).collect();
                let is_needed = |name: &str| method.parameter(name).is_some_and(|parameter| parameter.mandatory);
                let needed = route.query.iter().filter(|(name, _)| is_needed(name)).map(|(_, key)| key.as_str()).collect();
                entries.push(Entry { dialect, service: &service.name, method, route, segments, needed });
            }
        }
        // Literal segments win over parameters, and what asks for more over what asks for less.
        entries.sort_by_key(|entry| (entry.shape(), Reverse(entry.route.fixed_query.len()), Reverse(entry.needed.len())));
        Routes(entries)
    }

    /// The operation for a request. An action that no route has leads nowhere.
    pub(crate) fn find(&self, dialect: Dialect, verb: &str, path: &str, query: &[(String, String)]) -> Option<Found> {
        let written: Vec<&str> = path.split('/').collect();
        let is_there = |key: &&str| query.iter().any(|(known, _)| known == key);
        let is_complete = |entry: &Entry| entry.needed.iter().all(is_there);
        let candidates = || self.candidates(dialect, verb, &written, query);
        let (first, _) = candidates().next()?;
        let mut alike = candidates().filter(|(entry, _)| entry.shape() == first.shape());
        let (entry, path) = alike.find(|(entry, _)| is_complete(entry)).or_else(|| candidates().next())?;
        Some(Found { service: entry.service, method: entry.method, route: entry.route, path })
    }

    /// Routes that fit, but for what may be missing in the query.
    fn candidates<'a>(
        &'a self,
        dialect: Dialect,
        verb: &'a str,
        written: &'a [&'a str],
        query: &'a [(String, String)],
    ) -> impl Iterator<Item = (&'a Entry, Path)> {
        let actions = query.iter().filter(|(key, _)| ACTIONS.contains(&key.as_str())).count();
        self.0.iter().filter_map(move |entry| {
            let fits = entry.dialect == dialect
                && entry.route.verb.as_str() == verb
                && entry.route.fixed_query.len() == actions
                && entry.route.fixed_query.iter().all(|pair| query.contains(pair));
            if fits { values(&entry.segments, written).map(|path| (entry, path)) } else { None }
        })
    }
}

fn segment(text: &'static str) -> Segment {
    match text.strip_suffix('}').and_then(|text| text.split_once('{')) {
        Some((before, name)) => Segment::Parameter(before, name),
        None => Segment::Text(text),
    }
}

/// Values of the parameters of a path, if it fits the template.
fn values(segments: &[Segment], written: &[&str]) -> Option<Path> {
    if segments.len() != written.len() {
        return None;
    }
    let mut values = Vec::new();
    for (segment, written) in segments.iter().zip(written) {
        match segment {
            Segment::Text(text) if text == written => {}
            Segment::Text(_) => return None,
            Segment::Parameter(before, name) => {
                let decoded = percent_decode_str(written).decode_utf8().ok()?;
                let value = decoded.strip_prefix(before).filter(|value| !value.is_empty())?;
                values.push((*name, value.to_owned()));
            }
        }
    }
    Some(values)
}
