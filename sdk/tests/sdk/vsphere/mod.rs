//! The vSphere side: requests, answers, errors, and round trips against servers.

mod answers;
mod failures;
mod properties;
mod requests;
mod simulator;
mod unions;
mod vcsim;

use crate::canned::canned_origin;
use virt_sdk::Retry;
use virt_sdk::vsphere::{Dialect, Session};

const BOTH: [Dialect; 2] = [Dialect::Api, Dialect::Rest];

/// A session with a token for a server that answers every request alike.
async fn canned(dialect: Dialect, status: &str, content_type: &str, body: &str) -> Session {
    let headers = if content_type.is_empty() { String::new() } else { format!("Content-Type: {content_type}\r\n") };
    let url = canned_origin(status, &headers, body).await;
    Session::builder(url).token("canned-token").retry(Retry::none()).dialect(dialect).build().expect("the settings are right")
}
