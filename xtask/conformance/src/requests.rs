//! Calls of every method: the request that goes out, and the result of the answer.

use crate::arguments::Arguments;
use crate::compare::{self, Check, Difference};
use crate::differences::Differences;
use crate::folder::Folder;
use crate::lab::Lab;
use crate::node::{Node, node};
use crate::rows::{CannedAnswer, RequestRow};
use crate::{Part, wire};
use std::collections::BTreeMap;

/// Runs all records.
pub(crate) async fn run(folder: &Folder, lab: &Lab, differences: &Differences) -> Result<Vec<Check>, String> {
    let mut checks = Vec::new();
    for line in folder.lines::<RequestRow>("requests.jsonl")? {
        let prefix = Part::Requests.name();
        checks.push(match line.row {
            Err(problem) => Check::run(format!("{prefix}/{}", line.place), vec![Difference::malformed(problem)]),
            Ok(row) => {
                let id = format!("{prefix}/{}.{}/{}", row.service, row.method, row.variant);
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

async fn check(row: &RequestRow, lab: &Lab) -> Result<Vec<Difference>, String> {
    let mut service = node(lab.connection.system_service()).ok_or("there is no service at the top")?;
    for step in &row.locators {
        service = below(&*service, &step.locator, step.id.as_deref())?;
    }
    let mut found: Vec<Difference> = compare::texts("service", &row.service, service.name()).into_iter().collect();
    let mut arguments = Arguments::new(row.args.clone());
    // Names that are keywords of the other language end with an underscore there.
    let method = row.method.trim_end_matches('_');
    let call = service.call(method, &mut arguments);
    let call = call.ok_or_else(|| format!("{} has no method `{method}`", service.name()))?;
    arguments.finish()?;

    let answer: Vec<CannedAnswer> = row.response.iter().map(answer).collect();
    lab.server.load(&[], &answer);
    let outcome = call.await;
    found.extend(wire::compare_all(row.request.as_slice(), &lab.server.take()));
    found.extend(compare::outcomes((row.result.as_ref(), row.error.as_ref()), &outcome));
    Ok(found)
}

/// The service that a locator leads to.
pub(crate) fn below(service: &dyn Node, locator: &str, id: Option<&str>) -> Result<Box<dyn Node>, String> {
    let found = service.below(locator, id);
    found.ok_or_else(|| {
        format!("{} has no locator `{locator}`, or that takes {}", service.name(), if id.is_some() { "none" } else { "an id" })
    })
}

fn answer(response: &crate::rows::Response) -> CannedAnswer {
    let headers = response.content_type.iter().map(|value| ("Content-Type".to_owned(), value.clone()));
    CannedAnswer { status: response.status, headers: BTreeMap::from_iter(headers), body: response.body.clone() }
}
