//! What every API shares, written once: tables and their interpreters, requests, sending, errors.

pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod date_time;
pub(crate) mod error;
pub(crate) mod link;
pub(crate) mod path;
pub(crate) mod reply;
pub(crate) mod serialize;
pub(crate) mod session;
pub(crate) mod table;
pub(crate) mod table_ops;
pub(crate) mod xml;
