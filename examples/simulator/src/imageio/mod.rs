//! Data of disks in real images, served by the real daemon: the part of an engine and of its host between them.

mod control;
mod daemon;
mod export;
mod qemu_img;
mod session;
mod settings;

pub(crate) use daemon::Daemon;
pub use settings::Imageio;
