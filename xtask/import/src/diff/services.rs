//! Changes of services.

use super::routes::{legacy_request, place, request, result};
use super::types::names;
use super::{Part, Recorder, Section, all_names};
use model::{Direction, Locator, Method, Model, Parameter, Privilege, Service};

pub(super) fn services(recorder: &mut Recorder, old: &Model, new: &Model) {
    // Nothing is made of pseudo services, and namespaces tell nothing that their services do not.
    let is_told = |model: &Model, service: &Service| !service.pseudo && !is_namespace(model, service);
    let find = |model: &'_ Model, name: &str| model.services.get(name).filter(|service| is_told(model, service)).cloned();
    for name in names(&old.services, &new.services) {
        let item = format!("service `{name}`");
        match (find(old, name), find(new, name)) {
            (Some(_), None) => recorder.add(Section::Removed, Part::Major, &item, ""),
            (None, Some(_)) => recorder.add(Section::Added, Part::Minor, &item, ""),
            (Some(old_service), Some(new_service)) => {
                let mut both = Both { recorder, item: &item, models: (old, new), services: (&old_service, &new_service) };
                both.compare();
            }
            (None, None) => {}
        }
    }
}

/// Whether a service only leads to others, as their names tell.
fn is_namespace(model: &Model, service: &Service) -> bool {
    model.namespace.is_some() && service.methods.is_empty()
}

/// A service in both models.
struct Both<'a> {
    recorder: &'a mut Recorder,
    item: &'a str,
    models: (&'a Model, &'a Model),
    services: (&'a Service, &'a Service),
}

impl Both<'_> {
    fn compare(&mut self) {
        let (old, new) = self.services;
        self.recorder.notes(self.item, "", &old.notes, &new.notes);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        self.recorder.value(Part::Patch, self.item, "base", &text(&old.base), &text(&new.base));
        self.recorder.value(Part::Patch, self.item, "package", &old.package, &new.package);
        self.recorder.value(Part::Patch, self.item, "area", &text(&old.area), &text(&new.area));
        self.recorder.value(Part::Patch, self.item, "resource", &text(&old.resource), &text(&new.resource));
        self.methods();
        // In a namespace they follow from the names of services.
        if self.models.0.namespace.is_none() || self.models.1.namespace.is_none() {
            self.locators();
        }
    }

    fn methods(&mut self) {
        let (old, new) = self.services;
        for name in all_names(old.methods.iter().map(|m| &m.name), new.methods.iter().map(|m| &m.name)) {
            let pair = (old.method(name), new.method(name));
            let declared_in = pair.0.or(pair.1).map(|method| method.declared_in.as_str());
            if self.told_of_base(declared_in, |service| service.method(name).cloned(), (pair.0.cloned(), pair.1.cloned())) {
                continue;
            }
            let what = format!("method `{name}`");
            match pair {
                (Some(_), None) => self.recorder.add(Section::Removed, Part::Major, self.item, what),
                (None, Some(_)) => self.recorder.add(Section::Added, Part::Minor, self.item, what),
                (Some(old), Some(new)) => method(self.recorder, self.item, &what, old, new),
                (None, None) => {}
            }
        }
        fn own(service: &Service) -> impl Iterator<Item = &String> + Clone {
            service.methods.iter().filter(|method| method.declared_in == service.name).map(|method| &method.name)
        }
        self.recorder.order(self.item, "methods", own(old), own(new));
    }

    fn locators(&mut self) {
        let (old, new) = self.services;
        let find = |service: &Service, name: &str| service.locators.iter().find(|locator| locator.name == name).cloned();
        for name in all_names(old.locators.iter().map(|l| &l.name), new.locators.iter().map(|l| &l.name)) {
            let pair = (find(old, name), find(new, name));
            let declared_in = pair.0.as_ref().or(pair.1.as_ref()).map(|locator| locator.declared_in.clone());
            if self.told_of_base(declared_in.as_deref(), |service| find(service, name), pair.clone()) {
                continue;
            }
            let what = format!("locator `{name}`");
            match pair {
                (Some(_), None) => self.recorder.add(Section::Removed, Part::Major, self.item, what),
                (None, Some(_)) => self.recorder.add(Section::Added, Part::Minor, self.item, what),
                (Some(old), Some(new)) => locator(self.recorder, self.item, &what, &old, &new),
                (None, None) => {}
            }
        }
        fn own(service: &Service) -> impl Iterator<Item = &String> + Clone {
            service.locators.iter().filter(|locator| locator.declared_in == service.name).map(|locator| &locator.name)
        }
        self.recorder.order(self.item, "locators", own(old), own(new));
    }

    /// Whether the base that declares something has the same change of it.
    fn told_of_base<T: PartialEq>(
        &self,
        declared_in: Option<&str>,
        find: impl Fn(&Service) -> Option<T>,
        pair: (Option<T>, Option<T>),
    ) -> bool {
        let Some(base) = declared_in.filter(|declared_in| *declared_in != self.services.0.name) else { return false };
        let in_base = |model: &Model| model.services.get(base).filter(|service| !service.pseudo).map(&find);
        match (in_base(self.models.0), in_base(self.models.1)) {
            (Some(old), Some(new)) => (old, new) == pair,
            _ => false,
        }
    }
}

