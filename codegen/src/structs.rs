use crate::docs::{self, Docs};
use crate::types::Types;
use crate::{names, unions};
use model::{Member, Notes, Place, Struct, Type};
use proc_macro2::TokenStream;
use quote::quote;

/// A struct: fields, setters, table, and the function that lends members by index.
///
/// What the SDK itself does not call is `#[inline]`, so that it is compiled only where somebody uses it.
pub(crate) fn render(item: &Struct, types: Types<'_>) -> TokenStream {
    let type_name = &types.from.name;
    let name = names::type_ident(type_name);
    let docs = Docs::new(&item.notes, "Record.").tokens();
    let deprecated = docs::deprecation(&item.notes);
    let members = in_table_order(item, types);
    let idents: Vec<_> = members.iter().map(|member| names::ident(&member.name)).collect();
    let indexes = 0..members.len();
    let indexes_again = indexes.clone();
    let fields = members.iter().zip(&idents).map(|(member, ident)| {
        let mut docs = Docs::new(&member.notes, "Member.");
        docs::uses(member, &mut docs);
        let docs = docs.tokens();
        let deprecated = docs::deprecation(&member.notes);
        let ty = types.stored(&member.ty, member.link);
        quote! { #docs #deprecated pub #ident: ::core::option::Option<#ty>, }
    });
    let setters = members.iter().map(|member| setter(member, types));
    let rows = members.iter().map(|member| row(member, types));
    let lenders: Vec<_> = members.iter().map(|member| names::type_ident(types.lender(&member.ty, member.link))).collect();
    let (element, list_element) = (&item.element, &item.list_element);
    let imports = imports(&members, types);
    let unions = item.unions.iter().map(|union| unions::render(item, union, types));
    let parameter = |name: TokenStream| {
        if members.is_empty() {
            quote! { _ }
        } else {
            name
        }
    };
    let (slot_index, view_index) = (parameter(quote! { index }), parameter(quote! { index }));
    let (slot, view) = if members.is_empty() {
        (quote! { Slot::None }, quote! { View::None })
    } else {
        (
            quote! {
                match index {
                    #(#indexes => Slot::#lenders(&mut self.#idents),)*
                    _ => Slot::None,
                }
            },
            quote! {
                match index {
                    #(#indexes_again => View::#lenders(&self.#idents),)*
                    _ => View::None,
                }
            },
        )
    };
    quote! {
        #imports

        #docs
        #deprecated
        #[non_exhaustive]
        pub struct #name {
            #(#fields)*
        }

        impl #name {
            /// An object with nothing set.
            #[inline]
            pub fn new() -> Self {
                Self::default()
            }

            #(#setters)*
        }

        static TABLE: Table = Table {
            name: #type_name,
            element: #element,
            list_element: #list_element,
            fields: &fields([#(#rows),*]),
        };

        impl Record for #name {
            fn table(&self) -> &'static Table {
                &TABLE
            }

            #[inline(never)]
            fn slot(&mut self, #slot_index: usize) -> Slot<'_> {
                #slot
            }

            #[inline(never)]
            fn view(&self, #view_index: usize) -> View<'_> {
                #view
            }
        }

        impl Default for #name {
            #[inline(never)]
            fn default() -> Self {
                Self { #(#idents: None),* }
            }
        }

        impl Clone for #name {
            #[inline]
            fn clone(&self) -> Self {
                let mut copy = Self::default();
                table_ops::copy(self, &mut copy);
                copy
            }
        }

        impl PartialEq for #name {
            #[inline]
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
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                table_ops::debug(self, f)
            }
        }

        #(#unions)*
    }
}

/// Members in attributes first: that is where the codecs look for them. In an API without namespaces every
/// object has a path of its own, before all others.
fn in_table_order(item: &Struct, types: Types<'_>) -> Vec<Member> {
    let href = types.model.namespace.is_none().then(|| Member {
        name: "href".to_owned(),
        ty: Type::String,
        link: false,
        secret: false,
        mandatory: false,
        uses: Vec::new(),
        declared_in: item.name.clone(),
        notes: Notes { doc: "Path of this object on the server.".to_owned(), ..Notes::default() },
        place: Place::Attribute("href".to_owned()),
    });
    let members = href.into_iter().chain(item.members.iter().cloned());
    let (attributes, elements): (Vec<_>, Vec<_>) = members.partition(|member| matches!(member.place, Place::Attribute(_)));
    [attributes, elements].concat()
}

fn imports(members: &[Member], types: Types<'_>) -> TokenStream {
    let has = |wanted: &str| members.iter().any(|member| types.lender(&member.ty, member.link) == wanted);
    let date = members.iter().any(|member| *member.ty.item() == Type::Date);
    let date = date.then(|| quote! { use crate::core::date_time::DateTime; });
    let link = has("Link").then(|| quote! { Link });
    let list = has("List").then(|| quote! { List });
    let links: Vec<_> = link.into_iter().chain(list).collect();
    let links = (!links.is_empty()).then(|| quote! { use crate::core::link::{#(#links),*}; });
    let row = (!members.is_empty()).then(|| quote! { Row, });
    quote! {
        #date
        #links
        use crate::core::table::{Record, #row Slot, Table, View, fields};
        use crate::core::table_ops;
    }
}

fn setter(member: &Member, types: Types<'_>) -> TokenStream {
    let ident = names::ident(&member.name);
    let doc = format!(" Sets `{}`.", member.name);
    let deprecated = docs::deprecation(&member.notes);
    let stored = types.stored(&member.ty, member.link);
    let (ty, value) = match types.lender(&member.ty, member.link) {
        "Text" | "Link" | "List" | "Texts" | "Enums" | "Objects" | "Structures" | "TextMaps" => {
            (quote! { impl Into<#stored> }, quote! { value.into() })
        }
        "Enum" if matches!(member.ty, Type::Id(_)) => (quote! { impl Into<#stored> }, quote! { value.into() }),
        "Object" => {
            let plain = types.plain(&member.ty);
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

fn row(member: &Member, types: Types<'_>) -> TokenStream {
    let name = &member.name;
    let row = match &member.place {
        Place::Attribute(_) => quote! { Row::Attribute(#name) },
        Place::Element { tag, item: Some(item), rel } => {
            let rel = rel.as_deref().unwrap_or_default();
            quote! { Row::List(#name, #tag, #item, #rel) }
        }
        Place::Element { tag, item: None, .. } => match member.ty.item() {
            Type::Dynamic(Some(like)) => {
                let class = types.model.structs.get(like).map(|like| like.element.as_str()).unwrap_or_default();
                quote! { Row::Structure(#name, #tag, #class) }
            }
            _ => quote! { Row::Element(#name, #tag) },
        },
    };
    match &member.place {
        Place::Element { tag, item, rel } if member.secret => {
            let (item, rel) = (item.as_deref().unwrap_or_default(), rel.as_deref().unwrap_or_default());
            quote! { Row::Secret(#name, #tag, #item, #rel) }
        }
        _ => row,
    }
}
