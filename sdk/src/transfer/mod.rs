//! Images of disks: what is needed of them to move them between here and an engine.

pub mod image;
