//! Privileges: ours are written shorter than they are published.

use super::context::Context;
use super::names::{fold, snake};
use super::{Operation, Privilege};
use crate::declared::Located;
use crate::published::merge::here;
use crate::published::order::arrange;

/// A privilege as our documents have it: name, and what tells the resource.
type Ours = (String, Option<Located>);

/// The privileges of the source in our words and order.
pub(super) fn merge(source: &Operation, service: &str, ours: &[Ours], context: &Context<'_>) -> Vec<Ours> {
    let key = |(name, on): &Ours| format!("{name} {}", on.as_ref().map_or("", |on| &on.text));
    let order: Vec<String> = ours.iter().map(key).collect();
    let mut merged: Vec<(String, Ours)> = Vec::new();
    for privilege in &source.privileges {
        let known = ours.iter().find(|known| is_same(known, privilege));
        let ours = known.cloned().unwrap_or_else(|| {
            let on = privilege.on.as_deref().map(|on| here(&shortened(on, service, context)));
            (privilege.name.clone(), on)
        });
        if !merged.iter().any(|(other, _)| *other == key(&ours)) {
            merged.push((key(&ours), ours));
        }
    }
    arrange(&order, merged)
}

fn is_same((name, on): &Ours, source: &Privilege) -> bool {
    let same_resource = match (on, &source.on) {
        (None, None) => true,
        (Some(ours), Some(source)) => {
            let (ours, source) = (fold(&ours.text), fold(source));
            source == ours || source.strip_suffix(&ours).is_some_and(|rest| rest.ends_with('.'))
        }
        _ => false,
    };
    *name == source.name && same_resource
}

/// `libraryId` → `library_id`; `Content.Library.Item.FindSpec.library_id` → `Item.FindSpec.library_id` in the
/// service of items, and without `Item` elsewhere.
fn shortened(on: &str, service: &str, context: &Context<'_>) -> String {
    let parts: Vec<&str> = on.split('.').collect();
    match parts.as_slice() {
        [.., outer, structure, member] => {
            let above = on.strip_suffix(&format!(".{structure}.{member}")).unwrap_or_default();
            if context.names.of_service(above) == service {
                format!("{outer}.{structure}.{member}")
            } else {
                format!("{structure}.{member}")
            }
        }
        [structure, member] => format!("{structure}.{member}"),
        _ => snake(on),
    }
}
