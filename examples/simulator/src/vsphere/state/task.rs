//! Tasks: what the server does after it has answered.

use crate::vsphere::clock::written;
use crate::vsphere::fault::message;
use crate::vsphere::record::present;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Task.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Service and operation that made it, as the model names them.
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) description: String,
    /// Type and identifier of what it works on.
    pub(crate) target: (String, String),
    pub(crate) user: String,
    pub(crate) began: Timestamp,
    pub(crate) ends: Timestamp,
    pub(crate) status: Status,
    /// What happens when it ends.
    pub(crate) effect: Effect,
    /// Why it failed.
    pub(crate) error: Option<Value>,
}

/// Status of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Succeeded,
    Failed,
}

/// What happens when a task ends.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Nothing more: all was done at once.
    Nothing,
    /// The files of an item are copied into another one.
    Copy {
        /// Identifier of the item with the files.
        from: String,
        /// Identifier of the new item.
        to: String,
    },
    /// A library moves to other storage.
    Migrate {
        /// Identifier of the library.
        library: String,
        /// Its new storage.
        storage_backings: Vec<Value>,
    },
}

impl Task {
    /// Whether it can be canceled now.
    pub(crate) fn is_cancelable(&self) -> bool {
        self.status == Status::Running && matches!(self.effect, Effect::Copy { .. })
    }

    /// The task as the API has it.
    pub(crate) fn value(&self, namespace: &str) -> Value {
        let status = match self.status {
            Status::Running => "RUNNING",
            Status::Succeeded => "SUCCEEDED",
            Status::Failed => "FAILED",
        };
        let completed = if self.status == Status::Succeeded { 100 } else { 0 };
        let description = message("task", &self.description, &[]);
        present(json!({
            "progress": { "total": 100, "completed": completed, "message": description },
            "description": description,
            "service": format!("{namespace}.{}", self.service),
            "operation": self.operation,
            "target": { "type": self.target.0, "id": self.target.1 },
            "status": status,
            "cancelable": self.is_cancelable(),
            "error": self.error,
            "start_time": written(self.began),
            "end_time": (self.status != Status::Running).then(|| written(self.ends)),
            "user": self.user,
        }))
    }
}
