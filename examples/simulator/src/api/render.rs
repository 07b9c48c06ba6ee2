//! Objects as XML, by the tables of the model.

use super::Call;
use super::fault::Fault;
use super::follow::{Follow, plain};
use super::walk::{self, Spot};
use super::xml::Xml;
use crate::engine::Engine;
use crate::rules;
use crate::store::{Object, Value};
use model::{Kind, Member, Place, Service, Struct, Type};

/// Writer of the objects of one answer.
pub(crate) struct Renderer<'a> {
    engine: &'a Engine,
    base: &'a str,
    /// Whether objects are shown as they run, and not as they are to run next.
    is_current: bool,
    /// The document.
    pub(crate) xml: Xml,
}

/// How the objects of a list are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<'a> {
    /// Element of the list.
    pub(crate) tag: &'a str,
    /// Element of each object.
    pub(crate) item: &'a str,
    /// Struct of the objects.
    pub(crate) kind: &'a str,
}

impl<'a> Renderer<'a> {
    /// A document whose hrefs begin with a base.
    pub(crate) fn new(engine: &'a Engine, base: &'a str) -> Self {
        Renderer { engine, base, is_current: false, xml: Xml::new() }
    }

    /// A document as a request wants it.
    pub(crate) fn answering(engine: &'a Engine, call: &'a Call<'_>) -> Self {
        let is_current = call.options.flag("current") == Some(true);
        Renderer { is_current, ..Renderer::new(engine, call.base) }
    }

    /// Writes the stored object of an item.
    ///
    /// # Errors
    ///
    /// 500 for an unknown link to follow.
    pub(crate) fn item(&mut self, tag: &str, kind: &str, spot: &Spot<'_>, follow: &Follow, note: Note<'_>) -> Result<(), Fault> {
        let Some(object) = self.engine.store.object(spot.entity()) else { return Ok(()) };
        let shown = rules::shown(self.engine, spot, object, self.is_current);
        self.entity(tag, kind, &shown, spot, follow, note)
    }

    /// Writes a list of the objects at those paths of a collection.
    ///
    /// # Errors
    ///
    /// As [`Renderer::item`].
    pub(crate) fn list(&mut self, list: List<'_>, spot: &Spot<'_>, paths: &[String], follow: &Follow) -> Result<(), Fault> {
        if paths.is_empty() {
            self.xml.empty(list.tag, &[]);
            return Ok(());
        }
        self.xml.open(list.tag, &[]);
        for path in paths {
            let id = path.rsplit('/').next().unwrap_or_default();
            if let Some(item) = spot.item(self.engine.model, &self.engine.store, id) {
                self.item(list.item, list.kind, &item, follow, Note::None)?;
            }
        }
        self.xml.close(list.tag);
        Ok(())
    }

    /// Writes the members of an object that is not a resource, such as an action.
    ///
    /// # Errors
    ///
    /// As [`Renderer::item`].
    pub(crate) fn plain(&mut self, kind: &str, object: &Object) -> Result<(), Fault> {
        match self.engine.model.structs.get(kind) {
            Some(known) => self.members(known, object, &Follow::default()),
            None => Ok(()),
        }
    }

    fn entity(
        &mut self,
        tag: &str,
        kind: &str,
        object: &Object,
        spot: &Spot<'_>,
        follow: &Follow,
        note: Note<'_>,
    ) -> Result<(), Fault> {
        let Some(known) = self.engine.model.structs.get(kind) else { return Ok(()) };
        check(known, follow)?;
        let href = format!("{}/{}", self.base, spot.path);
        self.xml.open(tag, &[("href", &href), ("id", object.id())]);
        self.links(spot.service, &href, note);
        self.members(known, object, follow)?;
        self.followed_lists(known, spot, follow)?;
        self.xml.close(tag);
        Ok(())
    }

    fn links(&mut self, service: &Service, href: &str, note: Note<'_>) {
        let actions = service.methods.iter().filter(|method| method.kind == Kind::Action && method.signature_of.is_none());
        let actions = actions.filter(|method| rules::has_action(self.engine, service, method));
        let mut rels: Vec<&str> = actions.filter_map(|method| method.route.path.as_deref()).collect();
        rels.dedup();
        if !rels.is_empty() {
            self.xml.open("actions", &[]);
            for rel in rels {
                self.xml.empty("link", &[("href", &format!("{href}/{rel}")), ("rel", rel)]);
            }
            self.xml.close("actions");
        }
        for locator in service.locators.iter().filter(|locator| locator.parameter.is_none()) {
            let target = format!("{href}/{}", locator.segment);
            self.xml.empty("link", &[("href", &target), ("rel", &locator.segment)]);
        }
        if let Note::Creation { status, work } = note {
            let target = format!("{href}/creation_status/{work}");
            self.xml.empty("link", &[("href", &target), ("rel", "creation_status")]);
            self.xml.leaf("creation_status", status);
        }
    }

