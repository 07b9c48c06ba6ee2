//! Fields of searches, and where their values are.

use crate::api::follow::plain;
use crate::engine::Engine;
use crate::store::{Object, Value};
use model::{Model, Place, Type};

/// Fields whose name in searches is not that of a member: kind, field, path of members. A link on
/// the way leads to the object that it refers to.
const ALIASES: &[(&str, &str, &str)] = &[
    ("disk", "disktype", "storage_type"),
    ("disk", "diskcontenttype", "content_type"),
    ("disk", "size", "provisioned_size"),
    ("disk", "storage", "storage_domains.name"),
    ("event", "eventhost", "host.name"),
    ("event", "eventvm", "vm.name"),
    ("event", "message", "description"),
    ("event", "type", "code"),
    ("host", "cluster", "cluster.name"),
    ("host", "datacenter", "cluster.data_center.name"),
    ("host", "tag", "tags.name"),
    ("job", "correlationid", "correlation_id"),
    ("job", "starttime", "start_time"),
    ("network", "datacenter", "data_center.name"),
    ("network", "vlanid", "vlan.id"),
    ("storage_domain", "datacenter", "data_centers.name"),
    ("template", "cluster", "cluster.name"),
    ("template", "datacenter", "cluster.data_center.name"),
    ("template", "versionname", "version.version_name"),
    ("user", "usrname", "user_name"),
    ("vm", "cluster", "cluster.name"),
    ("vm", "creationdate", "creation_time"),
    ("vm", "datacenter", "cluster.data_center.name"),
    ("vm", "host", "host.name"),
    ("vm", "os", "os.type"),
    ("vm", "pool", "vm_pool.name"),
    ("vm", "tag", "tags.name"),
    ("vm", "template", "template.name"),
];

/// Names of kinds in searches, without underscores, that are not those of the model.
const KINDS: &[(&str, &str)] =
    &[("storage", "storage_domain"), ("storages", "storage_domain"), ("pool", "vm_pool"), ("pools", "vm_pool")];

/// Where the values of a field are.
#[derive(Debug)]
pub(super) struct Field {
    /// Kind that has the field, where it is another one than that searched for.
    other: Option<String>,
    kind: String,
    path: String,
    ty: Type,
}

/// Finds a field of a kind, or of another kind that is related to it.
pub(super) fn resolve(model: &Model, kind: &str, object: Option<&str>, name: &str) -> Option<Field> {
    let other = match object {
        Some(object) => Some(kind_of(model, object)?).filter(|other| other != kind),
        None => None,
    };
    let owner = other.clone().unwrap_or_else(|| kind.to_owned());
    let wanted = plain(name);
    let alias = ALIASES.iter().find(|(known, field, _)| *known == owner && *field == wanted);
    if let Some((_, _, path)) = alias {
        return Some(Field { other, kind: kind.to_owned(), path: (*path).to_owned(), ty: Type::String });
    }
    let member = model.structs.get(&owner)?.members.iter().find(|member| plain(&member.name) == wanted);
    if let Some(member) = member.filter(|member| member.ty.struct_name().is_none()) {
        return Some(Field { other, kind: kind.to_owned(), path: member.name.clone(), ty: member.ty.clone() });
    }
    None
}

impl Field {
    /// Whether a value can be one of the field. Enums are named without underscores.
    pub(super) fn takes(&self, model: &Model, value: &str) -> bool {
        match &self.ty {
            Type::Enum(name) if !value.contains('*') => {
                let values = model.enums.get(name).map(|known| known.values.as_slice()).unwrap_or_default();
                let wanted = value.to_lowercase();
                values.iter().any(|known| plain(&known.name) == wanted)
            }
            Type::Integer => value.trim_matches('*').chars().all(|letter| letter.is_ascii_digit() || letter == '-'),
            _ => true,
        }
    }

