//! The rules that turn names of the oVirt model into what stands in URLs and documents.

pub(crate) mod corrections;
pub(crate) mod wire;
