//! Jobs and events: the record of what was done.

use crate::api::{Call, Fault, camel};
use crate::engine::Engine;
use crate::seed;
use crate::store::{Effect, Object, Value};
use model::Kind;
use std::time::Duration;

/// How long a finished job is kept.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// Services whose requests are no commands: recording them would record the record.
const SILENT: &[&str] = &["events", "event", "jobs", "job", "steps", "step"];

/// What a command is about, which has to be asked before the object may be gone.
pub(crate) fn subject(engine: &Engine, path: &str) -> String {
    let kind = engine.store.entity(path).map(|entity| camel(&entity.kind)).unwrap_or_default();
    format!("{kind} {}", engine.store.text(path, "name"))
}

/// Records a command: a job that lasts as long as the work on the object, and an event.
pub(crate) fn record(engine: &mut Engine, call: &Call<'_>, path: &str, subject: &str) {
    if SILENT.contains(&call.spot.service.name.as_str()) {
        return;
    }
    let what = match call.method.kind {
        Kind::Add => "Adding",
        Kind::Update => "Updating",
        Kind::Remove => "Removing",
        _ => call.method.name.as_str(),
    };
    let description = format!("{what} {subject}").trim_end().to_owned();
    add_event(engine, call.request.correlation_id, &description);
    add_job(engine, call.request.correlation_id, description, path);
}

fn add_job(engine: &mut Engine, correlation_id: &str, description: String, path: &str) {
    let is_busy = engine.schedule.is_busy(path);
    let job = Object::default()
        .with("description", description)
        .with("correlation_id", correlation_id)
        .with("external", false)
        .with("status", if is_busy { "started" } else { "finished" })
        .with("owner", Object::reference(seed::ADMIN))
        .with("last_updated", engine.timestamp());
    let job = super::create(engine, "jobs", "job", job);
    let mut end = engine.now;
    if is_busy {
        end = engine.schedule.last(path).unwrap_or(end);
        engine.schedule.plan(end, &job, Effect::Set("status", Value::from("finished")));
    }
    let written = engine.clock.written(end);
    engine.schedule.plan(end, &job, Effect::Set("end_time", Value::from(written)));
    engine.schedule.plan(end + KEPT, &job, Effect::Remove);
}

fn add_event(engine: &mut Engine, correlation_id: &str, description: &str) {
    let event = Object::default()
        .with("code", 0)
        .with("severity", "normal")
        .with("description", description)
        .with("correlation_id", correlation_id)
        .with("origin", "oVirt")
        .with("custom_id", "-1")
        .with("user", Object::reference(seed::ADMIN));
    insert_event(engine, event);
}

fn insert_event(engine: &mut Engine, mut event: Object) {
    number(engine, &mut event);
    super::defaults::apply("event", &mut event, &engine.timestamp());
    engine.store.insert("events", "event", event);
}

/// Events are numbered.
fn number(engine: &Engine, event: &mut Object) {
    let last = engine.store.ids("events").last().and_then(|id| id.parse::<u64>().ok()).unwrap_or_default();
    event.set("id", (last + 1).to_string());
    event.set("index", last + 1);
}

/// Completes an event of the caller.
pub(super) fn before_add_event(engine: &mut Engine, call: &Call<'_>, event: &mut Object) -> Result<(), Fault> {
    number(engine, event);
    let code = match event.text("severity") {
        Some("warning") => 9802,
        Some("error" | "alert") => 9803,
        _ => 9801,
    };
    event.set("code", code);
    event.provide("correlation_id", call.request.correlation_id);
    Ok(())
}

/// The newest events come first; `from` is the last one that the caller knows.
pub(super) fn arrange_events(_: &Engine, call: &Call<'_>, paths: &mut Vec<String>) {
    let id = |path: &str| path.rsplit('/').next().and_then(|id| id.parse::<u64>().ok()).unwrap_or_default();
    if let Some(from) = call.options.number("from") {
        paths.retain(|path| id(path) > from);
    }
    paths.sort_by_key(|path| std::cmp::Reverse(id(path)));
}

/// Ends the jobs and steps of a caller.
pub(super) fn act(engine: &mut Engine, call: &Call<'_>, action: &Object) -> Result<Option<Object>, Fault> {
    let path = call.spot.entity().to_owned();
    match call.method.name.as_str() {
        "end" => {
            let status = if action.text("succeeded") == Some("false") { "failed" } else { "finished" };
            engine.store.set(&path, "status", status);
            let now = engine.timestamp();
            engine.store.set(&path, "end_time", now);
        }
        "clear" => super::remove_now(engine, &path),
        _ => return Ok(None),
    }
    Ok(Some(Object::default()))
}
