//! The simulator as its users meet it: over HTTP.

mod collections;
mod data;
mod disks;
mod faults;
mod hostile;
mod infrastructure;
mod program;
mod search;
mod sign_in;
mod support;
mod transfers;
mod vms;
