//! Declared items → checked and flattened [`Model`].

use crate::declared::{self, Declared, Located};
use crate::fault::{Document, Fault};
use crate::ir::*;
use crate::ovirt::wire;
use crate::suggest::{names, nearest};
use crate::vsphere;
use std::collections::{BTreeMap, BTreeSet};

const PRIMITIVES: &[&str] = &["boolean", "integer", "decimal", "date", "string"];

/// Resolves what was declared. `None` only when there is no header to build a model on; where
/// `faults` grew, the model is not fit for use.
pub(crate) fn resolve(documents: &[Document], declared: &Declared, faults: &mut Vec<Fault>) -> Option<Model> {
    let mut resolver = Resolver::new(documents, declared, faults);
    let model = resolver.model();
    resolver.check_root_elements(model.as_ref());
    model
}

struct Resolver<'a> {
    documents: &'a [Document],
    declared: &'a Declared,
    faults: &'a mut Vec<Fault>,
    enums: BTreeMap<&'a str, &'a declared::Enum>,
    structs: BTreeMap<&'a str, &'a declared::Struct>,
    errors: BTreeMap<&'a str, &'a declared::ErrorType>,
    services: BTreeMap<&'a str, &'a declared::Service>,
    /// What full identifiers start with. APIs that have it follow the rules of vSphere, others those of oVirt.
    namespace: Option<&'a str>,
}

impl<'a> Resolver<'a> {
    fn new(documents: &'a [Document], declared: &'a Declared, faults: &'a mut Vec<Fault>) -> Self {
        let mut resolver = Self {
            documents,
            declared,
            faults,
            enums: BTreeMap::new(),
            structs: BTreeMap::new(),
            errors: BTreeMap::new(),
            services: BTreeMap::new(),
            namespace: declared.headers.first().and_then(|header| header.namespace.as_deref()),
        };
        for item in &declared.enums {
            resolver.enums.insert(&item.name.text, item);
        }
        for item in &declared.structs {
            resolver.structs.insert(&item.name.text, item);
        }
        for item in &declared.errors {
            resolver.errors.insert(&item.name.text, item);
        }
        for item in &declared.services {
            resolver.services.insert(&item.name.text, item);
        }
        let types = declared.enums.iter().map(|item| &item.name).chain(declared.structs.iter().map(|item| &item.name));
        resolver.unique(types, "the model", "types");
        resolver.unique(declared.errors.iter().map(|item| &item.name), "the model", "errors");
        resolver.unique(declared.services.iter().map(|item| &item.name), "the model", "services");
        resolver
    }

    fn model(&mut self) -> Option<Model> {
        let declared = self.declared;
        let Some(header) = declared.headers.first() else {
            if !declared.unreadable.iter().any(|name| name == "model") {
                self.faults.push(Fault {
                    path: "model.xml".to_owned(),
                    line: 1,
                    column: 1,
                    message: "there is no `model.xml`; add one with the name, version and root service of the API".to_owned(),
                });
            }
            return None;
        };
        for second in &declared.headers[1..] {
            self.fault(&second.name, "the model has a second header; keep one `model.xml`");
        }
        let root = match (&header.root, self.namespace) {
            (Some(root), None) => {
                self.service_exists(root);
                root.text.clone()
            }
            (None, Some(_)) => vsphere::namespaces::ROOT.to_owned(),
            _ => {
                let message =
                    "the model has either a `root` service, or a `namespace` that leads to its services; give one of them";
                self.fault(&header.name, message);
                return None;
            }
        };
        let common: BTreeMap<&str, &str> = header.parameters.iter().map(|(name, doc)| (name.as_str(), doc.as_str())).collect();
        let mut services = declared.services.iter().map(|item| (item.name.text.clone(), self.service(item, &common))).collect();
        if self.namespace.is_some() {
            vsphere::namespaces::link(&mut services);
        }
        Some(Model {
            name: header.name.text.clone(),
            version: header.version.clone(),
            namespace: header.namespace.clone(),
            root,
            doc: header.doc.clone(),
            enums: declared.enums.iter().map(|item| (item.name.text.clone(), self.enumeration(item))).collect(),
            structs: declared.structs.iter().map(|item| (item.name.text.clone(), self.structure(item))).collect(),
            errors: declared.errors.iter().map(|item| (item.name.text.clone(), self.error(item))).collect(),
            services,
        })
    }

