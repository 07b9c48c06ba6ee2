//! What every API shares, written once: tables and their interpreters, requests, sending, errors.
#![cfg_attr(not(all(feature = "ovirt", feature = "vsphere")), allow(dead_code, reason = "one API does not use all of it"))]

pub(crate) mod date_time;
pub(crate) mod error;
pub(crate) mod http;
pub(crate) mod json;
pub(crate) mod link;
pub(crate) mod path;
pub(crate) mod pending;
pub(crate) mod serialize;
pub(crate) mod structure;
pub(crate) mod table;
pub(crate) mod table_ops;
#[cfg(feature = "ovirt")]
pub(crate) mod xml;
