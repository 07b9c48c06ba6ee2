//! Import and diff through their public functions and the built program.

mod common;
mod diff;
mod imports;
mod operands;
mod recovery;
mod refusals;
mod vsphere;