    fn enumeration(&mut self, item: &'a declared::Enum) -> Enum {
        self.unique(item.values.iter().map(|value| &value.name), &format!("enum `{}`", item.name.text), "values");
        if item.values.is_empty() {
            self.fault(&item.name, format!("enum `{}` has no value; add one", item.name.text));
        }
        let values = item.values.iter().map(|value| Value { name: value.name.text.clone(), notes: value.notes.clone() });
        Enum { name: item.name.text.clone(), notes: item.notes.clone(), values: values.collect() }
    }

    fn structure(&mut self, item: &'a declared::Struct) -> Struct {
        let lineage = self.lineage(item, "struct", |s| &s.name, |s| s.base.as_ref(), |r, name| r.structs.get(name).copied());
        let lineage: Vec<_> = lineage.into_iter().map(|owner| (owner.name.text.as_str(), owner.members.as_slice())).collect();
        let members = self.members(&format!("struct `{}`", item.name.text), &lineage);
        let name = &item.name.text;
        Struct {
            name: name.clone(),
            base: item.base.as_ref().map(|base| base.text.clone()),
            builtin: item.builtin,
            notes: item.notes.clone(),
            unions: item.unions.iter().map(|union| self.union(item, union, &members)).collect(),
            members,
            element: match self.namespace {
                None => wire::tag(name),
                Some(_) => item.wire.clone().unwrap_or_else(|| self.identifier(name)),
            },
            list_element: if self.namespace.is_none() { wire::list_tag(name) } else { String::new() },
        }
    }

    fn error(&mut self, item: &'a declared::ErrorType) -> ErrorType {
        let lineage = self.lineage(item, "error", |s| &s.name, |s| s.base.as_ref(), |r, name| r.errors.get(name).copied());
        let lineage: Vec<_> = lineage.into_iter().map(|owner| (owner.name.text.as_str(), owner.members.as_slice())).collect();
        let name = &item.name.text;
        let status = item.status.unwrap_or_else(|| {
            self.fault(&item.name, format!("error `{name}` has no `status`; add that of the answer in `/api`"));
            0
        });
        ErrorType {
            name: name.clone(),
            notes: item.notes.clone(),
            literal: name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase(),
            identifier: self.identifier(name),
            status,
            legacy_status: item.legacy_status.unwrap_or(status),
            retryable: item.retryable,
            members: self.members(&format!("error `{name}`"), &lineage),
        }
    }

    /// The members of an item and its bases, which come first.
    fn members(&mut self, owner: &str, lineage: &[(&'a str, &'a [declared::Member])]) -> Vec<Member> {
        let (own, inherited) = match lineage.split_last() {
            Some(((_, own), inherited)) => (*own, inherited),
            None => return Vec::new(),
        };
        // What is wrong among inherited members is told where they are declared.
        let above = inherited.iter().flat_map(|(_, members)| members.iter().map(|member| &member.name));
        self.unique_beside(above, own.iter().map(|member| &member.name), owner, "members");
        let mut places = BTreeMap::new();
        let mut flat = Vec::new();
        for (index, (declared_in, members)) in lineage.iter().enumerate() {
            let is_own = index + 1 == lineage.len();
            for member in *members {
                let ty = self.ty(&member.ty, is_own);
                let place = match self.namespace {
                    None => wire::place(&member.name.text, &ty, member.link),
                    Some(_) => vsphere::wire::place(&member.name.text, member.wire.as_deref()),
                };
                let on_wire = match &place {
                    Place::Attribute(name) => format!("attribute `{name}`"),
                    Place::Element { tag, .. } => format!("element `<{tag}>`"),
                };
                let other = places.insert(on_wire.clone(), &member.name.text);
                if let Some(other) = other.filter(|other| is_own && **other != member.name.text) {
                    let message =
                        format!("`{}` and `{other}` of {owner} both stand in the {on_wire}; rename one", member.name.text);
                    self.fault(&member.name, message);
                }
                flat.push(Member {
                    name: member.name.text.clone(),
                    ty,
                    link: member.link,
                    secret: member.secret,
                    mandatory: member.mandatory,
                    uses: member.uses.clone(),
                    declared_in: (*declared_in).to_owned(),
                    notes: member.notes.clone(),
                    place,
                });
            }
        }
        flat
    }

