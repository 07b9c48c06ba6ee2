//! Services: methods, signatures, parameters and locators.

use super::merge::{Context, here};
use super::order::arrange;
use super::signatures::{self, Known};
use super::{Locator, Method, Parameter, Service};
use crate::declared;
use crate::ir::Direction;
use std::collections::BTreeMap;

/// A service of the source, with the full name of each method.
pub(super) struct Named<'a> {
    pub(super) service: &'a Service,
    /// What each method is a signature of.
    of: Vec<Option<String>>,
}

impl<'a> Named<'a> {
    /// Names the methods; `known` are those of the service and of its bases in our documents.
    pub(super) fn new(service: &'a Service, known: &[Known]) -> Self {
        Self { service, of: signatures::recover(&service.methods, known) }
    }

    fn methods(&self) -> impl Iterator<Item = (String, Option<&str>, &'a Method)> {
        self.service.methods.iter().zip(&self.of).map(|(method, of)| match of {
            Some(of) => (format!("{of}_{}", method.name.text), Some(of.as_str()), method),
            None => (method.name.text.clone(), None, method),
        })
    }
}

/// What our documents know of the methods and locators of services, inherited ones too.
#[derive(Default)]
pub(super) struct KnownServices<'a> {
    by_name: BTreeMap<&'a str, &'a declared::Service>,
}

impl<'a> KnownServices<'a> {
    pub(super) fn new(services: &'a [declared::Service]) -> Self {
        Self { by_name: services.iter().map(|item| (item.name.text.as_str(), item)).collect() }
    }

    /// The service and its bases.
    fn lineage(&self, name: &str) -> impl Iterator<Item = &'a declared::Service> {
        let by_name = self.by_name.clone();
        let first = by_name.get(name).copied();
        std::iter::successors(first, move |item| by_name.get(item.base.as_ref()?.text.as_str()).copied())
    }

    /// Short names of methods, and what they are signatures of.
    pub(super) fn method_names(&self, name: &str) -> Vec<Known> {
        let methods = self.lineage(name).flat_map(|item| &item.methods);
        methods.map(|method| (method.name.text.clone(), method.of.as_ref().map(|of| of.text.clone()))).collect()
    }

    fn method(&self, service: &str, full_name: &str) -> Option<&'a declared::Method> {
        self.lineage(service).flat_map(|item| &item.methods).find(|method| method.full_name() == full_name)
    }

    fn locator(&self, service: &str, name: &str) -> Option<&'a declared::Locator> {
        self.lineage(service).flat_map(|item| &item.locators).find(|locator| locator.name.text == name)
    }
}

/// A service with those methods and locators of the source that its base does not have.
pub(super) fn service(
    source: &Named<'_>,
    base: Option<&Named<'_>>,
    known: &KnownServices<'_>,
    context: &mut Context<'_>,
) -> declared::Service {
    let name = &source.service.name.text;
    let ours = known.by_name.get(name.as_str()).copied();
    check_names(source, context);
    if let Some(base) = base {
        check_inherited(source, base, context);
    }
    let inherited: Vec<String> = base.iter().flat_map(|base| base.methods()).map(|(full, ..)| full).collect();
    let order: Vec<String> = ours.iter().flat_map(|item| &item.methods).map(declared::Method::full_name).collect();
    let mut methods = Vec::new();
    for (full_name, of, method) in source.methods().filter(|(full, ..)| !inherited.contains(full)) {
        let base = of.and_then(|of| source.methods().find(|(full, ..)| full == of)).map(|(.., method)| method);
        let ours = known.method(name, &full_name);
        if ours.is_none() && of.is_some() {
            context.remark(format!("`{name}.{full_name}` is new; that it is a signature was found by its parameters"));
        }
        methods.push((full_name.clone(), self::method(method, of, base, ours, context)));
    }
    let order_of_locators: Vec<String> = ours.iter().flat_map(|item| &item.locators).map(|l| l.name.text.clone()).collect();
    let of_base = |name: &str| base.is_some_and(|base| base.service.locators.iter().any(|l| l.name.text == name));
    let mut locators = Vec::new();
    for locator in source.service.locators.iter().filter(|locator| !of_base(&locator.name.text)) {
        let doc = known.locator(name, &locator.name.text).map(|ours| ours.notes.doc.clone());
        locators.push((locator.name.text.clone(), self::locator(locator, doc.unwrap_or_default(), context)));
    }
    let doc = ours.map(|item| item.notes.doc.clone()).unwrap_or_default();
    declared::Service {
        name: here(name),
        base: base.map(|base| here(&base.service.name.text)),
        package: ours.and_then(|item| item.package.clone()),
        area: area(source.service, context),
        pseudo: ours.is_some_and(|item| item.pseudo),
        resource: None,
        notes: context.notes(&source.service.remarks, doc),
        methods: arrange(&order, methods),
        locators: arrange(&order_of_locators, locators),
    }
}

fn area(source: &Service, context: &mut Context<'_>) -> Option<String> {
    let annotation = source.remarks.named("area").next()?;
    match annotation.values.as_slice() {
        [area] if !area.trim().is_empty() => Some(area.trim().to_owned()),
        _ => {
            context.fault(annotation.name.at, "`area` must have one value, such as `Storage`");
            None
        }
    }
}

