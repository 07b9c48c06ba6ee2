use model::{Model, Place};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// The names of all elements, or members of JSON objects, that hold secrets.
pub(crate) fn render(model: &Model) -> TokenStream {
    let members = model.structs.values().flat_map(|item| &item.members).filter(|member| member.secret);
    let names: BTreeSet<&str> = members
        .map(|member| match &member.place {
            Place::Element { tag, .. } => tag.as_str(),
            Place::Attribute(name) => name.as_str(),
        })
        .collect();
    quote! {
        pub(crate) const SECRETS: &[&str] = &[#(#names),*];
    }
}
