//! How a server is reached, whichever API it serves: URL, certificates, time limits, headers.

use super::error::{Error, ErrorKind, Result};
use super::request::header;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Url};
use std::path::PathBuf;
use std::time::Duration;

/// How long a host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// What the builders of all APIs take.
#[derive(Default)]
pub(crate) struct HttpSettings {
    pub(crate) ca: Option<Ca>,
    pub(crate) insecure: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) headers: Vec<(String, String)>,
}

/// Certificates of the authorities to trust.
pub(crate) enum Ca {
    File(PathBuf),
    Pem(Vec<u8>),
}

impl HttpSettings {
    /// For requests to an API, each of which has an end soon.
    pub(crate) fn client(&self) -> Result<reqwest::Client> {
        let builder = self.common()?;
        finish(match self.timeout {
            Some(timeout) => builder.timeout(timeout),
            None => builder,
        })
    }

    /// For the content of files, which may take as long as it takes.
    pub(crate) fn transfer_client(&self) -> Result<reqwest::Client> {
        finish(self.common()?)
    }

    fn common(&self) -> Result<reqwest::ClientBuilder> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("virt-sdk/", env!("CARGO_PKG_VERSION")))
            // A redirected request would lose its body, or carry the token to another server.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_danger_accept_invalid_certs(self.insecure);
        Ok(match &self.ca {
            Some(ca) => builder.tls_certs_only(certificates(ca)?),
            None => builder,
        })
    }

    /// The headers of the API, then those of the caller in their place.
    pub(crate) fn headers(&self, mut headers: HeaderMap) -> Result<HeaderMap> {
        for (name, value) in &self.headers {
            let (name, value) = header(name, value).map_err(wrong)?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

fn finish(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder.build().map_err(|error| wrong("the HTTP client cannot be set up").with_source(error))
}

/// An error of how a connection was set up.
pub(crate) fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

/// An URL that was given to a builder, for messages: one that may hold a password is not shown.
pub(crate) fn shown_url(text: &str) -> &str {
    if text.contains('@') { "[REDACTED]" } else { text }
}

/// The URL of an API, without a slash at the end. `example` is one that is right.
pub(crate) fn base_url(text: &str, example: &str) -> Result<Url> {
    // What may hold a password is not shown.
    let shown = shown_url(text);
    let mut url = Url::parse(text)
        .map_err(|error| wrong(format!("`{shown}` is not the URL of an API: {error}; it looks like {example}")))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(wrong(format!("`{shown}` is not the URL of an API; it looks like {example}")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("the URL holds a user name or a password; give them by `username` and `password`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(format!("the URL of an API has neither `?` nor `#`; it looks like {example}")));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn certificates(ca: &Ca) -> Result<Vec<Certificate>> {
    let (pem, origin) = match ca {
        Ca::File(path) => {
            let origin = format!("the CA file {}", path.display());
            let pem =
                std::fs::read(path).map_err(|error| wrong(format!("{origin} cannot be read: {error}")).with_source(error))?;
            (pem, origin)
        }
        Ca::Pem(pem) => (pem.clone(), "the CA text".to_owned()),
    };
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(wrong(format!(
            "{origin} holds no certificate in PEM; it must have a part between `-----BEGIN CERTIFICATE-----` and `-----END CERTIFICATE-----`"
        ))),
    }
}
