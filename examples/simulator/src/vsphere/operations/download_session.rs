//! `content.library.item.download_session`.

use super::{Operations, new_id, session_end};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::Members;
use crate::vsphere::state::{DownloadSession, Lease, Vcenter};
use indexmap::IndexMap;
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[
    ("cancel", cancel),
    ("create", create),
    ("delete", delete),
    ("fail", fail),
    ("get", get),
    ("keep_alive", keep_alive),
    ("list", list),
];

/// Parameter that names the session.
const ID: &str = "download_session_id";

/// A download session, to change it.
///
/// # Errors
///
/// That there is none.
pub(super) fn find<'a>(vcenter: &'a mut Vcenter, id: &str) -> Result<&'a mut DownloadSession, Fault> {
    vcenter.downloads.get_mut(id).ok_or_else(|| Fault::not_found("download session", id))
}

fn create(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let item = arguments.spec("create_spec")?.text("library_item_id").unwrap_or_default();
    let lease = Lease::new(item, vcenter.item(item)?.content_version, vcenter.now());
    let id = new_id();
    vcenter.downloads.insert(id.clone(), DownloadSession { lease, files: IndexMap::new() });
    Ok(Value::String(id))
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    Ok(find(vcenter, id)?.lease.value(id))
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let wanted = arguments.text("library_item_id");
    if let Some(item) = wanted {
        vcenter.item(item)?;
    }
    let fits = |session: &DownloadSession| wanted.is_none_or(|item| item == session.lease.item);
    Ok(vcenter.downloads.iter().filter(|(_, session)| fits(session)).map(|(id, _)| Value::String(id.clone())).collect())
}

fn keep_alive(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now) = (arguments.id(ID), vcenter.now());
    session_end::keep_alive(&mut find(vcenter, id)?.lease, id, arguments.number("progress"), now)?;
    Ok(Value::Null)
}

fn cancel(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    session_end::cancel(&mut find(vcenter, id)?.lease, id)?;
    Ok(Value::Null)
}

fn fail(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    session_end::fail(&mut find(vcenter, id)?.lease, id, arguments.id("client_error_message"))?;
    Ok(Value::Null)
}

fn delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    find(vcenter, id)?;
    vcenter.downloads.shift_remove(id);
    Ok(Value::Null)
}
