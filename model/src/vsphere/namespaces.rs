//! Services by dotted names → a tree with locators, as the services of other APIs have one.

use crate::ir::{Locator, Notes, Service};
use std::collections::BTreeMap;

/// Name of the service at the top, which has no methods.
pub(crate) const ROOT: &str = "";

/// Adds a service without methods for each namespace, and a locator to each service from the one above it.
pub(crate) fn link(services: &mut BTreeMap<String, Service>) {
    let mut open: Vec<String> = services.keys().cloned().collect();
    services.entry(ROOT.to_owned()).or_insert_with(|| namespace(ROOT));
    while let Some(name) = open.pop() {
        let (above, last) = name.rsplit_once('.').unwrap_or((ROOT, &name));
        if !services.contains_key(above) {
            open.push(above.to_owned());
        }
        let above = services.entry(above.to_owned()).or_insert_with(|| namespace(above));
        above.locators.push(Locator {
            name: last.to_owned(),
            service: name.clone(),
            parameter: None,
            segment: String::new(),
            declared_in: above.name.clone(),
            notes: Notes::default(),
        });
    }
    for service in services.values_mut() {
        service.locators.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

fn namespace(name: &str) -> Service {
    let doc = match name {
        ROOT => "Services of the API.".to_owned(),
        _ => format!("Services in the namespace `{name}`."),
    };
    Service {
        name: name.to_owned(),
        base: None,
        package: String::new(),
        area: None,
        pseudo: false,
        resource: None,
        notes: Notes { doc, ..Notes::default() },
        methods: Vec::new(),
        locators: Vec::new(),
    }
}
