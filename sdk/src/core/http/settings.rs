//! What the builders of all APIs take, and how it is checked.

use super::credentials::{Credentials, DynProvider};
use super::request::header;
use super::retry::Retry;
use super::trust::TrustSettings;
use crate::core::error::{Error, ErrorKind, Result};
use reqwest::Url;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What the builders of all APIs take; [`setters`] has a method for each.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<SecretString>,
    pub(crate) token: Option<SecretString>,
    pub(crate) provider: Option<Arc<dyn DynProvider>>,
    pub(crate) trust: TrustSettings,
    pub(crate) http_client: Option<reqwest::Client>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Retry,
    pub(crate) headers: Vec<(String, String)>,
}

/// Whether requests go through an HTTP proxy.
pub(crate) enum Proxy {
    None,
    Url(String),
}

/// Methods of a builder that has its [`Settings`] in the field `settings`.
macro_rules! setters {
    ($builder:ident, $server:literal, $username:literal) => {
        impl $builder {
            #[doc = $username]
            pub fn username(mut self, username: impl Into<String>) -> Self {
                self.settings.username = Some(username.into());
                self
            }

            /// Password of the user.
            pub fn password(mut self, password: impl Into<String>) -> Self {
                self.settings.password = Some(password.into().into());
                self
            }

            /// A token to use instead of signing in. Without user name and password, or
            /// [`credentials`](Self::credentials), it is not renewed; it is never ended.
            pub fn token(mut self, token: impl Into<String>) -> Self {
                self.settings.token = Some(token.into().into());
                self
            }

            /// Where to get credentials whenever they are needed, instead of a user name and password that stay the same: a
            /// vault, Kerberos, a token that somebody else renews.
            pub fn credentials(mut self, provider: impl $crate::CredentialsProvider + 'static) -> Self {
                self.settings.provider = Some(::std::sync::Arc::new(provider));
                self
            }

            /// File of certificates, in PEM, of authorities to trust instead of those of the system. Further files and
            /// texts add to it.
            pub fn ca_file(mut self, path: impl AsRef<::std::path::Path>) -> Self {
                self.settings.trust.authorities.push($crate::core::http::trust::Authorities::File(path.as_ref().to_owned()));
                self
            }

            /// Certificates, in PEM, of authorities to trust instead of those of the system. Further texts and files add
            /// to it.
            pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
                self.settings.trust.authorities.push($crate::core::http::trust::Authorities::Pem(pem.into()));
                self
            }

            /// Whether the authorities of the system are trusted beside those given. Default: only when none are given.
            pub fn system_ca(mut self, trusted: bool) -> Self {
                self.settings.trust.system = Some(trusted);
                self
            }

            /// Whether to accept any certificate, of every server that is talked to. Anybody between here and there can
            /// then read and change everything, the password too. It is logged as a warning. Default: false.
            pub fn insecure(mut self, insecure: bool) -> Self {
                self.settings.trust.insecure = insecure;
                self
            }

            /// A client to send with, for what no other setting covers. What is set here of certificates, proxy and
            /// connecting is then not looked at, but for certificates, which is an error: the client has its own. It should
            /// follow no redirects, for a request would lose its body, or carry the token to another server; and it should
            /// have no time limit of its own, which would end transfers.
            pub fn http_client(mut self, client: $crate::reqwest::Client) -> Self {
                self.settings.http_client = Some(client);
                self
            }

            /// HTTP proxy to go through, such as `http://proxy.example.com:3128`, which may have user name and password.
            /// Default: the one that the environment names (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), if any.
            pub fn proxy(mut self, url: impl Into<String>) -> Self {
                self.settings.proxy = Some($crate::core::http::settings::Proxy::Url(url.into()));
                self
            }

            /// Goes through no proxy, whatever the environment says.
            pub fn no_proxy(mut self) -> Self {
                self.settings.proxy = Some($crate::core::http::settings::Proxy::None);
                self
            }

            /// How long a host may take to accept a connection. Default: 20 seconds.
            pub fn connect_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.settings.connect_timeout = Some(timeout);
                self
            }

            #[doc = concat!("How long a call may take in all, from `send` to the last byte of the answer: signing in, further attempts and the ",
                "pauses between them included. ", $server)]
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.settings.timeout = Some(timeout);
                self
            }

            /// How often calls are sent again that failed on the way. Default: [`Retry::new`](crate::Retry::new).
            pub fn retry(mut self, retry: $crate::Retry) -> Self {
                self.settings.retry = retry;
                self
            }

            /// A header for all requests to the API. It replaces one of the same name, but for the one that shows the token.
            pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.settings.headers.push((name.into(), value.into()));
                self
            }
        }
    };
}
pub(crate) use setters;

impl Settings {
    /// Where credentials come from; `None` when there is only a token.
    ///
    /// # Errors
    ///
    /// `Configuration` when there are none, half of them, or more than one kind.
    pub(crate) fn provider(&mut self) -> Result<Option<Arc<dyn DynProvider>>> {
        match (self.username.take(), self.password.take(), self.provider.take()) {
            (None, None, Some(provider)) => Ok(Some(provider)),
            (_, _, Some(_)) => Err(wrong("there are both `credentials` and a user name or password; give one of them")),
            (Some(username), Some(password), None) => Ok(Some(Arc::new(Credentials::Password { username, password }))),
            (Some(_), None, None) => Err(wrong("there is a user name but no password; call `password`")),
            (None, Some(_), None) => Err(wrong("there is a password but no user name; call `username`")),
            (None, None, None) if self.token.is_some() => Ok(None),
            (None, None, None) => {
                Err(wrong("there are no credentials; call `username` and `password`, `token`, or `credentials`"))
            }
        }
    }

    /// The headers of the API, then those of the caller in their place.
    pub(crate) fn headers(&self, mut headers: HeaderMap) -> Result<HeaderMap> {
        for (name, value) in &self.headers {
            let (name, value) = header(name, value).map_err(wrong)?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// What `Debug` of a builder shows.
    pub(crate) fn debug(&self, builder: &mut fmt::DebugStruct<'_, '_>) -> fmt::Result {
        builder
            .field("username", &self.username)
            .field("insecure", &self.trust.insecure)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// An error of how a connection was set up.
pub(crate) fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

/// An URL that was given to a builder, for messages: one that may hold a password is not shown.
pub(crate) fn shown_url(text: &str) -> &str {
    if text.contains('@') { "[REDACTED]" } else { text }
}

/// An URL that was given. `what` says whose it is, `example` is one that is right.
pub(crate) fn url(text: &str, what: &str, example: &str) -> Result<Url> {
    // What may hold a password is not shown.
    let shown = shown_url(text);
    let url = Url::parse(text)
        .map_err(|error| wrong(format!("`{shown}` is not the URL of {what}: {error}; it looks like {example}")))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(wrong(format!("`{shown}` is not the URL of {what}; it looks like {example}")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(format!("the URL of {what} holds a user name or a password; give them by `username` and `password`")));
    }
    Ok(url)
}

/// The URL of an API, without a slash at the end. `example` is one that is right.
pub(crate) fn base_url(text: &str, example: &str) -> Result<Url> {
    let mut url = url(text, "an API", example)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(format!("the URL of an API has neither `?` nor `#`; it looks like {example}")));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}
