//! Where each item stands in the rendered modules, and how one file names what is in another.
//!
//! Names without a namespace go into the modules `types` and `services`. Names with one go into a module for
//! each part of it: the struct `content.library.item_model` is `content::library::ItemModel`. What is declared
//! within a struct takes its name along: the enum `content.library.storage_backing.type` is
//! `content::library::StorageBackingType`.

use crate::names;
use model::Model;
use proc_macro2::TokenStream;
use quote::quote;

/// A rendered item: the public modules around it, the file with it, and its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) modules: Vec<String>,
    pub(crate) file: String,
    pub(crate) name: String,
}

impl Place {
    /// Path of the file, with `/` and without the folder of the generated code.
    pub(crate) fn path(&self) -> String {
        let folders: String = self.modules.iter().map(|module| format!("{module}/")).collect();
        format!("{folders}{}.rs", self.file)
    }

    /// The place of another item in the same file.
    pub(crate) fn beside(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }

    /// Public path below the root of the generated code, such as `content::library::ItemModel`.
    pub(crate) fn public(&self) -> String {
        let modules: String = self.modules.iter().map(|module| format!("{}::", names::ident(module))).collect();
        format!("{modules}{}", self.name)
    }
}

/// The place of a struct or enum.
pub(crate) fn of_type(model: &Model, name: &str) -> Place {
    let Some(_) = model.namespace else {
        return Place { modules: vec!["types".to_owned()], file: name.to_owned(), name: names::type_name(name) };
    };
    let (mut namespace, mut own) = split(name);
    while model.structs.contains_key(namespace) || model.enums.contains_key(namespace) || model.errors.contains_key(namespace) {
        let (above, last) = split(namespace);
        own = format!("{last}_{own}");
        namespace = above;
    }
    Place { modules: modules(namespace), name: names::type_name(&own), file: own }
}

/// The place of a service. One without methods only leads to others.
pub(crate) fn of_service(model: &Model, name: &str) -> Place {
    let Some(_) = model.namespace else {
        return Place { modules: vec!["services".to_owned()], file: name.to_owned(), name: names::service_name(name) };
    };
    let (namespace, own) = split(name);
    let is_namespace = model.services.get(name).is_some_and(|service| service.methods.is_empty());
    let suffix = if is_namespace { "services" } else { "service" };
    let file = format!("{own}_{suffix}");
    Place { modules: modules(namespace), name: names::type_name(&file), file }
}

/// The place of the type of identifiers of a resource.
pub(crate) fn of_id(resource: &str) -> Place {
    Place { modules: vec!["ids".to_owned()], file: String::new(), name: names::id_name(resource) }
}

fn split(name: &str) -> (&str, String) {
    let (namespace, own) = name.rsplit_once('.').unwrap_or(("", name));
    (namespace, own.to_owned())
}

fn modules(namespace: &str) -> Vec<String> {
    namespace.split('.').filter(|module| !module.is_empty()).map(str::to_owned).collect()
}

/// The path by which the file of one item names another one.
pub(crate) fn relative(from: &Place, to: &Place) -> TokenStream {
    let name = names::type_ident(&to.name);
    // Files of services import the module of the types, which stand in nearly every line of them.
    if from.modules == ["services"] && to.modules == ["types"] {
        return quote! { types::#name };
    }
    let common = from.modules.iter().zip(&to.modules).take_while(|(a, b)| a == b).count();
    let up = (common..from.modules.len() + 1).map(|_| quote! { super:: });
    let down = to.modules[common..].iter().map(|module| names::ident(module));
    quote! { #(#up)* #(#down::)* #name }
}

/// The path by which the root of the generated code names an item.
pub(crate) fn relative_to_root(to: &Place) -> TokenStream {
    let modules = to.modules.iter().map(|module| names::ident(module));
    let name = names::type_ident(&to.name);
    quote! { #(#modules::)* #name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        let (modules, name) = path.rsplit_once('.').unwrap_or(("", path));
        Place { modules: self::modules(modules), file: name.to_owned(), name: names::type_name(name) }
    }

    #[test]
    fn one_file_names_another_by_the_shortest_way() {
        for (from, to, path) in [
            ("types.vm", "types.disk", "super :: Disk"),
            ("services.vms", "types.vm", "types :: Vm"),
            ("content.library.item_model", "content.library.find_spec", "super :: FindSpec"),
            ("content.library.find_spec", "content.library.item.info", "super :: item :: Info"),
            ("content.library.item.info", "content.library.find_spec", "super :: super :: FindSpec"),
            ("content.type.info", "vapi.std.message", "super :: super :: super :: vapi :: std :: Message"),
            ("content.info", "content.type.info", "super :: r#type :: Info"),
        ] {
            assert_eq!(relative(&place(from), &place(to)).to_string(), path, "{from} to {to}");
        }
    }
}
