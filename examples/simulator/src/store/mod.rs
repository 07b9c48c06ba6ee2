//! All objects of the engine, each stored once, and the collections they stand in.

mod object;
mod schedule;

pub(crate) use object::{Object, Value};
pub(crate) use schedule::{Effect, Schedule};

use std::collections::{BTreeMap, HashMap};

/// Object with the name of its struct.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    /// Name of its struct, such as `vm`.
    pub(crate) kind: String,
    /// Its members.
    pub(crate) object: Object,
}

/// Objects by path (`vms/123`), and the ids in each collection by path (`vms`).
///
/// A collection either owns its objects, or holds ids of objects that another collection owns.
#[derive(Debug, Default)]
pub(crate) struct Store {
    entities: HashMap<String, Entity>,
    collections: BTreeMap<String, Vec<String>>,
    paths: HashMap<(String, String), String>,
}

impl Store {
    /// Adds an object to the collection that owns it, and returns its path.
    pub(crate) fn insert(&mut self, collection: &str, kind: &str, object: Object) -> String {
        let id = object.id().to_owned();
        let path = format!("{collection}/{id}");
        self.paths.entry((kind.to_owned(), id.clone())).or_insert_with(|| path.clone());
        let known = self.entities.insert(path.clone(), Entity { kind: kind.to_owned(), object });
        if known.is_none() {
            self.collections.entry(collection.to_owned()).or_default().push(id);
        }
        path
    }

    /// Adds the id of an object to a collection.
    pub(crate) fn include(&mut self, collection: &str, id: &str) {
        let ids = self.collections.entry(collection.to_owned()).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    /// Takes the id of an object out of a collection.
    pub(crate) fn exclude(&mut self, collection: &str, id: &str) {
        if let Some(ids) = self.collections.get_mut(collection) {
            ids.retain(|known| known != id);
        }
    }

    /// Ids in a collection, in the order in which they were added.
    pub(crate) fn ids(&self, collection: &str) -> &[String] {
        self.collections.get(collection).map_or(&[], Vec::as_slice)
    }

    /// The object at a path.
    pub(crate) fn entity(&self, path: &str) -> Option<&Entity> {
        self.entities.get(path)
    }

    /// The members of the object at a path.
    pub(crate) fn object(&self, path: &str) -> Option<&Object> {
        self.entities.get(path).map(|entity| &entity.object)
    }

    /// The members of the object at a path, to change them.
    pub(crate) fn object_mut(&mut self, path: &str) -> Option<&mut Object> {
        self.entities.get_mut(path).map(|entity| &mut entity.object)
    }

    /// Text of a member of the object at a path; empty where there is none.
    pub(crate) fn text(&self, path: &str, member: &str) -> &str {
        self.object(path).and_then(|object| object.text(member)).unwrap_or_default()
    }

    /// Sets a member of the object at a path, where there is one.
    pub(crate) fn set(&mut self, path: &str, member: &str, value: impl Into<Value>) {
        if let Some(object) = self.object_mut(path) {
            object.set(member, value);
        }
    }

    /// Paths and objects of the collection that owns them.
    pub(crate) fn owned<'a>(&'a self, collection: &str) -> impl Iterator<Item = (String, &'a Object)> + use<'a> {
        let owner = collection.to_owned();
        self.ids(collection).iter().filter_map(move |id| {
            let path = format!("{owner}/{id}");
            let object = self.object(&path)?;
            Some((path, object))
        })
    }

    /// Path of the object of that kind and id.
    pub(crate) fn find(&self, kind: &str, id: &str) -> Option<&str> {
        self.paths.get(&(kind.to_owned(), id.to_owned())).map(String::as_str)
    }

    /// All objects of a kind, with their paths.
    pub(crate) fn all(&self, kind: &str) -> impl Iterator<Item = (&str, &Object)> {
        self.entities.iter().filter(move |(_, entity)| entity.kind == kind).map(|(path, entity)| (path.as_str(), &entity.object))
    }

    /// Removes the object at a path, what stands below it, and its id from every collection that
    /// refers to it.
    pub(crate) fn remove(&mut self, path: &str) {
        let Some(removed) = self.entities.remove(path) else { return };
        let id = removed.object.id().to_owned();
        let Some((collection, _)) = path.rsplit_once('/') else { return };
        if self.find(&removed.kind, &id) == Some(path) {
            self.paths.remove(&(removed.kind, id.clone()));
            for (other, ids) in &mut self.collections {
                // Another object of that id may stand here: an attachment has the id of its disk.
                if !self.entities.contains_key(&format!("{other}/{id}")) {
                    ids.retain(|known| known != &id);
                }
            }
        }
        self.exclude(collection, &id);
        let below = format!("{path}/");
        self.entities.retain(|other, _| !other.starts_with(&below));
        self.collections.retain(|other, _| !other.starts_with(&below));
        self.paths.retain(|_, other| !other.starts_with(&below));
    }
}
