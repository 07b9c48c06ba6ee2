//! Types of the model → types in Rust.

use crate::places::{self, Place};
use model::{Model, Type};
use proc_macro2::TokenStream;
use quote::quote;

/// Types as one file names them.
#[derive(Clone, Copy)]
pub(crate) struct Types<'a> {
    pub(crate) model: &'a Model,
    /// The item whose file it is.
    pub(crate) from: &'a Place,
}

impl Types<'_> {
    /// The value of a member or result, as it is stored.
    pub(crate) fn stored(&self, ty: &Type, link: bool) -> TokenStream {
        match ty {
            Type::Boolean => quote! { bool },
            Type::Integer => quote! { i64 },
            Type::Decimal => quote! { f64 },
            Type::Date => quote! { DateTime },
            Type::String => quote! { String },
            Type::Id(resource) => places::relative(self.from, &places::of_id(resource)),
            Type::Enum(name) => self.named(name),
            Type::Struct(name) if link => {
                let name = self.named(name);
                quote! { Link<#name> }
            }
            Type::Struct(name) => {
                let name = self.named(name);
                quote! { Box<#name> }
            }
            Type::Dynamic(_) => quote! { crate::core::structure::Structure },
            Type::Opaque => quote! { ::serde_json::Value },
            Type::List(item) | Type::Set(item) => {
                let inner = self.plain(item);
                if self.has_lists_of_its_own() && matches!(**item, Type::Struct(_)) {
                    quote! { List<#inner> }
                } else {
                    quote! { Vec<#inner> }
                }
            }
            // Keys of all kinds are texts.
            Type::Map(_, value) => {
                let value = self.plain(value);
                quote! { ::std::collections::BTreeMap<String, #value> }
            }
        }
    }

    /// The value itself, without a box.
    pub(crate) fn plain(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Struct(name) => self.named(name),
            other => self.stored(other, false),
        }
    }

    /// A struct or enum.
    pub(crate) fn named(&self, name: &str) -> TokenStream {
        places::relative(self.from, &places::of_type(self.model, name))
    }

    /// Whether lists of objects have a path on the server, and so a type of their own.
    fn has_lists_of_its_own(&self) -> bool {
        self.model.namespace.is_none()
    }

    /// The variant of `Slot` and `View` that lends a member.
    pub(crate) fn lender(&self, ty: &Type, link: bool) -> &'static str {
        match ty {
            Type::Boolean => "Boolean",
            Type::Integer => "Integer",
            Type::Decimal => "Decimal",
            Type::Date => "Date",
            Type::String => "Text",
            Type::Id(_) | Type::Enum(_) => "Enum",
            Type::Struct(_) if link => "Link",
            Type::Struct(_) => "Object",
            Type::Dynamic(_) => "Structure",
            Type::Opaque => "Json",
            Type::List(item) | Type::Set(item) => match **item {
                Type::Struct(_) if self.has_lists_of_its_own() => "List",
                Type::Struct(_) => "Objects",
                Type::Id(_) | Type::Enum(_) => "Enums",
                Type::Dynamic(_) => "Structures",
                Type::Map(..) => "TextMaps",
                _ => "Texts",
            },
            Type::Map(_, value) if matches!(**value, Type::Struct(_)) => "ObjectMap",
            Type::Map(..) => "TextMap",
        }
    }
}
