use model::Model;
use proc_macro2::TokenStream;
use quote::quote;

/// The table of the errors that servers answer with.
pub(crate) fn render(model: &Model) -> TokenStream {
    let rows = model.errors.values().map(|error| {
        let (literal, identifier, retryable) = (&error.literal, &error.identifier, error.retryable);
        quote! { StandardErrorType { literal: #literal, identifier: #identifier, retryable: #retryable } }
    });
    quote! {
        use crate::vsphere::failure::StandardErrorType;

        pub(crate) static ERRORS: &[StandardErrorType] = &[#(#rows),*];
    }
}
