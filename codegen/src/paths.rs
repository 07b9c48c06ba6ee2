//! Where services are in the tree.

use model::Model;
use std::collections::BTreeMap;

/// The paths of every service that can be reached, shortest first, then by name.
pub(crate) type Paths<'a> = BTreeMap<&'a str, Vec<String>>;

pub(crate) fn find(model: &Model) -> Paths<'_> {
    let mut paths = Paths::new();
    let mut open: Vec<(Vec<&str>, String)> = vec![(vec![&model.root], String::new())];
    while let Some((trail, path)) = open.pop() {
        let Some(service) = trail.last().and_then(|name| model.services.get(*name)) else { continue };
        for locator in &service.locators {
            // A service that leads back to itself has paths without end; the others tell enough.
            if trail.contains(&locator.service.as_str()) {
                continue;
            }
            let segment =
                locator.parameter.as_ref().map_or(locator.segment.clone(), |_| format!("{{{}}}", placeholder(&locator.name)));
            open.push(([&trail[..], &[locator.service.as_str()]].concat(), format!("{path}/{segment}")));
        }
        paths.entry(&service.name).or_default().push(path);
    }
    for found in paths.values_mut() {
        found.sort_by(|a, b| a.matches('/').count().cmp(&b.matches('/').count()).then_with(|| a.cmp(b)));
    }
    paths
}

/// `vm_id` for the locator `vm`: tells the identifiers of a path apart.
fn placeholder(locator: &str) -> String {
    format!("{locator}_id")
}

/// The path to show for a service: the shortest, and how many others there are.
pub(crate) fn describe(paths: &Paths<'_>, service: &str) -> Option<String> {
    let found = paths.get(service)?;
    let first = found.first().map(|path| if path.is_empty() { "/" } else { path })?;
    Some(match found.len() {
        1 => format!("`{first}`"),
        2 => format!("`{first}` and one other"),
        more => format!("`{first}` and {} others", more - 1),
    })
}

/// The shortest path of a service, empty for the root.
pub(crate) fn shortest<'p>(paths: &'p Paths<'_>, service: &str) -> Option<&'p str> {
    paths.get(service)?.first().map(String::as_str)
}
