//! Tests through the public interface, as a crate that depends on the SDK: one binary, one link step.

mod canned;
mod connection;
mod engine;
mod errors;
#[rustfmt::skip]
mod ovirt_types;
#[allow(deprecated)]
mod properties;
mod random;
mod requests;
mod serialize;
mod streams;
#[allow(deprecated)]
mod types;
mod vsphere;
#[rustfmt::skip]
mod vsphere_types;

use virt_sdk::ovirt::Connection;
use virt_simulator::Simulator;

/// A connection to a simulated engine.
fn connect(engine: &Simulator) -> Connection {
    Connection::builder(engine.url())
        .username(engine.username())
        .password(engine.password())
        .build()
        .expect("the settings are right")
}
