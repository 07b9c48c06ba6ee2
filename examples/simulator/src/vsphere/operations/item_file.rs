//! `content.library.item.file`.

use super::Operations;
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::state::Vcenter;
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[("get", get), ("list", list)];

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let name = arguments.id("name");
    let item = vcenter.item(arguments.id("library_item_id"))?;
    let file = item.files.get(name).ok_or_else(|| Fault::not_found("file", name))?;
    Ok(file.value(name))
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let item = vcenter.item(arguments.id("library_item_id"))?;
    Ok(item.files.iter().map(|(name, file)| file.value(name)).collect())
}