    fn members(&mut self, known: &Struct, object: &Object, follow: &Follow) -> Result<(), Fault> {
        for member in &known.members {
            if let (Place::Element { tag, item, .. }, Some(value)) = (&member.place, object.get(&member.name)) {
                self.member(member, tag, item.as_deref(), value, follow)?;
            }
        }
        Ok(())
    }

    fn member(&mut self, member: &Member, tag: &str, item: Option<&str>, value: &Value, follow: &Follow) -> Result<(), Fault> {
        let follow = follow.below(&member.name).filter(|_| member.link);
        match (value, &member.ty) {
            (Value::Text(text), _) => self.xml.leaf(tag, text),
            (Value::Object(object), Type::Struct(kind)) => self.nested(tag, kind, object, follow)?,
            (Value::List(items), Type::List(ty)) => {
                let (Some(item), false) = (item, items.is_empty()) else {
                    self.xml.empty(tag, &[]);
                    return Ok(());
                };
                self.xml.open(tag, &[]);
                for value in items {
                    match (value, ty.as_ref()) {
                        (Value::Text(text), _) => self.xml.leaf(item, text),
                        (Value::Object(object), Type::Struct(kind)) => self.nested(item, kind, object, follow)?,
                        _ => {}
                    }
                }
                self.xml.close(tag);
            }
            _ => {}
        }
        Ok(())
    }

    /// An object inside another one: a part of it, or a reference to a resource.
    fn nested(&mut self, tag: &str, kind: &str, object: &Object, follow: Option<&Follow>) -> Result<(), Fault> {
        let Some(known) = self.engine.model.structs.get(kind) else { return Ok(()) };
        if let Some(follow) = follow
            && let Some(spot) = self.spot(kind, object.id())
        {
            return self.item(tag, kind, &spot, follow, Note::None);
        }
        let path = Some(object.id()).filter(|id| !id.is_empty()).and_then(|id| self.engine.path_of(kind, id));
        let href = path.map(|path| format!("{}/{path}", self.base));
        let mut attributes: Vec<(&str, &str)> = href.iter().map(|href| ("href", href.as_str())).collect();
        for member in &known.members {
            if let (Place::Attribute(name), Some(text)) = (&member.place, object.text(&member.name)) {
                attributes.push((name, text));
            }
        }
        let has_children = known.members.iter().any(|member| is_child(member) && object.get(&member.name).is_some());
        if !has_children {
            self.xml.empty(tag, &attributes);
            return Ok(());
        }
        self.xml.open(tag, &attributes);
        self.members(known, object, &Follow::default())?;
        self.xml.close(tag);
        Ok(())
    }

    fn followed_lists(&mut self, known: &Struct, spot: &Spot<'_>, follow: &Follow) -> Result<(), Fault> {
        for member in known.members.iter().filter(|member| member.link && member.ty.is_list()) {
            let (Some(follow), Place::Element { tag, item: Some(item), rel: Some(rel) }) =
                (follow.below(&member.name), &member.place)
            else {
                continue;
            };
            let (Some(collection), Some(kind)) = (spot.below(self.engine.model, rel), member.ty.struct_name()) else { continue };
            let paths = collection.members(&self.engine.store);
            self.list(List { tag, item, kind }, &collection, &paths, follow)?;
        }
        Ok(())
    }

    /// The place of the object that a reference means.
    fn spot(&self, kind: &str, id: &str) -> Option<Spot<'static>> {
        let path = self.engine.store.find(kind, id)?;
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        match walk::walk(self.engine.model, &self.engine.store, &segments)? {
            walk::Found::Spot(spot) => Some(spot),
            _ => None,
        }
    }
}

/// What an answer says beside the object.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Note<'a> {
    /// Nothing.
    None,
    /// That work goes on.
    Creation {
        /// How far it is.
        status: &'a str,
        /// Its id.
        work: &'a str,
    },
}

fn is_child(member: &Member) -> bool {
    matches!(member.place, Place::Element { .. })
}

/// Refuses unknown links.
fn check(known: &Struct, follow: &Follow) -> Result<(), Fault> {
    for name in follow.names() {
        if !known.members.iter().any(|member| member.link && plain(&member.name) == name) {
            return Err(Fault::internal(format!("Unknown link '{name}' of {}", known.name)));
        }
    }
    Ok(())
}