    fn union(&mut self, item: &declared::Struct, union: &declared::Union, members: &[Member]) -> Union {
        let owner = format!("struct `{}`", item.name.text);
        let of = |name: &Located| members.iter().find(|member| member.name == name.text);
        let all = || names(members.iter().map(|member| member.name.as_str()));
        let values: Option<Vec<&str>> = match of(&union.by).map(|member| &member.ty) {
            Some(Type::Enum(name)) => {
                self.enums.get(name.as_str()).map(|item| item.values.iter().map(|value| value.name.text.as_str()).collect())
            }
            _ => None,
        };
        if values.is_none() {
            self.fault(&union.by, format!("`{}` is no member of {owner} whose type is an enum; name one that is", union.by.text));
        }
        for case in &union.cases {
            if values.as_ref().is_some_and(|values| !values.contains(&case.value.text.as_str())) {
                self.fault(
                    &case.value,
                    format!("`{}` of {owner} has no value `{}`; correct one", union.by.text, case.value.text),
                );
            }
            for (name, _) in case.members.iter().filter(|(name, _)| of(name).is_none()) {
                self.fault(name, format!("{owner} has no member `{}`; it has {}", name.text, all()));
            }
        }
        Union {
            discriminant: union.by.text.clone(),
            cases: union
                .cases
                .iter()
                .map(|case| Case {
                    value: case.value.text.clone(),
                    members: case.members.iter().map(|(name, mandatory)| (name.text.clone(), *mandatory)).collect(),
                })
                .collect(),
        }
    }

    /// The name with the namespace of the API before it.
    fn identifier(&self, name: &str) -> String {
        match self.namespace {
            Some(namespace) => format!("{namespace}.{name}"),
            None => name.to_owned(),
        }
    }

    fn service(&mut self, item: &'a declared::Service, common: &BTreeMap<&str, &str>) -> Service {
        let lineage = self.lineage(item, "service", |s| &s.name, |s| s.base.as_ref(), |r, name| r.services.get(name).copied());
        let owner = format!("service `{}`", item.name.text);
        let mut methods: Vec<Method> = Vec::new();
        let mut locators: Vec<Locator> = Vec::new();
        for declared_in in lineage {
            let own = declared_in.name.text == item.name.text;
            for method in &declared_in.methods {
                let full = self.method(declared_in, method, common, own);
                if own && methods.iter().any(|other| other.name == full.name) {
                    self.fault(&method.name, format!("{owner} has two methods `{}`; rename or remove one", full.name));
                }
                methods.push(full);
            }
            for locator in &declared_in.locators {
                if own {
                    self.service_exists(&locator.service);
                    self.locator_clash(&owner, locator, &locators, &methods);
                }
                locators.push(Locator {
                    name: locator.name.text.clone(),
                    service: locator.service.text.clone(),
                    parameter: locator.parameter.as_ref().map(|parameter| parameter.text.clone()),
                    segment: match &locator.parameter {
                        Some(parameter) => format!("{{{}}}", parameter.text),
                        None => wire::segment(&locator.name.text),
                    },
                    declared_in: declared_in.name.text.clone(),
                    notes: locator.notes.clone(),
                });
            }
        }
        Service {
            name: item.name.text.clone(),
            base: item.base.as_ref().map(|base| base.text.clone()),
            package: item.package.clone().unwrap_or_else(|| "services".to_owned()),
            area: item.area.clone(),
            pseudo: item.pseudo,
            resource: item.resource.clone(),
            notes: item.notes.clone(),
            methods,
            locators,
        }
    }

    /// A way that a request could not tell from another one.
    fn locator_clash(&mut self, owner: &str, locator: &declared::Locator, others: &[Locator], methods: &[Method]) {
        let name = &locator.name.text;
        let segment = wire::segment(name);
        let message = if others.iter().any(|other| other.name == *name) {
            format!("locator clash: {owner} has two locators `{name}`; rename or remove one")
        } else if let Some(other) = others.iter().find(|other| other.parameter.is_some() || locator.parameter.is_some()) {
            format!(
                "locator clash: {owner} has `{}` and `{name}`, of which one takes an argument and so hides the other; keep one",
                other.name
            )
        } else if others.iter().any(|other| other.segment == segment)
            || methods.iter().any(|method| method.route.path.as_ref() == Some(&segment))
        {
            format!(
                "locator clash: `{name}` of {owner} has the path segment `{segment}` that another locator or action has; rename it"
            )
        } else {
            return;
        };
        self.fault(&locator.name, message);
    }

