//! Disk images on the side of the client: what a file is, where its data is, how to read and write qcow2.
//!
//! Everything here is synchronous and positional, so that several threads can share one image. Nothing
//! that is read from a file is trusted: sizes and offsets are checked before they are used, and memory
//! stays within the bounds that [`qcow2`] states.

pub(super) mod bytes;
mod error;
mod extent;
mod format;
mod io;
pub mod local;
pub mod qcow2;

pub use error::{ImageError, Result};
pub use extent::{Extent, ExtentKind};
pub use format::{Format, detect};
pub use io::{ReadAt, Span, WriteAt};
