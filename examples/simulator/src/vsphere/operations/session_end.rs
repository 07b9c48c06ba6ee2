//! What update and download sessions have in common.

use crate::vsphere::fault::{Fault, message};
use crate::vsphere::state::{Lease, Stage};
use jiff::Timestamp;

/// Checks that a session is still open.
///
/// # Errors
///
/// That it is not.
pub(super) fn check_active(lease: &Lease, id: &str) -> Result<(), Fault> {
    if lease.stage == Stage::Active {
        return Ok(());
    }
    Err(Fault::not_allowed(format!("The session '{id}' is not active; its state is {}.", lease.stage.name())))
}

/// Keeps a session alive, and takes over the progress that the client reports.
///
/// # Errors
///
/// That the session is not open, or that the progress does not grow.
pub(super) fn keep_alive(lease: &mut Lease, id: &str, progress: Option<i64>, now: Timestamp) -> Result<(), Fault> {
    check_active(lease, id)?;
    if let Some(progress) = progress {
        if !(0..=100).contains(&progress) {
            return Err(Fault::invalid_argument(format!("The progress is {progress}; it must be from 0 to 100.")));
        }
        if progress <= lease.progress {
            let text = format!("The progress is {progress}; it must be more than the last one, {}.", lease.progress);
            return Err(Fault::invalid_argument(text));
        }
        lease.progress = progress;
    }
    lease.touch(now);
    Ok(())
}

/// Ends a session at the wish of the client.
///
/// # Errors
///
/// That it is not open.
pub(super) fn cancel(lease: &mut Lease, id: &str) -> Result<(), Fault> {
    check_active(lease, id)?;
    lease.stage = Stage::Canceled;
    Ok(())
}

/// Ends a session with an error of the client.
///
/// # Errors
///
/// That it is not open.
pub(super) fn fail(lease: &mut Lease, id: &str, text: &str) -> Result<(), Fault> {
    check_active(lease, id)?;
    lease.fail(message("client", text, &[]));
    Ok(())
}