    fn method(
        &mut self,
        service: &'a declared::Service,
        method: &'a declared::Method,
        common: &BTreeMap<&str, &str>,
        own: bool,
    ) -> Method {
        let full_name = method.full_name();
        let owner = format!("`{}.{full_name}`", service.name.text);
        let base = service
            .methods
            .iter()
            .find(|other| other.of.is_none() && method.of.as_ref().is_some_and(|of| of.text == other.name.text));
        if own {
            if let (Some(of), None) = (&method.of, base) {
                let message = format!(
                    "signature without base: service `{}` has no method `{}`; declare it, or correct `of`",
                    service.name.text, of.text
                );
                self.fault(of, message);
            }
            self.unique(method.parameters.iter().map(|parameter| &parameter.name), &owner, "parameters");
        }
        let base_name = method.of.as_ref().unwrap_or(&method.name).text.as_str();
        let kind = match self.namespace {
            None => wire::kind(base_name),
            Some(_) => vsphere::wire::kind(base_name),
        };
        let mut parameters = Vec::new();
        for parameter in &method.parameters {
            let same = |other: &&declared::Parameter| other.name.text == parameter.name.text;
            let inherited = base.and_then(|base| base.parameters.iter().find(same)).map(|other| other.notes.doc.as_str());
            let shared = common.get(parameter.name.text.as_str()).copied();
            let doc = [Some(parameter.notes.doc.as_str()), inherited, shared].into_iter().flatten().find(|doc| !doc.is_empty());
            parameters.push(Parameter {
                name: parameter.name.text.clone(),
                ty: self.ty(&parameter.ty, own),
                direction: parameter.direction,
                mandatory: parameter.mandatory,
                notes: Notes { doc: doc.unwrap_or_default().to_owned(), ..parameter.notes.clone() },
            });
        }
        if own {
            match self.namespace {
                None => self.directions(&owner, method, kind, &parameters),
                Some(_) => self.placement(&owner, method, &parameters),
            }
            for error in method.errors.iter().filter(|error| !self.errors.contains_key(error.text.as_str())).collect::<Vec<_>>() {
                let errors = self.errors.keys().copied();
                let message =
                    format!("unknown error `{}`; {}", error.text, nearest(&error.text, errors, "an error of the model"));
                self.fault(error, message);
            }
            for path in method.mandatory.iter().chain(&method.optional) {
                self.member_paths(path, &parameters);
            }
        }
        let (route, legacy_route) = match self.namespace {
            None => (wire::route(base_name, kind, &parameters), None),
            Some(_) => {
                let route = vsphere::wire::route(method, &parameters);
                let service = &service.name.text;
                let identifier = self.identifier(service);
                let legacy_route = vsphere::wire::legacy_route(service, &identifier, base_name, &route, &parameters);
                (route, legacy_route)
            }
        };
        Method {
            kind,
            signature_of: method.of.as_ref().map(|of| of.text.clone()),
            declared_in: service.name.text.clone(),
            notes: method.notes.clone(),
            mandatory: method.mandatory.iter().map(|path| path.text.clone()).collect(),
            optional: method.optional.iter().map(|path| path.text.clone()).collect(),
            errors: method.errors.iter().map(|error| error.text.clone()).collect(),
            privileges: method
                .privileges
                .iter()
                .map(|(name, on)| Privilege { name: name.clone(), on: on.as_ref().map(|on| on.text.clone()) })
                .collect(),
            route,
            legacy_route,
            parameters,
            name: full_name,
        }
    }

    /// A method says how it is called, and where each parameter goes.
    fn placement(&mut self, owner: &str, method: &'a declared::Method, parameters: &[Parameter]) {
        let Some(path) = method.path.as_ref().filter(|_| method.verb.is_some()) else {
            self.fault(&method.name, format!("{owner} has no `verb` or no `path`; give both"));
            return;
        };
        let wanted = path.text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
        for name in wanted.filter(|name| !parameters.iter().any(|p| p.name == *name && p.mandatory && p.direction.is_in())) {
            self.fault(
                path,
                format!("`{{{name}}}` in the path of {owner} is no mandatory parameter; declare it, or correct the path"),
            );
        }
        if parameters.iter().filter(|p| p.direction != Direction::In).count() > 1 {
            self.fault(&method.name, format!("{owner} has more than one result; it may have one `out`"));
        }
        if method.parameters.iter().any(|parameter| parameter.body) {
            let route = vsphere::wire::route(method, parameters);
            let goes = |name: &String| {
                path.text.contains(&format!("{{{name}}}"))
                    || route.headers.iter().chain(&route.query).any(|(other, _)| other == name)
                    || matches!(&route.body, Body::Object { parameter, .. } if parameter == name)
            };
            for parameter in method.parameters.iter().filter(|p| p.direction.is_in() && !goes(&p.name.text)) {
                let message = format!(
                    "`{}` of {owner} goes nowhere: another parameter is the whole body; correct one",
                    parameter.name.text
                );
                self.fault(&parameter.name, message);
            }
        }
    }

