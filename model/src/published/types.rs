//! Enums and structs: what is ours with what the source says.

use super::merge::{Context, here};
use super::order::arrange;
use super::versions::notes;
use super::{Enum, Member, Remarks, Struct};
use crate::declared;
use crate::ir::Notes;
use std::collections::BTreeMap;

/// Names that make one ask whether a new member is to be kept out of `Debug` output.
const SECRET_WORDS: &[&str] = &["password", "secret", "ticket", "token", "private", "credential"];

/// An enum with the values of the source.
pub(super) fn enumeration(source: &Enum, ours: Option<declared::Enum>, context: &mut Context<'_>) -> declared::Enum {
    let doc = ours.as_ref().map(|item| item.notes.doc.clone()).unwrap_or_default();
    let own_notes = context.notes(&source.remarks, doc);
    if let Some(ours) = ours.as_ref().filter(|ours| ours.notes.deprecated.is_none() && own_notes.deprecated.is_some()) {
        context.remark(format!(
            "enum `{}` is deprecated now; if only one of its values is, as published forms cannot tell, add that to the fixups",
            ours.name.text
        ));
    }
    let ours = ours.map(|item| item.values).unwrap_or_default();
    let order: Vec<String> = ours.iter().map(|value| value.name.text.clone()).collect();
    context.unique(source.values.iter().map(|value| &value.name), &format!("enum `{}`", source.name.text), "values");
    let values = source.values.iter().map(|value| {
        let doc = ours.iter().find(|known| known.name.text == value.name.text).map(|known| known.notes.doc.clone());
        let notes = context.notes(&value.remarks, doc.unwrap_or_default());
        (value.name.text.clone(), declared::Value { name: here(&value.name.text), notes })
    });
    let values = values.collect();
    declared::Enum { name: here(&source.name.text), notes: own_notes, values: arrange(&order, values) }
}

/// What we know of a member of a struct or of one of its bases.
#[derive(Clone)]
pub(super) struct KnownMember {
    pub(super) doc: String,
    pub(super) secret: bool,
}

/// Members by struct and name, inherited ones too.
pub(super) type KnownMembers = BTreeMap<String, BTreeMap<String, KnownMember>>;

/// What is known of all members, each struct with those of its bases.
pub(super) fn known_members(structs: &[declared::Struct]) -> KnownMembers {
    let by_name: BTreeMap<&str, &declared::Struct> = structs.iter().map(|item| (item.name.text.as_str(), item)).collect();
    let mut known = KnownMembers::new();
    for item in structs {
        let mut members = BTreeMap::new();
        let mut next = Some(item);
        while let Some(owner) = next {
            for member in &owner.members {
                let one = KnownMember { doc: member.notes.doc.clone(), secret: member.secret };
                members.entry(member.name.text.clone()).or_insert(one);
            }
            next = owner.base.as_ref().and_then(|base| by_name.get(base.text.as_str()).copied());
        }
        known.insert(item.name.text.clone(), members);
    }
    known
}

/// A struct with those members of the source that its base does not have.
pub(super) fn structure(
    source: &Struct,
    ours: Option<declared::Struct>,
    base: Option<&Struct>,
    known: &KnownMembers,
    context: &mut Context<'_>,
) -> declared::Struct {
    let name = &source.name.text;
    let owner = format!("struct `{name}`");
    context.unique(source.members.iter().map(|member| &member.name), &owner, "members");
    if let Some(base) = base {
        check_inherited(source, base, context);
    }
    let new = ours.is_none();
    let (doc, builtin, members) = match ours {
        Some(ours) => (ours.notes.doc, ours.builtin, ours.members),
        None => (String::new(), false, Vec::new()),
    };
    let order: Vec<String> = members.iter().map(|member| member.name.text.clone()).collect();
    let inherited = |member: &&Member| base.is_some_and(|base| base.members.iter().any(|b| b.name.text == member.name.text));
    let mut own = Vec::new();
    for member in source.members.iter().filter(|member| !inherited(member)) {
        let member_name = &member.name.text;
        context.type_exists(&member.ty);
        let ours = known.get(name).and_then(|members| members.get(member_name)).cloned();
        if ours.is_none() && SECRET_WORDS.iter().any(|word| member_name.contains(word)) {
            context
                .remark(format!("`{name}.{member_name}` is new; if its value must not be shown, write `secret=\"true\"` to it"));
        }
        let ours = ours.unwrap_or(KnownMember { doc: String::new(), secret: false });
        let member = declared::Member {
            name: here(member_name),
            ty: here(&member.ty.text),
            link: member.link,
            secret: ours.secret,
            wire: None,
            mandatory: false,
            uses: Vec::new(),
            notes: context.notes(&member.remarks, ours.doc),
        };
        own.push((member_name.clone(), member));
    }
    // What newer servers dropped and older ones still have is ours to keep.
    let kept = members.iter().filter(|member| member.notes.removed.is_some());
    for member in kept.filter(|member| !source.members.iter().any(|found| found.name.text == member.name.text)) {
        own.push((member.name.text.clone(), member.clone()));
    }
    if new {
        context.remark(format!("struct `{name}` is new and has all its members itself: published forms do not tell bases"));
    }
    declared::Struct {
        name: here(name),
        base: base.map(|base| here(&base.name.text)),
        builtin,
        wire: None,
        notes: context.notes(&source.remarks, doc),
        members: arrange(&order, own),
        unions: Vec::new(),
    }
}

/// The source repeats the members of a base in every heir.
fn check_inherited(source: &Struct, base: &Struct, context: &mut Context<'_>) {
    for wanted in &base.members {
        let found = source.members.iter().find(|member| member.name.text == wanted.name.text);
        let (at, wrong) = match found {
            None => (source.name.at, "lacks"),
            Some(member) if member.ty.text != wanted.ty.text || member.link != wanted.link => (member.ty.at, "has another"),
            Some(_) => continue,
        };
        context.fault(
            at,
            format!(
                "`{}` {wrong} `{}` of its base `{}`; every heir must repeat the members of its base: correct `base` in \
                 `structs/{}.xml` if it is no heir any more",
                source.name.text, wanted.name.text, base.name.text, source.name.text
            ),
        );
    }
}

impl Context<'_> {
    /// The versions of the source, with our description; with that of the source where there is none.
    pub(super) fn notes(&mut self, remarks: &Remarks, doc: String) -> Notes {
        let doc = self.doc(remarks, doc);
        notes(remarks, doc, self.description, &mut self.faults)
    }
}
