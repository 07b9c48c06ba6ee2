//! Objects that are locked for a time, as if something were being done to them.

use super::walk::{self, Found};
use crate::engine::Engine;
use crate::store::{Effect, Value};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// Kinds that an engine locks: the member that shows it, and the text that it has then.
const LOCKED: &[(&str, &str, &str)] = &[
    ("disk", "status", "locked"),
    ("vm", "status", "image_locked"),
    ("template", "status", "locked"),
    ("snapshot", "snapshot_status", "locked"),
];

/// Locks an object for some time; what is under way with it waits as long.
///
/// # Errors
///
/// Why it cannot be locked.
pub(crate) fn lock(engine: &mut Engine, path: &str, time: Duration) -> Result<(), &'static str> {
    engine.settle();
    let below = super::split(path).map_or(path, |(_, below)| below);
    let segments = below.split('/').filter(|segment| !segment.is_empty());
    let segments: Vec<_> = segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect();
    let entity = match walk::walk(engine.model, &engine.store, &segments) {
        Some(Found::Spot(spot)) => spot.entity,
        _ => None,
    };
    let path = entity.ok_or("there is no such object; give its href")?;
    let kind = engine.store.entity(&path).map(|entity| entity.kind.clone()).unwrap_or_default();
    let known = LOCKED.iter().find(|(known, _, _)| *known == kind);
    let (_, member, text) = known.ok_or("an engine locks disks, virtual machines, templates and snapshots only")?;
    let before = Value::from(engine.store.text(&path, member));
    engine.schedule.postpone(&path, time);
    engine.schedule.plan(engine.now + time, &path, Effect::Restore(member, before));
    engine.store.set(&path, member, *text);
    Ok(())
}
