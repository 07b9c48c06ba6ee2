//! What both listeners share: connections, TLS, bodies.

mod body;
mod certificate;
mod connection;
mod gate;
mod server;
mod tls;

pub(crate) use body::{Answer, Body, BodySender, Request, full, head};
pub use certificate::Certificate;
pub(crate) use connection::{Connection, Cut};
pub(crate) use gate::Gate;
pub(crate) use server::{Handler, Hangup, Listener};
pub(crate) use tls::{Authority, Identity};
