//! How the answers of each operation and the standard errors read, in both dialects.

use super::arguments::Arguments;
use super::{DIALECTS, calls, plain};
use crate::Part;
use crate::compare::{Check, Difference, texts, values};
use crate::differences::Differences;
use crate::folder::Folder;
use crate::rows::CannedAnswer;
use crate::server::Server;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use virt_sdk::Error;
use virt_sdk::Retry;
use virt_sdk::table_access::json::write;
use virt_sdk::vsphere::{Dialect, Session};

/// Answers to an operation, or those that are a standard error.
#[derive(Debug, Deserialize)]
struct Row {
    service: Option<String>,
    operation: Option<String>,
    variant: Option<String>,
    error: Option<String>,
    /// What the answers mean.
    value: Value,
    api: Option<Answer>,
    rest: Option<Answer>,
}

/// An answer in one dialect.
#[derive(Clone, Debug, Deserialize)]
struct Answer {
    status: Option<u16>,
    body: Value,
}

/// Runs all records.
pub(crate) async fn run(folder: &Folder, server: &Server, differences: &Differences) -> Result<Vec<Check>, String> {
    let mut checks = Vec::new();
    for line in folder.vsphere_lines::<Row>("responses.jsonl")? {
        let prefix = Part::VsphereResponses.name();
        let row = match line.row {
            Ok(row) => row,
            Err(problem) => {
                checks.push(Check::run(format!("{prefix}/{}", line.place), vec![Difference::malformed(problem)]));
                continue;
            }
        };
        for (dialect, _, name) in DIALECTS {
            let Some(answer) = (if dialect == Dialect::Api { &row.api } else { &row.rest }) else { continue };
            let id = match (&row.error, &row.service, &row.operation) {
                (Some(error), ..) => format!("{prefix}/{error}/{name}"),
                (None, service, operation) => {
                    let text = |text: &Option<String>| text.clone().unwrap_or_default();
                    format!("{prefix}/{}.{}/{}/{name}", text(service), text(operation), text(&row.variant))
                }
            };
            if differences.is_not_applicable(&id) {
                checks.push(Check::not_applicable(id));
                continue;
            }
            let found = check(&row, dialect, answer, server).await;
            let found = found.unwrap_or_else(|problem| vec![Difference::malformed(format!("{}: {problem}", line.place))]);
            checks.push(Check::run(id, found));
        }
    }
    Ok(checks)
}

async fn check(row: &Row, dialect: Dialect, answer: &Answer, server: &Server) -> Result<Vec<Difference>, String> {
    let session =
        Session::builder(server.addressed("http://HOST:PORT")).token("token").retry(Retry::none()).dialect(dialect).build();
    let session = session.map_err(|error| format!("the session cannot be made: {error}"))?;
    let operation = match (&row.service, &row.operation) {
        (Some(service), Some(operation)) => format!("{service}.{operation}"),
        // Errors read alike whatever was asked for.
        _ => "com.vmware.content.library.get".to_owned(),
    };
    let none = Map::new();
    let prepared = calls::call(&session, &operation, &mut Arguments::made_up(&none));
    let prepared = prepared.ok_or_else(|| format!("there is no operation `{operation}`"))?;
    let body = if answer.body.is_null() { String::new() } else { answer.body.to_string() };
    let headers = BTreeMap::from([("Content-Type".to_owned(), "application/json".to_owned())]);
    server.load(&[], &[CannedAnswer { status: answer.status.unwrap_or(400), headers, body }]);
    let outcome = prepared.result.await;
    server.take();
    match (&row.error, outcome) {
        (None, Ok(value)) => Ok(values("result", &plain(&row.value), &plain(&value)).into_iter().collect()),
        (None, Err(error)) => Ok(vec![Difference::new("result", row.value.to_string(), error.to_string())]),
        (Some(name), Ok(value)) => Ok(vec![Difference::new("result", name, value.to_string())]),
        (Some(name), Err(error)) => Ok(compare_error(name, &row.value, answer.status, &error)),
    }
}

fn compare_error(name: &str, value: &Value, status: Option<u16>, error: &Error) -> Vec<Difference> {
    let mut found = Vec::new();
    let literal = name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
    let standard = error.standard_error();
    found.extend(texts("error", &literal, standard.map_or("none", |error| error.error_type.as_str())));
    let status_of = |status: Option<u16>| status.map_or("none".to_owned(), |status| status.to_string());
    found.extend(texts("status", &status_of(status.or(Some(400))), &status_of(error.status())));
    let Some(standard) = standard else { return found };
    let messages: Vec<Value> = standard.messages.iter().map(|message| write(message, Dialect::Api).unwrap_or_default()).collect();
    let mut ours = json!({ "messages": messages });
    if let Some(data) = &standard.data {
        ours["data"] = Value::Object(data.members.clone());
    }
    if let Some(challenge) = &standard.challenge {
        ours["challenge"] = Value::from(challenge.as_str());
    }
    let mut recorded = plain(value);
    // The name of the error is compared above; not every record repeats it here.
    recorded.as_object_mut().map(|members| members.remove("error_type"));
    found.extend(values("value", &recorded, &plain(&ours)));
    found
}
