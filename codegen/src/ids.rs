use crate::names;
use model::{Model, Type};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// The resources whose identifiers the model tells apart.
pub(crate) fn resources(model: &Model) -> Vec<&str> {
    let members = model.structs.values().flat_map(|item| &item.members).map(|member| &member.ty);
    let methods = model.services.values().flat_map(|service| &service.methods);
    let parameters = methods.flat_map(|method| &method.parameters).map(|parameter| &parameter.ty);
    let mut found = BTreeSet::new();
    members.chain(parameters).for_each(|ty| collect(ty, &mut found));
    found.into_iter().collect()
}

fn collect<'a>(ty: &'a Type, found: &mut BTreeSet<&'a str>) {
    match ty {
        Type::Id(resource) => {
            found.insert(resource);
        }
        Type::List(item) | Type::Set(item) => collect(item, found),
        Type::Map(key, value) => {
            collect(key, found);
            collect(value, found);
        }
        _ => {}
    }
}

/// A type of identifiers for each resource.
pub(crate) fn render(model: &Model) -> TokenStream {
    let resources = resources(model);
    let markers = resources.iter().map(|resource| {
        let name = names::type_ident(&names::resource_name(resource));
        let doc = format!(" The resource type `{}`.", full(model, resource));
        quote! { #[doc = #doc] #[derive(Debug)] pub enum #name {} }
    });
    let aliases = resources.iter().map(|resource| {
        let name = names::type_ident(&names::id_name(resource));
        let marker = names::type_ident(&names::resource_name(resource));
        let doc = format!(" Identifier of a resource of type `{}`.", full(model, resource));
        quote! { #[doc = #doc] pub type #name = Id<resource::#marker>; }
    });
    quote! {
        #![doc = " Types of identifiers: that of a library is not that of an item."]

        use crate::vsphere::id::Id;

        #(#aliases)*

        /// What tells identifiers of one resource type from those of another.
        pub mod resource {
            #(#markers)*
        }
    }
}

/// Types outside of the API's namespaces, such as `Datastore`, have no prefix.
fn full(model: &Model, resource: &str) -> String {
    match &model.namespace {
        Some(namespace) if resource.contains('.') => format!("{namespace}.{resource}"),
        _ => resource.to_owned(),
    }
}
