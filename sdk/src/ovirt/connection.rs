use super::call::Resource;
use super::follow::{self, Followable};
use super::services::SystemService;
use super::sso::PasswordGrant;
use crate::core::client::Client;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::{Ca, HttpSettings, base_url, shown_url, wrong};
use crate::core::pending::Pending;
use crate::core::session::{Grant, Session, Token};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// A URL that is right.
const EXAMPLE: &str = "https://engine.example.com/ovirt-engine/api";

/// Connection to an engine.
///
/// Cheap to clone; clones share the session. It signs in on the first call, and once more when the
/// engine no longer accepts the token. End it with [`close`](Self::close): dropping it leaves the
/// session to the engine, which ends it after half an hour without calls.
///
/// ```no_run
/// use virt_sdk::ovirt::Connection;
///
/// # async fn list() -> virt_sdk::Result<()> {
/// let connection = Connection::builder("https://engine.example.com/ovirt-engine/api")
///     .username("admin@internal")
///     .password("…")
///     .ca_file("/etc/pki/ovirt-engine/ca.pem")
///     .build()?;
/// for vm in connection.system_service().vms_service().list().search("name=my*").send().await? {
///     println!("{}", vm.name.unwrap_or_default());
/// }
/// connection.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Connection {
    client: Client,
}

impl Connection {
    /// Starts to set up a connection. The URL is that of the API, such as
    /// `https://engine.example.com/ovirt-engine/api`.
    pub fn builder(url: impl Into<String>) -> ConnectionBuilder {
        ConnectionBuilder { url: url.into(), username: None, password: None, token: None, http: HttpSettings::default() }
    }

    /// The service at the top of the tree.
    pub fn system_service(&self) -> SystemService {
        SystemService(Resource::root(self.client.clone()))
    }

    /// Reads what an object, a [`Link`](crate::Link) or a [`List`](crate::List) refers to.
    ///
    /// ```no_run
    /// # async fn follow(connection: virt_sdk::ovirt::Connection, vm: virt_sdk::ovirt::types::Vm) -> virt_sdk::Result<()> {
    /// if let Some(cluster) = &vm.cluster {
    ///     println!("{:?}", connection.follow_link(cluster).await?.name);
    /// }
    /// if let Some(nics) = &vm.nics {
    ///     println!("{} NICs", connection.follow_link(nics).await?.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when it has no path, or one that is not below the URL of this connection;
    /// else those of the request.
    pub fn follow_link<F: Followable>(&self, link: &F) -> Pending<F::Target> {
        let below = follow::below(self.client.base(), link.href());
        Resource::root(self.client.clone()).follow(below).send(F::decode)
    }

    /// Reads the root of the API, to find out whether the connection works.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`ErrorKind`].
    pub async fn test(&self) -> Result<()> {
        self.system_service().get().send().await.map(|_| ())
    }

    /// Ends the session on the engine. Later calls, of clones too, fail; calling it again does nothing.
    ///
    /// A token that was given to the builder is left alone: whoever got it ends it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] when the engine does not answer within ten seconds, and those of any
    /// call. The connection is closed all the same.
    pub async fn close(&self) -> Result<()> {
        self.client.close().await
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("url", &self.client.base().as_str()).finish_non_exhaustive()
    }
}

/// Sets up a [`Connection`].
#[must_use = "call `build` to get the connection"]
pub struct ConnectionBuilder {
    url: String,
    username: Option<String>,
    password: Option<SecretString>,
    token: Option<SecretString>,
    http: HttpSettings,
}

impl ConnectionBuilder {
    /// Name of the user with its profile, such as `admin@internal`, or `admin@ovirt@internalsso` on
    /// engines with Keycloak.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Password of the user.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into().into());
        self
    }

    /// A token to use instead of signing in. Without user name and password it is not renewed; it is
    /// never ended.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into().into());
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

    /// Whether to accept any certificate. Anybody between here and the engine can then read and change
    /// everything, the password too.
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.http.insecure = insecure;
        self
    }

    /// How long each request may take, signing in included, from connecting to the last byte of the
    /// answer. Default: no limit, but 20 seconds to connect.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.http.timeout = Some(timeout);
        self
    }

    /// A header for all requests to the API. It replaces one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.http.headers.push((name.into(), value.into()));
        self
    }

    /// Makes the connection. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when the URL is not one of an API, when credentials are missing,
    /// when the CA file cannot be read or holds no certificate, and when a header cannot be sent.
    pub fn build(self) -> Result<Connection> {
        let url = base_url(&self.url, EXAMPLE)?;
        let http = self.http.client()?;
        let headers = self.http.headers(default_headers())?;
        let grant: Option<Box<dyn Grant>> = match (self.username, self.password) {
            (Some(username), Some(password)) => Some(Box::new(PasswordGrant::new(http.clone(), url.clone(), username, password))),
            (None, None) if self.token.is_some() => None,
            (Some(_), None) => return Err(wrong("there is a user name but no password; call `password`")),
            (None, Some(_)) => return Err(wrong("there is a password but no user name; call `username`")),
            (None, None) => return Err(wrong("there are no credentials; call `username` and `password`, or `token`")),
        };
        Ok(Connection { client: Client::new(http, url, headers, Session::new(grant, self.token), bearer) })
    }
}

impl fmt::Debug for ConnectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionBuilder")
            .field("url", &shown_url(&self.url))
            .field("username", &self.username)
            .field("insecure", &self.http.insecure)
            .field("timeout", &self.http.timeout)
            .finish_non_exhaustive()
    }
}

fn default_headers() -> HeaderMap {
    let xml = HeaderValue::from_static("application/xml");
    let version = (HeaderName::from_static("version"), HeaderValue::from_static("4"));
    HeaderMap::from_iter([(ACCEPT, xml.clone()), (CONTENT_TYPE, xml), version])
}

fn bearer(token: &Token) -> Result<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| wrong("the token holds characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok((AUTHORIZATION, value))
}

/// An engine offers its own certificate authority; an error of TLS says where.
pub(super) fn with_ca_hint(error: Error) -> Error {
    error.hint_for(
        ErrorKind::Tls,
        "; an engine offers the CA at /ovirt-engine/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA",
    )
}
