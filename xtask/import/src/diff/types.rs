//! Changes of enums and structs.

use super::{Part, Recorder, Section, all_names, unions};
use model::{Enum, Member, Model, Place, Struct, Use};
use std::collections::BTreeMap;

pub(super) fn enums(recorder: &mut Recorder, old: &Model, new: &Model) {
    for name in names(&old.enums, &new.enums) {
        let item = format!("enum `{name}`");
        match (old.enums.get(name), new.enums.get(name)) {
            (Some(_), None) => recorder.add(Section::Removed, Part::Major, &item, ""),
            (None, Some(_)) => recorder.add(Section::Added, Part::Minor, &item, ""),
            (Some(old), Some(new)) => enumeration(recorder, &item, old, new),
            (None, None) => {}
        }
    }
}

fn enumeration(recorder: &mut Recorder, item: &str, old: &Enum, new: &Enum) {
    recorder.notes(item, "", &old.notes, &new.notes);
    let (old_names, new_names) = (old.values.iter().map(|value| &value.name), new.values.iter().map(|value| &value.name));
    for name in all_names(old_names.clone(), new_names.clone()) {
        let what = format!("value `{name}`");
        let find = |item: &'_ Enum| item.values.iter().find(|value| value.name == *name).cloned();
        match (find(old), find(new)) {
            (Some(_), None) => recorder.add(Section::Removed, Part::Major, item, what),
            (None, Some(_)) => recorder.add(Section::Added, Part::Minor, item, what),
            (Some(old), Some(new)) => recorder.notes(item, &what, &old.notes, &new.notes),
            (None, None) => {}
        }
    }
    recorder.order(item, "values", old_names, new_names);
}

pub(super) fn structs(recorder: &mut Recorder, old: &Model, new: &Model) {
    for name in names(&old.structs, &new.structs) {
        let item = format!("struct `{name}`");
        match (old.structs.get(name), new.structs.get(name)) {
            (Some(_), None) => recorder.add(Section::Removed, Part::Major, &item, ""),
            (None, Some(_)) => recorder.add(Section::Added, Part::Minor, &item, ""),
            (Some(old_struct), Some(new_struct)) => {
                structure(recorder, &item, old_struct, new_struct, |base, name| {
                    (old.structs.get(base).and_then(|s| s.member(name)), new.structs.get(base).and_then(|s| s.member(name)))
                });
            }
            (None, None) => {}
        }
    }
}

fn structure<'m>(
    recorder: &mut Recorder,
    item: &str,
    old: &'m Struct,
    new: &'m Struct,
    of_base: impl Fn(&str, &str) -> (Option<&'m Member>, Option<&'m Member>),
) {
    recorder.notes(item, "", &old.notes, &new.notes);
    let base = |item: &Struct| item.base.clone().unwrap_or_default();
    recorder.value(Part::Patch, item, "base", &base(old), &base(new));
    recorder.flag(Part::Patch, item, "added by the tools", old.builtin, new.builtin);
    recorder.value(Part::Major, item, "element", &old.element, &new.element);
    recorder.value(Part::Major, item, "element of lists", &old.list_element, &new.list_element);
    let (old_names, new_names) = (old.members.iter().map(|m| &m.name), new.members.iter().map(|m| &m.name));
    for name in all_names(old_names, new_names) {
        let pair = (old.member(name), new.member(name));
        let base = pair.0.or(pair.1).map(|member| &member.declared_in).filter(|declared_in| **declared_in != old.name);
        if base.is_some_and(|base| of_base(base, name) == pair) {
            continue;
        }
        match pair {
            (Some(old), None) => recorder.add(Section::Removed, Part::Major, item, shown(old)),
            (None, Some(new)) => recorder.add(Section::Added, Part::Minor, item, format!("{}: {}", shown(new), ty(new))),
            (Some(old), Some(new)) => member(recorder, item, old, new),
            (None, None) => {}
        }
    }
    let own = |item: &'m Struct| item.members.iter().filter(|member| member.declared_in == item.name).map(|member| &member.name);
    recorder.order(item, "members", own(old), own(new));
    unions::unions(recorder, item, old, new);
}

/// A member that both have.
pub(super) fn member(recorder: &mut Recorder, item: &str, old: &Member, new: &Member) {
    let what = shown(new);
    recorder.value(Part::Major, item, &format!("type of {what}"), &old.ty.to_string(), &new.ty.to_string());
    if old.link != new.link {
        recorder.add(Section::Changed, Part::Major, item, format!("{what} was {}", shown(old)));
    } else if old.ty == new.ty {
        recorder.value(Part::Major, item, &format!("place of {what}"), &place(&old.place), &place(&new.place));
    }
    recorder.flag(Part::Minor, item, &format!("{what} is kept out of `Debug` output"), old.secret, new.secret);
    let part = if new.mandatory { Part::Major } else { Part::Minor };
    recorder.flag(part, item, &format!("{what} is mandatory"), old.mandatory, new.mandatory);
    uses(recorder, item, &what, old, new);
    recorder.notes(item, &what, &old.notes, &new.notes);
}

/// What the member means to each method.
fn uses(recorder: &mut Recorder, item: &str, what: &str, old: &Member, new: &Member) {
    let of = |member: &Member, name: &str| member.uses.iter().find(|(method, _)| method == name).map(|(_, used)| *used);
    for name in all_names(old.uses.iter().map(|(name, _)| name), new.uses.iter().map(|(name, _)| name)) {
        let (old, new) = (of(old, name), of(new, name));
        // A request that was complete is no longer.
        let part = if new == Some(Use::Required) { Part::Major } else { Part::Patch };
        recorder.value(part, item, &format!("use of {what} by `{name}`"), word(old), word(new));
    }
}

fn word(used: Option<Use>) -> &'static str {
    match used {
        None => "",
        Some(Use::Required) => "required",
        Some(Use::Optional) => "optional",
        Some(Use::Unused) => "unused",
        Some(Use::Present) => "present",
    }
}

pub(super) fn shown(member: &Member) -> String {
    format!("{} `{}`", if member.link { "link" } else { "attribute" }, member.name)
}

pub(super) fn ty(member: &Member) -> String {
    format!("`{}`", member.ty)
}

fn place(place: &Place) -> String {
    match place {
        Place::Attribute(name) => format!("{name}=\"\""),
        Place::Element { tag, item: None, .. } => format!("<{tag}>"),
        Place::Element { tag, item: Some(item), rel: None } => format!("<{tag}><{item}>"),
        Place::Element { tag, item: Some(item), rel: Some(rel) } => format!("<{tag}><{item}> rel=\"{rel}\""),
    }
}

/// Names of either, sorted.
pub(super) fn names<'n, T>(old: &'n BTreeMap<String, T>, new: &'n BTreeMap<String, T>) -> Vec<&'n String> {
    let mut names = all_names(old.keys(), new.keys());
    names.sort();
    names
}
