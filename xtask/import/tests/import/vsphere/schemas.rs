//! Schemas of types.

use super::document::{Doc, flag, object, text, texts};
use super::names::{self, of_resource, of_type};
use super::writer::{reference, sorted, versions};
use model::{Enum, Member, Model, Struct, Type, Use};

/// Schemas of all types and errors.
pub(super) fn schemas(model: &Model) -> Doc {
    let enums = model.enums.values().map(|item| (of_type(model, &item.name), enumeration(item)));
    let structs = model.structs.values().map(|item| {
        let told = format!("{}{}", item.notes.doc, versions("schema", &item.notes));
        let unions = |member: &Member| relevance(model, item, member);
        (of_type(model, &item.name), structure(model, &item.members.iter().collect::<Vec<_>>(), &told, unions))
    });
    let errors = model.errors.values().map(|item| {
        let own: Vec<&Member> = item.members.iter().filter(|member| member.declared_in == item.name).collect();
        let mut schema = structure(model, &own, &item.notes.doc, |_| String::new());
        if item.name == "vapi.std.errors.error" {
            // It is published so, and a fixup corrects it.
            schema.at(&["required"]).push(text("error_type"));
        } else {
            schema.set("allOf", Doc::List(vec![reference("Vapi.Std.Errors.Error")]));
        }
        (of_type(model, &item.name), schema)
    });
    // The parameters of one operation, as older documents hold them.
    let create = model.services["vcenter.ovf.library_item"].method("create").expect("it is there");
    let parameters = super::operations::fields(model, create);
    let wrapper = [("Vcenter.Ovf.LibraryItem.create".to_owned(), parameters)];
    Doc::Object(enums.chain(structs).chain(errors).chain(wrapper).collect())
}

fn enumeration(item: &Enum) -> Doc {
    let values = item.values.iter().map(|value| {
        let told = versions("constant", &value.notes);
        format!("\n  - `{}`: {}{told}", value.name, value.notes.doc)
    });
    let told = versions("enumeration", &item.notes);
    let description = format!("{}\n\nPossible values:{}\n\n{told}", item.notes.doc, values.collect::<String>());
    let values = texts(item.values.iter().map(|value| value.name.as_str()));
    object([("type", text("string")), ("description", text(description)), ("enum", values)])
}

fn structure(model: &Model, members: &[&Member], description: &str, relevance: impl Fn(&Member) -> String) -> Doc {
    let on_wire = |member: &Member| match &member.place {
        model::Place::Element { tag, .. } => tag.clone(),
        model::Place::Attribute(name) => name.clone(),
    };
    let mut schema = object([]);
    let required: Vec<String> = members.iter().filter(|member| member.mandatory).map(|member| on_wire(member)).collect();
    if !required.is_empty() {
        schema.set("required", sorted(required.into_iter()));
    }
    schema.set("type", text("object"));
    let properties = members.iter().map(|member| {
        let told = format!(
            "{}{}{}{}{}",
            member.notes.doc,
            versions("property", &member.notes),
            uses(member),
            relevance(member),
            hints(model, &member.ty, "property", true)
        );
        (on_wire(member), described(ty(model, &member.ty), told, member.secret))
    });
    let properties: Vec<_> = properties.collect();
    if !properties.is_empty() {
        schema.set("properties", Doc::Object(properties));
    }
    schema.with("description", text(description))
}

/// A schema with a description, for which one that only refers makes room.
pub(super) fn described(schema: Doc, description: String, secret: bool) -> Doc {
    let is_reference = matches!(&schema, Doc::Object(fields) if fields.iter().any(|(name, _)| name == "$ref"));
    let schema = if is_reference { object([("allOf", Doc::List(vec![schema]))]) } else { schema };
    let schema = schema.with("description", text(description));
    if secret { schema.with("format", text("password")) } else { schema }
}

