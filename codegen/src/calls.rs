//! Calls by name, for tools that learn only at run time which method of which service is meant.

use crate::types::Types;
use crate::{PREAMBLE, names};
use crate::{operation_calls, places};
use model::{Body, Kind, Method, Model, Parameter, Service, Type};
use std::fmt::Write;

const USES: &str = "\
use crate::arguments::Arguments;
use crate::kinds::Kind;
use crate::node::{Node, Outcome, node};
use crate::show;
use virt_sdk::ovirt::{services, types};
";

/// One `Node` for each service, and the table of all structs.
pub(crate) fn render(model: &Model) -> String {
    if model.namespace.is_some() {
        return operation_calls::render(model);
    }
    let mut out = format!("{PREAMBLE}{USES}");
    out.push_str("\n/// All structs, by name.\npub(crate) static KINDS: &[Kind] = &[\n");
    let mut structs: Vec<String> = model.structs.keys().map(|name| names::type_name(name)).collect();
    structs.sort();
    for name in structs {
        let _ = writeln!(out, "    Kind::of::<types::{name}>(\"{name}\"),");
    }
    out.push_str("];\n");
    for service in model.services.values().filter(|service| !service.pseudo) {
        render_service(model, service, &mut out);
    }
    out
}

fn render_service(model: &Model, service: &Service, out: &mut String) {
    let name = names::service_name(&service.name);
    let _ =
        write!(out, "\nimpl Node for services::{name} {{\n    fn name(&self) -> &'static str {{\n        \"{name}\"\n    }}\n");
    if !service.locators.is_empty() {
        out.push_str(
            "\n    fn below(&self, locator: &str, _id: Option<&str>) -> Option<Box<dyn Node>> {\n        match locator {\n",
        );
        for locator in &service.locators {
            let name = names::locator_name(model, &locator.name);
            let id = locator.parameter.as_ref().map_or("", |_| "_id?");
            let _ = writeln!(out, "            \"{name}\" => node(self.{}({id})),", names::ident(&name));
        }
        out.push_str("            _ => None,\n        }\n    }\n");
    }
    if !service.methods.is_empty() {
        out.push_str("\n    fn call(&self, method: &str, a: &mut Arguments) -> Option<Outcome> {\n        match method {\n");
        for method in &service.methods {
            render_method(model, service, method, out);
        }
        out.push_str("            _ => None,\n        }\n    }\n");
    }
    out.push_str("}\n");
}

fn render_method(model: &Model, service: &Service, method: &Method, out: &mut String) {
    let place = places::of_service(model, &service.name);
    let types = Types { model, from: &place };
    let _ = writeln!(out, "            \"{}\" => {{", method.name);
    let _ = writeln!(out, "                let mut r = self.{}();", names::ident(&method.name));
    out.push_str("                a.prepare(&mut r.call);\n");
    for parameter in method.parameters.iter().filter(|parameter| parameter.direction.is_in()) {
        let (key, setter) = (key(method, parameter), names::ident(&parameter.name));
        let _ = writeln!(
            out,
            "                if let Some(v) = a.{}(\"{key}\") {{ r = r.{setter}(v); }}",
            getter(&parameter.ty, types)
        );
    }
    let _ = writeln!(out, "                Some(show::{}(r.send()))\n            }}", show(method));
}

/// Name of a parameter on the wire.
fn key<'a>(method: &'a Method, parameter: &'a Parameter) -> &'a str {
    let fields = match &method.route.body {
        Body::Action { fields } => fields.as_slice(),
        Body::None | Body::Object { .. } | Body::Fields { .. } => &[],
    };
    let mut pairs = method.route.query.iter().chain(fields);
    pairs.find(|(name, _)| *name == parameter.name).map_or(parameter.name.as_str(), |(_, key)| key)
}

/// The function that gives the argument for a parameter of that type.
fn getter(ty: &Type, types: Types<'_>) -> String {
    let of = |name: &str| types.named(name).to_string().replace(' ', "");
    match ty {
        Type::Boolean => "boolean".to_owned(),
        Type::Integer => "integer".to_owned(),
        Type::Decimal => "decimal".to_owned(),
        Type::Date => "date".to_owned(),
        Type::String => "text".to_owned(),
        Type::Enum(name) => format!("enumeration::<{}>", of(name)),
        Type::Struct(name) => format!("object::<{}>", of(name)),
        // The engine's API has none of these.
        Type::Id(_) | Type::Dynamic(_) | Type::Opaque | Type::Map(..) => "text".to_owned(),
        Type::List(item) | Type::Set(item) => match &**item {
            Type::Struct(name) => format!("objects::<{}>", of(name)),
            item => format!("values::<{}>", types.plain(item)),
        },
    }
}

/// The function that shows the result of a method.
fn show(method: &Method) -> &'static str {
    let Some(result) = method.result() else { return "nothing" };
    match (method.kind, result.ty.is_list(), result.ty.struct_name().is_some()) {
        (Kind::Action, _, false) => "optional_value",
        (Kind::Action, false, true) => "optional_record",
        (Kind::Action, true, true) => "optional_list",
        (_, true, _) => "list",
        (_, false, _) => "record",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn every_service_method_and_parameter_is_there_by_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ovirt/model");
        let model = model::read_folder(&folder).expect("the made-up model is right");
        let text = super::render(&model);
        for service in model.services.values().filter(|service| !service.pseudo) {
            let name = crate::names::service_name(&service.name);
            let (_, rest) = text.split_once(&format!("impl Node for services::{name} {{")).expect("the service is there");
            let own = rest.split("impl Node").next().unwrap_or_default();
            for locator in &service.locators {
                assert!(own.contains(&format!("\"{}_service\" =>", locator.name)), "{name}: {}", locator.name);
            }
            for method in &service.methods {
                assert!(own.contains(&format!("\"{}\" => {{", method.name)), "{name}.{}", method.name);
                for parameter in method.parameters.iter().filter(|parameter| parameter.direction.is_in()) {
                    let setter = format!("r = r.{}(v);", crate::names::ident(&parameter.name));
                    assert!(own.contains(&setter), "{name}.{}: {setter}", method.name);
                }
            }
        }
        assert_eq!(text.matches("Kind::of::<").count(), model.structs.len());
    }

    #[test]
    fn an_argument_is_asked_for_by_its_name_on_the_wire() {
        let model = model::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ovirt/model"))
            .expect("the made-up model is right");
        let text = super::render(&model);
        for method in model.services.values().flat_map(|service| &service.methods) {
            for (name, key) in &method.route.query {
                assert!(text.contains(&format!("(\"{key}\")")), "{}: {name}", method.name);
            }
        }
    }
}
