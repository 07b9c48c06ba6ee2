//! What went wrong on the way to a server and back.

use crate::core::error::{Error, ErrorKind};
use std::error::Error as StdError;

/// An error of the HTTP client. The URL is left out: it may hold a secret.
pub(crate) fn of(error: reqwest::Error, server: &str) -> Error {
    let error = error.without_url();
    let chain = chain(&error);
    let (kind, message) = if error.is_connect() && error.is_timeout() {
        let message = format!("{server} did not accept a connection in time; check the host name, the port and the network");
        (ErrorKind::Timeout, message)
    } else if error.is_timeout() {
        (ErrorKind::Timeout, late(server))
    } else if error.is_connect() && speaks_no_tls(&chain) {
        let message = format!("{server} does not answer in TLS; check port and scheme of the URL, `http` or `https` ({chain})");
        (ErrorKind::Tls, message)
    } else if error.is_connect() && is_tls(&chain) {
        (ErrorKind::Tls, format!("no secure connection to {server} ({chain})"))
    } else if error.is_builder() {
        (ErrorKind::Request, format!("the request cannot be sent: {chain}"))
    } else if error.is_connect() {
        (ErrorKind::Connection, format!("cannot reach {server}: {chain}; check the host name, the port and the network"))
    } else if ["gzip", "deflate"].iter().any(|word| chain.to_ascii_lowercase().contains(word)) {
        (ErrorKind::Decode, format!("the answer of {server} cannot be unpacked: {chain}"))
    } else if chain.to_ascii_lowercase().contains("invalid http version") {
        let message = format!("{server} does not answer in HTTP; check scheme and port of the URL ({chain})");
        (ErrorKind::Connection, message)
    } else {
        (ErrorKind::Connection, format!("the connection to {server} broke: {chain}"))
    };
    let is_unsent = error.is_connect() || error.is_builder();
    Error::new(kind, message).with_source(error).with_unsent(is_unsent)
}

/// What is said when an answer does not come in time.
pub(crate) fn late(server: &str) -> String {
    format!("no answer from {server} in time; allow more with `timeout`, or check that the server is well")
}

/// Whether the server answered in plain text. The texts are those of rustls and of OpenSSL.
fn speaks_no_tls(chain: &str) -> bool {
    let chain = chain.to_ascii_lowercase();
    ["invalidcontenttype", "wrong version number", "packet length too long"].iter().any(|words| chain.contains(words))
}

/// Whether TLS could not be agreed on. A connection that ends amid the handshake is a connection that broke.
fn is_tls(chain: &str) -> bool {
    let chain = chain.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|words| chain.contains(words));
    has(&["certificate", "tls", "ssl", "handshake"]) && !has(&["eof", "close_notify", "reset by peer", "broken pipe"])
}

/// Whether it is about the certificate of the server.
pub(super) fn is_about_certificate(error: &Error) -> bool {
    error.kind() == ErrorKind::Tls && error.message().to_ascii_lowercase().contains("certificate")
}

/// What the causes of an error say, from the outside in, without repetition.
fn chain(error: &dyn StdError) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        // Libraries add addresses of their manuals.
        let text = cause.to_string();
        let text = text.split(": https://").next().unwrap_or_default().to_owned();
        if !texts.iter().any(|outer| outer.contains(&text)) {
            texts.push(text);
        }
        next = cause.source();
    }
    texts.join(": ")
}
