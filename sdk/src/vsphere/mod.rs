//! The vSphere Content Library: [`Session`], and services and types by their namespaces.
//!
//! A [`Session`] leads to the services as the official bindings name them:
//! `session.content().library().item().update_session()` is `com.vmware.content.library.item.UpdateSession`. The
//! types of a namespace are in the module of that name: [`content::library::ItemModel`].
//!
//! Methods take what the API requires; setters add what is optional; `send` sends. Nothing goes over the network
//! before that. Members that a server leaves out are `None`, whatever the API says of them.

pub(crate) mod answer;
pub(crate) mod call;
mod dialect;
pub(crate) mod failure;
#[rustfmt::skip]
#[allow(deprecated, clippy::all)]
mod generated;
/// What the generator makes of a made-up model that has every case.
#[cfg(test)]
#[rustfmt::skip]
#[allow(dead_code, deprecated, unused_imports, unreachable_pub, clippy::all)]
#[path = "../../../codegen/tests/vsphere/golden/mod.rs"]
pub(crate) mod golden;
pub(crate) mod id;
mod session;
mod sign_in;
mod transfer;

pub use call::Call;
pub use dialect::Dialect;
pub use failure::StandardError;
pub use generated::*;
pub use id::Id;
pub use session::{Session, SessionBuilder};
pub use transfer::Download;

/// Future of the result of a request. Dropping it cancels the request.
pub type Pending<T> = crate::core::pending::Pending<T, answer::Answer>;
