//! Why the program failed: for people a line, for scripts a word and an exit code.

use virt_sdk::transfer::image::ImageError;
use virt_sdk::{Error, ErrorKind};

/// Exit code of what failed.
pub(super) const CODE_FAILED: u8 = 1;
/// Exit code of wrong arguments or settings.
pub(super) const CODE_USAGE: u8 = 2;
/// Exit code of what can be gone on with.
pub(super) const CODE_RESUMABLE: u8 = 3;

/// Why the program failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// What the program exits with.
    pub(super) code: u8,
    /// The case, in a word.
    pub(super) kind: String,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: u8, kind: &str, message: impl Into<String>) -> Self {
        Self { code, kind: kind.to_owned(), message: message.into() }
    }

    /// Settings that are wrong, or missing.
    pub(super) fn settings(message: impl Into<String>) -> Self {
        Self::new(CODE_USAGE, "configuration", message)
    }

    /// What the system refused.
    pub(super) fn io(what: &str, error: &std::io::Error) -> Self {
        Self::new(CODE_FAILED, "io", format!("{what}: {error}"))
    }

    /// Has another exit code, if there is one.
    pub(super) fn with_code(mut self, code: Option<u8>) -> Self {
        self.code = code.unwrap_or(self.code);
        self
    }

    /// The message without line breaks and other control characters, which a server could have put there.
    pub(super) fn line(&self) -> String {
        let words: Vec<&str> = self.message.split(char::is_control).map(str::trim).filter(|part| !part.is_empty()).collect();
        words.join(" ")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = if error.kind() == ErrorKind::Configuration { CODE_USAGE } else { CODE_FAILED };
        Self { code, kind: error.kind().name().to_owned(), message: error.to_string() }
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        Self { code: CODE_FAILED, kind: ErrorKind::Image.name().to_owned(), message: error.to_string() }
    }
}

/// Whether what failed may well succeed another time, so that what is kept for that is kept.
pub(super) fn passes(error: &Error) -> bool {
    error.kind() == ErrorKind::Cancelled || error.is_retryable()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line() {
        assert_eq!(Failure::settings("one\n  two\x1b[31m\r\n").line(), "one two [31m");
    }
}
