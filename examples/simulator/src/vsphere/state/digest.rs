//! Checksums of files.

use aws_lc_rs::digest as lc;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Algorithm of a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha1,
    Md5,
    Sha256,
    Sha512,
}

/// Checksum of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) algorithm: Algorithm,
    /// Hexadecimal digits, in lower case.
    pub(crate) digits: String,
}

impl Algorithm {
    /// The algorithm of that name; the API has `SHA1`, `MD5`, `SHA256`, `SHA512`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Algorithm::Sha1, Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512];
        all.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Its name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Algorithm::Sha1 => "SHA1",
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
        }
    }

    /// A checksum of nothing so far.
    pub(crate) fn begin(self) -> Running {
        let state = match self {
            Algorithm::Sha1 => State::Sha(lc::Context::new(&lc::SHA1_FOR_LEGACY_USE_ONLY)),
            Algorithm::Sha256 => State::Sha(lc::Context::new(&lc::SHA256)),
            Algorithm::Sha512 => State::Sha(lc::Context::new(&lc::SHA512)),
            Algorithm::Md5 => State::Md5(Md5::new()),
        };
        Running { algorithm: self, state }
    }

    /// The checksum of some bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> Checksum {
        let mut running = self.begin();
        running.update(bytes);
        running.end()
    }
}

impl Checksum {
    /// As the API has it.
    pub(crate) fn value(&self) -> Value {
        json!({ "algorithm": self.algorithm.name(), "checksum": self.digits })
    }
}

/// A checksum that is being computed.
pub(crate) struct Running {
    algorithm: Algorithm,
    state: State,
}

enum State {
    Sha(lc::Context),
    Md5(Md5),
}

impl Running {
    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Sha(context) => context.update(bytes),
            State::Md5(context) => context.update(bytes),
        }
    }

    /// The checksum of all bytes.
    pub(crate) fn end(self) -> Checksum {
        let digits = match self.state {
            State::Sha(context) => hex(context.finish().as_ref()),
            State::Md5(context) => hex(&context.finalize()),
        };
        Checksum { algorithm: self.algorithm, digits }
    }
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_other_tools() {
        for (algorithm, digits) in [
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            assert_eq!(algorithm.of(b"abc").digits, digits);
        }
        assert!(Algorithm::Sha512.of(b"abc").digits.starts_with("ddaf35a193617aba"));
    }
}
