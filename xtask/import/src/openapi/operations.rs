//! Services and their operations, from paths.

use super::node::Node;
use super::prose;
use super::reader::{Reader, is_wrapper};
use model::Verb;
use model::published::Text;
use model::published::vsphere::{Operation, Parameter, Place, Privilege, Service, Type, Versions, fold, in_scope};

const VERBS: &[(&str, Verb)] =
    &[("get", Verb::Get), ("post", Verb::Post), ("put", Verb::Put), ("patch", Verb::Patch), ("delete", Verb::Delete)];
const PLACES: &[(&str, Place)] = &[("path", Place::Path), ("query", Place::Query), ("header", Place::Header)];

const RESOURCE: &[&str] = &["resource"];
const OPERATION: &[&str] = &["operation"];
const PARAMETER: &[&str] = &["parameter", "property"];

impl Reader<'_> {
    /// The services of our namespaces, sorted by name.
    pub(super) fn services(&mut self, root: &Node) -> Vec<Service> {
        let mut services: Vec<Service> = Vec::new();
        for (path, item) in self.object(root, "paths") {
            for (verb, node) in item.fields() {
                let Some((_, verb)) = VERBS.iter().find(|(name, _)| *name == verb.text) else { continue };
                let Some((service, name)) = self.names(node) else { continue };
                if !in_scope(&service.text) {
                    continue;
                }
                let operation = self.operation(name, path, *verb, node);
                match services.iter_mut().find(|known| known.name.text == service.text) {
                    Some(known) => known.operations.push(operation),
                    None => {
                        let tag = self.tags.get(service.text.as_str()).copied();
                        let versions = tag.map(|tag| self.versions(tag, RESOURCE)).unwrap_or_default();
                        services.push(Service { name: service, versions, operations: vec![operation] });
                    }
                }
            }
        }
        services.sort_by(|a, b| a.name.text.cmp(&b.name.text));
        services
    }

    /// Names of service and operation, from `Content.Library.Item_list`.
    fn names(&mut self, node: &Node) -> Option<(Text, Text)> {
        let Some(id) = node.get("operationId") else {
            self.fault(node.at, "an operation without `operationId`; it must be as `Content.Library_get`");
            return None;
        };
        let names = id.text().and_then(|text| text.rsplit_once('_'));
        let Some((service, name)) = names.filter(|(service, name)| !service.is_empty() && !name.is_empty()) else {
            self.fault(id.at, "`operationId` must be as `Content.Library_get`: names of service and operation");
            return None;
        };
        let text = |text: &str| Text { text: text.to_owned(), at: id.at };
        Some((text(service), text(name)))
    }

    fn operation(&mut self, name: Text, key: &Text, verb: Verb, node: &Node) -> Operation {
        if name.text.contains('$') {
            let message = format!("`{}` returns a task, for which the model has no words yet", name.text);
            self.fault(name.at, message);
        }
        let text = Self::description(node);
        let versions = self.versions(node, OPERATION);
        let (path, query) = key.text.split_once('?').unwrap_or((&key.text, ""));
        let mut parameters = Vec::new();
        for parameter in self.list(node, "parameters") {
            parameters.extend(self.parameter(parameter, versions.deprecated.is_some()));
        }
        self.check_path(key, path, query, &parameters);
        if let Some(body) = node.get("requestBody") {
            self.body(body, &mut parameters);
        }
        let (mut result, mut status, mut errors) = (None, None, Vec::new());
        for (code, answer) in self.object(node, "responses") {
            match code.text.parse::<u16>() {
                Ok(success @ 200..300) if status.is_none() => {
                    status = Some(success);
                    result = self.result(answer);
                }
                Ok(200..300) => self.fault(code.at, format!("`{}` has a second answer of a success", name.text)),
                Ok(failure) => errors.extend(self.errors(failure, answer)),
                Err(_) => self.fault(code.at, format!("`{}` is no HTTP status", code.text)),
            }
        }
        if status.is_none() {
            self.fault(name.at, format!("`{}` has no answer of a success", name.text));
        }
        let privileges = prose::privileges(&text).into_iter().map(|(name, on)| Privilege { name: name.to_owned(), on });
        Operation {
            privileges: privileges.collect(),
            name,
            versions,
            verb,
            path: path.to_owned(),
            fixed_query: query.split('&').filter(|pair| pair.contains('=')).map(str::to_owned).collect(),
            parameters,
            result,
            status: status.unwrap_or_default(),
            errors,
        }
    }

    fn parameter(&mut self, node: &Node, in_deprecated: bool) -> Option<Parameter> {
        let (name, place, schema) = (node.get("name"), node.get("in"), node.get("schema"));
        let (Some(name), Some(place), Some(schema)) = (name, place, schema) else {
            self.fault(node.at, "a parameter must have `name`, `in` and `schema`");
            return None;
        };
        let Some((_, place)) = PLACES.iter().find(|(word, _)| place.text() == Some(word)) else {
            self.fault(place.at, "a parameter must be in `path`, `query` or `header`");
            return None;
        };
        let mut versions = self.versions(node, PARAMETER);
        // That of its operation is repeated with each parameter, without a version.
        versions.deprecated = versions.deprecated.filter(|deprecated| deprecated.since.is_some() || !in_deprecated);
        let text = Self::description(node);
        let at = node.get("description").map_or(node.at, |description| description.at);
        Some(Parameter {
            versions,
            ty: self.ty(schema, &text, at),
            mandatory: self.flag(node, "required"),
            place: *place,
            name: Text { text: name.text().unwrap_or_default().to_owned(), at: name.at },
        })
    }

    /// What stands in braces is a parameter, and so is what the query only names, as in `/item?library_id`: that
    /// tells the paths of two operations apart.
    fn check_path(&mut self, key: &Text, path: &str, query: &str, parameters: &[Parameter]) {
        let has = |name: &str, place| parameters.iter().any(|p| p.place == place && p.name.text == name && p.mandatory);
        let in_braces = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
        let missing = in_braces.filter(|name| !has(name, Place::Path)).map(|name| (name, "path"));
        let named = query.split('&').filter(|name| !name.is_empty() && !name.contains('='));
        let missing: Vec<_> = missing.chain(named.filter(|name| !has(name, Place::Query)).map(|name| (name, "query"))).collect();
        for (name, place) in missing {
            self.fault(key.at, format!("`{}` names `{name}`, which is no required parameter in the {place}", key.text));
        }
        for parameter in parameters.iter().filter(|parameter| parameter.place == Place::Path) {
            if !path.contains(&format!("{{{}}}", parameter.name.text)) {
                let message = format!("`{}` is in the path, which does not name it: `{}`", parameter.name.text, key.text);
                self.fault(parameter.name.at, message);
            }
        }
    }

    /// The parameters that the body of a request holds, or the one that it is.
    fn body(&mut self, body: &Node, parameters: &mut Vec<Parameter>) {
        let Some(schema) = json_schema(body) else {
            self.fault(body.at, "a body must have `content.application/json.schema`");
            return;
        };
        let mut holder = schema;
        if let Some(reference) = self.single_reference(schema) {
            let name = reference.text().and_then(|text| text.strip_prefix("#/components/schemas/")).unwrap_or_default();
            if let Some((_, wrapper)) = self.known.get(name).filter(|_| is_wrapper(name)) {
                holder = wrapper;
            }
        }
        if holder.get("properties").is_none() {
            let text = Self::description(body);
            parameters.push(Parameter {
                name: Text { text: String::new(), at: schema.at },
                versions: Versions::default(),
                place: Place::Body,
                ty: self.ty(schema, &text, body.at),
                mandatory: self.flag(body, "required"),
            });
            return;
        }
        let properties = self.object(holder, "properties");
        let required = self.required(holder, properties);
        for (name, property) in properties {
            let text = Self::description(property);
            let at = property.get("description").map_or(property.at, |description| description.at);
            parameters.push(Parameter {
                versions: self.versions(property, PARAMETER),
                place: Place::Field,
                ty: self.ty(property, &text, at),
                mandatory: required.contains(&name.text.as_str()),
                name: name.clone(),
            });
        }
    }

    fn result(&mut self, answer: &Node) -> Option<Type> {
        let schema = json_schema(answer)?;
        Some(self.ty(schema, &Self::description(answer), answer.at))
    }

    /// The errors that one answer stands for.
    fn errors(&mut self, status: u16, answer: &Node) -> Vec<String> {
        let Some(reference) = json_schema(answer).and_then(|schema| self.single_reference(schema)) else {
            self.fault(answer.at, "an answer of a failure must refer to the schema of an error");
            return Vec::new();
        };
        let Some(name) = self.reference(reference) else { return Vec::new() };
        let text = Self::description(answer);
        let mut names = vec![name];
        // Several errors have one status: then the description names them.
        if fold(name) == "vapi.std.errors.error" && !prose::errors(&text).is_empty() {
            names = prose::errors(&text).into_iter().filter_map(|name| self.named(name, answer.at)).collect();
        }
        names.retain(|name| {
            let is_error = self.is_error(name);
            if !is_error {
                self.fault(reference.at, format!("`{name}` is no error; it must extend `Vapi.Std.Errors.Error`"));
            }
            is_error
        });
        for name in &names {
            self.statuses.entry((*name).to_owned()).or_default().insert(status);
        }
        names.into_iter().map(str::to_owned).collect()
    }
}

fn json_schema(node: &Node) -> Option<&Node> {
    node.get("content")?.get("application/json")?.get("schema")
}
