//! Transfers of disk images, from a file to a disk and back, against simulators that serve the data themselves.

mod between;
mod called_off;
mod existing_disks;
mod fail_over;
mod images;
mod new_disks;
mod paused;
mod phases;
mod resumed;
mod roundtrips;
mod site;
mod streams;
mod wire;
