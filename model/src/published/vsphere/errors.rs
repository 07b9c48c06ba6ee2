//! Errors: what is ours with what the source says.

use super::ErrorType;
use super::context::{Context, notes};
use super::types::members;
use crate::declared;
use crate::published::merge::here;

/// An error with the members of the source. Whether it may go away, and its status in `/rest`, is ours.
/// `None` for a new one that no operation here answers with: nothing tells its status.
pub(super) fn error(
    source: &ErrorType,
    ours: Option<declared::ErrorType>,
    context: &mut Context<'_>,
) -> Option<declared::ErrorType> {
    let name = context.names.of_type(&source.name.text);
    let known = ours.as_ref().and_then(|item| item.status);
    let Some(status) = known.filter(|known| source.statuses.is_empty() || source.statuses.contains(known)).or_else(|| {
        // Several can only be where one answer stands for more errors than it names.
        source.statuses.first().copied()
    }) else {
        context.remark(format!("error `{name}` is left out: no operation here answers with it, so its status is unknown"));
        return None;
    };
    match known {
        None => context.is_new(&format!("error `{name}`")),
        Some(known) if known != status => {
            context.remark(format!("the status of error `{name}` in `/api` is {status}, was {known}; that in `/rest` stays"))
        }
        Some(_) => {}
    }
    let legacy_status = ours.as_ref().and_then(|item| item.legacy_status);
    let own_notes = notes(&source.versions, ours.as_ref().map(|item| &item.notes));
    let owner = format!("error `{}`", source.name.text);
    let members = members(&name, &owner, &source.members, ours.as_ref().map(|item| item.members.as_slice()), context);
    Some(declared::ErrorType {
        name: here(&name),
        base: source.base.as_ref().map(|base| here(&context.names.of_type(base))),
        status: Some(status),
        legacy_status: legacy_status.or(known.filter(|known| *known != status)),
        retryable: ours.is_some_and(|item| item.retryable),
        notes: own_notes,
        members,
    })
}
