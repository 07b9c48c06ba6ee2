//! Names of the model → names in Rust. All rules and exceptions stand here.

use heck::ToUpperCamelCase;
use model::Model;
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
    "Field",
    "Into",
    "Link",
    "List",
    "PartialEq",
    "Record",
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

/// The type of a request: `add` of `vms` becomes `VmsServiceAddRequest`.
pub(crate) fn request_name(service: &str, method: &str) -> String {
    format!("{}{}Request", service_name(service), type_name(method))
}

/// The method that leads to a service: `vms` becomes `vms_service`.
pub(crate) fn locator_name(locator: &str) -> String {
    format!("{locator}_service")
}

pub(crate) fn type_ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// Reports names that Rust cannot tell apart or does not allow.
pub(crate) fn check(model: &Model) -> Result<(), Vec<String>> {
    let mut problems = Vec::new();
    let types = model.structs.keys().chain(model.enums.keys());
    unique("types", types.map(|name| (name.clone(), type_name(name))), &mut problems);
    let services = model.services.values().filter(|service| !service.pseudo);
    let requests = services
        .clone()
        .flat_map(|s| s.methods.iter().map(|m| (format!("{}.{}", s.name, m.name), request_name(&s.name, &m.name))));
    let services = services.map(|service| (service.name.clone(), service_name(&service.name)));
    unique("services and requests", services.chain(requests), &mut problems);
    for name in model.structs.keys().chain(model.enums.keys()).filter(|name| PRELUDE.contains(&type_name(name).as_str())) {
        problems.push(format!(
            "the type `{name}` would hide `{}` of Rust; write that with its path in codegen, or rename the type",
            type_name(name)
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
        let locators = service.locators.iter().map(|locator| (locator.name.clone(), locator_name(&locator.name)));
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
