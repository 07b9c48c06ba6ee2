//! The servers of image data: ovirt-imageio, on hosts and as their proxy.

mod abilities;
mod extents;
mod route;
mod server;

pub(super) use abilities::Abilities;
pub(super) use extents::Context;
pub(super) use route::{Access, Failures, Keeper, Route, Terms};
pub(super) use server::Server;
