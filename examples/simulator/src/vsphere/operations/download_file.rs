//! `content.library.item.downloadsession.file`.

use super::download_session::find;
use super::{Operations, item_storage, session_end};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::{Fault, message};
use crate::vsphere::record::Members;
use crate::vsphere::state::{Preparation, Prepare, Vcenter, unprepared};
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[("get", get), ("list", list), ("prepare", prepare)];

/// Parameter that names the session.
const ID: &str = "download_session_id";

fn names(vcenter: &mut Vcenter, id: &str) -> Result<Vec<String>, Fault> {
    let item = find(vcenter, id)?.lease.item.clone();
    Ok(vcenter.items.get(&item).into_iter().flat_map(|item| item.files.keys().cloned()).collect())
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    let names = names(vcenter, id)?;
    names.iter().map(|name| show(vcenter, id, name)).collect()
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, name) = (arguments.id(ID), arguments.id("file_name"));
    check_file(vcenter, id, name)?;
    show(vcenter, id, name)
}

fn check_file(vcenter: &mut Vcenter, id: &str, name: &str) -> Result<(), Fault> {
    if names(vcenter, id)?.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(Fault::invalid_argument(format!("There is no file '{name}' in the session '{id}'.")))
}

/// A file as the API has it. Who looks at it for the first time sees it in preparation.
fn show(vcenter: &mut Vcenter, id: &str, name: &str) -> Result<Value, Fault> {
    let Some(file) = find(vcenter, id)?.files.get_mut(name) else { return Ok(unprepared(name)) };
    if file.status == Prepare::Requested {
        file.status = Prepare::Preparing;
    }
    Ok(file.value(name))
}

fn prepare(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, name, now) = (arguments.id(ID), arguments.id("file_name"), vcenter.now());
    check_file(vcenter, id, name)?;
    let session = find(vcenter, id)?;
    session_end::check_active(&session.lease, id)?;
    let item_id = session.lease.item.clone();
    if let Some(file) = session.files.get(name).filter(|file| file.status != Prepare::Error) {
        return Ok(file.value(name));
    }
    let item = vcenter.item(&item_id)?;
    let content = item.files.get(name).and_then(|file| file.content.clone());
    let uri = match arguments.text("endpoint_type") {
        Some("DIRECT") => item_storage::uri(vcenter.library(&item.library)?, &item_id, item, name),
        _ => vcenter.new_address(name),
    };
    let text = format!("The content of the file '{name}' is not here; synchronize the item first.");
    let (status, error) = match &content {
        Some(_) => (Prepare::Requested, None),
        None => (Prepare::Error, Some(message("evicted", &text, &[name.to_owned()]))),
    };
    let file = Preparation { asked: now, status, uri, content, downloaded: false, error };
    let value = file.value(name);
    let session = find(vcenter, id)?;
    session.files.insert(name.to_owned(), file);
    session.lease.touch(now);
    Ok(value)
}
