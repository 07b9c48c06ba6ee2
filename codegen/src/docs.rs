//! Descriptions → documentation comments.

use model::{Direction, Method, Notes};
use proc_macro2::TokenStream;
use quote::quote;

/// Paragraphs of a documentation comment.
pub(crate) struct Docs(Vec<String>);

impl Docs {
    /// The description, or what to say where the model has none; then versions.
    pub(crate) fn new(notes: &Notes, otherwise: &str) -> Self {
        let doc = if notes.doc.is_empty() { otherwise } else { &notes.doc };
        let mut docs = Self(vec![escape(doc)]);
        if let Some(since) = &notes.since {
            docs.push(format!("Since {since}."));
        }
        if let Some(removed) = &notes.removed {
            docs.push(format!("Removed in {removed}: only older servers have it."));
        }
        docs
    }

    pub(crate) fn push(&mut self, paragraph: impl Into<String>) {
        self.0.push(paragraph.into());
    }

    pub(crate) fn tokens(&self) -> TokenStream {
        let lines: Vec<String> =
            self.0.join("\n\n").lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") }).collect();
        quote! { #(#[doc = #lines])* }
    }
}

/// The attribute that makes the compiler warn.
pub(crate) fn deprecation(notes: &Notes) -> TokenStream {
    if let Some(removed) = &notes.removed {
        let note = format!("removed from the API in {removed}");
        return quote! { #[deprecated = #note] };
    }
    match notes.deprecated.as_ref().map(|deprecated| &deprecated.since) {
        None => quote! {},
        Some(None) => quote! { #[deprecated = "deprecated in the API"] },
        Some(Some(since)) => {
            let note = format!("deprecated in the API since {since}");
            quote! { #[deprecated = #note] }
        }
    }
}

/// What a caller must and may set, from the member paths and flags of the model.
pub(crate) fn members(method: &Method, docs: &mut Docs) {
    let flags =
        method.parameters.iter().filter(|p| p.mandatory && p.direction != Direction::Out).map(|p| format!("`{}`", p.name));
    let mandatory: Vec<String> = flags.chain(method.mandatory.iter().map(|path| alternatives(path))).collect();
    if !mandatory.is_empty() {
        docs.push(format!("Mandatory: {}.", mandatory.join(", ")));
    }
    if !method.optional.is_empty() {
        let optional: Vec<String> = method.optional.iter().map(|path| alternatives(path)).collect();
        docs.push(format!("Optional: {}.", optional.join(", ")));
    }
}

fn alternatives(path: &str) -> String {
    path.split('|').map(|path| format!("`{path}`")).collect::<Vec<_>>().join(" or ")
}

/// Keeps Markdown from reading brackets in plain text as links or tags.
fn escape(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        if index % 2 == 1 {
            part.to_owned()
        } else {
            part.replace('[', "\\[").replace(']', "\\]").replace('<', "\\<").replace('>', "\\>")
        }
    });
    parts.collect::<Vec<_>>().join("`")
}