fn method(recorder: &mut Recorder, item: &str, what: &str, old: &Method, new: &Method) {
    recorder.notes(item, what, &old.notes, &new.notes);
    recorder.value(Part::Major, item, &format!("{what}: request"), &request(old), &request(new));
    recorder.value(Part::Major, item, &format!("{what}: request in `/rest`"), &legacy_request(old), &legacy_request(new));
    recorder.value(Part::Major, item, &format!("{what}: result"), &result(old), &result(new));
    let status = |method: &Method| method.route.status.to_string();
    recorder.value(Part::Patch, item, &format!("{what}: status of a success"), &status(old), &status(new));
    let of = |method: &Method| method.signature_of.clone().unwrap_or_default();
    recorder.value(Part::Patch, item, &format!("{what}: base of the signature"), &of(old), &of(new));
    fn given(method: &Method) -> impl Iterator<Item = &Parameter> + Clone {
        method.parameters.iter().filter(|parameter| parameter.direction != Direction::Out)
    }
    let (old_names, new_names) = (given(old).map(|p| &p.name), given(new).map(|p| &p.name));
    for name in all_names(old_names.clone(), new_names.clone()) {
        let shown = format!("{what}: parameter `{name}`");
        match (given(old).find(|p| p.name == *name), given(new).find(|p| p.name == *name)) {
            (Some(_), None) => recorder.add(Section::Removed, Part::Major, item, shown),
            (None, Some(new)) if new.mandatory => {
                recorder.add(Section::Added, Part::Major, item, format!("{shown}: `{}`, mandatory", new.ty));
            }
            (None, Some(new)) => recorder.add(Section::Added, Part::Minor, item, format!("{shown}: `{}`", new.ty)),
            (Some(old_parameter), Some(new_parameter)) => {
                parameter(recorder, item, &shown, (old, old_parameter), (new, new_parameter));
            }
            (None, None) => {}
        }
    }
    recorder.order(item, &format!("parameters of {what}"), old_names, new_names);
    // A parameter that is only returned is told of as the result, but has a description too.
    if let (Some(old), Some(new)) = (old.result(), new.result())
        && (old.direction, new.direction) == (Direction::Out, Direction::Out)
    {
        recorder.notes(item, &format!("{what}: result `{}`", new.name), &old.notes, &new.notes);
    }
    member_paths(recorder, item, what, old, new);
    answers(recorder, item, what, old, new);
}

/// Errors that it may answer with, and what the user must be allowed to.
fn answers(recorder: &mut Recorder, item: &str, what: &str, old: &Method, new: &Method) {
    let privileges = |method: &Method| -> Vec<String> {
        let shown = |privilege: &Privilege| match &privilege.on {
            Some(on) => format!("{}` on `{on}", privilege.name),
            None => privilege.name.clone(),
        };
        method.privileges.iter().map(shown).collect()
    };
    let (old_privileges, new_privileges) = (privileges(old), privileges(new));
    let lists = [("error", &old.errors, &new.errors), ("privilege", &old_privileges, &new_privileges)];
    for (list, old, new) in lists {
        for name in all_names(old.iter(), new.iter()) {
            let shown = format!("{what}: {list} `{name}`");
            match (old.contains(name), new.contains(name)) {
                (true, false) => recorder.add(Section::Removed, Part::Minor, item, shown),
                (false, true) => recorder.add(Section::Added, Part::Minor, item, shown),
                _ => {}
            }
        }
        recorder.order(item, &format!("{list}s of {what}"), old.iter(), new.iter());
    }
}

fn parameter(
    recorder: &mut Recorder,
    item: &str,
    what: &str,
    (old_method, old): (&Method, &Parameter),
    (new_method, new): (&Method, &Parameter),
) {
    recorder.value(Part::Major, item, &format!("type of {what}"), &old.ty.to_string(), &new.ty.to_string());
    recorder.value(Part::Major, item, &format!("place of {what}"), &place(old_method, old), &place(new_method, new));
    let part = if new.mandatory { Part::Major } else { Part::Minor };
    recorder.flag(part, item, &format!("{what} is mandatory"), old.mandatory, new.mandatory);
    recorder.notes(item, what, &old.notes, &new.notes);
}

/// What the server insists on, and what else it takes.
fn member_paths(recorder: &mut Recorder, item: &str, what: &str, old: &Method, new: &Method) {
    let lists = [("mandatory", &old.mandatory, &new.mandatory, Part::Major, Part::Minor)];
    let lists = lists.into_iter().chain([("optional", &old.optional, &new.optional, Part::Patch, Part::Patch)]);
    for (list, old, new, added, removed) in lists {
        for path in all_names(old.iter(), new.iter()) {
            let shown = format!("{what}: {list} member `{path}`");
            match (old.contains(path), new.contains(path)) {
                (true, false) => recorder.add(Section::Removed, removed, item, shown),
                (false, true) => recorder.add(Section::Added, added, item, shown),
                _ => {}
            }
        }
        recorder.order(item, &format!("{list} members of {what}"), old.iter(), new.iter());
    }
}

fn locator(recorder: &mut Recorder, item: &str, what: &str, old: &Locator, new: &Locator) {
    recorder.value(Part::Major, item, &format!("target of {what}"), &old.service, &new.service);
    let text = |locator: &Locator| locator.parameter.clone().unwrap_or_default();
    let part = if old.parameter.is_some() == new.parameter.is_some() { Part::Patch } else { Part::Major };
    recorder.value(part, item, &format!("argument of {what}"), &text(old), &text(new));
    if (&old.parameter, &new.parameter) == (&None, &None) {
        recorder.value(Part::Major, item, &format!("path segment of {what}"), &old.segment, &new.segment);
    }
    recorder.notes(item, what, &old.notes, &new.notes);
}
