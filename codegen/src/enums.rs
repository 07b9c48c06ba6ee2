use crate::docs::{self, Docs};
use crate::names::{self, UNRECOGNIZED};
use crate::places::Place;
use model::Enum;
use proc_macro2::TokenStream;
use quote::quote;

/// An enum with one variant for each value, and one for texts that the model does not have.
///
/// `Clone`, `PartialEq` and `Hash` go by the text: what the compiler derives is a match over all values for each.
pub(crate) fn render(item: &Enum, place: &Place) -> TokenStream {
    let name = names::type_ident(&place.name);
    let docs = Docs::new(&item.notes, "Set of values.").tokens();
    let deprecated = docs::deprecation(&item.notes);
    let unrecognized = names::type_ident(UNRECOGNIZED);
    let variants: Vec<_> = item.values.iter().map(|value| names::type_ident(&names::type_name(&value.name))).collect();
    let texts: Vec<_> = item.values.iter().map(|value| &value.name).collect();
    let declared = item.values.iter().zip(&variants).map(|(value, variant)| {
        let docs = Docs::new(&value.notes, &format!("The value `{}`.", value.name)).tokens();
        let deprecated = docs::deprecation(&value.notes);
        quote! { #docs #deprecated #variant, }
    });
    quote! {
        use crate::core::table::Text;

        #docs
        #deprecated
        #[non_exhaustive]
        pub enum #name {
            #(#declared)*
            /// A text that this version of the SDK does not know.
            #unrecognized(String),
        }

        impl #name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #texts,)*
                    Self::#unrecognized(text) => text,
                }
            }
        }

        impl Text for #name {
            fn from_text(text: &str) -> Self {
                match text {
                    #(#texts => Self::#variants,)*
                    _ => Self::#unrecognized(text.to_owned()),
                }
            }

            fn as_text(&self) -> &str {
                self.as_str()
            }
        }

        impl Default for #name {
            /// The empty text, which no server sends.
            #[inline]
            fn default() -> Self {
                Self::#unrecognized(String::new())
            }
        }

        impl Clone for #name {
            #[inline]
            fn clone(&self) -> Self {
                Text::from_text(self.as_str())
            }
        }

        impl PartialEq for #name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for #name {}

        impl ::core::hash::Hash for #name {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl ::core::fmt::Debug for #name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                self.as_str().fmt(f)
            }
        }

        impl ::core::fmt::Display for #name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl From<&str> for #name {
            #[inline]
            fn from(text: &str) -> Self {
                Text::from_text(text)
            }
        }
    }
}
