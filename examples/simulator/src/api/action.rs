//! Actions: what is neither adding, reading, changing nor removing.

use super::render::Renderer;
use super::walk::Spot;
use super::{Answer, Call, Fault, mandatory, read as reader};
use crate::engine::Engine;
use crate::rules;
use crate::store::{Object, Value};

/// Runs an action.
///
/// # Errors
///
/// 400 where the body cannot be read; refusals of the action itself are part of the answer.
pub(crate) fn run(engine: &mut Engine, call: &Call<'_>) -> Result<Answer, Fault> {
    let given = read(engine, call)?;
    let subject = rules::subject(engine, call.spot.entity());
    let result = check_place(engine, call)
        .and_then(|()| mandatory::check_action(call.method, &given))
        .and_then(|()| rules::act(engine, call, &given));
    match result {
        Ok(result) => {
            rules::record(engine, call, call.spot.entity(), &subject);
            done(engine, "action", &result)
        }
        Err(fault) => Ok(failed(&fault)),
    }
}

/// Reads the `action` element of a request; an absent one counts as empty.
///
/// # Errors
///
/// 400 where the body cannot be read.
pub(super) fn read(engine: &Engine, call: &Call<'_>) -> Result<Object, Fault> {
    if call.request.body.trim().is_empty() {
        return Ok(Object::default());
    }
    match reader::body(engine.model, "action", call.request.body, &call.syntax())? {
        reader::Body::One(action) => Ok(action),
        reader::Body::Many(_) => Err(call.syntax()),
    }
}

/// The answer to what was done, with its results.
///
/// # Errors
///
/// None in practice: nothing is followed.
pub(super) fn done(engine: &Engine, tag: &str, results: &Object) -> Result<Answer, Fault> {
    let mut renderer = Renderer::new(engine, super::BASE);
    renderer.xml.open(tag, &[]);
    renderer.plain("action", results)?;
    renderer.xml.leaf("status", "complete");
    renderer.xml.close(tag);
    Ok(Answer::new(200, renderer.xml.finish()))
}

/// The state of earlier work on an object.
pub(super) fn work(engine: &Engine, spot: &Spot<'_>, work: &str) -> Answer {
    let status = if engine.schedule.is_busy(spot.entity()) { "in_progress" } else { "complete" };
    let href = format!("{}/{}/creation_status/{work}", super::BASE, spot.path);
    let mut xml = super::xml::Xml::new();
    xml.open("creation", &[("href", &href), ("id", work)]);
    xml.leaf("status", status);
    xml.close("creation");
    Answer::new(200, xml.finish())
}

fn failed(fault: &Fault) -> Answer {
    let mut xml = super::xml::Xml::new();
    xml.open("action", &[]);
    fault.write(&mut xml);
    xml.leaf("status", "failed");
    xml.close("action");
    Answer::new(fault.status, xml.finish())
}

/// An action on an object needs the object.
fn check_place(engine: &Engine, call: &Call<'_>) -> Result<(), Fault> {
    let is_gone = call.spot.entity.as_ref().is_some_and(|path| engine.store.entity(path).is_none());
    if is_gone { Err(Fault::not_found()) } else { Ok(()) }
}

/// A result that an action hands out under one name.
pub(crate) fn result(name: &str, value: impl Into<Value>) -> Object {
    Object::default().with(name, value)
}
