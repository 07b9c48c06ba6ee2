//! Tests against servers that are not ours: one binary, one link step. Where a server is missing they skip, and say so.
#![cfg(target_os = "linux")]

#[path = "../support/imageio.rs"]
mod imageio;
#[path = "../support/tcp_proxy.rs"]
mod tcp_proxy;

mod bad_transfers;
mod network;
mod server;
mod transfers;
