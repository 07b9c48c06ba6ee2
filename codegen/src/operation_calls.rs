//! Operations by name, for tools that learn only at run time which one is meant.

use crate::{PREAMBLE, names, places};
use model::{Method, Model, Parameter, Service, Type};
use std::fmt::Write;

const USES: &str = "\
use crate::vsphere::arguments::Arguments;
use crate::vsphere::outcome::{self, Prepared};
use virt_sdk::vsphere::{self, Session};
";

/// One function that makes the request of any operation.
pub(crate) fn render(model: &Model) -> String {
    let mut out = format!("{PREAMBLE}{USES}");
    out.push_str("\n/// The request of an operation with these arguments; `None` when there is no such operation.\n");
    out.push_str("pub(crate) fn call(s: &Session, operation: &str, a: &mut Arguments<'_>) -> Option<Prepared> {\n");
    out.push_str("    match operation {\n");
    for service in model.services.values() {
        for method in &service.methods {
            operation(model, service, method, &mut out);
        }
    }
    out.push_str("        _ => None,\n    }\n}\n");
    out
}

fn operation(model: &Model, service: &Service, method: &Method, out: &mut String) {
    let (required, optional): (Vec<&Parameter>, Vec<&Parameter>) =
        method.parameters.iter().filter(|parameter| parameter.direction.is_in()).partition(|parameter| parameter.mandatory);
    let namespace = model.namespace.as_deref().unwrap_or_default();
    let _ = writeln!(out, "        \"{namespace}.{}.{}\" => {{", service.name, method.name);
    let way: String = service.name.split('.').map(|part| format!(".{}()", names::ident(part))).collect();
    let arguments: Vec<String> = required.iter().map(|parameter| format!("{}?", getter(model, parameter))).collect();
    let mutable = if optional.is_empty() { "" } else { "mut " };
    let _ = writeln!(out, "            let {mutable}r = s{way}.{}({});", names::ident(&method.name), arguments.join(", "));
    for parameter in optional {
        let setter = names::ident(&parameter.name);
        let _ = writeln!(out, "            if let Some(v) = {} {{ r = r.{setter}(v); }}", getter(model, parameter));
    }
    let _ = writeln!(out, "            Some(outcome::{}(r.call.clone(), r.send()))\n        }}", shown(method));
}

/// The expression that gives an argument.
fn getter(model: &Model, parameter: &Parameter) -> String {
    let name = &parameter.name;
    let ty = |ty: &Type| match ty {
        Type::Struct(name) | Type::Enum(name) => format!("vsphere::{}", places::of_type(model, name).public()),
        _ => "String".to_owned(),
    };
    match &parameter.ty {
        Type::Boolean => format!("a.boolean(\"{name}\")"),
        Type::Integer => format!("a.integer(\"{name}\")"),
        Type::Enum(_) => format!("a.enumeration::<{}>(\"{name}\")", ty(&parameter.ty)),
        Type::Struct(_) => format!("a.object::<{}>(\"{name}\")", ty(&parameter.ty)),
        Type::List(item) | Type::Set(item) => format!("a.objects::<{}>(\"{name}\")", ty(item)),
        _ => format!("a.text(\"{name}\")"),
    }
}

/// The function that shows the result of a method.
fn shown(method: &Method) -> &'static str {
    match method.result().map(|result| &result.ty) {
        None => "nothing",
        Some(Type::Struct(_)) => "object",
        Some(Type::List(item) | Type::Set(item)) if matches!(**item, Type::Struct(_)) => "objects",
        Some(Type::Map(..)) => "object_map",
        Some(_) => "value",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn every_operation_and_parameter_is_there_by_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vsphere/model");
        let model = model::read_folder(&folder).expect("the made-up model is right");
        let text = super::render(&model);
        for service in model.services.values() {
            for method in &service.methods {
                let name = format!("\"com.example.{}.{}\" => {{", service.name, method.name);
                let (_, rest) = text.split_once(&name).expect("the operation is there");
                let own = rest.split("\" => {").next().unwrap_or_default();
                for parameter in method.parameters.iter().filter(|parameter| parameter.direction.is_in()) {
                    assert!(own.contains(&format!("(\"{}\")", parameter.name)), "{name}: {}", parameter.name);
                }
            }
        }
    }
}
