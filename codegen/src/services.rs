use crate::docs::{self, Docs};
use crate::paths::{self, Paths};
use crate::places::Place;
use crate::types::Types;
use crate::{names, requests};
use model::{Body, Kind, Locator, Method, Model, Service};
use proc_macro2::TokenStream;
use quote::quote;

/// A service: its methods and locators, and the requests that its methods make.
pub(crate) fn render(model: &Model, service: &Service, place: &Place, paths: &Paths<'_>) -> TokenStream {
    let (name, text) = (names::type_ident(&place.name), &place.name);
    let mut docs = Docs::new(&service.notes, "Service.");
    if let Some(path) = paths::describe(paths, &service.name) {
        docs.push(format!("Path: {path}."));
    }
    let docs = docs.tokens();
    let deprecated = docs::deprecation(&service.notes);
    let types = Types { model, from: place };
    let methods = service.methods.iter().map(|method| render_method(service, method, place, paths));
    let locators = service.locators.iter().map(|locator| render_locator(model, locator));
    let requests = service.methods.iter().map(|method| requests::render(method, types));
    let imports = requests::imports(service);
    quote! {
        #imports

        #docs
        #deprecated
        #[derive(Clone)]
        pub struct #name(pub(crate) Resource);

        impl ::core::fmt::Debug for #name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                self.0.debug(#text, f)
            }
        }

        impl #name {
            #(#methods)*
            #(#locators)*
        }

        #(#requests)*
    }
}

fn render_method(service: &Service, method: &Method, place: &Place, paths: &Paths<'_>) -> TokenStream {
    let name = names::ident(&method.name);
    let request = names::type_ident(&names::request_name(&place.name, &method.name));
    let mut docs = Docs::new(&method.notes, "Method.");
    docs.push(format!("`{}`", route(service, method, paths)));
    docs::members(method, &mut docs);
    let docs = docs.tokens();
    let deprecated = docs::deprecation(&method.notes);
    let parameter = match &method.route.body {
        Body::Object { parameter, .. } => parameter.as_str(),
        Body::None | Body::Action { .. } | Body::Fields { .. } => "",
    };
    let call = match method.kind {
        Kind::Get | Kind::List => quote! { get() },
        Kind::Remove => quote! { remove() },
        Kind::Add => quote! { add(#parameter) },
        Kind::Update => quote! { update(#parameter) },
        Kind::Action => {
            let segment = method.route.path.as_deref().unwrap_or_default();
            quote! { action(#segment) }
        }
    };
    quote! {
        #docs
        #deprecated
        #[inline]
        pub fn #name(&self) -> #request {
            #request { call: self.0.#call }
        }
    }
}

/// Verb and path, such as `POST /vms/{vm_id}/start`.
pub(crate) fn route(service: &Service, method: &Method, paths: &Paths<'_>) -> String {
    let base = paths::shortest(paths, &service.name).unwrap_or("…");
    let action = method.route.path.iter().map(|path| format!("/{path}")).collect::<String>();
    let path = format!("{base}{action}");
    format!("{} {}", method.route.verb.as_str(), if path.is_empty() { "/" } else { &path })
}

fn render_locator(model: &Model, locator: &Locator) -> TokenStream {
    let name = names::ident(&names::locator_name(model, &locator.name));
    let service = names::type_ident(&names::service_name(&locator.service));
    let docs = Docs::new(&locator.notes, "Service below this one.").tokens();
    let deprecated = docs::deprecation(&locator.notes);
    match &locator.parameter {
        Some(parameter) => {
            let parameter = names::ident(parameter);
            quote! {
                #docs
                #deprecated
                #[inline]
                pub fn #name(&self, #parameter: &str) -> super::#service {
                    super::#service(self.0.item(#parameter))
                }
            }
        }
        None => {
            let segment = &locator.segment;
            quote! {
                #docs
                #deprecated
                #[inline]
                pub fn #name(&self) -> super::#service {
                    super::#service(self.0.child(#segment))
                }
            }
        }
    }
}
