//! An oVirt engine to test programs against, without a server: it serves the API model of
//! [virt-sdk](https://docs.rs/virt-sdk) over HTTP on the loopback interface. A vCenter with its Content
//! Library is in the module [`vsphere`].
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let engine = virt_simulator::Simulator::start().await?;
//! println!("{} {} {}", engine.url(), engine.username(), engine.password());
//! engine.shutdown().await;
//! # Ok::<(), virt_simulator::Error>(())
//! # }).unwrap();
//! ```
//!
//! It is an interpreter of the model, not a second implementation of the API: every collection of
//! the model can be listed, added to, read, changed and removed from; links, actions, elements and
//! the checks of request bodies follow from the same tables as the SDK. What lives, lives as in an
//! engine: virtual machines, disks, snapshots, templates, storage domains, hosts and image
//! transfers pass through their intermediate states, each for [`Builder::transition`], and requests
//! that come at the wrong time are refused with the engine's status and fault.
//!
//! # What a fresh engine holds
//!
//! The objects of an engine after its installation (data center and cluster `Default`, network
//! `ovirtmgmt`, template `Blank`, instance types, roles, …), and what makes it usable at once: the host
//! `host1`, which is up, and the NFS data domain `data1` with one TiB free. [`Builder::vms`] adds
//! virtual machines `vm1`, `vm2`, …, each down and with a boot disk of 1 GiB.
//!
//! # Image data
//!
//! A second listener serves the data of image transfers, as the image daemon of a host does. Disks
//! are sparse temporary files, so that large ones cost nothing; zeros are detected, so that extents
//! are true. Bytes are kept as they are sent: a disk that was filled with the bytes of a qcow2 file
//! reads as that file, not as its guest data.
//!
//! # Limits
//!
//! Answers are XML, also to a request that prefers JSON. Nothing is persistent, there are no
//! permissions to run into, and nobody but the caller changes anything.
#![forbid(unsafe_code)]

mod api;
mod builder;
mod engine;
mod error;
mod front;
mod images;
mod net;
mod rules;
mod seed;
mod seen;
mod simulator;
mod store;
pub mod vsphere;

pub use builder::Builder;
pub use error::Error;
pub use seen::SeenRequest;
pub use simulator::Simulator;
