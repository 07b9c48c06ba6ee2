//! Published names for ours.

use model::{Model, Type};

/// `content.library.item_model` → `Content.Library.ItemModel`.
pub(super) fn camel(name: &str) -> String {
    name.split('.').map(|part| part.split('_').map(capital).collect::<String>()).collect::<Vec<_>>().join(".")
}

/// `library_item_id` → `libraryItemId`.
pub(super) fn lower_camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    first + &words.map(capital).collect::<String>()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// Published name of a type of the model. That of a struct follows from its full identifier.
pub(super) fn of_type(model: &Model, name: &str) -> String {
    let structure = model.structs.get(name).and_then(|item| item.element.strip_prefix("com.vmware."));
    camel(structure.unwrap_or(name))
}

/// `content.Library` → `com.vmware.content.Library`; `HostSystem` stays.
pub(super) fn of_resource(resource: &str) -> String {
    if resource.contains('.') { format!("com.vmware.{resource}") } else { resource.to_owned() }
}

/// The enum, if a type is one or holds one that its description tells.
pub(super) fn enum_of(ty: &Type) -> Option<&str> {
    match ty {
        Type::Enum(name) => Some(name),
        Type::List(item) | Type::Set(item) => enum_of(item),
        Type::Map(_, value) => enum_of(value),
        _ => None,
    }
}

/// What a privilege is asked on, as it is published.
pub(super) fn of_privilege(model: &Model, on: &str) -> String {
    let Some((structure, member)) = on.rsplit_once('.') else { return format!("the parameter {}", lower_camel(on)) };
    // This one names a struct that is not published.
    if on.starts_with("com.") {
        return format!("the property {structure}#{}", lower_camel(member));
    }
    let published = model.structs.keys().map(|name| of_type(model, name));
    let published = published.into_iter().find(|name| name.ends_with(&format!(".{structure}"))).expect(on);
    format!("the property *{published}.{member}*")
}
