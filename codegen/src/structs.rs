use crate::docs::{self, Docs};
use crate::{names, types};
use model::{Member, Place, Struct, Type};
use proc_macro2::TokenStream;
use quote::quote;

/// A struct: fields, setters, table, and the function that lends members by index.
pub(crate) fn render(item: &Struct) -> TokenStream {
    let type_name = names::type_name(&item.name);
    let name = names::type_ident(&type_name);
    let docs = Docs::new(&item.notes, "Record.").tokens();
    let deprecated = docs::deprecation(&item.notes);
    let members = in_table_order(item);
    let module = quote! { super };
    let idents: Vec<_> = members.iter().map(|member| names::ident(&member.name)).collect();
    let indexes = 1..=members.len();
    let indexes_again = indexes.clone();
    let fields = members.iter().zip(&idents).map(|(member, ident)| {
        let docs = Docs::new(&member.notes, "Member.").tokens();
        let deprecated = docs::deprecation(&member.notes);
        let ty = types::stored(&member.ty, member.link, &module);
        quote! { #docs #deprecated pub #ident: ::core::option::Option<#ty>, }
    });
    let setters = members.iter().map(|member| setter(member));
    let rows = members.iter().map(|member| row(member));
    let lenders: Vec<_> = members.iter().map(|member| names::type_ident(lender(member))).collect();
    let (element, list_element) = (&item.element, &item.list_element);
    let imports = imports(&members);
    quote! {
        #imports

        #docs
        #deprecated
        #[non_exhaustive]
        pub struct #name {
            /// Path of this object on the server.
            pub href: ::core::option::Option<String>,
            #(#fields)*
        }

        impl #name {
            /// An object with nothing set.
            #[inline]
            pub fn new() -> Self {
                Self::default()
            }

            /// Sets `href`.
            #[inline]
            pub fn href(mut self, value: impl Into<String>) -> Self {
                self.href = Some(value.into());
                self
            }

            #(#setters)*
        }

        static TABLE: Table = Table {
            name: #type_name,
            element: #element,
            list_element: #list_element,
            fields: &[Field::attribute("href"), #(#rows),*],
        };

        impl Record for #name {
            fn table(&self) -> &'static Table {
                &TABLE
            }

            #[inline(never)]
            fn slot(&mut self, index: usize) -> Slot<'_> {
                match index {
                    0usize => Slot::Text(&mut self.href),
                    #(#indexes => Slot::#lenders(&mut self.#idents),)*
                    _ => Slot::None,
                }
            }

            #[inline(never)]
            fn view(&self, index: usize) -> View<'_> {
                match index {
                    0usize => View::Text(&self.href),
                    #(#indexes_again => View::#lenders(&self.#idents),)*
                    _ => View::None,
                }
            }
        }

        impl Default for #name {
            #[inline(never)]
            fn default() -> Self {
                Self { href: None, #(#idents: None),* }
            }
        }

        impl Clone for #name {
            fn clone(&self) -> Self {
                let mut copy = Self::default();
                table_ops::copy(self, &mut copy);
                copy
            }
        }

        impl PartialEq for #name {
            fn eq(&self, other: &Self) -> bool {
                table_ops::equal(self, other)
            }
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                crate::core::serialize::record(self, serializer)
            }
        }

        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                table_ops::debug(self, f)
            }
        }
    }
}

/// Members in attributes first: that is where the codecs look for them.
fn in_table_order(item: &Struct) -> Vec<&Member> {
    let (attributes, elements): (Vec<_>, Vec<_>) =
        item.members.iter().partition(|member| matches!(member.place, Place::Attribute(_)));
    [attributes, elements].concat()
}

fn imports(members: &[&Member]) -> TokenStream {
    let has = |wanted: fn(&Member) -> bool| members.iter().any(|member| wanted(member));
    let date = has(|member| *member.ty.item() == Type::Date).then(|| quote! { use crate::core::date_time::DateTime; });
    let link = has(|member| lender(member) == "Link").then(|| quote! { Link });
    let list = has(|member| lender(member) == "List").then(|| quote! { List });
    let links: Vec<_> = link.into_iter().chain(list).collect();
    let links = (!links.is_empty()).then(|| quote! { use crate::core::link::{#(#links),*}; });
    quote! {
        #date
        #links
        use crate::core::table::{Field, Record, Slot, Table, View};
        use crate::core::table_ops;
    }
}

fn setter(member: &Member) -> TokenStream {
    let ident = names::ident(&member.name);
    let doc = format!(" Sets `{}`.", member.name);
    let deprecated = docs::deprecation(&member.notes);
    let module = quote! { super };
    let stored = types::stored(&member.ty, member.link, &module);
    let (ty, value) = match lender(member) {
        "Text" | "Link" | "List" | "Texts" | "Enums" => (quote! { impl Into<#stored> }, quote! { value.into() }),
        "Object" => {
            let plain = types::plain(&member.ty, &module);
            (quote! { #plain }, quote! { Box::new(value) })
        }
        _ => (stored, quote! { value }),
    };
    quote! {
        #[doc = #doc]
        #deprecated
        #[inline]
        pub fn #ident(mut self, value: #ty) -> Self {
            self.#ident = Some(#value);
            self
        }
    }
}

fn row(member: &Member) -> TokenStream {
    let name = &member.name;
    let row = match &member.place {
        Place::Attribute(_) => quote! { Field::attribute(#name) },
        Place::Element { tag, item: Some(item), rel } => {
            let rel = rel.as_deref().unwrap_or_default();
            quote! { Field::list(#name, #tag, #item, #rel) }
        }
        Place::Element { tag, item: None, .. } => quote! { Field::element(#name, #tag) },
    };
    if member.secret {
        quote! { #row.secret() }
    } else {
        row
    }
}

/// The variant of `Slot` and `View` that lends the member.
fn lender(member: &Member) -> &'static str {
    match &member.ty {
        Type::Boolean => "Boolean",
        Type::Integer => "Integer",
        Type::Decimal => "Decimal",
        Type::Date => "Date",
        Type::String => "Text",
        Type::Enum(_) => "Enum",
        Type::Struct(_) if member.link => "Link",
        Type::Struct(_) => "Object",
        Type::List(item) => match **item {
            Type::Struct(_) => "List",
            Type::Enum(_) => "Enums",
            _ => "Texts",
        },
    }
}
