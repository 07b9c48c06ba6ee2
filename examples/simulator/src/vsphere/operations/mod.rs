//! The operations of the API, by service.

mod certificates;
mod configuration;
mod download_file;
mod download_session;
mod inventory;
mod item;
mod item_changes;
mod item_file;
mod item_spec;
mod item_storage;
mod library;
mod library_delete;
mod library_spec;
mod local_library;
mod ovf;
mod publishing;
mod session;
mod session_end;
mod subscribed_item;
mod subscribed_library;
mod subscriptions;
mod synchronize;
mod tasks;
mod types;
mod update_file;
mod update_session;
mod usages;

pub(crate) use inventory::{DATASTORE, RESOURCE_POOL, VIRTUAL_MACHINE};
pub(crate) use item_storage::stored_at;
pub(crate) use update_session::conclude;

use super::argument::Arguments;
use super::fault::Fault;
use super::record::Members;
use super::state::{Fresh, Vcenter};
use serde_json::Value;

/// Name of the operation that signs in, which is answered without a session.
pub(crate) const SIGN_IN: &str = "cis.session.create";

/// Parameter that makes an operation idempotent.
const TOKEN: &str = "client_token";

/// What an operation does. Its result has the form that the handlers share.
type Operation = fn(&mut Vcenter, &Arguments) -> Result<Value, Fault>;

/// Operations of one service, by their names in it.
type Operations = &'static [(&'static str, Operation)];

const SERVICES: &[(&str, Operations)] = &[
    ("cis.session", session::OPERATIONS),
    ("cis.tasks", tasks::OPERATIONS),
    ("content.configuration", configuration::OPERATIONS),
    ("content.library", library::OPERATIONS),
    ("content.library.item", item::OPERATIONS),
    ("content.library.item.changes", item_changes::OPERATIONS),
    ("content.library.item.download_session", download_session::OPERATIONS),
    ("content.library.item.downloadsession.file", download_file::OPERATIONS),
    ("content.library.item.file", item_file::OPERATIONS),
    ("content.library.item.storage", item_storage::OPERATIONS),
    ("content.library.item.update_session", update_session::OPERATIONS),
    ("content.library.item.updatesession.file", update_file::OPERATIONS),
    ("content.library.subscribed_item", subscribed_item::OPERATIONS),
    ("content.library.subscriptions", subscriptions::OPERATIONS),
    ("content.library.usages", usages::OPERATIONS),
    ("content.local_library", local_library::OPERATIONS),
    ("content.security_policies", types::POLICIES),
    ("content.subscribed_library", subscribed_library::OPERATIONS),
    ("content.trusted_certificates", certificates::OPERATIONS),
    ("content.type", types::OPERATIONS),
    ("vcenter.ovf.export_flag", types::EXPORT_FLAGS),
    ("vcenter.ovf.import_flag", types::IMPORT_FLAGS),
    ("vcenter.ovf.library_item", ovf::OPERATIONS),
];

/// Runs an operation. The same client token gives the same result, without doing anything again.
///
/// # Errors
///
/// That of the operation.
pub(crate) fn run(vcenter: &mut Vcenter, service: &str, method: &str, arguments: &Arguments) -> Result<Value, Fault> {
    let operations = SERVICES.iter().find(|(name, _)| *name == service).map(|(_, operations)| *operations);
    let operation = operations.and_then(|operations| operations.iter().find(|(name, _)| *name == method));
    let Some((_, operation)) = operation else {
        return Err(Fault::internal(format!("The simulator has no operation {service}.{method}.")));
    };
    let Some(token) = arguments.text(TOKEN) else { return operation(vcenter, arguments) };
    if service.starts_with("content.") && uuid::Uuid::try_parse(token).is_err() {
        return Err(Fault::invalid_argument(format!("'{TOKEN}' is '{token}'; it must be a UUID.")));
    }
    let key = (format!("{service}.{method}"), token.to_owned());
    if let Some(result) = vcenter.repeated.get(&key) {
        return Ok(result.clone());
    }
    let result = operation(vcenter, arguments)?;
    vcenter.repeated.insert(key, result.clone());
    Ok(result)
}

/// What a fresh server has.
pub(crate) fn fresh() -> Fresh {
    let machines = [(VIRTUAL_MACHINE.to_owned(), "machine1".to_owned())];
    Fresh { configuration: configuration::defaults(), machines: machines.into_iter().collect() }
}

/// A new identifier.
fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_model_is_here_and_no_other() {
        let model = model::vsphere();
        let mut known: Vec<String> =
            SERVICES.iter().flat_map(|(service, all)| all.iter().map(move |(name, _)| format!("{service}.{name}"))).collect();
        let services = model.services.values();
        let mut wanted: Vec<String> = services
            .flat_map(|service| service.methods.iter().map(|method| format!("{}.{}", service.name, method.name)))
            .collect();
        known.sort();
        wanted.sort();
        assert_eq!(known, wanted);
        assert_eq!(known.len(), 94);
    }
}
