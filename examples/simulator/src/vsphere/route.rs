//! Which operation a request is for.

use super::dialect::Dialect;
use model::{Method, Model, Route};
use percent_encoding::percent_decode_str;

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
}

/// Segment of a path template.
#[derive(Debug)]
enum Segment {
    Text(&'static str),
    /// What stands before the value, and the name of the parameter.
    Parameter(&'static str, &'static str),
}

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
    pub(crate) path: Vec<(&'static str, String)>,
}

impl Routes {
    /// The routes of a model in both dialects.
    pub(crate) fn new(model: &'static Model) -> Self {
        let mut entries = Vec::new();
        for (service, method) in model.services.values().flat_map(|service| service.methods.iter().map(move |m| (service, m))) {
            for dialect in [Dialect::Api, Dialect::Rest] {
                let Some(route) = dialect.route(method) else { continue };
                let segments = route.path.as_deref().unwrap_or_default().split('/').map(segment).collect();
                entries.push(Entry { dialect, service: &service.name, method, route, segments });
            }
        }
        // Literal segments win over parameters, and actions over what has none.
        entries.sort_by_key(|entry| {
            let open: Vec<bool> = entry.segments.iter().map(|segment| matches!(segment, Segment::Parameter(..))).collect();
            (open, std::cmp::Reverse(entry.route.fixed_query.len()))
        });
        Routes(entries)
    }

    /// The operation for a request. An action that no route has leads nowhere.
    pub(crate) fn find(&self, dialect: Dialect, verb: &str, path: &str, query: &[(String, String)]) -> Option<Found> {
        let written: Vec<&str> = path.split('/').collect();
        let actions = query.iter().filter(|(key, _)| ACTIONS.contains(&key.as_str())).count();
        self.0.iter().find_map(|entry| {
            let fits = entry.dialect == dialect
                && entry.route.verb.as_str() == verb
                && entry.route.fixed_query.len() == actions
                && entry.route.fixed_query.iter().all(|pair| query.contains(pair));
            let path = if fits { values(&entry.segments, &written)? } else { return None };
            Some(Found { service: entry.service, method: entry.method, route: entry.route, path })
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
fn values(segments: &[Segment], written: &[&str]) -> Option<Vec<(&'static str, String)>> {
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
