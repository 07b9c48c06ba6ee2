//! References in request bodies: names become ids, unknown objects are refused, secrets are dropped.

use super::fault::Fault;
use super::values::camel;
use crate::engine::Engine;
use crate::store::{Object, Value};
use model::{Member, Type};

/// Members that make a link more than a reference: the disk of an attachment is made or changed
/// together with it.
const DEFINING: &[&str] = &["lun_storage", "provisioned_size"];

/// Makes every link in a body a reference by id.
///
/// # Errors
///
/// 404 for an unknown name, 400 for an unknown id.
pub(crate) fn resolve(engine: &Engine, kind: &str, object: &mut Object) -> Result<(), Fault> {
    let Some(known) = engine.model.structs.get(kind) else { return Ok(()) };
    for member in &known.members {
        if let Some(value) = object.take(&member.name) {
            object.set(&member.name, member_value(engine, member, value)?);
        }
    }
    Ok(())
}

/// Id of the object that a reference means, by its id or its name.
///
/// # Errors
///
/// As [`resolve`].
pub(crate) fn id(engine: &Engine, kind: &str, reference: &Object) -> Result<String, Fault> {
    let what = camel(kind);
    let wanted = reference.id();
    if !wanted.is_empty() {
        let known = engine.store.find(kind, wanted).is_some();
        return if known { Ok(wanted.to_owned()) } else { Err(Fault::refused(format!("{what} {wanted} does not exist."))) };
    }
    let name = reference.text("name").unwrap_or_default();
    let mut named = engine.store.all(kind).filter(|(_, object)| object.text("name") == Some(name));
    named.next().map(|(_, object)| object.id().to_owned()).ok_or_else(|| Fault::no_such(&format!("{what}: name={name}")))
}

/// Drops what the engine takes and never returns.
pub(crate) fn drop_secrets(engine: &Engine, kind: &str, object: &mut Object) {
    let Some(known) = engine.model.structs.get(kind) else { return };
    object.retain(|name, _| !known.member(name).is_some_and(|member| member.secret));
    for (name, value) in object.iter_mut() {
        let Some(inner) = known.member(name).and_then(|member| member.ty.struct_name()) else { continue };
        match value {
            Value::Object(object) => drop_secrets(engine, inner, object),
            Value::List(items) => items.iter_mut().for_each(|item| {
                if let Value::Object(object) = item {
                    drop_secrets(engine, inner, object);
                }
            }),
            Value::Text(_) => {}
        }
    }
}

fn member_value(engine: &Engine, member: &Member, value: Value) -> Result<Value, Fault> {
    let Type::Struct(kind) = member.ty.item() else { return Ok(value) };
    match value {
        Value::Object(inner) => linked(engine, member, kind, inner).map(Value::Object),
        Value::List(items) => {
            let resolved = items.into_iter().map(|item| match item {
                Value::Object(inner) => linked(engine, member, kind, inner).map(Value::Object),
                other => Ok(other),
            });
            resolved.collect::<Result<_, _>>().map(Value::List)
        }
        text => Ok(text),
    }
}

fn linked(engine: &Engine, member: &Member, kind: &str, mut inner: Object) -> Result<Object, Fault> {
    let is_defined = DEFINING.iter().any(|member| inner.get(member).is_some());
    let is_reference = member.link && engine.collection_of(kind).is_some() && !is_defined;
    if is_reference && (inner.get("id").is_some() || inner.get("name").is_some()) {
        return id(engine, kind, &inner).map(|id| Object::reference(&id));
    }
    resolve(engine, kind, &mut inner)?;
    Ok(inner)
}
