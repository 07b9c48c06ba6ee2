//! Services: what is ours with what the source says.

use super::Service;
use super::context::{Context, notes};
use super::methods;
use super::names::{fold, snake};
use crate::declared;
use crate::published::merge::here;
use crate::published::order::arrange;

/// A service with the operations of the source.
pub(super) fn service(source: &Service, ours: Option<&declared::Service>, context: &mut Context<'_>) -> declared::Service {
    let name = context.names.of_service(&source.name.text);
    if ours.is_none() {
        context.is_new(&format!("service `{name}`"));
    }
    let known = ours.map(|item| item.methods.as_slice()).unwrap_or_default();
    context.unique(
        source.operations.iter().map(|operation| &operation.name),
        &format!("service `{}`", source.name.text),
        "operations",
    );
    let mut merged = Vec::new();
    for operation in &source.operations {
        let known = known.iter().find(|known| fold(&known.name.text) == fold(&operation.name.text));
        let own = known.map_or_else(|| snake(&operation.name.text), |known| known.name.text.clone());
        if known.is_none() && ours.is_some() {
            context.is_new(&format!("`{name}.{own}`"));
        }
        merged.push((own.clone(), methods::method(operation, &name, own, known, context)));
    }
    let kept: Vec<&str> = merged.iter().map(|(own, _)| own.as_str()).collect();
    context.gone(&name, known.iter().map(|method| method.name.text.as_str()), &kept);
    let order: Vec<String> = known.iter().map(|method| method.name.text.clone()).collect();
    declared::Service {
        name: here(&name),
        base: None,
        package: None,
        area: None,
        pseudo: false,
        resource: ours.and_then(|item| item.resource.clone()),
        notes: notes(&source.versions, ours.map(|item| &item.notes)),
        methods: arrange(&order, merged),
        locators: Vec::new(),
    }
}
