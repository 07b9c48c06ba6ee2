use std::error::Error as StdError;
use std::fmt;
use std::io;

/// Result of whatever can fail with an image.
pub type Result<T> = std::result::Result<T, ImageError>;

/// Why an image cannot be read or written.
///
/// The text names the image, says what is wrong with it, and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImageError {
    /// The system could not read or write a file.
    Io {
        /// Name of the image, mostly its path.
        image: String,
        /// What was being done, such as `cannot be opened`.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The image may be right, but uses what this library does not read.
    Unsupported {
        /// Name of the image, mostly its path.
        image: String,
        /// What it uses, and what to do.
        reason: String,
    },
    /// The image contradicts itself or its format, or a part of it is missing.
    Corrupt {
        /// Name of the image, mostly its path.
        image: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The image needs a backing file that may not or cannot be used.
    Backing {
        /// Name of the image, mostly its path.
        image: String,
        /// Which backing file, why not, and what to do.
        reason: String,
    },
    /// What the caller asked for is not possible.
    Argument {
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl ImageError {
    pub(crate) fn io(image: &str, doing: &'static str, source: io::Error) -> Self {
        Self::Io { image: image.to_owned(), doing, source }
    }

    pub(crate) fn unsupported(image: &str, reason: impl Into<String>) -> Self {
        Self::Unsupported { image: image.to_owned(), reason: reason.into() }
    }

    pub(crate) fn corrupt(image: &str, reason: impl Into<String>) -> Self {
        Self::Corrupt { image: image.to_owned(), reason: reason.into() }
    }

    pub(crate) fn backing(image: &str, reason: impl Into<String>) -> Self {
        Self::Backing { image: image.to_owned(), reason: reason.into() }
    }

    pub(crate) fn argument(reason: impl Into<String>) -> Self {
        Self::Argument { reason: reason.into() }
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { image, doing, source } => write!(f, "{image} {doing}: {source}"),
            Self::Unsupported { image, reason } | Self::Backing { image, reason } => write!(f, "{image}: {reason}"),
            Self::Corrupt { image, reason } => write!(f, "{image} is damaged: {reason}"),
            Self::Argument { reason } => f.write_str(reason),
        }
    }
}

impl StdError for ImageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
