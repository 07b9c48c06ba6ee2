//! One line for each public item: what a reviewer of a model update reads.

use crate::paths::Paths;
use crate::{names, paths, services};
use model::{Direction, Model, Notes, Type};
use std::fmt::Write;

pub(crate) fn render(model: &Model) -> String {
    let mut out =
        format!("# {} {}: everything public that is generated from the model. Do not edit.\n", model.name, model.version);
    for item in model.enums.values() {
        let name = names::type_name(&item.name);
        line(&mut out, &format!("enum {name}"), &item.notes);
        for value in &item.values {
            line(&mut out, &format!("variant {name}::{} = {}", names::type_name(&value.name), value.name), &value.notes);
        }
    }
    for item in model.structs.values() {
        let name = names::type_name(&item.name);
        line(&mut out, &format!("struct {name} <{}> <{}>", item.element, item.list_element), &item.notes);
        for member in &item.members {
            let secret = if member.secret { " secret" } else { "" };
            let link = if member.link { " link" } else { "" };
            line(&mut out, &format!("field {name}.{}: {}{link}{secret}", member.name, spelled(&member.ty)), &member.notes);
        }
    }
    let paths = paths::find(model);
    for service in model.services.values().filter(|service| !service.pseudo) {
        render_service(&mut out, service, &paths);
    }
    out
}

fn render_service(out: &mut String, service: &model::Service, paths: &Paths<'_>) {
    let name = names::service_name(&service.name);
    line(out, &format!("service {name}"), &service.notes);
    for method in &service.methods {
        let result = method.result().map_or("()".to_owned(), |parameter| spelled(&parameter.ty));
        let route = services::route(service, method, paths);
        line(out, &format!("method {name}.{} -> {result}: {route}", method.name), &method.notes);
        for parameter in method.parameters.iter().filter(|parameter| parameter.direction != Direction::Out) {
            let mandatory = if parameter.mandatory { " mandatory" } else { "" };
            line(
                out,
                &format!("parameter {name}.{}.{}: {}{mandatory}", method.name, parameter.name, spelled(&parameter.ty)),
                &parameter.notes,
            );
        }
    }
    for locator in &service.locators {
        let argument = locator.parameter.as_deref().unwrap_or_default();
        let target = names::service_name(&locator.service);
        line(out, &format!("locator {name}.{}({argument}) -> {target}", names::locator_name(&locator.name)), &locator.notes);
    }
}

fn spelled(ty: &Type) -> String {
    match ty {
        Type::Enum(name) | Type::Struct(name) => names::type_name(name),
        Type::List(item) => format!("{}[]", spelled(item)),
        primitive => primitive.to_string(),
    }
}

fn line(out: &mut String, text: &str, notes: &Notes) {
    out.push_str(text);
    if let Some(since) = &notes.since {
        let _ = write!(out, " since={since}");
    }
    if let Some(deprecated) = &notes.deprecated {
        let _ = write!(out, " deprecated={}", deprecated.since.as_deref().unwrap_or("true"));
    }
    if let Some(removed) = &notes.removed {
        let _ = write!(out, " removed={removed}");
    }
    out.push('\n');
}
