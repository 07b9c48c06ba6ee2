use crate::docs::{self, Docs};
use crate::names;
use crate::types::Types;
use model::{Body, Kind, Method, Model, Parameter, Service, Type};
use proc_macro2::TokenStream;
use quote::quote;

/// Query parameters that servers of old versions read from a header only.
const HEADERS: &[(&str, &str)] = &[("all_content", "All-Content")];

/// What the requests of a service use.
pub(crate) fn imports(service: &Service) -> TokenStream {
    let methods = &service.methods;
    let resource = if methods.is_empty() {
        quote! { use crate::ovirt::call::Resource; }
    } else {
        quote! { use crate::core::pending::Pending; use crate::ovirt::call::{Call, Resource}; }
    };
    let borrow = methods.iter().flat_map(|m| &m.parameters).any(|p| p.direction.is_in() && matches!(p.ty, Type::Struct(_)));
    let borrow = borrow.then(|| quote! { use ::core::borrow::Borrow; });
    let list = methods.iter().flat_map(|m| &m.parameters).any(|p| p.ty.is_list() && p.ty.struct_name().is_some());
    let list = list.then(|| quote! { use crate::core::link::List; });
    let types = methods.iter().flat_map(|m| &m.parameters).any(|p| matches!(p.ty.item(), Type::Struct(_) | Type::Enum(_)))
        || methods.iter().any(|method| method.kind == Kind::Action && method.result().is_some());
    let types = types.then(|| quote! { use super::super::types; });
    let answer = (!methods.is_empty()).then(|| quote! { use crate::ovirt::answer; });
    let streams = methods.iter().any(|method| method.kind == Kind::List);
    let streams = streams.then(|| quote! { use crate::ovirt::list_stream::{self, ListStream}; });
    quote! {
        #borrow
        #list
        #answer
        #resource
        #streams
        #types
    }
}

/// A request: its setters, and how it is sent.
pub(crate) fn render(method: &Method, types: Types<'_>) -> TokenStream {
    let service = &types.from.name;
    let name = names::type_ident(&names::request_name(service, &method.name));
    let doc = format!(" Request of [`{service}::{0}`]({service}::{0}()).", method.name);
    let deprecated = docs::deprecation(&method.notes);
    let setters = method
        .parameters
        .iter()
        .filter(|parameter| parameter.direction.is_in())
        .map(|parameter| setter(method, parameter, types));
    let (result, decode, what) = result(method, types);
    let send_doc = format!(" Sends the request. {what}");
    let streams = streams(method, types);
    quote! {
        #[doc = #doc]
        #deprecated
        #[must_use = "a request is sent by `send`"]
        pub struct #name {
            /// What will be sent; a copy of it can be sent again.
            pub call: Call,
        }

        impl #name {
            #(#setters)*

            #[doc = #send_doc]
            #[inline]
            pub fn send(self) -> Pending<#result> {
                self.call.send(#decode)
            }

            #streams
        }
    }
}

/// Ways to read a list object by object.
fn streams(method: &Method, types: Types<'_>) -> TokenStream {
    let Some(item) = method.result().filter(|result| method.kind == Kind::List && result.ty.is_list()) else { return quote! {} };
    let item = types.plain(item.ty.item());
    let searches = ["search", "max"].iter().all(|name| method.parameter(name).is_some());
    let pages = searches.then(|| {
        quote! {
            /// Sends a request for each page that the search has, of as many objects as `max` says or a hundred.
            #[inline]
            pub fn pages(self) -> ListStream<#item> {
                list_stream::pages(self.call)
            }
        }
    });
    quote! {
        /// Sends the request, and returns the objects one by one while the answer arrives.
        #[inline]
        pub fn stream(self) -> ListStream<#item> {
            list_stream::stream(self.call)
        }

        #pages
    }
}

