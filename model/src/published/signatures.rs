//! Which methods are signatures of which: the published forms have only their short names, which need
//! not be unique in a service.

use super::{Method, Parameter};

const STANDARD: &[&str] = &["add", "get", "list", "update", "remove"];

/// How a name starts that only makes sense after that of another method: `export` `to_path_on_host`.
const PREPOSITIONS: &[&str] = &["from_", "to_", "using_", "with_"];

/// What we know of a method: its short name, and what it is a signature of.
pub(super) type Known = (String, Option<String>);

/// For each method of a service, what it is a signature of. `known` is trusted; the rest is recovered:
/// signatures stand before their base, and end with copies of all its parameters.
pub(super) fn recover(methods: &[Method], known: &[Known]) -> Vec<Option<String>> {
    let mut bases = Vec::with_capacity(methods.len());
    let mut base: Option<&Method> = None;
    for method in methods.iter().rev() {
        let of = base.filter(|base| is_signature(method, base, known)).map(|base| base.name.text.clone());
        if of.is_none() {
            base = Some(method);
        }
        bases.push(of);
    }
    bases.reverse();
    bases
}

fn is_signature(method: &Method, base: &Method, known: &[Known]) -> bool {
    let name = &method.name.text;
    if STANDARD.contains(&name.as_str()) {
        return false;
    }
    let plain = known.iter().any(|(other, of)| other == name && of.is_none());
    let signature = known.iter().any(|(other, of)| other == name && of.as_ref() == Some(&base.name.text));
    if plain != signature {
        return signature;
    }
    let Some(own) = method.parameters.len().checked_sub(base.parameters.len()) else { return false };
    let copies = || method.parameters.iter().skip(own);
    let equal = copies().zip(&base.parameters).all(|(copy, parameter)| is_copy(copy, parameter));
    let annotated = |parameter: &Parameter| !parameter.remarks.annotations.is_empty();
    // Copies lose their annotations.
    let stripped = base.parameters.iter().any(annotated) && !copies().any(annotated);
    let continues = PREPOSITIONS.iter().any(|preposition| name.starts_with(preposition));
    equal && (stripped || continues || ["add", "update"].contains(&base.name.text.as_str()))
}

fn is_copy(copy: &Parameter, parameter: &Parameter) -> bool {
    copy.name.text == parameter.name.text
        && copy.ty.text == parameter.ty.text
        && copy.given == parameter.given
        && copy.returned == parameter.returned
        && copy.remarks.doc == parameter.remarks.doc
}
