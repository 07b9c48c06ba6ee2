//! Services of an API with namespaces: each method is an operation with a route in each dialect.

use crate::docs::{self, Docs};
use crate::names;
use crate::places::{self, Place};
use crate::types::Types;
use model::{Body, Locator, Method, Model, Parameter, Route, Service, Type};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// A service: its operations, and the ways to the services below it.
pub(crate) fn render(model: &Model, service: &Service, place: &Place) -> TokenStream {
    let types = Types { model, from: place };
    let (name, text) = (names::type_ident(&place.name), &place.name);
    let docs = Docs::new(&service.notes, "Service.").tokens();
    let methods = service.methods.iter().map(|method| render_method(method, types));
    let locators = locators(model, service, Some(place));
    let requests = service.methods.iter().map(|method| request(method, types));
    let operations = service.methods.iter().map(|method| operation(model, service, method));
    let imports = (!service.methods.is_empty()).then(|| {
        quote! {
            use crate::vsphere::answer;
            use crate::vsphere::call::{Body, Call, Operation, Route};
            use crate::vsphere::Pending;
            use ::reqwest::Method;
        }
    });
    quote! {
        #imports
        use crate::vsphere::Session;

        #docs
        #[derive(Clone)]
        pub struct #name(pub(crate) Session);

        impl ::core::fmt::Debug for #name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(#text)
            }
        }

        impl #name {
            #(#methods)*
            #locators
        }

        #(#requests)*

        #(#operations)*
    }
}

/// The ways to the services below one. `from` is its place; the session, above all, has none.
pub(crate) fn locators(model: &Model, service: &Service, from: Option<&Place>) -> TokenStream {
    service.locators.iter().map(|locator| render_locator(model, locator, from)).collect()
}

fn render_locator(model: &Model, locator: &Locator, from: Option<&Place>) -> TokenStream {
    let name = names::ident(&names::locator_name(model, &locator.name));
    let to = places::of_service(model, &locator.service);
    let (service, session) = match from {
        Some(from) => (places::relative(from, &to), quote! { self.0.clone() }),
        None => (places::relative_to_root(&to), quote! { self.clone() }),
    };
    let doc = model.services.get(&locator.service).map(|service| service.notes.doc.as_str()).unwrap_or_default();
    let first = doc.split_inclusive(['.', ':', ';']).next().unwrap_or_default().trim_end_matches([':', ';', '.']);
    let doc = format!(" {}.", docs::escape(first));
    quote! {
        #[doc = #doc]
        #[inline]
        pub fn #name(&self) -> #service {
            #service(#session)
        }
    }
}

/// Verb and path, such as `POST /api/content/library?action=find`.
pub(crate) fn route(route: &Route) -> String {
    let query: Vec<String> = route.fixed_query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{} {}{query}", route.verb.as_str(), route.path.as_deref().unwrap_or_default())
}

/// The identifiers of an operation with their namespace, as servers log them.
fn full_name(model: &Model, service: &Service, method: &Method) -> String {
    format!("{}.{}.{}", model.namespace.as_deref().unwrap_or_default(), service.name, method.name)
}

fn inputs(method: &Method) -> impl Iterator<Item = &Parameter> {
    method.parameters.iter().filter(|parameter| parameter.direction.is_in())
}

