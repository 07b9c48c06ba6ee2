//! `content.library.item.update_session`.

use super::{Operations, item, new_id, session_end};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::{Fault, message};
use crate::vsphere::ovf::{self, Finding};
use crate::vsphere::record::{Members, Record};
use crate::vsphere::state::{Lease, SessionFile, Source, Stage, StoredFile, Transfer, UpdateSession, Vcenter};
use indexmap::IndexMap;
use serde_json::{Value, json};

pub(super) const OPERATIONS: Operations = &[
    ("cancel", cancel),
    ("complete", complete),
    ("create", create),
    ("delete", delete),
    ("fail", fail),
    ("get", get),
    ("keep_alive", keep_alive),
    ("list", list),
    ("update", update),
];

/// Parameter that names the session.
const ID: &str = "update_session_id";

/// An update session, to change it.
///
/// # Errors
///
/// That there is none.
pub(super) fn find<'a>(vcenter: &'a mut Vcenter, id: &str) -> Result<&'a mut UpdateSession, Fault> {
    vcenter.updates.get_mut(id).ok_or_else(|| Fault::not_found("update session", id))
}

fn create(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (spec, now) = (arguments.spec("create_spec")?, vcenter.now());
    let item_id = spec.text("library_item_id").unwrap_or_default();
    item::check_local(vcenter, item_id)?;
    let is_open = |session: &UpdateSession| session.lease.item == item_id && session.lease.stage == Stage::Active;
    if let Some((other, _)) = vcenter.updates.iter().find(|(_, session)| is_open(session)) {
        return Err(Fault::busy(format!("The item '{item_id}' has an active update session already: '{other}'.")));
    }
    let session = UpdateSession {
        lease: Lease::new(item_id, vcenter.item(item_id)?.content_version, now),
        user: arguments.user.clone(),
        warning_behavior: behavior(spec).unwrap_or_default(),
        files: IndexMap::new(),
        removed: Vec::new(),
        completing: false,
        preview_seen: false,
    };
    let id = new_id();
    vcenter.updates.insert(id.clone(), session);
    Ok(Value::String(id))
}

/// Which warnings a request ignores, if it says so.
fn behavior(spec: &Record) -> Option<Vec<(String, bool)>> {
    let pairs = spec.list("warning_behavior")?.iter().filter_map(Value::as_object);
    let pair = |entry: &Record| (entry.text("type").unwrap_or_default().to_owned(), entry.flag("ignored").unwrap_or_default());
    Some(pairs.map(pair).collect())
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    let pulled = find(vcenter, id)?.pulled();
    let session = find(vcenter, id)?;
    session.lease.progress = session.lease.progress.max(pulled);
    let session = session.clone();
    let mut value = session.lease.value(id);
    let behavior = session.warning_behavior.iter();
    value["warning_behavior"] = behavior.map(|(kind, ignored)| json!({ "type": kind, "ignored": ignored })).collect();
    if session.lease.stage == Stage::Active {
        value["preview_info"] = ovf::preview(vcenter, &session);
        let is_preparing = value["preview_info"]["state"] == "PREPARING";
        find(vcenter, id)?.preview_seen |= is_preparing;
    }
    Ok(value)
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let wanted = arguments.text("library_item_id");
    if let Some(item) = wanted {
        vcenter.item(item)?;
    }
    let fits = |session: &UpdateSession| session.user == arguments.user && wanted.is_none_or(|item| item == session.lease.item);
    Ok(vcenter.updates.iter().filter(|(_, session)| fits(session)).map(|(id, _)| Value::String(id.clone())).collect())
}

