//! What a fresh engine holds: `fresh.xml`, in the elements of the API itself, and some virtual
//! machines on request.

mod vms;

use crate::engine::Engine;
use crate::store::Object;
use crate::{Error, api, rules};
use roxmltree::{Document, Node};

/// Id of the template `Blank`, and of the root tag.
pub(crate) const BLANK: &str = "00000000-0000-0000-0000-000000000000";

/// Id of the cluster `Default`.
pub(crate) const CLUSTER: &str = "58cfb470-03b9-01d0-03b9-0000000001e7";

/// Id of the user.
pub(crate) const ADMIN: &str = "fdfc627c-d875-11e0-90f0-83df133b58cc";

/// What the entry point says about the product.
pub(crate) const PRODUCT: &[(&str, &str)] =
    &[("name", "oVirt Engine"), ("vendor", "ovirt.org"), ("instance_id", "51000001-0000-4000-8000-000000000001")];

const FRESH: &str = include_str!("fresh.xml");

/// Fills an empty engine.
///
/// # Errors
///
/// If the objects do not fit the model.
pub(crate) fn plant(engine: &mut Engine, username: &str, vms: u32) -> Result<(), Error> {
    let document = Document::parse(FRESH).map_err(Error::seed)?;
    for node in document.root_element().children().filter(Node::is_element) {
        let path = node.attribute("path").unwrap_or_default();
        match node.attribute("id") {
            Some(id) => engine.store.include(path, id),
            None => collection(engine, path, node)?,
        }
    }
    let (principal, profile) = username.rsplit_once('@').unwrap_or((username, "internal"));
    let user = format!("users/{ADMIN}");
    engine.store.set(&user, "name", principal);
    engine.store.set(&user, "principal", principal);
    engine.store.set(&user, "user_name", format!("{principal}@{profile}-authz"));
    vms::plant(engine, vms);
    Ok(())
}

fn collection(engine: &mut Engine, path: &str, node: Node<'_, '_>) -> Result<(), Error> {
    for item in node.children().filter(Node::is_element) {
        let tag = item.tag_name().name();
        let known = engine.model.structs.values().find(|known| known.element == tag);
        let kind = known.ok_or_else(|| Error::seed(format!("unknown element {tag}")))?.name.clone();
        let unreadable = api::Fault::syntax(path, "add");
        let object = api::read_element(engine.model, &kind, item, &unreadable)
            .map_err(|fault| Error::seed(format!("{tag} in {path}: {}", fault.detail.unwrap_or_default())))?;
        rules::plant(engine, path, &kind, object);
    }
    Ok(())
}

/// A reference to the only data domain of a fresh engine.
fn data_domain(engine: &Engine) -> Option<Object> {
    engine.store.owned("storagedomains").next().map(|(_, domain)| Object::reference(domain.id()))
}
