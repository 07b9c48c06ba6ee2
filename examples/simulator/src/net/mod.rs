//! What both listeners share: connections, TLS, bodies.

mod body;
mod server;
mod tls;

pub(crate) use body::{Answer, Body, BodySender, Request, full, head};
pub(crate) use server::{Handler, Listener};
pub(crate) use tls::Identity;
