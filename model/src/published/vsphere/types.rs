//! Enums, structs and members: what is ours with what the source says.

use super::context::{Context, notes};
use super::names::{Names, fold, is_guess, snake};
use super::{Enum, Member, Struct, Type, unions};
use crate::declared;
use crate::ir::Use;
use crate::published::merge::here;
use crate::published::order::arrange;
use std::collections::BTreeMap;

/// An enum with the values of the source.
pub(super) fn enumeration(source: &Enum, ours: Option<declared::Enum>, context: &mut Context<'_>) -> declared::Enum {
    let name = context.names.of_type(&source.name.text);
    context.unique(source.values.iter().map(|value| &value.name), &format!("enum `{}`", source.name.text), "values");
    if ours.is_none() {
        context.is_new(&format!("enum `{name}`"));
    }
    let own_notes = notes(&source.versions, ours.as_ref().map(|item| &item.notes));
    let is_new = ours.is_none();
    let ours = ours.map(|item| item.values).unwrap_or_default();
    let mut values = Vec::new();
    for value in &source.values {
        let known = ours.iter().find(|known| known.name.text == value.name.text);
        if known.is_none() && !is_new {
            context.is_new(&format!("`{name}.{}`", value.name.text));
        }
        let notes = notes(&value.versions, known.map(|known| &known.notes));
        values.push((value.name.text.clone(), declared::Value { name: here(&value.name.text), notes }));
    }
    let kept: Vec<&str> = source.values.iter().map(|value| value.name.text.as_str()).collect();
    context.gone(&name, ours.iter().map(|value| value.name.text.as_str()), &kept);
    let order: Vec<String> = ours.iter().map(|value| value.name.text.clone()).collect();
    declared::Enum { name: here(&name), notes: own_notes, values: arrange(&order, values) }
}

/// Values of each enum, by its name.
pub(super) type EnumValues = BTreeMap<String, Vec<String>>;

/// A struct with the members of the source.
pub(super) fn structure(
    source: &Struct,
    ours: Option<declared::Struct>,
    enums: &EnumValues,
    context: &mut Context<'_>,
) -> declared::Struct {
    let name = context.names.of_type(&source.name.text);
    if ours.is_none() {
        context.is_new(&format!("struct `{name}`"));
        if is_guess(&source.name.text) {
            let published = &source.name.text;
            context.remark(format!("how `{published}` is split into words is a guess; if the full identifier is not that of `{name}`, write it to `wire`"));
        }
    }
    let own_notes = notes(&source.versions, ours.as_ref().map(|item| &item.notes));
    let owner = format!("struct `{}`", source.name.text);
    let members = members(&name, &owner, &source.members, ours.as_ref().map(|item| item.members.as_slice()), context);
    let unions = ours.as_ref().map(|item| item.unions.as_slice()).unwrap_or_default();
    let unions = unions::merge(source, &name, &members, unions, enums, context);
    declared::Struct {
        name: here(&name),
        base: None,
        builtin: ours.as_ref().is_some_and(|item| item.builtin),
        wire: ours.and_then(|item| item.wire),
        notes: own_notes,
        members,
        unions,
    }
}

/// The members of the source in our order, and those of ours that newer servers dropped.
pub(super) fn members(
    name: &str,
    owner: &str,
    source: &[Member],
    ours: Option<&[declared::Member]>,
    context: &mut Context<'_>,
) -> Vec<declared::Member> {
    context.unique(source.iter().map(|member| &member.name), owner, "members");
    let is_new = ours.is_none();
    let ours = ours.unwrap_or_default();
    let mut merged = Vec::new();
    for member in source {
        let known = ours.iter().find(|known| is_same(known, &member.name.text));
        let own = known.map_or_else(|| snake(&member.name.text), |known| known.name.text.clone());
        if known.is_none() && !is_new {
            context.is_new(&format!("`{name}.{own}`"));
        }
        merged.push((own.clone(), self::member(member, own, known, context)));
    }
    let kept: Vec<&str> = merged.iter().map(|(own, _)| own.as_str()).collect();
    let (marked, other): (Vec<_>, Vec<_>) = ours.iter().partition(|known| known.notes.removed.is_some());
    context.gone(name, other.iter().map(|known| known.name.text.as_str()), &kept);
    let marked: Vec<_> = marked.into_iter().filter(|known| !kept.contains(&known.name.text.as_str())).cloned().collect();
    merged.extend(marked.into_iter().map(|known| (known.name.text.clone(), known)));
    let order: Vec<String> = ours.iter().map(|known| known.name.text.clone()).collect();
    arrange(&order, merged)
}

/// Whether a member of ours has that published name.
pub(super) fn is_same(ours: &declared::Member, published: &str) -> bool {
    match &ours.wire {
        Some(wire) => wire == published,
        None => ours.name.text == published || fold(&ours.name.text) == fold(published),
    }
}

