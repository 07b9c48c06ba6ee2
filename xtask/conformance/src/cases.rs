//! Documents that are hard to read.

use crate::compare::{self, Check, Difference};
use crate::differences::Differences;
use crate::folder::Folder;
use crate::kinds::Kind;
use crate::lab::Lab;
use crate::rows::CaseRow;
use crate::{Part, canonical};
use serde_json::{Value, json};

/// What a document is read as when its root element does not tell.
const DEFAULT: &str = "vm";

/// Runs all records.
pub(crate) async fn run(folder: &Folder, lab: &Lab, differences: &Differences) -> Result<Vec<Check>, String> {
    let prefix = Part::Cases.name();
    let mut checks = Vec::new();
    for name in folder.names(prefix)? {
        let id = format!("{prefix}/{name}");
        checks.push(if differences.is_not_applicable(&id) {
            Check::not_applicable(id)
        } else {
            let found = check(folder, &id, lab).await;
            Check::run(id, found.unwrap_or_else(|problem| vec![Difference::malformed(problem)]))
        });
    }
    Ok(checks)
}

async fn check(folder: &Folder, id: &str, lab: &Lab) -> Result<Vec<Difference>, String> {
    let row: CaseRow = folder.json(&format!("{id}.json"))?;
    let document = folder.text(&format!("{id}.xml"))?;
    let root = Kind::of_element(root_element(&document)).or_else(|| Kind::of_element(DEFAULT));
    let (kind, list) = root.ok_or_else(|| format!("{id}: the SDK has no type for `{DEFAULT}`"))?;
    let ours = lab.read(&document, kind, list).await;
    Ok(match (row.ok, row.error, ours) {
        (Some(recorded), _, Ok(ours)) => compare::values("value", &recorded, &reduced(&recorded, ours)).into_iter().collect(),
        (Some(recorded), _, Err(error)) => {
            vec![Difference::new("value", compare::pretty(&canonical::normal(&recorded)), compare::describe(&error))]
        }
        (None, Some(failure), Ok(ours)) => {
            vec![Difference::new("value", format!("error {}: {}", failure.class, failure.message), compare::pretty(&ours))]
        }
        (None, Some(_), Err(_)) => Vec::new(),
        (None, None, _) => return Err(format!("{id}.json has neither `ok` nor `error`")),
    })
}

/// Long lists are recorded by their length, and their first and last item.
fn reduced(recorded: &Value, ours: Value) -> Value {
    match (recorded.get("$count"), ours.get("$list").and_then(Value::as_array)) {
        (Some(_), Some(items)) => json!({ "$count": items.len(), "first": items.first(), "last": items.last() }),
        _ => ours,
    }
}

/// Name of the first element, however broken the document is after that.
pub(crate) fn root_element(document: &str) -> &str {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    document
        .split('<')
        .skip(1)
        .find(|tag| tag.starts_with(char::is_alphabetic))
        .map_or("", |tag| tag.split(|c| !is_name(c)).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_elements() {
        for (document, name) in [
            ("<vm id='1'/>", "vm"),
            ("<?xml version='1.0'?><!-- a --><!DOCTYPE vm><vms>", "vms"),
            ("<o:vm/>", "o:vm"),
            ("hello", ""),
        ] {
            assert_eq!(root_element(document), name);
        }
    }

    #[test]
    fn long_lists_are_reduced() {
        let list = json!({ "$list": [1, 2, 3] });
        assert_eq!(reduced(&json!({ "$count": 3 }), list.clone()), json!({ "$count": 3, "first": 1, "last": 3 }));
        assert_eq!(reduced(&json!({ "$list": [] }), list.clone()), list);
    }
}
