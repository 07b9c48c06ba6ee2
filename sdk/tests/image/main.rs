//! Disk images, read and written without QEMU, and judged by its tools.

mod backing;
mod chains;
mod common;
mod fuzz;
mod hostile;
mod local;
mod matrix;
mod refusals;
mod writer;
