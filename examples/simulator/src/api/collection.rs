//! Collections: listing them and adding to them.

use super::follow::Follow;
use super::render::{List, Note, Renderer};
use super::views::{self, View};
use super::{Answer, Call, Fault, mandatory, read, references, search};
use crate::engine::{Engine, new_id};
use crate::rules;
use crate::store::{Object, Value};
use model::Place;

/// Answers a list.
///
/// # Errors
///
/// 500 for an unknown link to follow.
pub(crate) fn list(engine: &Engine, call: &Call<'_>) -> Result<Answer, Fault> {
    let Some(list) = shape(engine, call) else { return Err(Fault::not_found()) };
    let mut paths = call.spot.members(&engine.store);
    rules::arrange(engine, call, &mut paths);
    let max = call.options.number("max").and_then(|max| usize::try_from(max).ok());
    let mut page = 1;
    if let (Some(text), Some(_)) = (call.options.text("search"), call.method.parameter("search")) {
        let case_sensitive = call.options.flag("case_sensitive").unwrap_or(true);
        let found = search::run(engine, list.kind, text, case_sensitive, paths);
        (paths, page) = found.map_or((Vec::new(), 1), |found| (found.paths, found.page));
    }
    let paths: Vec<String> = match max {
        Some(max) => paths.into_iter().skip(max.saturating_mul(page - 1)).take(max).collect(),
        None if page > 1 => Vec::new(),
        None => paths,
    };
    let follow = call.options.text("follow").map(Follow::read).unwrap_or_default();
    let mut renderer = Renderer::answering(engine, call);
    renderer.list(list, &call.spot, &paths, &follow)?;
    Ok(Answer::new(200, renderer.xml.finish()))
}

/// Answers an `add`.
///
/// # Errors
///
/// Whatever the engine refuses.
pub(crate) fn add(engine: &mut Engine, call: &Call<'_>) -> Result<Answer, Fault> {
    let syntax = call.syntax();
    let primary = call.method.primary().ok_or_else(|| syntax.clone())?;
    let kind = primary.ty.struct_name().ok_or_else(|| syntax.clone())?;
    match (read::body(engine.model, kind, call.request.body, &syntax)?, primary.ty.is_list()) {
        (read::Body::One(object), false) => add_one(engine, call, kind, object),
        (read::Body::Many(objects), true) => {
            for object in objects {
                place(engine, call, kind, object)?;
            }
            let mut listed = list(engine, call)?;
            listed.status = 201;
            Ok(listed)
        }
        _ => Err(syntax),
    }
}

fn add_one(engine: &mut Engine, call: &Call<'_>, kind: &str, object: Object) -> Result<Answer, Fault> {
    let placed = place(engine, call, kind, object)?;
    let subject = rules::subject(engine, &placed.path);
    rules::record(engine, call, &placed.path, &subject);
    let id = placed.path.rsplit('/').next().unwrap_or_default();
    // What can only be added, such as imports, has no collection to show it in.
    let Some(spot) = call.spot.item(engine.model, &engine.store, id) else {
        return Ok(Answer::new(202, String::new()));
    };
    let blocking = call.request.expect.contains("201-created");
    if placed.work && blocking {
        rules::finish(engine, &placed.path);
    }
    let work = placed.work && !blocking;
    let note = if work { Note::Creation { status: "in_progress", work: &new_id() } } else { Note::None };
    let tag = engine.model.structs.get(kind).map_or(kind, |known| known.element.as_str());
    let mut renderer = Renderer::answering(engine, call);
    renderer.item(tag, kind, &spot, &Follow::default(), note)?;
    let location = Some(format!("{}{}/{}", call.request.origin, call.base, spot.path));
    Ok(Answer { status: if work { 202 } else { 201 }, body: renderer.xml.finish(), location, allow: None })
}

/// Where an added object went.
struct Placed {
    path: String,
    work: bool,
}

fn place(engine: &mut Engine, call: &Call<'_>, kind: &str, mut object: Object) -> Result<Placed, Fault> {
    rules::forget_unknown(engine, kind, &mut object);
    mandatory::check(call.spot.service, call.method, kind, &object)?;
    let target = match views::view(&call.spot.pattern) {
        View::Refs(target) => return include(engine, call, kind, target, &object),
        View::Filter(target, member) => {
            if !member.is_empty() {
                object.set(member, reference(engine, kind, member, call.spot.parent_id()));
            }
            target.to_owned()
        }
        View::Owned => {
            refer_to_parent(engine, call, kind, &mut object);
            call.spot.path.clone()
        }
    };
    references::resolve(engine, kind, &mut object)?;
    references::drop_secrets(engine, kind, &mut object);
    rules::before_add(engine, call, kind, &mut object)?;
    let given = object.clone();
    drop_collections(engine, call, kind, &mut object);
    rules::names::check(engine, kind, &object, &target, None)?;
    rules::names::check_id(engine, kind, &object, &target)?;
    let path = rules::create(engine, &target, kind, object);
    let work = rules::after_add(engine, call, &path, &given)?;
    Ok(Placed { path, work })
}

/// Adds an object that exists to a collection of references.
fn include(engine: &mut Engine, call: &Call<'_>, kind: &str, target: &str, object: &Object) -> Result<Placed, Fault> {
    let id = references::id(engine, kind, object)?;
    rules::before_include(engine, call, &id)?;
    engine.store.include(&call.spot.path, &id);
    if let Some(other) = views::mirror(&call.spot.path, &id) {
        engine.store.include(&other, call.spot.parent_id());
    }
    rules::after_include(engine, call, &id);
    Ok(Placed { path: format!("{target}/{id}"), work: false })
}

/// A sub-resource refers to what it stands below, where its struct has a link of that type.
fn refer_to_parent(engine: &Engine, call: &Call<'_>, kind: &str, object: &mut Object) {
    let Some(parent) = engine.store.entity(call.spot.parent_path()) else { return };
    let member = engine.model.structs.get(kind).and_then(|known| known.member(&parent.kind));
    if member.is_some_and(|member| member.link && !member.ty.is_list()) {
        object.set(&parent.kind, Object::reference(parent.object.id()));
    }
}

fn reference(engine: &Engine, kind: &str, member: &str, id: &str) -> Value {
    let member = engine.model.structs.get(kind).and_then(|known| known.member(member));
    let reference = Object::reference(id);
    if member.is_some_and(|member| member.ty.is_list()) { Value::from(vec![reference]) } else { Value::Object(reference) }
}

/// Lists that the engine serves as collections below the object are not part of it.
fn drop_collections(engine: &Engine, call: &Call<'_>, kind: &str, object: &mut Object) {
    let item = call.spot.service.item_locator().and_then(|locator| engine.model.services.get(&locator.service));
    let (Some(known), Some(item)) = (engine.model.structs.get(kind), item) else { return };
    object.retain(|name, _| match known.member(name).map(|member| &member.place) {
        Some(Place::Element { rel: Some(rel), .. }) => !item.locators.iter().any(|locator| &locator.segment == rel),
        _ => true,
    });
}

/// Elements and struct of the objects that a collection lists.
fn shape<'a>(engine: &'a Engine, call: &Call<'_>) -> Option<List<'a>> {
    let kind = call.method.result()?.ty.struct_name()?;
    let known = engine.model.structs.get(kind)?;
    Some(List { tag: &known.list_element, item: &known.element, kind: &known.name })
}
