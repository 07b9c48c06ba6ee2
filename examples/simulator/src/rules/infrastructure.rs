//! Data centers, clusters, roles and tags.

use super::remove_now;
use crate::api::{Call, Fault};
use crate::engine::Engine;
use crate::seed;
use crate::store::Object;

/// A new data center waits for its first storage domain.
pub(super) fn before_add_data_center(engine: &mut Engine, _: &Call<'_>, center: &mut Object) -> Result<(), Fault> {
    center.set("status", "uninitialized");
    let pool = engine.store.owned("macpools").next().map(|(_, pool)| pool.id().to_owned());
    pool.into_iter().for_each(|pool| center.provide("mac_pool", Object::reference(&pool)));
    Ok(())
}

/// Removes a data center with its networks, unless clusters or storage domains belong to it.
pub(super) fn remove_data_center(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let id = call.spot.id().to_owned();
    let is_forced = call.options.flag("force") == Some(true);
    let is_used = !engine.store.ids(&format!("{}/storagedomains", call.spot.path)).is_empty();
    if is_used && !is_forced {
        return Err(Fault::conflict("Cannot remove Data Center. There are Storage Domains attached to it."));
    }
    let networks = engine.store.owned("networks").filter(|(_, network)| network.refers_to("data_center", &id));
    let paths: Vec<String> = networks.map(|(path, _)| path).collect();
    paths.iter().for_each(|path| remove_now(engine, path));
    let members: Vec<String> = engine.store.ids(&format!("{}/storagedomains", call.spot.path)).to_vec();
    for domain in members {
        engine.store.set(&format!("storagedomains/{domain}"), "status", "unattached");
    }
    remove_now(engine, call.spot.entity());
    Ok(())
}

/// Removes a cluster that nothing belongs to.
pub(super) fn remove_cluster(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let id = call.spot.id();
    let refused = |text: &str| Err(Fault::conflict(format!("Cannot remove Cluster. {text}")));
    if id == seed::CLUSTER {
        return refused("The Default Cluster cannot be removed.");
    }
    for (collection, text) in [("vms", "Cluster contains one or more VMs."), ("hosts", "Cluster contains one or more Hosts.")] {
        if engine.store.owned(collection).any(|(_, object)| object.refers_to("cluster", id)) {
            return refused(text);
        }
    }
    if engine.store.owned("templates").any(|(_, template)| template.refers_to("cluster", id)) {
        return refused("Cluster contains one or more Templates.");
    }
    remove_now(engine, call.spot.entity());
    Ok(())
}

/// A tag without a parent stands below the root.
pub(super) fn before_add_tag(_: &mut Engine, _: &Call<'_>, tag: &mut Object) -> Result<(), Fault> {
    tag.provide("parent", Object::reference(seed::BLANK));
    Ok(())
}

/// Removes a tag with those below it.
pub(super) fn remove_tag(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    if call.spot.id() == seed::BLANK {
        return Err(Fault::conflict("Cannot remove Tag. The root Tag cannot be removed."));
    }
    let mut doomed = vec![call.spot.id().to_owned()];
    while let Some(id) = doomed.pop() {
        let children = engine.store.owned("tags").filter(|(_, tag)| tag.refers_to("parent", &id));
        let children: Vec<String> = children.map(|(_, tag)| tag.id().to_owned()).collect();
        doomed.extend(children);
        remove_now(engine, &format!("tags/{id}"));
    }
    Ok(())
}

/// The roles of a fresh engine cannot be removed.
pub(super) fn remove_role(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    if engine.store.object(call.spot.entity()).is_some_and(|role| role.text("mutable") == Some("false")) {
        return Err(Fault::conflict("Cannot remove Role. It is a predefined Role."));
    }
    remove_now(engine, call.spot.entity());
    Ok(())
}
