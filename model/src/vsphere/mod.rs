//! What holds for vSphere alone: routes in two dialects, and services in namespaces.

pub(crate) mod namespaces;
pub(crate) mod wire;
