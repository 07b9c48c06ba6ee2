//! Life cycles as a table: which action leads from which statuses through which to which.

use crate::api::{Call, Fault};
use crate::engine::Engine;

/// What an action does to the status of an object.
struct Transition {
    service: &'static str,
    action: &'static str,
    /// Statuses in which the engine runs it.
    from: &'static [&'static str],
    /// Statuses that follow: the first at once, the others one step later each.
    through: &'static [&'static str],
    /// What the engine says in any other status.
    refusal: &'static str,
}

const RUNNING: &[&str] = &[
    "wait_for_launch",
    "up",
    "powering_up",
    "powering_down",
    "reboot_in_progress",
    "migrating",
    "suspended",
    "paused",
    "not_responding",
];

const TRANSITIONS: &[Transition] = &[
    Transition {
        service: "vm",
        action: "stop",
        from: RUNNING,
        through: &["powering_down", "down"],
        refusal: "Cannot stop VM. VM is not running.",
    },
    Transition {
        service: "vm",
        action: "shutdown",
        from: RUNNING,
        through: &["powering_down", "down"],
        refusal: "Cannot shutdown VM. VM is not running.",
    },
    Transition {
        service: "vm",
        action: "suspend",
        from: &["up"],
        through: &["saving_state", "suspended"],
        refusal: "Cannot hibernate VM. VM is not up.",
    },
    Transition {
        service: "vm",
        action: "reboot",
        from: &["up", "powering_up"],
        through: &["reboot_in_progress", "up"],
        refusal: "Cannot reboot VM. VM is not up.",
    },
    Transition {
        service: "vm",
        action: "reset",
        from: &["up", "powering_up", "powering_down", "reboot_in_progress", "paused", "migrating", "not_responding"],
        through: &["up"],
        refusal: "Cannot reset VM. VM is not running.",
    },
    Transition {
        service: "vm",
        action: "cancel_migration",
        from: &["migrating"],
        through: &["up"],
        refusal: "Cannot cancel migration of VM. VM is not migrating.",
    },
    Transition {
        service: "host",
        action: "activate",
        from: &[
            "maintenance",
            "preparing_for_maintenance",
            "error",
            "non_operational",
            "install_failed",
            "down",
            "unassigned",
            "initializing",
            "installing",
            "reboot",
            "pending_approval",
            "installing_os",
            "connecting",
            "kdumping",
        ],
        through: &["unassigned", "up"],
        refusal: "Cannot activate Host. Host is already up or not responding.",
    },
    Transition {
        service: "host",
        action: "deactivate",
        from: &["up", "error", "non_responsive", "preparing_for_maintenance", "down", "non_operational", "install_failed"],
        through: &["preparing_for_maintenance", "maintenance"],
        refusal: "Cannot switch Host to Maintenance mode. Host is already in Maintenance mode or in a status that does not allow it.",
    },
    Transition {
        service: "host",
        action: "approve",
        from: &["pending_approval", "install_failed", "installing_os"],
        through: &["installing", "initializing", "up"],
        refusal: "Cannot approve Host. Host is not pending approval.",
    },
    Transition {
        service: "host",
        action: "install",
        from: &["maintenance", "install_failed", "non_operational"],
        through: &["installing", "reboot", "maintenance"],
        refusal: "Cannot install Host. Host must be in Maintenance mode.",
    },
    Transition {
        service: "host",
        action: "upgrade",
        from: &["maintenance", "up", "non_operational", "install_failed"],
        through: &["installing", "reboot", "up"],
        refusal: "Cannot upgrade Host. Valid Host statuses for upgrade are Up, Maintenance or Non-Operational.",
    },
    Transition {
        service: "host",
        action: "upgrade_check",
        from: &["maintenance", "up", "non_operational", "install_failed"],
        through: &[],
        refusal: "Cannot check for upgrades of Host. Host is not up or in Maintenance mode.",
    },
    Transition {
        service: "host",
        action: "refresh",
        from: &["maintenance", "up", "non_operational"],
        through: &[],
        refusal: "Cannot refresh Host. Host status is not up, maintenance or non operational.",
    },
];

/// Runs an action that is in the table; any other succeeds without effect.
///
/// # Errors
///
/// 409 in a status that the table does not name.
pub(super) fn run(engine: &mut Engine, call: &Call<'_>) -> Result<(), Fault> {
    let wanted = |transition: &&Transition| transition.service == call.spot.service.name && transition.action == call.method.name;
    let Some(transition) = TRANSITIONS.iter().find(wanted) else { return Ok(()) };
    let path = call.spot.entity();
    let status = engine.store.text(path, "status");
    if !transition.from.contains(&status) {
        return Err(Fault::conflict(refusal(transition, status)));
    }
    engine.schedule.cancel(path);
    engine.steps(path, "status", transition.through);
    super::entered(engine, path, "status");
    Ok(())
}

fn refusal(transition: &Transition, status: &str) -> String {
    match (transition.service, status) {
        ("vm", "image_locked") => "Cannot perform the operation: VM is locked. Please try again in a few minutes.".to_owned(),
        ("vm", "saving_state" | "restoring_state") => {
            format!("Cannot {} VM. VM is saving or restoring its state.", transition.action)
        }
        _ => transition.refusal.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_the_model() {
        for transition in TRANSITIONS {
            let service = &model::ovirt().services[transition.service];
            assert!(service.method(transition.action).is_some(), "{}", transition.action);
            let statuses = &model::ovirt().enums[&format!("{}_status", transition.service)].values;
            for status in transition.from.iter().chain(transition.through) {
                assert!(statuses.iter().any(|value| value.name == *status), "{status}");
            }
        }
    }
}
