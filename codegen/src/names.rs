//! Names of the model → names in Rust. All rules and exceptions stand here.

use crate::ids;
use crate::places::{self, Place};
use heck::ToUpperCamelCase;
use model::{Method, Model, Service, Union};
use proc_macro2::{Ident, Span};
use std::collections::BTreeMap;

/// Words that name a member, parameter, method or locator and need `r#` in Rust.
///
/// All strict and reserved keywords but those that not even `r#` makes a name.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum", "extern",
    "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override",
    "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that no name can be.
const IMPOSSIBLE: &[&str] = &["crate", "self", "super", "Self", "_"];

/// Types of Rust that the rendered code writes without a path.
const PRELUDE: &[&str] = &[
    "Box",
    "DateTime",
    "Default",
    "Into",
    "Link",
    "List",
    "PartialEq",
    "Record",
    "Row",
    "Slot",
    "String",
    "Table",
    "Text",
    "Vec",
    "View",
];

/// The variant of every enum that holds texts unknown to the model. No value may have its name.
pub(crate) const UNRECOGNIZED: &str = "Unrecognized";

/// A field, setter, method, locator or module.
pub(crate) fn ident(name: &str) -> Ident {
    if KEYWORDS.contains(&name) { Ident::new_raw(name, Span::call_site()) } else { Ident::new(name, Span::call_site()) }
}

/// A struct, an enum or a variant: `vm_status` becomes `VmStatus`.
///
/// Digits on both sides keep the underscore between them: `x86_64` and `v4_10` become `X86_64` and `V4_10`.
pub(crate) fn type_name(name: &str) -> String {
    name.split('_').fold(String::new(), |mut joined, word| {
        let digits = joined.ends_with(|c: char| c.is_ascii_digit()) && word.starts_with(|c: char| c.is_ascii_digit());
        if digits {
            joined.push('_');
        }
        joined + &word.to_upper_camel_case()
    })
}

/// The type of a service: `vm` becomes `VmService`.
pub(crate) fn service_name(service: &str) -> String {
    format!("{}Service", type_name(service))
}

/// The type of a request: `add` of `VmsService` becomes `VmsServiceAddRequest`.
pub(crate) fn request_name(service: &str, method: &str) -> String {
    format!("{service}{}Request", type_name(method))
}

/// The method that leads to a service: `vms` becomes `vms_service`. In a namespace it is the last part of its name.
pub(crate) fn locator_name(model: &Model, locator: &str) -> String {
    if model.namespace.is_some() { locator.to_owned() } else { format!("{locator}_service") }
}

/// The type of identifiers of a resource: `content.library.Item` becomes `ItemId`.
pub(crate) fn id_name(resource: &str) -> String {
    format!("{}Id", resource_name(resource))
}