    /// A kind of method has its number of parameters for each way.
    fn directions(&mut self, owner: &str, method: &declared::Method, kind: Kind, parameters: &[Parameter]) {
        let count = |direction| parameters.iter().filter(|p| p.direction == direction).count();
        let (out, both) = (count(Direction::Out), count(Direction::InOut));
        let right = match kind {
            Kind::Get | Kind::List if out != 1 || both != 0 => "exactly one `out`, and no `inout`",
            Kind::Add | Kind::Update if both != 1 || out != 0 => "exactly one `inout`, and no `out`",
            Kind::Remove if out + both != 0 => "no `out` and no `inout`",
            Kind::Action if out + both > 1 => "at most one `out` or `inout`",
            _ => return,
        };
        self.fault(&method.name, format!("{owner} has {out} `out` and {both} `inout` parameters; it must have {right}"));
    }

    /// Every alternative of a path such as `vm.cluster.id|vm.cluster.name` leads to a member.
    fn member_paths(&mut self, paths: &Located, parameters: &[Parameter]) {
        for path in paths.text.split('|') {
            let mut steps = path.split('.').map(|step| (step.trim_end_matches("[]"), step.ends_with("[]")));
            let first = steps
                .next()
                .and_then(|(name, list)| parameters.iter().find(|p| p.name == name).map(|p| (p.ty.to_string(), list)));
            let Some((mut ty, mut list)) = first else {
                self.fault(
                    paths,
                    format!(
                        "`{path}` does not start with a parameter of the method; it may start with {}",
                        names(parameters.iter().map(|p| p.name.as_str()))
                    ),
                );
                continue;
            };
            for (name, next_list) in steps {
                let of = ty.trim_end_matches("[]").to_owned();
                if ty.ends_with("[]") != list {
                    self.fault(paths, format!("`{path}`: `{ty}` before `{name}`; write `[]` after a list, and only there"));
                    break;
                }
                let Some(member) = self.find_member(&of, name) else {
                    if !self.unreadable(&of) {
                        self.fault(paths, format!("`{path}`: `{of}` has no member `{name}`; name one that it has"));
                    }
                    break;
                };
                (ty, list) = (member, next_list);
            }
        }
    }

    /// Type of a member, own or inherited, as it was written.
    fn find_member(&self, structure: &str, name: &str) -> Option<String> {
        let mut seen = BTreeSet::new();
        let mut next = self.structs.get(structure);
        while let Some(item) = next.filter(|item| seen.insert(item.name.text.as_str())) {
            if let Some(member) = item.members.iter().find(|member| member.name.text == name) {
                return Some(member.ty.text.clone());
            }
            next = item.base.as_ref().and_then(|base| self.structs.get(base.text.as_str()));
        }
        None
    }

    fn ty(&mut self, written: &Located, report: bool) -> Type {
        self.parse_type(&written.text, written, report)
    }

    fn parse_type(&mut self, text: &str, written: &Located, report: bool) -> Type {
        let within = |start: &str| text.strip_prefix(start).and_then(|rest| rest.strip_suffix(')'));
        if let Some(item) = text.strip_suffix("[]") {
            return Type::List(Box::new(self.parse_type(item, written, report)));
        }
        if let Some(item) = text.strip_suffix("{}") {
            return Type::Set(Box::new(self.parse_type(item, written, report)));
        }
        if let Some((key, value)) = within("map(").and_then(|inner| inner.split_once(',')) {
            let key = self.parse_type(key, written, report);
            return Type::Map(Box::new(key), Box::new(self.parse_type(value, written, report)));
        }
        if let Some(resource) = within("id(") {
            return Type::Id(resource.to_owned());
        }
        if let Some(like) = within("dynamic(") {
            self.named_type(like, written, report);
            return Type::Dynamic(Some(like.to_owned()));
        }
        match text {
            "boolean" => Type::Boolean,
            "integer" => Type::Integer,
            "decimal" => Type::Decimal,
            "date" => Type::Date,
            "string" => Type::String,
            "dynamic" => Type::Dynamic(None),
            "opaque" => Type::Opaque,
            name => self.named_type(name, written, report),
        }
    }