fn member(source: &Member, name: String, ours: Option<&declared::Member>, context: &mut Context<'_>) -> declared::Member {
    let wire = match ours {
        Some(ours) => ours.wire.clone(),
        None => Some(source.name.text.clone()).filter(|wire| *wire != name),
    };
    declared::Member {
        ty: here(&ty(&source.ty, ours.map(|ours| ours.ty.text.as_str()), context)),
        link: false,
        // That a value is secret is ours to say where the source does not.
        secret: source.secret || ours.is_some_and(|ours| ours.secret),
        wire,
        mandatory: source.mandatory,
        uses: uses(&source.uses, ours.map(|ours| ours.uses.as_slice()).unwrap_or_default()),
        notes: notes(&source.versions, ours.map(|ours| &ours.notes)),
        name: here(&name),
    }
}

/// Our uses, corrected and completed by those that the source tells.
fn uses(source: &[(String, Use)], ours: &[(String, Use)]) -> Vec<(String, Use)> {
    let mut uses = ours.to_vec();
    for (operation, used) in source {
        let operation = snake(operation);
        match uses.iter_mut().find(|(known, _)| *known == operation) {
            Some((_, known)) => *known = *used,
            None => uses.push((operation, *used)),
        }
    }
    uses
}

/// A type as our documents write it: that of the source, with what only ours tells.
pub(super) fn ty(source: &Type, ours: Option<&str>, context: &Context<'_>) -> String {
    reconciled(source, ours, &context.names, &|name| context.enums.contains(name))
}

fn reconciled(source: &Type, ours: Option<&str>, names: &Names, is_enum: &dyn Fn(&str) -> bool) -> String {
    let inner = |source: &Type, ours: Option<&str>| reconciled(source, ours, names, is_enum);
    let list = ours.and_then(|ours| ours.strip_suffix("[]"));
    let set = ours.and_then(|ours| ours.strip_suffix("{}"));
    let map = ours.and_then(|ours| ours.strip_prefix("map(")?.strip_suffix(')')?.split_once(','));
    match source {
        Type::Boolean => "boolean".to_owned(),
        Type::Integer => "integer".to_owned(),
        Type::Decimal => "decimal".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Opaque => "opaque".to_owned(),
        Type::Id(resource) => format!("id({})", resource.strip_prefix("com.vmware.").unwrap_or(resource)),
        Type::Text => {
            let more = ours.filter(|ours| ours.starts_with("id(") && ours.ends_with(')') || is_enum(ours));
            more.unwrap_or("string").to_owned()
        }
        Type::Named(name) => {
            let name = names.of_type(name);
            // A struct is published where any that has its members may stand.
            let dynamic = format!("dynamic({name})");
            if ours == Some(&dynamic) { dynamic } else { name }
        }
        Type::Dynamic => ours.filter(|ours| ours.starts_with("dynamic")).unwrap_or("dynamic").to_owned(),
        Type::List(item) => match set {
            Some(set) => format!("{}{{}}", inner(item, Some(set))),
            None => format!("{}[]", inner(item, list)),
        },
        Type::Set(item) => format!("{}{{}}", inner(item, set.or(list))),
        Type::Map(key, value) => {
            let (our_key, our_value) = map.unzip();
            format!("map({},{})", inner(key, our_key), inner(value, our_value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::Declared;

    #[test]
    fn types_keep_what_only_ours_tells() {
        use Type::{Dynamic, Id, List, Map, Named, Set, Text};
        let names = Names::new(&Declared::default());
        let id = || Box::new(Id("com.vmware.content.Library".to_owned()));
        for (source, ours, merged) in [
            (Text, None, "string"),
            (Text, Some("id(x.Y)"), "id(x.Y)"),
            (Text, Some("an.enum"), "an.enum"),
            (Text, Some("a.struct"), "string"),
            (Text, Some("integer"), "string"),
            (Named("An.Enum".to_owned()), Some("string"), "an.enum"),
            (Named("A.StructOfIt".to_owned()), Some("dynamic(a.struct_of_it)"), "dynamic(a.struct_of_it)"),
            (Dynamic, Some("dynamic(a.struct)"), "dynamic(a.struct)"),
            (Dynamic, Some("string"), "dynamic"),
            (List(id()), None, "id(content.Library)[]"),
            (List(Box::new(Text)), Some("id(x.Y){}"), "id(x.Y){}"),
            (Set(Box::new(Text)), Some("id(x.Y)[]"), "id(x.Y){}"),
            (Map(Box::new(Text), id()), Some("map(an.enum,string)"), "map(an.enum,id(content.Library))"),
            (List(Box::new(Map(Box::new(Text), Box::new(Text)))), Some("map(an.enum,string)[]"), "map(an.enum,string)[]"),
            (Map(Box::new(Text), Box::new(Type::Integer)), Some("string"), "map(string,integer)"),
        ] {
            assert_eq!(reconciled(&source, ours, &names, &|name| name == "an.enum"), merged, "{source:?} {ours:?}");
        }
    }

    #[test]
    fn uses_of_the_source_overrule_ours() {
        let told = [("create".to_owned(), Use::Required), ("keepAlive".to_owned(), Use::Unused)];
        let ours = [("create".to_owned(), Use::Optional), ("get".to_owned(), Use::Present)];
        let merged = [("create", Use::Required), ("get", Use::Present), ("keep_alive", Use::Unused)];
        assert_eq!(uses(&told, &ours), merged.map(|(operation, used)| (operation.to_owned(), used)));
    }
}
