//! The way to a server, whichever API it serves: whom to trust, who asks, what is sent, and sent again.

pub(crate) mod authority;
pub(crate) mod certificate;
pub(crate) mod client;
pub(crate) mod credentials;
mod excerpt;
pub(crate) mod failure;
mod fingerprint;
pub(crate) mod own_client;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod span;
mod tls_failure;
pub(crate) mod transport;
pub(crate) mod trust;
pub(crate) mod wire;
