//! What time does to the state.

use super::{Effect, KEPT, Lease, Prepare, Stage, Status, Task, Vcenter};
use crate::vsphere::clock::later;
use crate::vsphere::fault::{Fault, message};
use jiff::Timestamp;

impl Vcenter {
    /// Brings everything up to the present.
    pub(crate) fn settle(&mut self) {
        let now = self.now();
        self.sessions.expire(now);
        self.expire_transfers(now);
        let due: Vec<String> = self.tasks.iter().filter(|(_, task)| is_due(task, now)).map(|(id, _)| id.clone()).collect();
        for id in due {
            self.end_task(&id);
        }
    }

    fn expire_transfers(&mut self, now: Timestamp) {
        for session in self.updates.values_mut() {
            if session.is_pulling() {
                session.lease.touch(now);
            }
            expire(&mut session.lease, now);
        }
        for session in self.downloads.values_mut() {
            expire(&mut session.lease, now);
        }
        self.updates.retain(|_, session| is_kept(&session.lease, now));
        self.downloads.retain(|_, session| is_kept(&session.lease, now));
        let transition = self.settings.transition;
        for file in self.downloads.values_mut().flat_map(|session| session.files.values_mut()) {
            if file.status == Prepare::Preparing && later(file.asked, transition) <= now {
                file.status = Prepare::Prepared;
            }
        }
    }

    fn end_task(&mut self, id: &str) {
        let Some(effect) = self.tasks.get(id).map(|task| task.effect.clone()) else { return };
        let result = match effect {
            Effect::Nothing => Ok(()),
            Effect::Copy { from, to } => self.copy_files(&from, &to),
            Effect::Migrate { library, storage_backings } => self.move_library(&library, storage_backings),
        };
        let error = result.err().map(|fault| fault.structure(self.model));
        if let Some(task) = self.tasks.get_mut(id) {
            task.status = if error.is_some() { Status::Failed } else { Status::Succeeded };
            task.error = error;
        }
    }

    fn copy_files(&mut self, from: &str, to: &str) -> Result<(), Fault> {
        let (files, now) = (self.item(from)?.files.clone(), self.now());
        let user = self.sessions.username().to_owned();
        let item = self.item_mut(to)?;
        item.files = files;
        item.content_changed(now, &user, "Copied.".to_owned());
        Ok(())
    }

    fn move_library(&mut self, id: &str, storage_backings: Vec<serde_json::Value>) -> Result<(), Fault> {
        let now = self.now();
        let library = self.library_mut(id)?;
        library.storage_backings = storage_backings;
        library.maintenance = None;
        library.touch(now);
        Ok(())
    }
}

fn is_due(task: &Task, now: Timestamp) -> bool {
    task.status == Status::Running && task.ends <= now
}

fn expire(lease: &mut Lease, now: Timestamp) {
    if lease.stage == Stage::Active && lease.expires <= now {
        lease.fail(message("expired", "The session expired: nothing happened in it for too long.", &[]));
    }
}

fn is_kept(lease: &Lease, now: Timestamp) -> bool {
    lease.stage == Stage::Active || later(lease.expires, KEPT) > now
}
