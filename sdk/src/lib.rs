#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod core;
pub mod ovirt;
#[doc(hidden)]
pub mod table_access;

pub use crate::core::call::{Call, Pending};
pub use crate::core::date_time::{DateTime, InvalidDateTime};
pub use crate::core::error::{Error, ErrorKind, Fault, Result};
pub use crate::core::link::{Link, List};
pub use crate::core::table::{Field, Record, Table};
pub use jiff;
