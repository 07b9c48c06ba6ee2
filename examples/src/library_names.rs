//! Libraries and items by their names.

use crate::Result;
use virt_sdk::vsphere::Session;
use virt_sdk::vsphere::content::library::item::FindSpec as ItemFindSpec;
use virt_sdk::vsphere::content::library::{FindSpec, ItemModel};
use virt_sdk::vsphere::ids::{ItemId, LibraryId};

/// The library of that name.
///
/// # Errors
///
/// When there is none, or more than one, and those of requests.
pub async fn find_library(session: &Session, name: &str) -> Result<LibraryId> {
    let found = session.content().library().find(FindSpec::new().name(name)).send().await?;
    only(found, || format!("library `{name}`"))?.ok_or_else(|| format!("there is no library `{name}`").into())
}

/// The item of that name in a library; `None` when there is none.
///
/// # Errors
///
/// When there is more than one, and those of requests.
pub async fn find_item(session: &Session, library: &LibraryId, name: &str) -> Result<Option<ItemId>> {
    let spec = ItemFindSpec::new().library_id(library).name(name);
    let found = session.content().library().item().find(spec).send().await?;
    only(found, || format!("item `{name}`"))
}

/// Makes an item without files.
///
/// # Errors
///
/// Those of the request.
pub async fn create_item(session: &Session, library: &LibraryId, name: &str) -> Result<ItemId> {
    let item = ItemModel::new().library_id(library).name(name);
    Ok(session.content().library().item().create(item).send().await?)
}

fn only<T>(found: Vec<T>, what: impl Fn() -> String) -> Result<Option<T>> {
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(format!("there is more than one {}", what()).into()),
        (found, None) => Ok(found),
    }
}
