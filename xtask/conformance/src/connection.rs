//! Sign-on, renewal, headers, failures: all requests in order, and what the call came to.

use crate::compare::{self, Check, Difference};
use crate::differences::Differences;
use crate::folder::Folder;
use crate::lab::{Lab, xml};
use crate::perform::{self, Performed};
use crate::rows::ConnectionRow;
use crate::server::Received;
use crate::{Part, wire};
use serde_json::{Value, json};
use std::time::Duration;
use virt_sdk::Error;
use virt_sdk::Retry;
use virt_sdk::ovirt::Connection;

/// Runs all records.
pub(crate) async fn run(folder: &Folder, lab: &Lab, differences: &Differences) -> Result<Vec<Check>, String> {
    let prefix = Part::Connection.name();
    let mut checks = Vec::new();
    for line in folder.lines::<ConnectionRow>("connection.jsonl")? {
        checks.push(match line.row {
            Err(problem) => Check::run(format!("{prefix}/{}", line.place), vec![Difference::malformed(problem)]),
            Ok(row) => {
                let id = format!("{prefix}/{}", row.case);
                if differences.is_not_applicable(&id) {
                    Check::not_applicable(id)
                } else {
                    let found = check(&row, lab).await;
                    Check::run(
                        id,
                        found.unwrap_or_else(|problem| vec![Difference::malformed(format!("{}: {problem}", line.place))]),
                    )
                }
            }
        });
    }
    Ok(checks)
}

async fn check(row: &ConnectionRow, lab: &Lab) -> Result<Vec<Difference>, String> {
    let connection = match connect(row, lab)? {
        Ok(connection) => connection,
        Err(error) => return Ok(compare::outcomes((row.result.as_ref(), row.error.as_ref()), &Err(error))),
    };
    let performed = perform::prepare(row, &connection, lab).await?;
    let mut api = row.server.api.clone();
    if matches!(performed, Performed::SignOn) {
        api.push(xml(200, "<api/>"));
    }
    lab.server.load(&row.server.sso, &api);
    let (outcome, mut received) = match performed {
        Performed::SignOn => sign_on(&connection, lab).await,
        Performed::Calls { calls, list } => {
            let mut results = Vec::new();
            let mut failed = None;
            for call in calls {
                match call.await {
                    Ok(result) => results.push(result),
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            let result = match (failed, list) {
                (Some(error), _) => Err(error),
                (None, true) => Ok(json!({ "$list": results })),
                (None, false) => Ok(results.pop().unwrap_or_default()),
            };
            (result, lab.server.take())
        }
    };
    let mut found = compare::outcomes((row.result.as_ref(), row.error.as_ref()), &outcome);
    if let (Err(error), Some(false)) = (&outcome, received.last().map(Received::is_sign_on)) {
        found.extend(compare::kind_of_status(error));
    }
    if let Some(recorded) = &row.close {
        if !recorded.args.is_empty() {
            return Err("the SDK closes connections without arguments".to_owned());
        }
        let ours = connection.close().await.map_err(|error| compare::describe(&error)).err();
        received.extend(lab.server.take());
        found.extend(compare::texts(
            "close",
            if recorded.ok { "ok" } else { "error" },
            if ours.is_none() { "ok" } else { "error" },
        ));
    }
    found.extend(wire::compare_all(&row.requests, &received));
    Ok(found)
}

/// The connection of a record, or why the SDK refuses to make it.
fn connect(row: &ConnectionRow, lab: &Lab) -> Result<Result<Connection, Error>, String> {
    let settings = &row.connection;
    let url = settings.get("url").and_then(Value::as_str).ok_or("there is no URL, which the SDK cannot do without")?;
    let mut builder = Connection::builder(lab.server.addressed(url)).retry(Retry::none());
    for (name, value) in settings {
        let wrong = || format!("`{value}` is no value for `{name}`");
        let text = || value.as_str().ok_or_else(wrong);
        builder = match name.as_str() {
            "url" => builder,
            "username" => builder.username(text()?),
            "password" => builder.password(text()?),
            "token" => builder.token(text()?),
            "ca_file" => builder.ca_file(text()?),
            "insecure" => builder.insecure(value.as_bool().ok_or_else(wrong)?),
            "timeout" => {
                let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                builder.timeout(seconds.ok_or_else(wrong)?)
            }
            "headers" => {
                for (name, value) in value.as_object().ok_or_else(wrong)? {
                    builder = builder.header(name, value.as_str().ok_or_else(wrong)?);
                }
                builder
            }
            other => return Err(format!("the SDK has no setting `{other}` of connections")),
        };
    }
    Ok(builder.build())
}

/// Signs on. The SDK does so before the first request to the API, which is left out here: its token is the
/// result.
async fn sign_on(connection: &Connection, lab: &Lab) -> (Result<Value, Error>, Vec<Received>) {
    let outcome = connection.test().await;
    let mut received = lab.server.take();
    let result = outcome.map(|()| {
        let request = received.pop();
        let token = request.and_then(|mut request| request.headers.remove("authorization"));
        token.as_deref().and_then(|token| token.strip_prefix("Bearer ")).map_or(Value::Null, Value::from)
    });
    (result, received)
}
