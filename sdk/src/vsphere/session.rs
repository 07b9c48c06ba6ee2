use super::call::{Call, Operation};
use super::dialect::{Dialect, Spoken};
use super::sign_in::{self, PasswordGrant, Sessions};
use crate::core::client::Client;
use crate::core::error::Result;
use crate::core::http::{Ca, HttpSettings, base_url, shown_url, wrong};
use crate::core::session::Grant;
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::SecretString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A URL that is right.
const EXAMPLE: &str = "https://vcenter.example.com";

/// Session with a vCenter.
///
/// Cheap to clone; clones share the session. It signs in on the first call, and once more when the server no longer
/// accepts the token. End it with [`close`](Self::close): dropping it leaves the session to the server, which ends it
/// after some time without calls.
///
/// ```no_run
/// use virt_sdk::vsphere::Session;
///
/// # async fn list() -> virt_sdk::Result<()> {
/// let session = Session::builder("https://vcenter.example.com")
///     .username("administrator@vsphere.local")
///     .password("…")
///     .ca_file("/etc/ssl/vcenter-ca.pem")
///     .build()?;
/// for id in session.content().library().list().send().await? {
///     let library = session.content().library().get(&id).send().await?;
///     println!("{}", library.name.unwrap_or_default());
/// }
/// session.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    client: Client,
    /// For the content of files: without a limit for the whole transfer.
    transfers: reqwest::Client,
    timeout: Option<Duration>,
    sessions: Sessions,
    spoken: Arc<Spoken>,
}

impl Session {
    /// Starts to set up a session. The URL is that of the vCenter, such as `https://vcenter.example.com`.
    pub fn builder(url: impl Into<String>) -> SessionBuilder {
        SessionBuilder {
            url: url.into(),
            username: None,
            password: None,
            token: None,
            dialect: Some(Dialect::Api),
            http: HttpSettings::default(),
        }
    }

    /// The dialect that is spoken, found out if need be.
    ///
    /// # Errors
    ///
    /// Those of signing in, where only that tells the dialect.
    pub async fn dialect(&self) -> Result<Dialect> {
        if let Some(dialect) = self.0.spoken.get() {
            return Ok(dialect);
        }
        let token = self.client().session().token().await?;
        match self.0.spoken.get() {
            Some(dialect) => Ok(dialect),
            None => sign_in::probe(&self.0.sessions, &token, &self.0.spoken).await,
        }
    }

    /// Reads what the server knows of this session, to find out whether it works.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`ErrorKind`](crate::ErrorKind).
    pub async fn test(&self) -> Result<()> {
        self.cis().session().get().send().await.map(|_| ())
    }

    /// Deletes the session on the server. Later calls, of clones too, fail; calling it again does nothing.
    ///
    /// A token that was given to the builder is left alone: whoever got it ends it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) when the server does not answer within ten seconds, and those of any call. The session
    /// is closed all the same.
    pub async fn close(&self) -> Result<()> {
        self.client().close().await
    }

    pub(crate) fn call(&self, operation: &'static Operation) -> Call {
        Call::new(self.clone(), operation)
    }

    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    /// How long nothing may come while content arrives.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.0.timeout
    }

    pub(super) fn transfers(&self) -> &reqwest::Client {
        &self.0.transfers
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("url", &self.client().base().as_str()).finish_non_exhaustive()
    }
}

/// Sets up a [`Session`].
#[must_use = "call `build` to get the session"]
pub struct SessionBuilder {
    url: String,
    username: Option<String>,
    password: Option<SecretString>,
    token: Option<SecretString>,
    /// `None` to find out.
    dialect: Option<Dialect>,
    http: HttpSettings,
}

impl SessionBuilder {
    /// Name of the user with its domain, such as `administrator@vsphere.local`.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Password of the user.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into().into());
        self
    }

    /// A session token to use instead of signing in. Without user name and password it is not renewed; it is never
    /// ended.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into().into());
        self
    }

    /// Which dialect to speak. Default: [`Dialect::Api`].
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Finds out, when signing in, which dialect the server has: `/api` if it has both.
    pub fn detect_dialect(mut self) -> Self {
        self.dialect = None;
        self
    }

    /// File of certificates, in PEM, of the authorities to trust instead of those of the system.
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Self {
        self.http.ca = Some(Ca::File(path.as_ref().to_owned()));
        self
    }

    /// Certificates, in PEM, of the authorities to trust instead of those of the system.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.http.ca = Some(Ca::Pem(pem.into()));
        self
    }

    /// Whether to accept any certificate. Anybody between here and the server can then read and change everything,
    /// the password too.
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.http.insecure = insecure;
        self
    }

    /// How long each request may take, signing in included, from connecting to the last byte of the answer. While the
    /// content of a file arrives, it is how long nothing may come; uploads have no limit. Default: no limit, but 20
    /// seconds to connect.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.http.timeout = Some(timeout);
        self
    }

    /// A header for all requests to the API. It replaces one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.http.headers.push((name.into(), value.into()));
        self
    }

    /// Makes the session. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the URL is not one of a server, when credentials are missing, when the CA
    /// file cannot be read or holds no certificate, and when a header cannot be sent.
    pub fn build(self) -> Result<Session> {
        let url = self.origin()?;
        let http = self.http.client()?;
        let transfers = self.http.transfer_client()?;
        let json = HeaderValue::from_static("application/json");
        let headers = self.http.headers(HeaderMap::from_iter([(ACCEPT, json.clone()), (CONTENT_TYPE, json)]))?;
        let spoken = Arc::new(Spoken::new(self.dialect));
        let sessions = Sessions { http: http.clone(), base: url.clone(), headers: headers.clone() };
        let grant: Option<Box<dyn Grant>> = match (self.username, self.password) {
            (Some(username), Some(password)) => {
                Some(Box::new(PasswordGrant::new(sessions.clone(), username, password, spoken.clone())))
            }
            (None, None) if self.token.is_some() => None,
            (Some(_), None) => return Err(wrong("there is a user name but no password; call `password`")),
            (None, Some(_)) => return Err(wrong("there is a password but no user name; call `username`")),
            (None, None) => return Err(wrong("there are no credentials; call `username` and `password`, or `token`")),
        };
        let session = crate::core::session::Session::new(grant, self.token);
        let client = Client::new(http, url, headers, session, sign_in::session_header);
        Ok(Session(Arc::new(Inner { client, transfers, timeout: self.http.timeout, sessions, spoken })))
    }

    /// The URL without the path of a dialect, with which it is often written.
    fn origin(&self) -> Result<Url> {
        let mut url = base_url(&self.url, EXAMPLE)?;
        if !matches!(url.path(), "/" | "" | "/api" | "/rest") {
            return Err(wrong(format!("`{}` has a path; the URL of a vCenter looks like {EXAMPLE}", self.url)));
        }
        url.set_path("");
        Ok(url)
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("url", &shown_url(&self.url))
            .field("username", &self.username)
            .field("dialect", &self.dialect)
            .field("insecure", &self.http.insecure)
            .field("timeout", &self.http.timeout)
            .finish_non_exhaustive()
    }
}
