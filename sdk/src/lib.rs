#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
compile_error!("enable one of the features `rustls`, `rustls-no-provider` and `native-tls`");

mod core;
pub mod guide;
#[cfg(feature = "ovirt")]
pub mod ovirt;
#[doc(hidden)]
pub mod table_access;
#[cfg(feature = "transfer")]
pub mod transfer;
#[cfg(feature = "vsphere")]
pub mod vsphere;

pub use crate::core::date_time::{DateTime, InvalidDateTime};
pub use crate::core::error::{Conflict, Error, ErrorKind, Fault, Result};
pub use crate::core::http::credentials::{Credentials, CredentialsError, CredentialsProvider, SignIn};
pub use crate::core::http::retry::Retry;
pub use crate::core::link::{Link, List};
pub use crate::core::pending::Pending;
pub use crate::core::structure::Structure;
pub use crate::core::table::{Field, Record, Table};
pub use jiff;
pub use reqwest;
pub use serde_json;
