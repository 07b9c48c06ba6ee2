//! What the programs in `src/bin` share.
#![forbid(unsafe_code)]

mod checksum;
mod engine;
pub mod image;
mod library_download;
mod library_names;
mod library_upload;
mod progress;
mod storage;
mod vcenter;

pub use checksum::sha256;
pub use engine::{Engine, EngineOptions};
pub use library_download::LibraryDownload;
pub use library_names::{create_item, find_item, find_library};
pub use library_upload::{LibraryUpload, Source};
pub use progress::progress_bar;
pub use storage::{first_data_domain, wait_for_disk};
pub use vcenter::{Vcenter, VcenterOptions};

/// What a program returns: the error is printed, and the exit code is 1.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
