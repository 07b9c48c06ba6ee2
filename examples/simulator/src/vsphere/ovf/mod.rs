//! What the server understands of OVF packages: descriptors, manifests, certificates.

mod certificate;
mod check;
mod descriptor;
mod manifest;
mod preview;

pub(crate) use certificate::certificates;
pub(crate) use check::{Finding, check};
pub(crate) use descriptor::{Descriptor, written};
pub(crate) use preview::{open_warnings, preview};

/// Whether a file of that name is a descriptor.
pub(crate) fn is_descriptor(name: &str) -> bool {
    has_ending(name, ".ovf")
}

/// Whether a file of that name is a whole package.
pub(crate) fn is_archive(name: &str) -> bool {
    has_ending(name, ".ova")
}

/// Whether a file of that name is the manifest or the certificate of a package.
pub(crate) fn is_signature(name: &str) -> bool {
    is_manifest(name) || is_certificate(name)
}

fn is_manifest(name: &str) -> bool {
    has_ending(name, ".mf")
}

fn is_certificate(name: &str) -> bool {
    has_ending(name, ".cert")
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.to_ascii_lowercase().ends_with(ending)
}
