//! From a path to the service and the object it leads to, along the service tree of the model.

use super::views::{View, view};
use crate::store::Store;
use model::{Locator, Method, Model, Service};

/// Place in the service tree.
#[derive(Clone, Debug)]
pub(crate) struct Spot<'m> {
    /// Service that answers here.
    pub(crate) service: &'m Service,
    /// Path below the base, as hrefs show it.
    pub(crate) path: String,
    /// The path with `{}` for each id.
    pub(crate) pattern: String,
    /// Path of the stored object, at an item.
    pub(crate) entity: Option<String>,
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Found<'m> {
    /// A service.
    Spot(Spot<'m>),
    /// An action of a service.
    Action(Spot<'m>, &'m Method),
    /// State of earlier work on an object: its path, and the id of the work.
    Work(Spot<'m>, String),
}

impl<'m> Spot<'m> {
    /// The top of the tree.
    pub(crate) fn root(model: &'m Model) -> Option<Self> {
        let service = model.services.get(&model.root)?;
        Some(Spot { service, path: String::new(), pattern: String::new(), entity: None })
    }

    /// Id of the object below which a collection stands.
    pub(crate) fn parent_id(&self) -> &str {
        self.path.rsplit('/').nth(1).unwrap_or_default()
    }

    /// Path of the object below which a collection stands.
    pub(crate) fn parent_path(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// Id at the end of the path of an item.
    pub(crate) fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Path of the stored object; that of the place itself where there is none.
    pub(crate) fn entity(&self) -> &str {
        self.entity.as_deref().unwrap_or(&self.path)
    }

    /// Paths of the stored objects of a collection.
    pub(crate) fn members(&self, store: &Store) -> Vec<String> {
        match view(&self.pattern) {
            View::Owned => store.ids(&self.path).iter().map(|id| format!("{}/{id}", self.path)).collect(),
            View::Refs(target) => store.ids(&self.path).iter().map(|id| format!("{target}/{id}")).collect(),
            View::Filter(target, member) => {
                let shown = store.owned(target).filter(|(_, object)| is_shown(object, member, self.parent_id()));
                shown.map(|(path, _)| path).collect()
            }
        }
    }

    /// The item of a collection that has an id.
    pub(crate) fn item(&self, model: &'m Model, store: &Store, id: &str) -> Option<Spot<'m>> {
        let service = model.services.get(&self.service.item_locator()?.service)?;
        let below = |collection: &str| (format!("{collection}/{id}"), format!("{}/{{}}", self.pattern));
        let (path, pattern, entity) = match view(&self.pattern) {
            View::Owned => {
                let (path, pattern) = below(&self.path);
                (path.clone(), pattern, path)
            }
            View::Refs(target) => {
                store.ids(&self.path).iter().find(|known| *known == id)?;
                let entity = format!("{target}/{id}");
                let (path, pattern) = below(&self.path);
                (path, pattern, entity)
            }
            View::Filter(target, member) => {
                let entity = format!("{target}/{id}");
                store.object(&entity).filter(|object| is_shown(object, member, self.parent_id()))?;
                (entity.clone(), format!("{target}/{{}}"), entity)
            }
        };
        store.entity(&entity)?;
        Some(Spot { service, path, pattern, entity: Some(entity) })
    }

    /// The place that a fixed segment leads to.
    pub(crate) fn below(&self, model: &'m Model, segment: &str) -> Option<Spot<'m>> {
        let locator = self.service.locators.iter().find(|locator| is_fixed(locator, segment))?;
        let service = model.services.get(&locator.service)?;
        let (path, pattern) = (join(&self.path, segment), join(&self.pattern, segment));
        // Below an object that stands in a collection of references is what stands below the object.
        match &self.entity {
            Some(entity) if *entity != self.path && view(&pattern) == View::Owned => {
                let (collection, _) = entity.rsplit_once('/')?;
                let (path, pattern) = (join(entity, segment), format!("{collection}/{{}}/{segment}"));
                Some(Spot { service, path, pattern, entity: None })
            }
            _ => Some(Spot { service, path, pattern, entity: None }),
        }
    }
}

/// Walks the tree along decoded path segments.
pub(crate) fn walk<'m>(model: &'m Model, store: &Store, segments: &[String]) -> Option<Found<'m>> {
    let mut spot = Spot::root(model)?;
    let mut rest = segments.iter();
    while let Some(segment) = rest.next() {
        if let Some(next) = spot.below(model, segment) {
            spot = next;
        } else if let Some(method) = action(spot.service, segment) {
            return match (rest.next(), rest.next()) {
                (None, _) => Some(Found::Action(spot, method)),
                (Some(work), None) => Some(Found::Work(spot, work.clone())),
                _ => None,
            };
        } else if spot.entity.is_some() && segment == "creation_status" {
            let work = rest.next()?.clone();
            return rest.next().is_none().then_some(Found::Work(spot, work));
        } else {
            spot = spot.item(model, store, segment)?;
        }
    }
    Some(Found::Spot(spot))
}

fn action<'m>(service: &'m Service, segment: &str) -> Option<&'m Method> {
    let plain = service.methods.iter().filter(|method| method.signature_of.is_none());
    plain.into_iter().find(|method| method.route.path.as_deref() == Some(segment))
}

fn is_fixed(locator: &Locator, segment: &str) -> bool {
    locator.parameter.is_none() && locator.segment == segment
}

fn is_shown(object: &crate::store::Object, member: &str, parent: &str) -> bool {
    member.is_empty() || object.refers_to(member, parent)
}

fn join(path: &str, segment: &str) -> String {
    if path.is_empty() { segment.to_owned() } else { format!("{path}/{segment}") }
}
