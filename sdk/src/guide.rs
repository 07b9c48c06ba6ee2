//! Chapters on what programs do with a connection beside calling methods.

#[doc = include_str!("../docs/trust.md")]
pub mod trust {}

#[doc = include_str!("../docs/sign-in.md")]
pub mod sign_in {}

#[doc = include_str!("../docs/errors-and-retries.md")]
pub mod errors_and_retries {}

#[cfg(feature = "transfer")]
#[doc = include_str!("../docs/transfers.md")]
pub mod transfers {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}
