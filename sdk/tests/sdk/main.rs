//! Tests through the public interface, as a crate that depends on the SDK: one binary, one link step.

mod canned;
mod connection;
mod engine;
mod errors;
#[rustfmt::skip]
mod every_type;
#[allow(deprecated)]
mod properties;
mod requests;
mod serialize;
mod streams;
#[allow(deprecated)]
mod types;

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
