use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why a simulator could not start, or could not do what a test asked of it.
#[derive(Debug)]
pub struct Error {
    message: String,
    source: Option<io::Error>,
}

impl Error {
    pub(crate) fn listen(address: SocketAddr, source: io::Error) -> Self {
        Error { message: format!("cannot listen on {address}"), source: Some(source) }
    }

    pub(crate) fn folder(source: io::Error) -> Self {
        Error { message: "cannot make a temporary folder for data".to_owned(), source: Some(source) }
    }

    #[cfg(unix)]
    pub(crate) fn imageio(source: io::Error) -> Self {
        Error { message: "ovirt-imageio does not answer at its control socket".to_owned(), source: Some(source) }
    }

    pub(crate) fn tls(reason: impl fmt::Display) -> Self {
        Error { message: format!("cannot make a certificate: {reason}"), source: None }
    }

    pub(crate) fn version(text: &str) -> Self {
        let message = format!("'{text}' is no version of an engine: write it as in 4.5.7");
        Error { message, source: None }
    }

    pub(crate) fn cannot_lock(path: &str, reason: &str) -> Self {
        Error { message: format!("cannot lock '{path}': {reason}"), source: None }
    }

    pub(crate) fn seed(reason: impl fmt::Display) -> Self {
        Error { message: format!("the objects of a fresh engine do not fit the model: {reason}"), source: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
