//! `content.library.item.storage`: where files lie.

use super::Operations;
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::state::{Content, Item, Library, StoredFile, Vcenter};
use serde_json::Value;
use std::sync::Arc;

pub(super) const OPERATIONS: Operations = &[("get", get), ("list", list)];

/// Where a file lies.
pub(super) fn uri(library: &Library, item_id: &str, item: &Item, name: &str) -> String {
    let backing = library.storage_backings.first();
    let text = |member: &str| backing.and_then(|backing| backing.get(member)).and_then(Value::as_str);
    let base = match (text("datastore_id"), text("storage_uri")) {
        (None, Some(uri)) => uri.trim_end_matches('/').to_owned(),
        (datastore, _) => format!("ds:///vmfs/volumes/{}", datastore.unwrap_or_default()),
    };
    format!("{base}/contentlib-{}/{item_id}/{name}", item.library)
}

fn value(library: &Library, item_id: &str, item: &Item, (name, file): (&String, &StoredFile)) -> Value {
    let mut value = file.value(name);
    value["storage_backing"] = library.storage_backings.first().cloned().unwrap_or_default();
    value["storage_uris"] = vec![uri(library, item_id, item, name)].into();
    value
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, name) = (arguments.id("library_item_id"), arguments.id("file_name"));
    let item = vcenter.item(id)?;
    let library = vcenter.library(&item.library)?;
    let file = item.files.get_key_value(name).ok_or_else(|| Fault::not_found("file", name))?;
    Ok(vec![value(library, id, item, file)].into())
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("library_item_id");
    let item = vcenter.item(id)?;
    let library = vcenter.library(&item.library)?;
    Ok(item.files.iter().map(|file| value(library, id, item, file)).collect())
}

/// The file that lies at a URI of a storage backing, if there is one.
pub(crate) fn stored_at(vcenter: &Vcenter, uri_wanted: &str) -> Option<Arc<Content>> {
    vcenter.items.iter().find_map(|(id, item)| {
        let library = vcenter.libraries.get(&item.library)?;
        let file = item.files.iter().find(|(name, _)| uri(library, id, item, name) == uri_wanted);
        file.and_then(|(_, file)| file.content.clone())
    })
}
