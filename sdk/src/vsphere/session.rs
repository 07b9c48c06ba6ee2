use super::call::{Call, Operation};
use super::dialect::{Dialect, Spoken};
use super::sign_in::{self, Sessions, SignOn};
use super::{failure, generated};
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::authority::CaSource;
use crate::core::http::client::{Api, Client};
use crate::core::http::failure::late;
use crate::core::http::session::{self, SIGN_IN_LIMIT, ShownToken};
use crate::core::http::settings::{Settings, base_url, setters, shown_url, wrong};
use crate::core::http::transport::{Transport, server};
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A URL that is right.
const EXAMPLE: &str = "https://vcenter.example.com";

/// Where the authority of a vCenter is.
const CA: CaSource = CaSource { offer: "a vCenter offers its own, in an archive, at /certs/download.zip", path: None };

static API: Api = Api {
    token_header: sign_in::SESSION_HEADER,
    is_expiry: |_| false,
    refusal: failure::error,
    content_type: "application/json",
    secrets: generated::secrets::SECRETS,
};

/// Session with a vCenter.
///
/// Cheap to clone; clones share the session. It signs in on the first call, whatever the number of tasks that call, and
/// again when the server no longer accepts the token. End it with [`close`](Self::close), which tells whether that
/// succeeded; dropping the last clone ends the session in the background, and never waits.
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
    sessions: Sessions,
    spoken: Arc<Spoken>,
}

impl Session {
    /// Starts to set up a session. The URL is that of the vCenter, such as `https://vcenter.example.com`.
    pub fn builder(url: impl Into<String>) -> SessionBuilder {
        SessionBuilder { url: url.into(), dialect: Some(Dialect::Api), settings: Settings::default() }
    }

    /// The dialect that is spoken, found out if need be.
    ///
    /// # Errors
    ///
    /// Those of signing in, where only that tells the dialect.
    pub async fn dialect(&self) -> Result<Dialect> {
        self.dialect_within(self.timeout()).await
    }

    /// As [`dialect`](Self::dialect), within a time.
    pub(super) async fn dialect_within(&self, timeout: Option<Duration>) -> Result<Dialect> {
        if let Some(dialect) = self.0.spoken.get() {
            return Ok(dialect);
        }
        // Nothing but a sign-in, or what takes its place.
        let found = tokio::time::timeout(timeout.unwrap_or(SIGN_IN_LIMIT), self.find_dialect()).await;
        found.unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, late(&server(self.client().base())))))
    }

    async fn find_dialect(&self) -> Result<Dialect> {
        let token = self.client().session().token().await?;
        match self.0.spoken.get() {
            Some(dialect) => Ok(dialect),
            None => self.0.sessions.probe(&token, &self.0.spoken).await,
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
        self.client().timeout()
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
    /// `None` to find out.
    dialect: Option<Dialect>,
    settings: Settings,
}

setters!(
    SessionBuilder,
    "While the content of a file arrives, it is how long nothing may come; uploads have no limit. Default: no limit, but one minute to sign in.",
    "Name of the user with its domain, such as `administrator@vsphere.local`."
);

impl SessionBuilder {
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

    /// Makes the session. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the URL is not one of a server, when credentials are missing, when the CA
    /// file cannot be read or holds no certificate, and when a header cannot be sent.
    pub fn build(mut self) -> Result<Session> {
        let base = self.origin()?;
        let settings = &mut self.settings;
        let provider = settings.provider()?;
        let json = HeaderValue::from_static("application/json");
        let headers = settings.headers(HeaderMap::from_iter([(ACCEPT, json.clone()), (CONTENT_TYPE, json)]))?;
        let transport = Arc::new(Transport::new(settings, base.clone(), CA)?);
        let spoken = Arc::new(Spoken::new(self.dialect));
        let (timeout, retry) = (settings.timeout, settings.retry.clone());
        let sessions =
            Sessions { transport: transport.clone(), base: base.clone(), headers: headers.clone(), retry: retry.clone() };
        let grant = SignOn::new(sessions.clone(), spoken.clone());
        let shown = ShownToken { headers, authorize: sign_in::session_header };
        let host = base.host_str().unwrap_or_default().to_owned();
        let session = session::Session::new(Box::new(grant), provider, settings.token.take(), host, timeout, shown)?;
        let client = Client::new(transport, base, timeout, retry, session, &API);
        Ok(Session(Arc::new(Inner { client, sessions, spoken })))
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
        let mut builder = f.debug_struct("SessionBuilder");
        self.settings.debug(builder.field("url", &shown_url(&self.url)).field("dialect", &self.dialect))
    }
}