fn complete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now) = (arguments.id(ID), vcenter.now());
    let session = find(vcenter, id)?;
    session_end::check_active(&session.lease, id)?;
    if session.completing {
        return Err(Fault::not_allowed(format!("The session '{id}' is being completed already.")));
    }
    let is_open = |file: &SessionFile| {
        matches!(file.source, Source::Push(_)) && matches!(file.status, Transfer::Waiting | Transfer::Transferring)
    };
    if let Some((name, _)) = session.files.iter().find(|(_, file)| is_open(file)) {
        return Err(Fault::not_allowed(format!("The file '{name}' was not uploaded.")));
    }
    session.completing = true;
    session.lease.touch(now);
    if !session.is_pulling() {
        conclude(vcenter, id);
    }
    Ok(Value::Null)
}

/// Ends a session that is being completed and has all its files: applies its changes, or fails.
pub(crate) fn conclude(vcenter: &mut Vcenter, id: &str) {
    let Some(session) = vcenter.updates.get(id).cloned() else { return };
    let faulty = session.files.iter().find_map(|(name, file)| match file.status {
        Transfer::Ready => None,
        Transfer::Error => Some(file.error.clone().unwrap_or_else(|| missing(name))),
        Transfer::Waiting | Transfer::Transferring => Some(missing(name)),
    });
    let problem = faulty.or_else(|| match ovf::check(vcenter, &session).into_iter().next() {
        Some(Finding::Missing(name)) => Some(missing(&name)),
        Some(Finding::Invalid(name, text)) => Some(message("invalid", &format!("{name}: {text}"), &[name])),
        None => ovf::open_warnings(vcenter, &session),
    });
    if let Some(problem) = problem {
        if let Some(session) = vcenter.updates.get_mut(id) {
            session.lease.fail(problem);
        }
        return;
    }
    apply(vcenter, &session);
    if let Some(session) = vcenter.updates.get_mut(id) {
        session.lease.stage = Stage::Done;
        session.lease.progress = 100;
    }
}

fn missing(name: &str) -> Value {
    message("missing", &format!("The file '{name}' is missing."), &[name.to_owned()])
}

fn apply(vcenter: &mut Vcenter, session: &UpdateSession) {
    let now = vcenter.now();
    let Some(item) = vcenter.items.get_mut(&session.lease.item) else { return };
    if session.files.is_empty() && session.removed.is_empty() {
        return;
    }
    for name in &session.removed {
        item.files.shift_remove(name);
    }
    for (name, file) in session.files.iter().filter(|(_, file)| !file.metadata) {
        let version = item.files.get(name).map_or(1, |known| known.version + 1);
        if let Some(content) = &file.content {
            item.files.insert(name.clone(), StoredFile::new(content.clone(), version));
        }
    }
    let names = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let added = names(session.files.keys().map(String::as_str).collect());
    let removed = names(session.removed.iter().map(String::as_str).collect());
    item.content_changed(now, &session.user, format!("Files were changed.\nAdded: {added}. Removed: {removed}."));
}

fn keep_alive(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now) = (arguments.id(ID), vcenter.now());
    session_end::keep_alive(&mut find(vcenter, id)?.lease, id, arguments.number("client_progress"), now)?;
    Ok(Value::Null)
}

fn cancel(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    session_end::cancel(&mut find(vcenter, id)?.lease, id)?;
    Ok(Value::Null)
}

fn fail(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    session_end::fail(&mut find(vcenter, id)?.lease, id, arguments.id("client_error_message"))?;
    Ok(Value::Null)
}

fn delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id(ID);
    if find(vcenter, id)?.lease.stage == Stage::Active {
        return Err(Fault::not_allowed(format!("The session '{id}' is active; complete, cancel or fail it first.")));
    }
    vcenter.updates.shift_remove(id);
    Ok(Value::Null)
}

fn update(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now, spec) = (arguments.id(ID), vcenter.now(), arguments.spec("update_spec")?);
    let session = find(vcenter, id)?;
    session_end::check_active(&session.lease, id)?;
    if let Some(behavior) = behavior(spec) {
        session.warning_behavior = behavior;
    }
    session.lease.touch(now);
    Ok(Value::Null)
}
