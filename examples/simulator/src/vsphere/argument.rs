//! From a request to the arguments of an operation.

use super::check::{self, Check};
use super::dialect::Dialect;
use super::fault::Fault;
use super::query::Query;
use super::record::Record;
use super::route::Found;
use hyper::HeaderMap;
use model::{Body, Direction, Model, Parameter};
use serde_json::Value;
use std::ops::Deref;

/// Arguments of an operation, checked and the same for both dialects: maps are objects, absent is absent.
// Not `Debug`: there can be passwords in it.
#[derive(Default)]
pub(crate) struct Arguments {
    values: Record,
    /// Who calls.
    pub(crate) user: String,
    /// Session in which the call is made.
    pub(crate) session: String,
}

impl Deref for Arguments {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.values
    }
}

impl Arguments {
    /// A mandatory text; empty where it is absent, which the check of the request excludes.
    pub(crate) fn id(&self, name: &str) -> &str {
        self.values.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A mandatory structure.
    ///
    /// # Errors
    ///
    /// That it is absent, which the check of the request excludes.
    pub(crate) fn spec(&self, name: &str) -> Result<&Record, Fault> {
        let spec = self.values.get(name).and_then(Value::as_object);
        spec.ok_or_else(|| Fault::invalid_argument(format!("Parameter '{name}' is missing.")))
    }
}

/// What a request carries.
pub(crate) struct Carried<'a> {
    /// Pairs of the query.
    pub(crate) query: &'a [(String, String)],
    /// Headers.
    pub(crate) headers: &'a HeaderMap,
    /// Body.
    pub(crate) body: &'a [u8],
}

/// Takes the arguments of an operation from a request and checks them.
///
/// # Errors
///
/// The typed error that names the parameter or member at fault.
pub(crate) fn take(model: &Model, dialect: Dialect, found: &Found, carried: &Carried<'_>) -> Result<Arguments, Fault> {
    let mut query = Query::new(model, carried.query);
    for (key, _) in &found.route.fixed_query {
        query.use_up(key);
    }
    let mut body = Members::read(found, carried)?;
    let mut values = Record::new();
    let usage = check::usage(&found.method.name);
    for parameter in found.method.parameters.iter().filter(|parameter| parameter.direction != Direction::Out) {
        let raw = raw(found, parameter, carried, &mut query, &mut body)?.filter(|value| !value.is_null());
        let Some(raw) = raw else {
            if parameter.mandatory {
                return Err(Fault::invalid_argument(format!("Parameter '{}' is missing.", parameter.name)));
            }
            continue;
        };
        let check = Check { model, dialect, usage };
        values.insert(parameter.name.clone(), check.value(&parameter.ty, raw, &parameter.name)?);
    }
    if let Some(name) = body.left_over().or_else(|| query.left_over()) {
        return Err(Fault::unexpected_input(format!("There is no parameter '{name}'.")));
    }
    Ok(Arguments { values, ..Arguments::default() })
}

/// Value of a parameter as it was sent.
fn raw(
    found: &Found,
    parameter: &Parameter,
    carried: &Carried<'_>,
    query: &mut Query<'_>,
    body: &mut Members,
) -> Result<Option<Value>, Fault> {
    let name = parameter.name.as_str();
    if let Some((_, value)) = found.path.iter().find(|(known, _)| *known == name) {
        return Ok(Some(Value::String(value.clone())));
    }
    if let Some((_, key)) = found.route.query.iter().find(|(known, _)| known == name) {
        let value = query.take(&parameter.ty, key);
        // An older release of the newer dialect has the parameter under its own name.
        return Ok(value.or_else(|| if key.is_empty() { None } else { query.take(&parameter.ty, name) }));
    }
    if let Some((_, header)) = found.route.headers.iter().find(|(known, _)| known == name) {
        let Some(value) = carried.headers.get(header) else { return Ok(query.take(&parameter.ty, name)) };
        let text = value.to_str().map_err(|_| Fault::invalid_argument(format!("Header '{header}' is not readable.")))?;
        return Ok(Some(Value::String(text.to_owned())));
    }
    Ok(body.take(name))
}

/// What is left of the body.
enum Members {
    Whole(String, Option<Value>),
    Fields(Record),
}

impl Members {
    fn read(found: &Found, carried: &Carried<'_>) -> Result<Self, Fault> {
        let value = match &found.route.body {
            Body::None => return Ok(Members::Fields(Record::new())),
            _ if carried.body.is_empty() => None,
            _ => {
                json_only(carried.headers)?;
                let value = serde_json::from_slice(carried.body);
                Some(value.map_err(|error| Fault::invalid_argument(format!("The body is not JSON: {error}.")))?)
            }
        };
        match (&found.route.body, value) {
            (Body::Object { parameter, .. }, value) => Ok(Members::Whole(parameter.clone(), value)),
            (_, None | Some(Value::Null)) => Ok(Members::Fields(Record::new())),
            (_, Some(Value::Object(fields))) => Ok(Members::Fields(fields)),
            (_, Some(_)) => Err(Fault::invalid_argument("The body is not an object with the parameters as members.")),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        match self {
            Members::Whole(known, value) if known == name => value.take(),
            Members::Whole(..) => None,
            Members::Fields(fields) => fields.remove(name),
        }
    }

    fn left_over(&self) -> Option<String> {
        match self {
            Members::Whole(..) => None,
            Members::Fields(fields) => fields.keys().next().cloned(),
        }
    }
}

fn json_only(headers: &HeaderMap) -> Result<(), Fault> {
    let text = headers.get(hyper::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let text = format!("The body has the content type '{text}'; it must be application/json.");
    Err(Fault::named("vapi.std.errors.invalid_request", "content-type", text))
}