fn setter(method: &Method, parameter: &Parameter, types: Types<'_>) -> TokenStream {
    let name = names::ident(&parameter.name);
    let docs = Docs::new(&parameter.notes, "Parameter.").tokens();
    let deprecated = docs::deprecation(&parameter.notes);
    let plain = types.plain(&parameter.ty);
    let (ty, value) = match &parameter.ty {
        Type::String => (quote! { impl Into<String> }, quote! { Into::<String>::into(value) }),
        Type::Struct(_) => (quote! { impl Borrow<#plain> }, quote! { value.borrow() }),
        Type::List(_) => (quote! { impl Into<#plain> }, quote! { &Some(value.into()) }),
        _ => (plain, quote! { value }),
    };
    let call = match destination(method, &parameter.name) {
        Destination::Query(key) => match HEADERS.iter().find(|(name, _)| *name == parameter.name) {
            Some((_, header)) => quote! { self.call.with_header(#header, value).with_query(#key, #value) },
            None => quote! { self.call.with_query(#key, #value) },
        },
        Destination::Body => match &parameter.ty {
            Type::List(item) => {
                let (list_element, element) = elements(types.model, item);
                quote! { self.call.with_body_list(#value, #list_element, #element) }
            }
            _ => quote! { self.call.with_body(#value) },
        },
        Destination::Field(tag) => match &parameter.ty {
            Type::Struct(_) => quote! { self.call.with_field_record(#tag, #value) },
            Type::List(item) => {
                let (_, element) = elements(types.model, item);
                quote! { self.call.with_field_list(#tag, #value, #element) }
            }
            _ => quote! { self.call.with_field(#tag, #value) },
        },
    };
    quote! {
        #docs
        #deprecated
        #[inline]
        pub fn #name(self, value: #ty) -> Self {
            Self { call: #call }
        }
    }
}

/// Where the value of a parameter goes.
enum Destination<'a> {
    Query(&'a str),
    Body,
    Field(&'a str),
}

fn destination<'a>(method: &'a Method, parameter: &str) -> Destination<'a> {
    let find = |pairs: &'a [(String, String)]| pairs.iter().find(|(name, _)| name == parameter).map(|(_, wire)| wire.as_str());
    match (find(&method.route.query), &method.route.body) {
        (Some(key), _) => Destination::Query(key),
        (None, Body::Action { fields }) => find(fields).map_or(Destination::Body, Destination::Field),
        (None, Body::None | Body::Object { .. } | Body::Fields { .. }) => Destination::Body,
    }
}

/// Elements of a list and of one of its items.
fn elements(model: &Model, item: &Type) -> (String, String) {
    match item.struct_name().and_then(|name| model.structs.get(name)) {
        Some(item) => (item.list_element.clone(), item.element.clone()),
        None => Default::default(),
    }
}

/// Type of the result, the function that reads it, and the sentence that describes it.
fn result(method: &Method, types: Types<'_>) -> (TokenStream, TokenStream, String) {
    let Some(parameter) = method.result() else {
        let decode = if method.kind == Kind::Action {
            quote! { answer::done }
        } else {
            quote! { answer::nothing }
        };
        return (quote! { () }, decode, "There is no result.".to_owned());
    };
    let ty = types.plain(&parameter.ty);
    let doc = match parameter.notes.doc.as_str() {
        "" => format!("Returns `{}`.", parameter.name),
        doc => format!("Returns `{}`: {}", parameter.name, doc),
    };
    if method.kind == Kind::Action {
        let field = names::ident(&parameter.name);
        let unbox = matches!(parameter.ty, Type::Struct(_)).then(|| quote! { .map(|value| *value) });
        return (
            quote! { ::core::option::Option<#ty> },
            quote! { |reply| Ok(answer::action::<types::Action>(reply)?.#field #unbox) },
            doc,
        );
    }
    let decode = match (method.kind, parameter.ty.is_list()) {
        (Kind::Add | Kind::Update, true) => quote! { answer::accepted_list },
        (_, true) => quote! { answer::list },
        (Kind::Add | Kind::Update, false) => quote! { answer::accepted },
        _ => quote! { answer::object },
    };
    (ty, decode, doc)
}
