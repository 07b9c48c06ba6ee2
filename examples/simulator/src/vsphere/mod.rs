//! A vCenter with its Content Library, to test programs against.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let vcenter = virt_simulator::vsphere::Simulator::start().await?;
//! println!("{} {} {}", vcenter.url(), vcenter.username(), vcenter.password());
//! vcenter.shutdown().await;
//! # Ok::<(), virt_simulator::Error>(())
//! # }).unwrap();
//! ```
//!
//! It interprets the API model: the routes of both dialects, `/api` and `/rest`, the parameters, the
//! checks of what requests carry, and the forms of answers and errors all come from there. The operations
//! work on one form of the data that both dialects share. All 94 operations of the model do something.
//!
//! # What happens by itself
//!
//! * API sessions end when they are idle for [`Builder::session_lifetime`]; update and download sessions
//!   after five minutes without activity, with the state `ERROR`. Reading them is no activity.
//! * Tasks, and the preparation of files for download, take [`Builder::transition`]. Whoever asks for a
//!   file to be prepared sees it in preparation at least once; the preview of signed content likewise.
//! * [`Simulator::advance`] moves the clock, so that no test has to wait.
//!
//! # Transfers
//!
//! Files are pushed to, and fetched from, addresses below `/cls/data/` on the same port. As on a server,
//! who knows such an address needs no session. What is wrong with a pushed file shows in its status and
//! fails the update session when it is completed; the request that pushed it is answered with 200. While
//! a file was not pushed at all, `complete` is refused, and the session goes on. The checksum of a file
//! to download is shown once its last byte was sent.
//!
//! Sources with the scheme `http` or `https` are really fetched; one with a certificate that neither
//! matches nor is trusted never gets beyond its first percent, as on a server. `ds` finds the files that
//! the libraries of the simulator hold, by their storage URIs.
//!
//! # Packages
//!
//! Items of type `ovf` must have all files that their descriptor refers to, and files that a manifest
//! names must have the checksums it says. A `.cert` file makes a preview with warnings. Where it holds no
//! certificate, it raises the warnings whose names stand in it, or that of a self-signed certificate.
//! An archive whose name ends in `.ova` is taken apart, and a descriptor that is fetched brings the files
//! that it refers to.
//!
//! # Limits
//!
//! Libraries of other servers cannot be subscribed to. The server knows two datastores, one resource pool
//! and one virtual machine. Nothing is persistent, and there are no permissions to run into.

mod answer;
mod argument;
mod builder;
mod check;
mod clock;
mod dialect;
mod fault;
mod front;
mod operations;
mod ovf;
mod query;
mod record;
mod route;
mod sign_in;
mod simulator;
mod state;
mod transfer;

pub use builder::Builder;
pub use simulator::Simulator;
