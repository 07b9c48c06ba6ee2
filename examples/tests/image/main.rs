//! The program `image`, run as a user would, against a simulated engine.

mod info;
mod interrupted;
mod settings;
mod support;
mod transfers;
