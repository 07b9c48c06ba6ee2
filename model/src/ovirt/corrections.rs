//! Places where the server does not follow the rules of [`super::wire`]. Each correction is for one
//! method, says why, and fails when it no longer changes anything.

use crate::ir::{Body, Method, Model};

struct Correction {
    service: &'static str,
    method: &'static str,
    /// Returns whether the method was as expected, and so was changed.
    apply: fn(&mut Method) -> bool,
}

const CORRECTIONS: &[Correction] = &[
    // The only `remove` with a struct list: the server reads it from an `action` in the body of the
    // DELETE. The plain parameters stay in the query.
    Correction { service: "gluster_bricks", method: "remove", apply: |method| into_action_body(method, "bricks") },
];

/// Applies all corrections; the error names those that found nothing to correct.
pub(crate) fn apply(model: &mut Model) -> Result<(), String> {
    for Correction { service, method, apply } in CORRECTIONS {
        let found = model.services.get_mut(*service).and_then(|s| s.methods.iter_mut().find(|m| m.name == *method));
        if !found.is_some_and(apply) {
            return Err(format!(
                "the correction of `{service}.{method}` no longer applies; remove it from `ovirt/corrections.rs`"
            ));
        }
    }
    Ok(())
}

fn into_action_body(method: &mut Method, parameter: &str) -> bool {
    let query = &mut method.route.query;
    let Some(position) = query.iter().position(|(name, _)| name == parameter) else { return false };
    let field = query.remove(position);
    method.route.body = Body::Action { fields: vec![field] };
    true
}
