//! Everything that the simulated server knows.

mod content;
mod digest;
mod download_session;
mod item;
mod library;
mod passing;
mod task;
mod update_session;
mod vcenter;

pub(crate) use content::{Content, Receiver, Store};
pub(crate) use digest::{Algorithm, Checksum};
pub(crate) use download_session::{DownloadSession, Preparation, Prepare, unprepared};
pub(crate) use item::{Change, Item, Naming, StoredFile};
pub(crate) use library::{Library, Publishing, Subscriber, Subscription};
pub(crate) use task::{Effect, Status, Task};
pub(crate) use update_session::{KEPT, Lease, SessionFile, Source, Stage, Transfer, UpdateSession};
pub(crate) use vcenter::{Failure, Fresh, PullJob, Settings, Vcenter};
