//! What the programs in `src/bin` share.
#![forbid(unsafe_code)]

mod engine;
mod image_transfer;
mod storage;

pub use engine::{Engine, EngineOptions};
pub use image_transfer::{ImageTransfer, Outcome};
pub use storage::{first_data_domain, wait_for_disk};

/// What a program returns: the error is printed, and the exit code is 1.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
