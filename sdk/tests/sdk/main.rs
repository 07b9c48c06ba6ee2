//! Tests through the public interface, as a crate that depends on the SDK: one binary, one link step.

mod canned;
mod engine;
mod errors;
mod faults;
mod image_transfers;
mod jobs;
#[rustfmt::skip]
mod ovirt_types;
#[allow(deprecated)]
mod properties;
mod random;
mod requests;
mod retries;
mod secrets;
mod serialize;
mod servers;
mod sign_in;
mod streams;
mod traces;
mod trust;
#[allow(deprecated)]
mod types;
mod vsphere;
#[rustfmt::skip]
mod vsphere_types;

use servers::connect;
