//! The simulated vCenter as its users meet it: over HTTP, in both dialects.

mod client;
mod coverage;
mod decode;
mod downloads;
mod faults;
mod hostile;
mod items;
mod libraries;
mod ovf;
mod packages;
mod program;
mod pulls;
mod sign_in;
mod source;
mod subscriptions;
mod support;
mod tasks;
mod uploads;
mod wire;
