//! `content.library.subscribed_item`.

use super::synchronize::{self, Depth};
use super::{Operations, item};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::record::Members;
use crate::vsphere::state::{Subscription, Vcenter};
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[("evict", evict), ("sync", sync)];

/// Whether the library of a subscribed item synchronizes on demand.
fn is_on_demand(vcenter: &Vcenter, id: &str) -> Result<bool, Fault> {
    let library = vcenter.library(&vcenter.item(id)?.library)?;
    let text = format!("The item '{id}' is not in a subscribed library.");
    let subscription = library.subscription.as_ref().ok_or_else(|| Fault::invalid_element_type(text))?;
    Ok(Subscription::is_on_demand(subscription))
}

fn evict(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_item_id");
    if !is_on_demand(vcenter, id)? {
        return Err(Fault::invalid_element_configuration("The library of the item does not synchronize on demand."));
    }
    vcenter.item_mut(id)?.files.values_mut().for_each(|file| file.content = None);
    Ok(Value::Null)
}

fn sync(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_item_id");
    is_on_demand(vcenter, id)?;
    let is_forced = arguments.flag("force_sync_content").unwrap_or_default();
    synchronize::item(vcenter, id, if is_forced { Depth::Content } else { Depth::AsSubscribed })?;
    synchronize::record(vcenter, arguments, ("content.library.subscribed_item", "sync"), (item::RESOURCE, id));
    Ok(Value::Null)
}
