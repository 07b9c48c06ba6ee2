//! Descriptions → documentation comments.

use model::{Direction, Member, Method, Notes, Privilege, Use};
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

/// What a member means to the methods that share its struct.
pub(crate) fn uses(member: &Member, docs: &mut Docs) {
    let those = |wanted: Use| {
        let names = member.uses.iter().filter(|(_, used)| *used == wanted).map(|(name, _)| format!("`{name}`"));
        names.collect::<Vec<_>>().join(", ")
    };
    for (start, used) in [
        ("Required by", Use::Required),
        ("Optional for", Use::Optional),
        ("Always told by", Use::Present),
        ("Ignored by", Use::Unused),
    ] {
        let names = those(used);
        if !names.is_empty() {
            docs.push(format!("{start} {names}."));
        }
    }
    if member.mandatory {
        docs.push("Mandatory.");
    }
}

/// The errors that a method answers with, and the privileges that it asks for.
pub(crate) fn errors(method: &Method, docs: &mut Docs) {
    let last = |name: &String| format!("`{}`", name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase());
    if !method.errors.is_empty() {
        docs.push(format!("Errors: {}.", method.errors.iter().map(last).collect::<Vec<_>>().join(", ")));
    }
    let privilege = |privilege: &Privilege| match &privilege.on {
        Some(on) => format!("`{}` on `{on}`", privilege.name),
        None => format!("`{}`", privilege.name),
    };
    if !method.privileges.is_empty() {
        docs.push(format!("Privileges: {}.", method.privileges.iter().map(privilege).collect::<Vec<_>>().join(", ")));
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
pub(crate) fn escape(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        if index % 2 == 1 {
            part.to_owned()
        } else {
            part.replace('[', "\\[").replace(']', "\\]").replace('<', "\\<").replace('>', "\\>")
        }
    });
    parts.collect::<Vec<_>>().join("`")
}
