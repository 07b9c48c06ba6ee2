use crate::docs::Docs;
use crate::names::{self, UNRECOGNIZED};
use crate::types::Types;
use model::{Case, Member, Struct, Type, Union};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

/// The union of a struct as an enum, with the way there and back.
pub(crate) fn render(item: &Struct, union: &Union, types: Types<'_>) -> TokenStream {
    let owner = names::type_ident(&types.from.name);
    let name = names::type_ident(&names::case_name(&types.from.name, &union.discriminant));
    let discriminant = names::ident(&union.discriminant);
    let Some(Type::Enum(values)) = item.member(&union.discriminant).map(|member| &member.ty) else { return quote! {} };
    let values = types.named(values);
    let unrecognized = names::type_ident(UNRECOGNIZED);
    let doc = format!(
        " What [`{0}::{1}`] says, with the members that have a value then. Made by [`{0}::{1}_case`].",
        types.from.name, union.discriminant
    );
    let unrecognized_doc = " Another value, or one that comes without a member that the model requires with it.";
    let variants = union.cases.iter().map(|case| variant(item, case, types));
    let reads = union.cases.iter().map(|case| read(item, case, &name, &values));
    let writes = union.cases.iter().map(|case| write(item, case, &name, &values, &discriminant));
    let all: Vec<Ident> = members(item, union).map(|member| names::ident(&member.name)).collect();
    let get = names::ident(&format!("{}_case", union.discriminant));
    let set = names::ident(&format!("with_{}_case", union.discriminant));
    let get_doc =
        format!(" Which case of `{}` this is, with copies of its members; `None` when that is not set.", union.discriminant);
    let set_doc = format!(" Sets `{}` and the members of that case, and clears those of the other ones.", union.discriminant);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants)*
            #[doc = #unrecognized_doc]
            #unrecognized(#values),
        }

        impl #owner {
            #[doc = #get_doc]
            #[inline]
            pub fn #get(&self) -> ::core::option::Option<#name> {
                let found = self.#discriminant.as_ref()?;
                let case = || match found {
                    #(#reads)*
                    _ => None,
                };
                Some(case().unwrap_or_else(|| #name::#unrecognized(found.clone())))
            }

            #[doc = #set_doc]
            #[inline]
            pub fn #set(mut self, case: #name) -> Self {
                #(self.#all = None;)*
                match case {
                    #(#writes)*
                    #name::#unrecognized(value) => self.#discriminant = Some(value),
                }
                self
            }
        }
    }
}

/// All members of all cases, each once.
fn members<'a>(item: &'a Struct, union: &'a Union) -> impl Iterator<Item = &'a Member> {
    item.members.iter().filter(|member| union.cases.iter().any(|case| case.members.iter().any(|(name, _)| *name == member.name)))
}

/// The members of a case, and whether each must have a value.
fn of_case<'a>(item: &'a Struct, case: &'a Case) -> impl Iterator<Item = (&'a Member, bool)> {
    case.members.iter().filter_map(|(name, mandatory)| Some((item.member(name)?, *mandatory)))
}

/// Members of a case; nothing at all where it has none.
fn in_braces(members: impl Iterator<Item = TokenStream>) -> TokenStream {
    let members: Vec<TokenStream> = members.collect();
    if members.is_empty() {
        TokenStream::new()
    } else {
        quote! { { #(#members),* } }
    }
}

fn variant(item: &Struct, case: &Case, types: Types<'_>) -> TokenStream {
    let name = names::type_ident(&names::type_name(&case.value));
    let doc = format!(" The case `{}`.", case.value);
    let fields = of_case(item, case).map(|(member, mandatory)| {
        let name = names::ident(&member.name);
        let docs = Docs::new(&member.notes, "Member.").tokens();
        let ty = types.plain(&member.ty);
        let ty = if mandatory {
            ty
        } else {
            quote! { ::core::option::Option<#ty> }
        };
        quote! { #docs #name: #ty }
    });
    let fields = in_braces(fields);
    quote! { #[doc = #doc] #name #fields, }
}

/// The arm that makes a case of the members; `None` when one is missing.
fn read(item: &Struct, case: &Case, union: &Ident, values: &TokenStream) -> TokenStream {
    let variant = names::type_ident(&names::type_name(&case.value));
    let fields = of_case(item, case).map(|(member, mandatory)| {
        let name = names::ident(&member.name);
        let boxed = matches!(member.ty, Type::Struct(_));
        match (mandatory, boxed) {
            (true, true) => quote! { #name: *self.#name.clone()? },
            // Servers leave out empty lists.
            (true, false) if member.ty.is_list() => quote! { #name: self.#name.clone().unwrap_or_default() },
            (true, false) => quote! { #name: self.#name.clone()? },
            (false, true) => quote! { #name: self.#name.clone().map(|value| *value) },
            (false, false) => quote! { #name: self.#name.clone() },
        }
    });
    let fields = in_braces(fields);
    quote! { #values::#variant => Some(#union::#variant #fields), }
}

/// The arm that makes the members of a case.
fn write(item: &Struct, case: &Case, union: &Ident, values: &TokenStream, discriminant: &Ident) -> TokenStream {
    let variant = names::type_ident(&names::type_name(&case.value));
    let sets = of_case(item, case).map(|(member, mandatory)| {
        let name = names::ident(&member.name);
        let boxed = matches!(member.ty, Type::Struct(_));
        match (mandatory, boxed) {
            (true, true) => quote! { self.#name = Some(Box::new(#name)); },
            (true, false) => quote! { self.#name = Some(#name); },
            (false, true) => quote! { self.#name = #name.map(Box::new); },
            (false, false) => quote! { self.#name = #name; },
        }
    });
    let pattern = in_braces(of_case(item, case).map(|(member, _)| names::ident(&member.name).to_token_stream()));
    quote! {
        #union::#variant #pattern => {
            self.#discriminant = Some(#values::#variant);
            #(#sets)*
        }
    }
}
