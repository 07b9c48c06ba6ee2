//! Disk images to and from an engine: [`upload`] and [`download`].
//!
//! A transfer has two sides. The engine opens a disk to the client, keeps it locked meanwhile, and checks it at the end;
//! what it does is followed through all its phases. The data goes past the engine, to a server on a host
//! (ovirt-imageio), or to a proxy where the host cannot be reached. Both sides may fail for a while: requests are made
//! again, a transfer that was paused is resumed, and whatever ends it, nothing stays locked or half done.
//!
//! Memory: at most 40 MiB at the defaults, of which up to 18 are buffers. Beside that 32 bytes for each extent of a disk that
//! is downloaded, and what [`image::qcow2`] takes for an image with compressed clusters that is uploaded.

mod block_hash;
mod buffer;
mod checksum;
mod control;
mod direct_file;
mod download;
mod engine_version;
mod fetch;
pub mod image;
mod imageio;
mod imageio_client;
mod journal;
mod lock;
mod new_disk;
mod plan;
mod poll;
mod progress;
mod ranges;
mod receive;
mod run;
mod send;
mod settings;
mod source;
mod target;
mod upload;
mod writing;

pub use control::ImageId;
pub use download::{Download, Downloaded, download};
pub use imageio_client::{ImageioClient, Moved};
pub use progress::{Progress, Stage};
pub use source::Source;
pub use upload::{Upload, Uploaded, upload};