    /// Whether its values have an order.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self.ty, Type::Integer | Type::Decimal | Type::Date)
            || self.path.ends_with("_size")
            || self.path.ends_with("time")
    }

    /// Whether its values are names from a list.
    pub(super) fn is_enumerated(&self) -> bool {
        matches!(self.ty, Type::Enum(_) | Type::Boolean)
    }

    /// Its values for an object, which can be several.
    pub(super) fn values(&self, engine: &Engine, object: &Object) -> Vec<String> {
        let mut values = Vec::new();
        match &self.other {
            None => collect(engine, &self.kind, object, &self.path, &mut values),
            Some(other) => {
                for related in related(engine, &self.kind, object, other) {
                    collect(engine, other, related, &self.path, &mut values);
                }
            }
        }
        if matches!(self.ty, Type::Enum(_)) { values.iter().map(|value| plain(value)).collect() } else { values }
    }
}

fn kind_of(model: &Model, name: &str) -> Option<String> {
    let wanted = plain(name);
    if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == wanted) {
        return Some((*kind).to_owned());
    }
    let known = model.structs.values().find(|known| plain(&known.name) == wanted || plain(&known.list_element) == wanted);
    known.map(|known| known.name.clone())
}

/// Objects of another kind that this one refers to, or that refer to this one.
fn related<'a>(engine: &'a Engine, kind: &str, object: &'a Object, other: &str) -> Vec<&'a Object> {
    let links = |kind: &str, target: &str| -> Vec<String> {
        let members = engine.model.structs.get(kind).map(|known| known.members.as_slice()).unwrap_or_default();
        let linked = members.iter().filter(|member| member.link && member.ty.struct_name() == Some(target));
        linked.map(|member| member.name.clone()).collect()
    };
    let mut found = Vec::new();
    for member in links(kind, other) {
        for id in ids(object.get(&member)) {
            found.extend(engine.store.find(other, id).and_then(|path| engine.store.object(path)));
        }
    }
    if found.is_empty() {
        let back = links(other, kind);
        let referring = engine.store.all(other).map(|(_, candidate)| candidate);
        found.extend(referring.filter(|candidate| back.iter().any(|member| candidate.refers_to(member, object.id()))));
    }
    if found.is_empty() && other == "data_center" {
        let cluster = object.object("cluster").and_then(|cluster| engine.store.find("cluster", cluster.id()));
        let center = cluster.and_then(|path| engine.store.object(path)).and_then(|cluster| cluster.object("data_center"));
        found.extend(center.and_then(|center| engine.store.find(other, center.id())).and_then(|path| engine.store.object(path)));
    }
    found
}

fn ids(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Object(object)) => vec![object.id()],
        Some(Value::List(items)) => items.iter().filter_map(Value::as_object).map(Object::id).collect(),
        _ => Vec::new(),
    }
}

/// Objects of a collection below an object.
fn below<'a>(engine: &'a Engine, kind: &str, object: &Object, rel: &str, inner: &str) -> Vec<&'a Object> {
    let collection = engine.store.find(kind, object.id()).map(|path| format!("{path}/{rel}"));
    let ids = collection.as_deref().map_or(&[][..], |collection| engine.store.ids(collection));
    ids.iter().filter_map(|id| engine.store.find(inner, id)).filter_map(|path| engine.store.object(path)).collect()
}

fn collect(engine: &Engine, kind: &str, object: &Object, path: &str, values: &mut Vec<String>) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let value = object.get(head);
    let Some(rest) = rest else {
        values.extend(value.and_then(Value::as_text).map(str::to_owned));
        return;
    };
    let member = engine.model.structs.get(kind).and_then(|known| known.member(head));
    let Some((member, inner)) = member.and_then(|member| Some((member, member.ty.struct_name()?))) else { return };
    if let (None, Place::Element { rel: Some(rel), .. }) = (value, &member.place) {
        for part in below(engine, kind, object, rel, inner) {
            collect(engine, inner, part, rest, values);
        }
    }
    let parts: Vec<&Object> = match value {
        Some(Value::Object(part)) => vec![part],
        Some(Value::List(items)) => items.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    };
    for part in parts {
        let stored = engine.store.find(inner, part.id()).and_then(|path| engine.store.object(path));
        collect(engine, inner, stored.unwrap_or(part), rest, values);
    }
}
