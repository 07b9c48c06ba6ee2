//! The simulator as its users meet it: over HTTP.

mod administration;
mod altered;
mod broken_off;
mod certificates;
mod clock;
mod collections;
mod data;
mod disks;
mod faults;
mod hostile;
mod infrastructure;
mod injected;
mod locks;
mod log;
mod program;
mod restart;
mod search;
mod sign_in;
mod support;
mod transfers;
mod versions;
mod vms;