pub(super) fn ty(model: &Model, ty: &Type) -> Doc {
    let plain = |kind: &str, format: &str| {
        let schema = object([("type", text(kind))]);
        if format.is_empty() { schema } else { schema.with("format", text(format)) }
    };
    match ty {
        Type::Boolean => plain("boolean", ""),
        Type::Integer => plain("integer", "int64"),
        Type::Decimal => plain("number", "double"),
        Type::Date => plain("string", "date-time"),
        Type::String | Type::Id(_) | Type::Enum(_) => plain("string", ""),
        Type::Struct(name) | Type::Dynamic(Some(name)) => reference(&of_type(model, name)),
        Type::Dynamic(None) => plain("object", ""),
        Type::Opaque => object([]),
        Type::List(item) => plain("array", "").with("items", self::ty(model, item)),
        Type::Set(item) => object([("uniqueItems", flag(true)), ("type", text("array")), ("items", self::ty(model, item))]),
        Type::Map(_, value) => plain("object", "").with("additionalProperties", self::ty(model, value)),
    }
}

/// What a description says of the texts in a value.
pub(super) fn hints(model: &Model, ty: &Type, noun: &str, both_ways: bool) -> String {
    let enumeration = names::enum_of(ty);
    let mut told = enumeration.map(|name| format!("\n\nFor more information see: *{}*.", of_type(model, name)));
    let mut ids = Vec::new();
    match ty {
        Type::Id(resource) => ids.push(("The", " must be an identifier", resource)),
        Type::List(item) | Type::Set(item) => {
            if let Type::Id(resource) = &**item {
                ids.push(("The", " must contain identifiers", resource));
            }
        }
        Type::Map(key, value) => {
            for (start, part) in [("The key in the", key), ("The value in the", value)] {
                if let Type::Id(resource) = &**part {
                    ids.push((start, " map must be an identifier", resource));
                }
            }
        }
        _ => {}
    }
    for (start, middle, resource) in ids {
        let resource = of_resource(resource);
        let sentence = format!("{start} {noun}{middle} for the resource type: `{resource}`.");
        let told = told.get_or_insert_default();
        if both_ways {
            let lower = sentence.replacen("The", "the", 1);
            told.push_str(&format!("\n\nWhen clients pass a value of this schema as a parameter, {lower} When operations return a value of this schema as a response, {lower}"));
        } else {
            told.push_str(&format!("\n\n{sentence}"));
        }
    }
    told.unwrap_or_default()
}

fn uses(member: &Member) -> String {
    let named = |wanted: Use| -> Vec<String> {
        member.uses.iter().filter(|(_, used)| *used == wanted).map(|(method, _)| format!("`{method}`")).collect()
    };
    let mut told = String::new();
    for (wanted, phrase, joint) in [
        (Use::Required, "must be provided for the", " and "),
        (Use::Present, "will always be present in the response of the", " or "),
        (Use::Optional, "is optional for the", " and "),
        (Use::Unused, "is not used for the", " and "),
    ] {
        let methods = named(wanted);
        if !methods.is_empty() {
            told.push_str(&format!(" This property {phrase} {} operations.", methods.join(joint)));
        }
    }
    if told.is_empty() { told } else { format!("\n\n{}", told.trim()) }
}

fn relevance(model: &Model, item: &Struct, member: &Member) -> String {
    let mut told = String::new();
    for union in &item.unions {
        let Some(Type::Enum(name)) = item.member(&union.discriminant).map(|by| &by.ty) else { continue };
        let has = |case: &&model::Case| case.members.iter().any(|(other, _)| *other == member.name);
        let values: Vec<String> =
            union.cases.iter().filter(has).map(|case| format!("*{}.{}*", of_type(model, name), case.value)).collect();
        let values = match values.as_slice() {
            [] => continue,
            [one] => one.clone(),
            [one, two] => format!("one of {one} or {two}"),
            [all @ .., last] => format!("one of {}, or {last}", all.join(", ")),
        };
        told = format!(
            "\n\nThis property is optional and it is only relevant when the value of {} is {values}.",
            union.discriminant
        );
    }
    told
}
