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
//! Two more listeners serve the data of image transfers: one as the image daemon of a host does (`transfer_url`), one as
//! the proxy on the machine of the engine (`proxy_url`). Disks
//! are sparse temporary files, so that large ones cost nothing; zeros are detected, so that extents
//! are true. Bytes are kept as they are sent: a disk that was filled with the bytes of a qcow2 file
//! reads as that file, not as its guest data.
//!
//! A daemon ovirt-imageio that runs can serve them instead: `Builder::imageio`, which is there on Unix, or
//! `virt-simulator --imageio-control-socket`.
//!
//! # Older engines
//!
//! [`Builder::engine_version`], or `virt-simulator --engine`, makes it an older engine as far as image transfers go, which
//! is where old and new ones differ for clients. It has then only the members and actions of that version: what it does
//! not know in a request, it ignores.
//!
//! | before | what is different |
//! |---|---|
//! | 4.4.7 | a transfer vanishes with its end |
//! | 4.4.3 | requests to the `proxy_url` have to carry the `signed_ticket` of the transfer as their `Authorization`, else 401 |
//! | 4.3.5 | a transfer that is cancelled passes through `cancelled` and `finalizing_failure`, whoever cancelled it |
//! | 4.3 | data is in the format of the disk; daemon and proxy know only `GET` and `PUT`, the latter with a whole `Content-Range`; `OPTIONS` is answered with 405 by the daemon and with an empty 204 by the proxy; tickets expire after [`Builder::ticket_lifetime`] unless `extend` is called |
//! | 4.2.3 | a transfer cannot be cancelled |
//! | 4.2 | there is no `transfer_url`, and disks are given as `image` |
//! | 4.1 | there are no downloads |
//!
//! # What goes wrong
//!
//! Tests say what is to go wrong, and for which requests ([`Fault`]):
//!
//! ```
//! use std::time::Duration;
//! use virt_simulator::{Fault, Simulator, Target};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let engine = Simulator::builder().vms(1).start().await?;
//! // Starting virtual machines is refused twice, and image data breaks off once.
//! let busy = engine.inject(Fault::status(409).method("POST").path("/vms/*/start").times(2));
//! engine.inject(Fault::cut_body(1000).at(Target::Images).once());
//! // Half an hour passes at once: unused tokens expire.
//! engine.advance(Duration::from_secs(30 * 60));
//! assert_eq!(engine.met(busy), 0);
//! # Ok::<(), virt_simulator::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Faults
//!
//! | [`Fault`] | as JSON | what it does | carried out |
//! |---|---|---|---|
//! | [`status`](Fault::status), [`refusal`](Fault::refusal), [`unavailable`](Fault::unavailable) | `status`: `status`, (`reason`), (`detail`), (`retry_after`) | refuses as the engine does, in fault XML, with `Retry-After` if asked for | no |
//! | [`html`](Fault::html) | `html`: `status` | answers with an HTML page | no |
//! | [`invalid_grant`](Fault::invalid_grant) | `invalid_grant`: (`status`) | answers with the JSON of an expired grant, and 400 | no |
//! | [`invalid_grant_page`](Fault::invalid_grant_page) | `invalid_grant_page`: (`status`) | the same as an HTML page, and 401 | no |
//! | [`empty`](Fault::empty) | `empty`: `status` | answers without a body | no |
//! | [`hang_up`](Fault::hang_up) | `hang_up` | closes the connection without an answer | no |
//! | [`close_after`](Fault::close_after) | `close_after`: `bytes` | closes the connection after some bytes of the answer, head included | yes |
//! | [`cut_body`](Fault::cut_body) | `cut_body`: `bytes` | closes it after the head and some bytes of the body | yes |
//! | [`slow`](Fault::slow) | `slow`: `bytes`, `pause` | sends the body in pieces, with pauses | yes |
//! | [`delay`](Fault::delay) | `delay`: `seconds` | answers late | yes, at once |
//! | [`content_type`](Fault::content_type) | `content_type`: `content_type` | gives the answer a wrong content type | yes |
//! | [`unknown_enum`](Fault::unknown_enum), [`unknown_enum_in`](Fault::unknown_enum_in) | `unknown_enum`: (`element`) | enums of the answer have a text that they do not know | yes |
//! | [`without`](Fault::without) | `without`: `member` | leaves a member out of the answer | yes |
//! | [`unknown_element`](Fault::unknown_element) | `unknown_element` | adds elements that no model has | yes |
//! | [`in_list`](Fault::in_list) | `in_list` | puts the JSON of the answer into a list, when signing in unless said otherwise | yes |
//! | [`accepted`](Fault::accepted) | `accepted` | answers 202, empty or pending, to what succeeds | yes |
//!
//! And beside requests:
//!
//! | call | in the administration | what it does |
//! |---|---|---|
//! | [`lock`](Simulator::lock) | `POST /locks`: `path`, `seconds` | locks a disk, virtual machine, template or snapshot for a time |
//! | [`restart`](Simulator::restart), [`restart_with`](Simulator::restart_with) | `POST /restart`: (`unavailable`) or (`refused`), in seconds | restarts the engine |
//! | [`stop_host`](Simulator::stop_host), [`start_host`](Simulator::start_host) | `POST /host/stop`, `POST /host/start` | takes the host of the image data off the network, and brings it back |
//! | [`expire_tokens`](Simulator::expire_tokens) | `POST /expire-tokens` | makes every token unknown |
//! | [`advance`](Simulator::advance) | `POST /clock`: `seconds`; `GET /clock` | moves the clock |
//! | [`requests`](Simulator::requests), [`forget_requests`](Simulator::forget_requests) | `GET /requests`, `DELETE /requests` | the log of requests |
//! | [`inject`](Simulator::inject), [`remove_fault`](Simulator::remove_fault), [`clear_faults`](Simulator::clear_faults), [`met`](Simulator::met) | `POST /faults`, `DELETE /faults/ID`, `DELETE /faults`, `GET /faults` | the faults above |
//! | [`token_lifetime`](Builder::token_lifetime), [`ticket_lifetime`](Builder::ticket_lifetime) | | how long tokens and tickets live |
//! | [`engine_version`](Builder::engine_version) | | what the engine says that it is, and does |
//! | [`certificate`](Builder::certificate), [`image_certificate`](Builder::image_certificate) | | a [`Certificate`] that is wrong |
//!
//! # Administration
//!
//! [`Builder::admin`], or `virt-simulator --admin`, opens all of this to programs in other languages: HTTP with JSON on
//! a port of its own, so that it is there while the engine is not. Bodies have the content type `application/json`;
//! times are numbers of seconds. A fault is an object with its name, the members of the table (those in parentheses may be
//! absent), and, to say which requests it meets, `at` (`api`, `sign_in`, `images` or `everything`), `method`, `path`,
//! `skip` and `times`:
//!
//! ```sh
//! curl -H 'Content-Type: application/json' "$OVIRT_ADMIN_URL/faults" \
//!     -d '{"fault": "status", "status": 409, "method": "POST", "path": "/vms/*/start", "times": 2}'
//! curl -H 'Content-Type: application/json' "$OVIRT_ADMIN_URL/clock" -d '{"seconds": 60}'
//! ```
//!
//! What is wrong with a request is answered with 400 and `{"error": "…"}`.
//!
//! # Limits
//!
//! Answers are XML, also to a request that prefers JSON. Nothing is persistent, there are no
//! permissions to run into, and nobody but the caller changes anything.
#![forbid(unsafe_code)]

mod admin;
mod api;
mod builder;
mod clock;
mod control;
mod engine;
mod error;
mod faults;
mod front;
#[cfg(unix)]
mod imageio;
mod images;
mod net;
mod rules;
mod seed;
mod seen;
mod simulator;
mod store;
mod version;
pub mod vsphere;

pub use builder::Builder;
pub use control::Outage;
pub use error::Error;
pub use faults::{Fault, FaultId, Target};
#[cfg(unix)]
pub use imageio::Imageio;
pub use net::Certificate;
pub use seen::SeenRequest;
pub use simulator::Simulator;
