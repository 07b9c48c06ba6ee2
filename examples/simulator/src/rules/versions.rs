//! What engines of older versions do not have. The model tells it, and for image transfers they are held to it, as
//! clients have to do without what is missing; of everything else an old engine has as much as a new one.

use crate::engine::Engine;
use crate::store::Object;
use model::{Method, Service};

/// Struct and service, by the same name, that follow the version.
const FOLLOWED: &str = "image_transfer";

/// Takes from an object what the engine does not know: it neither understands that in requests nor tells it.
pub(crate) fn forget_unknown(engine: &Engine, kind: &str, object: &mut Object) {
    let Some(known) = engine.model.structs.get(kind).filter(|known| known.name == FOLLOWED) else { return };
    object.retain(|name, _| known.member(name).is_none_or(|member| engine.version.has(&member.notes)));
}

/// Whether the engine has an action.
pub(crate) fn has_action(engine: &Engine, service: &Service, action: &Method) -> bool {
    service.name != FOLLOWED || engine.version.has(&action.notes)
}