    fn named_type(&mut self, name: &str, written: &Located, report: bool) -> Type {
        if self.enums.contains_key(name) {
            return Type::Enum(name.to_owned());
        }
        if report && !self.structs.contains_key(name) && !self.unreadable(name) {
            let types = self.structs.keys().chain(self.enums.keys()).copied().chain(PRIMITIVES.iter().copied());
            let otherwise = format!("{}, or an enum or struct of the model", PRIMITIVES.join(", "));
            self.fault(written, format!("unknown type `{name}`; {}", nearest(name, types, &otherwise)));
        }
        Type::Struct(name.to_owned())
    }

    fn service_exists(&mut self, name: &Located) {
        if !self.services.contains_key(name.text.as_str()) && !self.unreadable(&name.text) {
            let services = self.services.keys().copied();
            self.fault(
                name,
                format!("unknown service `{}`; {}", name.text, nearest(&name.text, services, "a service of the model")),
            );
        }
    }

    /// The item and its bases, the deepest base first.
    fn lineage<T>(
        &mut self,
        item: &'a T,
        kind: &str,
        name: fn(&T) -> &Located,
        base: fn(&T) -> Option<&Located>,
        find: fn(&Self, &str) -> Option<&'a T>,
    ) -> Vec<&'a T> {
        let mut lineage = vec![item];
        let mut seen = BTreeSet::from([name(item).text.clone()]);
        let mut next = base(item);
        while let Some(written) = next {
            if !seen.insert(written.text.clone()) {
                if written.text == name(item).text {
                    self.fault(
                        base(item).unwrap_or(written),
                        format!("cycle in the bases of {kind} `{}`; one of them must have none", written.text),
                    );
                }
                break;
            }
            let Some(found) = find(self, &written.text) else {
                if lineage.len() == 1 && !self.unreadable(&written.text) {
                    self.fault(written, format!("unknown {kind} `{}` as base; name one of the model", written.text));
                }
                break;
            };
            lineage.push(found);
            next = base(found);
        }
        lineage.reverse();
        lineage
    }

    /// No two structs may have the same root element: it tells what a document holds.
    fn check_root_elements(&mut self, model: Option<&Model>) {
        let mut elements = BTreeMap::new();
        for item in model.iter().flat_map(|model| model.structs.values()) {
            for element in [&item.element, &item.list_element].into_iter().filter(|element| !element.is_empty()) {
                let Some(other) = elements.insert(element.as_str(), item.name.as_str()) else { continue };
                if let Some(declared) = self.structs.get(item.name.as_str()).filter(|_| other != item.name) {
                    let message = format!("`{}` and `{other}` both have the root element `<{element}>`; rename one", item.name);
                    self.fault(&declared.name, message);
                }
            }
        }
    }

    fn unique<'n>(&mut self, names: impl Iterator<Item = &'n Located>, owner: &str, what: &str) {
        self.unique_beside(std::iter::empty(), names, owner, what);
    }

    /// Reports names that stand twice among `names`, or once there and once among `others`.
    fn unique_beside<'n>(
        &mut self,
        others: impl Iterator<Item = &'n Located>,
        names: impl Iterator<Item = &'n Located>,
        owner: &str,
        what: &str,
    ) {
        let mut seen: BTreeMap<&str, &Located> = others.map(|name| (name.text.as_str(), name)).collect();
        for name in names {
            let Some(first) = seen.insert(&name.text, name) else { continue };
            let first = Fault::at(&self.documents[first.at.document], first.at.offset, "");
            let message = format!(
                "duplicate name: {owner} has two {what} `{}`, the other at {}:{}:{}; rename or remove one",
                name.text, first.path, first.line, first.column
            );
            self.fault(name, message);
        }
    }

    fn unreadable(&self, name: &str) -> bool {
        name.is_empty() || self.declared.unreadable.iter().any(|unreadable| unreadable == name)
    }

    fn fault(&mut self, at: &Located, message: impl Into<String>) {
        self.faults.push(Fault::at(&self.documents[at.at.document], at.at.offset, message));
    }
}
