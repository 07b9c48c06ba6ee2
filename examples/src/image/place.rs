//! Where an image is: in a file, or in a standard stream.

use std::ffi::OsString;
use std::path::PathBuf;

/// A file, or the standard stream for which `-` stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Standard input or output.
    Stream,
    File(PathBuf),
}

impl From<OsString> for Place {
    fn from(text: OsString) -> Self {
        if text == "-" { Self::Stream } else { Self::File(text.into()) }
    }
}
