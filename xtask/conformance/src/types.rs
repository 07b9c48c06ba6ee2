//! Objects of every type: written as recorded, read back as recorded.

use crate::compare::{self, Check, Difference};
use crate::differences::Differences;
use crate::folder::Folder;
use crate::kinds::Kind;
use crate::lab::Lab;
use crate::{Part, canonical, fill, xml};
use serde_json::Value;
use virt_sdk::table_access;

/// Runs all records.
pub(crate) async fn run(folder: &Folder, lab: &Lab, differences: &Differences) -> Result<Vec<Check>, String> {
    let prefix = Part::Types.name();
    let mut checks = Vec::new();
    for name in folder.names(prefix)? {
        let id = format!("{prefix}/{name}");
        checks.push(if differences.is_not_applicable(&id) {
            Check::not_applicable(id)
        } else {
            let found = check(folder, &id, &name, lab).await;
            Check::run(id, found.unwrap_or_else(|problem| vec![Difference::malformed(problem)]))
        });
    }
    Ok(checks)
}

async fn check(folder: &Folder, id: &str, name: &str, lab: &Lab) -> Result<Vec<Difference>, String> {
    let value: Value = folder.json(&format!("{id}.json"))?;
    let recorded = folder.text(&format!("{id}.xml"))?;
    let read: Value = folder.json(&format!("{id}.read.json"))?;
    let kind = Kind::named(name).ok_or_else(|| format!("{id}: the SDK has no type `{name}`"))?;

    let mut object = (kind.make)();
    fill::record(&value, &mut *object).map_err(|problem| format!("{id}.json: {problem}"))?;
    let mut found: Vec<Difference> = compare::values("value", &value, &canonical::record(&*object)).into_iter().collect();
    let written = match table_access::xml::write(&*object) {
        Ok(written) => written,
        Err(error) => {
            found.push(Difference::new("written", recorded, compare::describe(&error)));
            return Ok(found);
        }
    };
    let normal = xml::normal(&recorded).map_err(|problem| format!("{id}.xml: {problem}"))?;
    let ours = xml::normal(&written).unwrap_or_else(|problem| format!("{problem}\n{written}"));
    found.extend(compare::texts("written", &normal, &ours));
    for (aspect, document) in [("read", recorded), ("read back", written)] {
        match lab.read(&document, kind, false).await {
            Ok(value) => found.extend(compare::values(aspect, &read, &value)),
            Err(error) => found.push(Difference::new(aspect, compare::pretty(&canonical::normal(&read)), error.to_string())),
        }
    }
    Ok(found)
}