/// What tells identifiers of a resource from others: `content.library.Item` becomes `Item`.
pub(crate) fn resource_name(resource: &str) -> String {
    let last = resource.rsplit('.').next().unwrap_or(resource);
    let mut letters = last.chars();
    letters.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The enum of the cases of a union.
pub(crate) fn case_name(owner: &str, discriminant: &str) -> String {
    format!("{owner}{}Case", type_name(discriminant))
}

pub(crate) fn type_ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// Reports names that Rust cannot tell apart or does not allow.
pub(crate) fn check(model: &Model) -> Result<(), Vec<String>> {
    let mut problems = Vec::new();
    let types: Vec<(&String, Place)> =
        model.structs.keys().chain(model.enums.keys()).map(|name| (name, places::of_type(model, name))).collect();
    let services: Vec<(&Service, Place)> = model
        .services
        .values()
        .filter(|service| !service.pseudo)
        .map(|service| (service, places::of_service(model, &service.name)))
        .collect();
    let requests = services.iter().flat_map(|(service, place)| {
        let request = |method: &Method| request_name(&place.name, &method.name);
        service.methods.iter().map(move |m| (format!("{}.{}", service.name, m.name), place.beside(&request(m)).public()))
    });
    let cases = types.iter().filter_map(|(name, place)| Some((model.structs.get(*name)?, place))).flat_map(|(item, place)| {
        let case =
            |union: &Union| (format!("{} by {}", item.name, union.discriminant), case_name(&place.name, &union.discriminant));
        item.unions.iter().map(case).map(|(name, case)| (name, place.beside(&case).public()))
    });
    let all = types.iter().map(|(name, place)| ((*name).clone(), place.public()));
    let all = all.chain(cases).chain(services.iter().map(|(service, place)| (service.name.clone(), place.public())));
    unique("types, services and requests", all.chain(requests), &mut problems);
    let resources = ids::resources(model);
    unique("resources", resources.iter().map(|name| ((*name).to_owned(), id_name(name))), &mut problems);
    for (name, place) in types.iter().filter(|(_, place)| PRELUDE.contains(&place.name.as_str())) {
        problems.push(format!(
            "the type `{name}` would hide `{}` of Rust; write that with its path in codegen, or rename the type",
            place.name
        ));
    }
    for item in model.enums.values() {
        let variants = item.values.iter().map(|value| (value.name.clone(), type_name(&value.name)));
        let own = [("the arm for unknown texts".to_owned(), UNRECOGNIZED.to_owned())];
        unique(&format!("values of `{}`", item.name), variants.chain(own), &mut problems);
    }
    for item in model.structs.values() {
        let own = ["href", "new"].map(|name| ("what every struct has".to_owned(), name.to_owned()));
        let members = item.members.iter().map(|member| (member.name.clone(), member.name.clone()));
        unique(&format!("members of `{}`", item.name), members.chain(own), &mut problems);
    }
    for service in model.services.values() {
        let methods = service.methods.iter().map(|method| (method.name.clone(), method.name.clone()));
        let locators = service.locators.iter().map(|locator| (locator.name.clone(), locator_name(model, &locator.name)));
        unique(&format!("methods and locators of `{}`", service.name), methods.chain(locators), &mut problems);
        for method in &service.methods {
            if let Some(parameter) = method
                .parameters
                .iter()
                .find(|parameter| parameter.name == "send" || IMPOSSIBLE.contains(&parameter.name.as_str()))
            {
                problems.push(format!(
                    "`{}.{}` has a parameter `{}`, which cannot be the name of a setter",
                    service.name, method.name, parameter.name
                ));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn unique(what: &str, names: impl Iterator<Item = (String, String)>, problems: &mut Vec<String>) {
    let mut seen = BTreeMap::new();
    for (name, rust) in names {
        if IMPOSSIBLE.contains(&rust.as_str()) {
            problems.push(format!("{what}: `{name}` cannot be a name in Rust; rename it in the model"));
        }
        if let Some(other) = seen.insert(rust.clone(), name.clone()) {
            problems.push(format!("{what}: `{name}` and `{other}` both become `{rust}` in Rust; rename one in the model"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names() {
        for (name, rust) in [
            ("vm", "Vm"),
            ("m_dev_type", "MDevType"),
            ("x86_64", "X86_64"),
            ("v4_1", "V4_1"),
            ("rhel_6x64", "Rhel6x64"),
            ("windows_2012x64", "Windows2012x64"),
            ("scsi_generic_i_o", "ScsiGenericIO"),
        ] {
            assert_eq!(type_name(name), rust);
        }
    }

    #[test]
    fn keywords_are_raw_identifiers() {
        for (name, rust) in [("type", "r#type"), ("async", "r#async"), ("move", "r#move"), ("name", "name")] {
            assert_eq!(ident(name).to_string(), rust);
        }
    }

    #[test]
    fn every_keyword_is_one() {
        for word in KEYWORDS {
            assert!(syn::parse_str::<syn::Ident>(word).is_err() || *word == "gen", "`{word}` is no keyword");
        }
    }
}
