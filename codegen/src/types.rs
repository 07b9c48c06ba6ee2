//! Types of the model → types in Rust.

use crate::names;
use model::Type;
use proc_macro2::TokenStream;
use quote::quote;

/// The value of a member or result, as it is stored. `module` is the path of the module of the types.
pub(crate) fn stored(ty: &Type, link: bool, module: &TokenStream) -> TokenStream {
    match ty {
        Type::Boolean => quote! { bool },
        Type::Integer => quote! { i64 },
        Type::Decimal => quote! { f64 },
        Type::Date => quote! { DateTime },
        Type::String => quote! { String },
        Type::Enum(name) => path(name, module),
        Type::Struct(name) if link => {
            let name = path(name, module);
            quote! { Link<#name> }
        }
        Type::Struct(name) => {
            let name = path(name, module);
            quote! { Box<#name> }
        }
        Type::List(item) => {
            let inner = plain(item, module);
            if matches!(**item, Type::Struct(_)) {
                quote! { List<#inner> }
            } else {
                quote! { Vec<#inner> }
            }
        }
    }
}

/// The value itself, without a box.
pub(crate) fn plain(ty: &Type, module: &TokenStream) -> TokenStream {
    match ty {
        Type::Struct(name) => path(name, module),
        other => stored(other, false, module),
    }
}

fn path(name: &str, module: &TokenStream) -> TokenStream {
    let name = names::type_ident(&names::type_name(name));
    quote! { #module::#name }
}
