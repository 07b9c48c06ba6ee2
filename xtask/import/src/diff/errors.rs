//! Changes of errors.

use super::types::{member, names, shown, ty};
use super::{Part, Recorder, Section, all_names};
use model::{ErrorType, Model};

pub(super) fn errors(recorder: &mut Recorder, old: &Model, new: &Model) {
    for name in names(&old.errors, &new.errors) {
        let item = format!("error `{name}`");
        match (old.errors.get(name), new.errors.get(name)) {
            (Some(_), None) => recorder.add(Section::Removed, Part::Major, &item, ""),
            (None, Some(_)) => recorder.add(Section::Added, Part::Minor, &item, ""),
            (Some(old), Some(new)) => error(recorder, &item, old, new),
            (None, None) => {}
        }
    }
}

fn error(recorder: &mut Recorder, item: &str, old: &ErrorType, new: &ErrorType) {
    recorder.notes(item, "", &old.notes, &new.notes);
    recorder.value(Part::Major, item, "name in `/api`", &old.literal, &new.literal);
    recorder.value(Part::Major, item, "name in `/rest`", &old.identifier, &new.identifier);
    recorder.value(Part::Minor, item, "status in `/api`", &old.status.to_string(), &new.status.to_string());
    recorder.value(Part::Minor, item, "status in `/rest`", &old.legacy_status.to_string(), &new.legacy_status.to_string());
    recorder.flag(Part::Minor, item, "it may go away by itself", old.retryable, new.retryable);
    let find = |error: &'_ ErrorType, name: &str| error.members.iter().find(|member| member.name == name).cloned();
    let own = |error: &'_ ErrorType| -> Vec<String> {
        // What the base has is told of the base.
        error.members.iter().filter(|member| member.declared_in == error.name).map(|member| member.name.clone()).collect()
    };
    let (old_names, new_names) = (own(old), own(new));
    for name in all_names(old_names.iter(), new_names.iter()) {
        match (find(old, name), find(new, name)) {
            (Some(old), None) => recorder.add(Section::Removed, Part::Major, item, shown(&old)),
            (None, Some(new)) => recorder.add(Section::Added, Part::Minor, item, format!("{}: {}", shown(&new), ty(&new))),
            (Some(old), Some(new)) => member(recorder, item, &old, &new),
            (None, None) => {}
        }
    }
    recorder.order(item, "members", old_names.iter(), new_names.iter());
}