fn render_method(method: &Method, types: Types<'_>) -> TokenStream {
    let name = names::ident(&method.name);
    let request = names::type_ident(&names::request_name(&types.from.name, &method.name));
    let mut docs = Docs::new(&method.notes, "Method.");
    docs.push(match &method.legacy_route {
        Some(legacy) => format!("`{}`, formerly `{}`", route(&method.route), route(legacy)),
        None => format!("`{}`", route(&method.route)),
    });
    for parameter in inputs(method).filter(|parameter| parameter.mandatory && !parameter.notes.doc.is_empty()) {
        docs.push(format!("* `{}`: {}", parameter.name, docs::escape(&parameter.notes.doc)));
    }
    docs::errors(method, &mut docs);
    let docs = docs.tokens();
    let deprecated = docs::deprecation(&method.notes);
    let mandatory: Vec<&Parameter> = inputs(method).filter(|parameter| parameter.mandatory).collect();
    let arguments = mandatory.iter().map(|parameter| {
        let name = names::ident(&parameter.name);
        let ty = argument_type(&parameter.ty, types);
        quote! { #name: #ty }
    });
    let operation = operation_ident(method);
    let body = if mandatory.is_empty() {
        quote! { #request { call: self.0.call(&#operation) } }
    } else {
        let sets = mandatory.iter().map(|parameter| set(parameter, &names::ident(&parameter.name), types));
        quote! { #request { call: self.0.call(&#operation) #(#sets)* } }
    };
    quote! {
        #docs
        #deprecated
        #[inline]
        pub fn #name(&self, #(#arguments),*) -> #request {
            #body
        }
    }
}

/// What a caller gives for a parameter.
fn argument_type(ty: &Type, types: Types<'_>) -> TokenStream {
    let plain = types.plain(ty);
    match ty {
        Type::String | Type::Id(_) => quote! { impl Into<#plain> },
        _ => plain,
    }
}

/// The method call that puts a parameter into a call.
fn set(parameter: &Parameter, value: &Ident, types: Types<'_>) -> TokenStream {
    let name = &parameter.name;
    match &parameter.ty {
        Type::String => quote! { .with_text(#name, #value.into()) },
        Type::Id(_) => {
            let id = types.plain(&parameter.ty);
            quote! { .with_text(#name, Into::<#id>::into(#value).into()) }
        }
        Type::Enum(_) => quote! { .with_text(#name, #value.as_str().to_owned()) },
        Type::Integer => quote! { .with_integer(#name, #value) },
        Type::Boolean => quote! { .with_boolean(#name, #value) },
        Type::Struct(_) => quote! { .with_record(#name, #value) },
        // Every other parameter is a list of structs; the compiler says so if one is not.
        _ => quote! { .with_records(#name, #value) },
    }
}

/// A request: its setters, and how it is sent.
fn request(method: &Method, types: Types<'_>) -> TokenStream {
    let service = &types.from.name;
    let name = names::type_ident(&names::request_name(service, &method.name));
    let doc = format!(" Request of [`{service}::{0}`]({service}::{0}()).", method.name);
    let setters = inputs(method).filter(|parameter| !parameter.mandatory).map(|parameter| {
        let name = names::ident(&parameter.name);
        let docs = Docs::new(&parameter.notes, "Parameter.").tokens();
        let deprecated = docs::deprecation(&parameter.notes);
        let ty = argument_type(&parameter.ty, types);
        let value = names::ident("value");
        let set = set(parameter, &value, types);
        quote! {
            #docs
            #deprecated
            #[inline]
            pub fn #name(self, #value: #ty) -> Self {
                Self { call: self.call #set }
            }
        }
    });
    let (result, decode) = result(method, types);
    let what = match method.result().map(|result| result.notes.doc.as_str()) {
        None => " There is no result.".to_owned(),
        Some("") => String::new(),
        Some(doc) => format!(" Returns: {doc}"),
    };
    let send_doc = format!(" Sends the request.{what}");
    quote! {
        #[doc = #doc]
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
        }
    }
}

/// Type of the result, and the function that reads it.
fn result(method: &Method, types: Types<'_>) -> (TokenStream, TokenStream) {
    let Some(result) = method.result() else { return (quote! { () }, quote! { answer::nothing }) };
    let decode = match &result.ty {
        Type::Struct(_) => quote! { answer::object },
        Type::Map(..) => quote! { answer::object_map },
        Type::List(item) | Type::Set(item) if matches!(**item, Type::Struct(_)) => quote! { answer::objects },
        Type::List(_) | Type::Set(_) => quote! { answer::texts },
        _ => quote! { answer::text },
    };
    (types.plain(&result.ty), decode)
}

fn operation_ident(method: &Method) -> Ident {
    names::type_ident(&method.name.to_ascii_uppercase())
}

/// The static description of an operation.
fn operation(model: &Model, service: &Service, method: &Method) -> TokenStream {
    let ident = operation_ident(method);
    let name = full_name(model, service, method);
    let api = render_route(&method.route);
    let rest = match &method.legacy_route {
        Some(legacy) => {
            let route = render_route(legacy);
            quote! { Some(#route) }
        }
        None => quote! { None },
    };
    quote! { static #ident: Operation = Operation { name: #name, api: #api, rest: #rest }; }
}

fn render_route(route: &Route) -> TokenStream {
    let method = names::type_ident(route.verb.as_str());
    let path = route.path.as_deref().unwrap_or_default();
    let pairs = |pairs: &[(String, String)]| {
        let pairs = pairs.iter().map(|(a, b)| quote! { (#a, #b) });
        quote! { &[#(#pairs),*] }
    };
    let (fixed_query, query, headers) = (pairs(&route.fixed_query), pairs(&route.query), pairs(&route.headers));
    let body = match &route.body {
        Body::Object { parameter, .. } => quote! { Body::Whole(#parameter) },
        Body::Fields { fields } => quote! { Body::Fields(&[#(#fields),*]) },
        Body::None | Body::Action { .. } => quote! { Body::None },
    };
    quote! {
        Route { method: Method::#method, path: #path, fixed_query: #fixed_query, query: #query, headers: #headers, body: #body }
    }
}
