//! Single objects: reading, changing and removing them.

use super::follow::Follow;
use super::render::{Note, Renderer};
use super::views::{self, View};
use super::{Answer, Call, Fault, action, read, references};
use crate::engine::Engine;
use crate::rules;
use crate::store::{Object, Value};

/// Members that only the engine changes. It ignores what a request says about them.
const READ_ONLY: &[&str] =
    &["next_run_configuration_exists", "phase", "snapshot_status", "snapshot_type", "status", "actual_size", "total_size"];

/// Answers a `get`.
///
/// # Errors
///
/// 404 where there is no such object, 500 for an unknown link to follow.
pub(crate) fn get(engine: &Engine, call: &Call<'_>) -> Result<Answer, Fault> {
    let kind = kind(engine, call)?;
    let tag = engine.model.structs.get(&kind).map_or(kind.as_str(), |known| known.element.as_str());
    let follow = call.options.text("follow").map(Follow::read).unwrap_or_default();
    let mut renderer = Renderer::answering(engine, call);
    renderer.item(tag, &kind, &call.spot, &follow, Note::None)?;
    Ok(Answer::new(200, renderer.xml.finish()))
}

/// Answers an `update`.
///
/// # Errors
///
/// Whatever the engine refuses.
pub(crate) fn update(engine: &mut Engine, call: &Call<'_>) -> Result<Answer, Fault> {
    let kind = kind(engine, call)?;
    let mut changes = match read::body(engine.model, &kind, call.request.body, &call.syntax())? {
        read::Body::One(changes) => changes,
        read::Body::Many(_) => return Err(call.syntax()),
    };
    match changes.take("id") {
        Some(Value::Text(id)) if id != call.spot.id() => return Err(Fault::immutable("id")),
        _ => {}
    }
    changes.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    references::resolve(engine, &kind, &mut changes)?;
    references::drop_secrets(engine, &kind, &mut changes);
    rules::before_update(engine, call, &kind, &mut changes)?;
    let path = call.spot.entity().to_owned();
    let collection = path.rsplit_once('/').map_or("", |(collection, _)| collection);
    rules::names::check(engine, &kind, &changes, collection, Some(&path))?;
    if let Some(object) = engine.store.object_mut(&path) {
        object.merge(changes);
    }
    let subject = rules::subject(engine, &path);
    rules::record(engine, call, &path, &subject);
    get(engine, call)
}

/// Answers a `remove`.
///
/// # Errors
///
/// Whatever the engine refuses.
pub(crate) fn remove(engine: &mut Engine, call: &Call<'_>) -> Result<Answer, Fault> {
    let asynchronous = call.options.flag("async") == Some(true) || call.request.expect.contains("202-accepted");
    if call.spot.entity.is_none() {
        remove_listed(engine, call)?;
    } else {
        let subject = rules::subject(engine, call.spot.entity());
        remove_one(engine, call)?;
        rules::record(engine, call, call.spot.entity(), &subject);
    }
    if asynchronous { Ok(Answer::new(202, String::new())) } else { action::done(engine, "action", &Object::default()) }
}

fn remove_one(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    match views::view(call.spot.pattern.trim_end_matches("/{}")) {
        View::Refs(_) if call.spot.path != call.spot.entity() => {
            rules::before_exclude(engine, call)?;
            let id = call.spot.id().to_owned();
            engine.store.exclude(call.spot.parent_path(), &id);
            if let Some(other) = views::mirror(call.spot.parent_path(), &id) {
                let parent = call.spot.path.split('/').nth(1).unwrap_or_default();
                engine.store.exclude(&other, parent);
            }
            rules::after_exclude(engine, call);
            Ok(())
        }
        _ => rules::remove(engine, call),
    }
}

/// Removes the objects of a collection that the body of the request lists.
fn remove_listed(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let parameters = call.method.parameters.iter().filter(|parameter| parameter.ty.struct_name().is_some());
    let listed = parameters.into_iter().find(|parameter| parameter.ty.is_list()).ok_or_else(Fault::not_found)?;
    let given = action::read(engine, call)?;
    if given.get(&listed.name).is_none() {
        return Err(call.syntax());
    }
    for path in given.objects(&listed.name).map(|object| format!("{}/{}", call.spot.path, object.id())) {
        rules::remove_now(engine, &path);
    }
    Ok(())
}

fn kind(engine: &Engine, call: &Call<'_>) -> Result<String, Fault> {
    engine.store.entity(call.spot.entity()).map(|entity| entity.kind.clone()).ok_or_else(Fault::not_found)
}
