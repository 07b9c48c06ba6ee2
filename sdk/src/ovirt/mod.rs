//! The oVirt Engine API: [`Connection`], [`services`] and [`types`].
//!
//! A [`Connection`] leads to the [`system_service`](Connection::system_service), from which locators
//! lead to all others: `connection.system_service().vms_service().vm_service("123").nics_service()`.
//! Methods of a service make requests; setters add what the API model calls parameters; `send` sends.
//! Nothing goes over the network before that.

mod answer;
mod call;
mod conflicts;
mod connection;
mod follow;
#[rustfmt::skip]
#[allow(deprecated, clippy::all)]
mod generated;
/// What the generator makes of a made-up model that has every case.
#[cfg(test)]
#[rustfmt::skip]
#[allow(dead_code, deprecated, unused_imports, unreachable_pub, clippy::all)]
#[path = "../../../codegen/tests/ovirt/golden/mod.rs"]
pub(crate) mod golden;
mod list_stream;
mod sso;

pub use call::Call;
pub use connection::{CaCertificate, Connection, ConnectionBuilder};
pub use follow::Followable;
pub use generated::{services, types};
pub use list_stream::ListStream;
