//! The request of each operation in both dialects.

use super::arguments::Arguments;
use super::{DIALECTS, calls, plain};
use crate::Part;
use crate::compare::{Check, Difference, texts, values};
use crate::differences::Differences;
use crate::folder::Folder;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use virt_sdk::vsphere::{Call, Dialect, Session};

/// A call of an operation.
#[derive(Debug, Deserialize)]
struct Row {
    service: String,
    operation: String,
    /// Which of several calls of that operation.
    variant: String,
    args: Map<String, Value>,
    expect_api: Option<Expected>,
    expect_legacy: Option<Expected>,
}

/// The request in one dialect.
#[derive(Debug, Deserialize)]
struct Expected {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
}

/// Runs all records.
pub(crate) fn run(folder: &Folder, differences: &Differences) -> Result<Vec<Check>, String> {
    let session = Session::builder("http://localhost").token("token").build();
    let session = session.map_err(|error| format!("the session cannot be made: {error}"))?;
    let mut checks = Vec::new();
    for line in folder.vsphere_lines::<Row>("requests.jsonl")? {
        let prefix = Part::VsphereRequests.name();
        let row = match line.row {
            Ok(row) => row,
            Err(problem) => {
                checks.push(Check::run(format!("{prefix}/{}", line.place), vec![Difference::malformed(problem)]));
                continue;
            }
        };
        for (dialect, _, name) in DIALECTS {
            let expected = if dialect == Dialect::Api { &row.expect_api } else { &row.expect_legacy };
            let id = format!("{prefix}/{}.{}/{}/{name}", row.service, row.operation, row.variant);
            if differences.is_not_applicable(&id) {
                checks.push(Check::not_applicable(id));
                continue;
            }
            let found = check(&session, &row, dialect, expected.as_ref());
            let found = found.unwrap_or_else(|problem| vec![Difference::malformed(format!("{}: {problem}", line.place))]);
            checks.push(Check::run(id, found));
        }
    }
    Ok(checks)
}

fn check(session: &Session, row: &Row, dialect: Dialect, expected: Option<&Expected>) -> Result<Vec<Difference>, String> {
    let mut arguments = Arguments::new(&row.args);
    let operation = format!("{}.{}", row.service, row.operation);
    let prepared = calls::call(session, &operation, &mut arguments);
    arguments.finish()?;
    let call = prepared.ok_or_else(|| format!("there is no operation `{operation}`, or it lacks an argument"))?.call;
    let Some(expected) = expected else {
        return Ok(match call.path(dialect) {
            Ok(path) => vec![Difference::new("route", "none", path)],
            Err(_) => Vec::new(),
        });
    };
    compare(&call, dialect, expected).map_err(|error| error.to_string())
}

fn compare(call: &Call, dialect: Dialect, expected: &Expected) -> virt_sdk::Result<Vec<Difference>> {
    let mut found: Vec<Difference> = Vec::new();
    found.extend(texts("method", &expected.method, call.method(dialect)?.as_str()));
    found.extend(texts("path", &segments(&expected.path), &segments(&call.path(dialect)?)));
    found.extend(texts("query", &pairs(expected.query.clone()), &pairs(call.query(dialect)?)));
    let headers = call.headers(dialect)?;
    for (name, value) in &expected.headers {
        let ours = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("none");
        found.extend(texts(&format!("header {}", name.to_ascii_lowercase()), value, ours));
    }
    let recorded: BTreeSet<String> = expected.headers.keys().map(|name| name.to_ascii_lowercase()).collect();
    let superfluous = headers.keys().map(|name| name.as_str()).filter(|name| !recorded.contains(*name));
    found.extend(superfluous.map(|name| Difference::new(&format!("header {name}"), "none", "set")));
    let body = |body: Option<Value>| body.as_ref().map(plain).unwrap_or_default();
    found.extend(values("body", &body(expected.body.clone()), &body(call.body(dialect)?)));
    Ok(found)
}

/// The decoded segments of a path, one in each line.
fn segments(path: &str) -> String {
    let decoded = path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy());
    decoded.collect::<Vec<_>>().join("\n")
}

/// The pairs of a query in any order, one in each line.
fn pairs(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("\n")
}