fn method(
    source: &Method,
    of: Option<&str>,
    base: Option<&Method>,
    ours: Option<&declared::Method>,
    context: &mut Context<'_>,
) -> declared::Method {
    let known = ours.map(|method| method.parameters.as_slice()).unwrap_or_default();
    context.unique(source.parameters.iter().map(|p| &p.name), &format!("method `{}`", source.name.text), "parameters");
    let order: Vec<String> = known.iter().map(|parameter| parameter.name.text.clone()).collect();
    let mut parameters = Vec::new();
    for parameter in &source.parameters {
        context.type_exists(&parameter.ty);
        let name = &parameter.name.text;
        let ours = known.iter().find(|known| known.name.text == *name);
        let doc = ours.map(|ours| ours.notes.doc.clone()).unwrap_or_default();
        // A description that the parameter has from elsewhere is not overruled by that of the source.
        let elsewhere =
            context.shared.contains(name) || base.is_some_and(|base| base.parameters.iter().any(|p| p.name.text == *name));
        let notes =
            if elsewhere { context.notes_without_text(&parameter.remarks, doc) } else { context.notes(&parameter.remarks, doc) };
        let made = declared::Parameter {
            name: here(name),
            ty: here(&parameter.ty.text),
            direction: direction(source, of, parameter, ours, context),
            mandatory: ours.is_some_and(|ours| ours.mandatory),
            body: false,
            query: None,
            notes,
        };
        parameters.push((name.clone(), made));
    }
    let copy = |paths: &[declared::Located]| paths.iter().map(|path| here(&path.text)).collect();
    declared::Method {
        name: here(&source.name.text),
        of: of.map(here),
        notes: context.notes(&source.remarks, ours.map(|ours| ours.notes.doc.clone()).unwrap_or_default()),
        parameters: arrange(&order, parameters),
        mandatory: ours.map(|ours| copy(&ours.mandatory)).unwrap_or_default(),
        optional: ours.map(|ours| copy(&ours.optional)).unwrap_or_default(),
        errors: Vec::new(),
        privileges: Vec::new(),
        verb: None,
        path: None,
        status: None,
    }
}

/// Which way a parameter goes. Where the source does not tell whether it is returned, our document
/// does; for a new one, what is not given is returned, and so is the object of an `add` or `update`.
fn direction(
    method: &Method,
    of: Option<&str>,
    parameter: &Parameter,
    ours: Option<&declared::Parameter>,
    context: &mut Context<'_>,
) -> Direction {
    let known = ours.map(|ours| ours.direction).filter(|direction| direction.is_in() == parameter.given);
    let object = || {
        ["add", "update"].contains(&of.unwrap_or(&method.name.text))
            && method
                .parameters
                .iter()
                .find(|p| p.given && context.is_object(&p.ty.text))
                .is_some_and(|p| p.name == parameter.name)
    };
    let returned = match (parameter.returned, known) {
        (Some(returned), _) => returned,
        (None, Some(direction)) => direction.is_out(),
        (None, None) => !parameter.given || object(),
    };
    match (parameter.given, returned) {
        (true, true) => Direction::InOut,
        (true, false) => Direction::In,
        (false, true) => Direction::Out,
        (false, false) => {
            let message = format!("parameter `{}` goes neither in nor out; one of the two must be true", parameter.name.text);
            context.fault(parameter.name.at, message);
            Direction::In
        }
    }
}

fn locator(source: &Locator, doc: String, context: &mut Context<'_>) -> declared::Locator {
    context.service_exists(&source.service);
    if let Some((name, _)) = source.parameters.get(1) {
        context.fault(name.at, format!("locator `{}` has a second parameter; it must have one at most", source.name.text));
    }
    if let Some((_, ty)) = source.parameters.first().filter(|(_, ty)| ty.text != "string") {
        context.fault(
            ty.at,
            format!("the parameter of locator `{}` is of type `{}`; it must be `string`", source.name.text, ty.text),
        );
    }
    declared::Locator {
        name: here(&source.name.text),
        service: here(&source.service.text),
        parameter: source.parameters.first().map(|(name, _)| here(&name.text)),
        notes: context.notes(&source.remarks, doc),
    }
}

fn check_names(source: &Named<'_>, context: &mut Context<'_>) {
    let service = &source.service.name.text;
    let mut seen = Vec::new();
    for (full_name, _, method) in source.methods() {
        if seen.contains(&full_name) {
            context.fault(
                method.name.at,
                format!("service `{service}` has two methods `{full_name}`; a signature must stand before its base and end with its parameters"),
            );
        }
        seen.push(full_name);
    }
    context.unique(source.service.locators.iter().map(|l| &l.name), &format!("service `{service}`"), "locators");
}

/// The source repeats the methods and locators of a base in every heir.
fn check_inherited(source: &Named<'_>, base: &Named<'_>, context: &mut Context<'_>) {
    let (name, base_name) = (&source.service.name, &base.service.name.text);
    let advice = format!("every heir must repeat them: correct `base` in `services/{}.xml` if it is no heir any more", name.text);
    for (full_name, _, wanted) in base.methods() {
        let shape = |method: &Method| -> Vec<(String, String, bool)> {
            method.parameters.iter().map(|p| (p.name.text.clone(), p.ty.text.clone(), p.given)).collect()
        };
        match source.methods().find(|(other, ..)| *other == full_name) {
            None => {
                context.fault(name.at, format!("`{}` lacks method `{full_name}` of its base `{base_name}`; {advice}", name.text))
            }
            Some((.., found)) if shape(found) != shape(wanted) => context.fault(
                found.name.at,
                format!("`{}.{full_name}` has other parameters than in its base `{base_name}`; {advice}", name.text),
            ),
            Some(_) => {}
        }
    }
    for wanted in &base.service.locators {
        let found = source.service.locators.iter().find(|locator| locator.name.text == wanted.name.text);
        if found.is_none_or(|found| found.service.text != wanted.service.text) {
            let wrong = if found.is_none() { "lacks" } else { "has another" };
            let message = format!("`{}` {wrong} locator `{}` of its base `{base_name}`; {advice}", name.text, wanted.name.text);
            context.fault(found.map_or(name.at, |found| found.name.at), message);
        }
    }
}
