//! One line for each public item: what a reviewer of a model update reads.

use crate::paths::Paths;
use crate::{names, operations, paths, places, services};
use model::{Direction, Member, Method, Model, Notes, Parameter, Service, Type};
use std::fmt::Write;

pub(crate) fn render(model: &Model) -> String {
    let out = format!("# {} {}: everything public that is generated from the model. Do not edit.\n", model.name, model.version);
    let paths = paths::find(model);
    let listing = &mut Listing { model, paths, out };
    for item in model.enums.values() {
        let name = listing.type_name(&item.name);
        line(&mut listing.out, &format!("enum {name}"), &item.notes);
        for value in &item.values {
            line(&mut listing.out, &format!("variant {name}::{} = {}", names::type_name(&value.name), value.name), &value.notes);
        }
    }
    for item in model.structs.values() {
        listing.structure(item);
    }
    for item in model.errors.values() {
        let text = format!("error {} = {} {}/{}", item.literal, item.identifier, item.status, item.legacy_status);
        line(&mut listing.out, &text, &item.notes);
    }
    for service in model.services.values().filter(|service| !service.pseudo) {
        listing.service(service);
    }
    std::mem::take(&mut listing.out)
}

struct Listing<'a> {
    model: &'a Model,
    paths: Paths<'a>,
    out: String,
}

impl Listing<'_> {
    /// Without the modules where these are the same for all types.
    fn type_name(&self, name: &str) -> String {
        let place = places::of_type(self.model, name);
        if self.model.namespace.is_some() { place.public() } else { place.name }
    }

    fn service_name(&self, name: &str) -> String {
        match self.model.namespace {
            Some(_) if name.is_empty() => "Session".to_owned(),
            Some(_) => places::of_service(self.model, name).public(),
            None => names::service_name(name),
        }
    }

    fn structure(&mut self, item: &model::Struct) {
        let name = self.type_name(&item.name);
        let list_element = if item.list_element.is_empty() { String::new() } else { format!(" <{}>", item.list_element) };
        line(&mut self.out, &format!("struct {name} <{}>{list_element}", item.element), &item.notes);
        for member in &item.members {
            let text = format!("field {name}.{}: {}{}", member.name, self.spelled(&member.ty), flags(member));
            line(&mut self.out, &text, &member.notes);
        }
        for union in &item.unions {
            for case in &union.cases {
                let members: Vec<String> =
                    case.members.iter().map(|(name, mandatory)| format!("{name}{}", if *mandatory { "" } else { "?" })).collect();
                let text = format!("case {name}.{}={}({})", union.discriminant, case.value, members.join(", "));
                line(&mut self.out, &text, &Notes::default());
            }
        }
    }

    fn service(&mut self, service: &Service) {
        let name = self.service_name(&service.name);
        line(&mut self.out, &format!("service {name}"), &service.notes);
        for method in &service.methods {
            let result = method.result().map_or("()".to_owned(), |parameter| self.spelled(&parameter.ty));
            let route = self.route(service, method);
            line(&mut self.out, &format!("method {name}.{} -> {result}: {route}", method.name), &method.notes);
            for parameter in method.parameters.iter().filter(|parameter| parameter.direction != Direction::Out) {
                self.parameter(&name, method, parameter);
            }
            if !method.errors.is_empty() {
                let errors: Vec<&str> = method.errors.iter().filter_map(|error| error.rsplit('.').next()).collect();
                line(&mut self.out, &format!("errors {name}.{}: {}", method.name, errors.join(", ")), &Notes::default());
            }
        }
        for locator in &service.locators {
            let argument = locator.parameter.as_deref().unwrap_or_default();
            let target = self.service_name(&locator.service);
            let way = names::locator_name(self.model, &locator.name);
            line(&mut self.out, &format!("locator {name}.{way}({argument}) -> {target}"), &locator.notes);
        }
    }

    fn parameter(&mut self, service: &str, method: &Method, parameter: &Parameter) {
        let mandatory = if parameter.mandatory { " mandatory" } else { "" };
        let text = format!("parameter {service}.{}.{}: {}{mandatory}", method.name, parameter.name, self.spelled(&parameter.ty));
        line(&mut self.out, &text, &parameter.notes);
    }

    fn route(&self, service: &Service, method: &Method) -> String {
        match (&self.model.namespace, &method.legacy_route) {
            (None, _) => services::route(service, method, &self.paths),
            (Some(_), None) => operations::route(&method.route),
            (Some(_), Some(legacy)) => format!("{} | {}", operations::route(&method.route), operations::route(legacy)),
        }
    }

    fn spelled(&self, ty: &Type) -> String {
        match ty {
            Type::Enum(name) | Type::Struct(name) => self.type_name(name),
            Type::Id(resource) => names::id_name(resource),
            Type::List(item) => format!("{}[]", self.spelled(item)),
            Type::Set(item) => format!("{}{{}}", self.spelled(item)),
            Type::Map(key, value) => format!("map({},{})", self.spelled(key), self.spelled(value)),
            Type::Dynamic(Some(like)) => format!("dynamic({})", self.type_name(like)),
            primitive => primitive.to_string(),
        }
    }
}

fn flags(member: &Member) -> String {
    let flags = [(member.link, " link"), (member.mandatory, " mandatory"), (member.secret, " secret")];
    flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag).collect()
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
