//! The entry point: what the engine is, what it holds, and where everything is.

use super::render::Renderer;
use super::{Answer, Call, Fault};
use crate::engine::Engine;
use crate::seed;
use crate::store::{Object, Value};

/// Links of the entry point in the engine's order, and whether each has a search beside it.
const LINKS: &[(&str, bool)] = &[
    ("clusters", true),
    ("datacenters", true),
    ("events", true),
    ("hosts", true),
    ("networks", true),
    ("roles", false),
    ("storagedomains", true),
    ("tags", false),
    ("bookmarks", false),
    ("icons", false),
    ("templates", true),
    ("instancetypes", true),
    ("users", true),
    ("groups", true),
    ("domains", false),
    ("vmpools", true),
    ("vms", true),
    ("disks", true),
    ("jobs", false),
    ("storageconnections", false),
    ("vnicprofiles", false),
    ("diskprofiles", false),
    ("cpuprofiles", false),
    ("schedulingpolicyunits", false),
    ("schedulingpolicies", false),
    ("permissions", false),
    ("macpools", false),
    ("networkfilters", false),
    ("operatingsystems", false),
    ("externalhostproviders", false),
    ("openstackimageproviders", false),
    ("openstackvolumeproviders", false),
    ("openstacknetworkproviders", false),
    ("katelloerrata", false),
    ("affinitylabels", false),
    ("clusterlevels", false),
    ("imagetransfers", false),
    ("externalvmimports", false),
    ("externaltemplateimports", false),
];

/// Counts of the summary: member, collection, and the status that counts as active.
const SUMMARY: &[(&str, &str, Option<&str>)] = &[
    ("hosts", "hosts", Some("up")),
    ("storage_domains", "storagedomains", Some("active")),
    ("users", "users", None),
    ("vms", "vms", Some("up")),
];

/// Answers `GET` of the entry point.
///
/// # Errors
///
/// None in practice: it has no links to follow.
pub(crate) fn get(engine: &Engine, call: &Call<'_>) -> Result<Answer, Fault> {
    let mut renderer = Renderer::new(engine, call.base);
    renderer.xml.open("api", &[]);
    for (rel, searchable) in LINKS {
        let href = format!("{}/{rel}", call.base);
        renderer.xml.empty("link", &[("href", &href), ("rel", rel)]);
        if *searchable {
            let from = if *rel == "events" { ";from={event_id}" } else { "" };
            let search = format!("{href}{from}?search={{query}}");
            renderer.xml.empty("link", &[("href", &search), ("rel", &format!("{rel}/search"))]);
        }
    }
    renderer.plain("api", &describe(engine))?;
    renderer.xml.close("api");
    Ok(Answer::new(200, renderer.xml.finish()))
}

fn describe(engine: &Engine) -> Object {
    let mut api = Object::default();
    for (member, value) in seed::PRODUCT {
        api.set(&format!("product_info.{member}"), *value);
    }
    engine.version.describe(&mut api);
    api.set("special_objects.blank_template", Object::reference(seed::BLANK));
    api.set("special_objects.root_tag", Object::reference(seed::BLANK));
    for (member, collection, active) in SUMMARY {
        let all = engine.store.ids(collection).len() as u64;
        let counted = engine.store.owned(collection).filter(|(_, object)| object.text("status") == *active);
        let active = if active.is_some() { counted.count() as u64 } else { all };
        api.set(&format!("summary.{member}.active"), Value::from(active));
        api.set(&format!("summary.{member}.total"), Value::from(all));
    }
    api.set("authenticated_user", Object::reference(seed::ADMIN));
    api.set("effective_user", Object::reference(seed::ADMIN));
    api.set("time", engine.timestamp());
    api
}
