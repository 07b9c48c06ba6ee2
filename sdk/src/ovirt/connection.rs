use super::follow::{self, Followable};
use super::services::SystemService;
use super::sso::PasswordGrant;
use crate::core::call::{Pending, Resource};
use crate::core::client::{Client, server};
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::session::{Grant, Session};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Url};
use secrecy::SecretString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long [`Connection::close`] waits for the engine.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);

/// How long a host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

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
        ConnectionBuilder {
            url: url.into(),
            username: None,
            password: None,
            token: None,
            ca: None,
            insecure: false,
            timeout: None,
            headers: Vec::new(),
        }
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
        match tokio::time::timeout(CLOSE_DEADLINE, self.client.session().close()).await {
            Ok(result) => result,
            Err(_) => {
                let message =
                    format!("{} did not end the session in time; it ends by itself after a while", server(self.client.base()));
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
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
    ca: Option<Ca>,
    insecure: bool,
    timeout: Option<Duration>,
    headers: Vec<(String, String)>,
}

enum Ca {
    File(PathBuf),
    Pem(Vec<u8>),
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
        self.ca = Some(Ca::File(path.as_ref().to_owned()));
        self
    }

    /// Certificates, in PEM, of the authorities to trust instead of those of the system.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca = Some(Ca::Pem(pem.into()));
        self
    }

    /// Whether to accept any certificate. Anybody between here and the engine can then read and change
    /// everything, the password too.
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }

    /// How long each request may take, signing in included, from connecting to the last byte of the
    /// answer. Default: no limit, but 20 seconds to connect.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A header for all requests to the API. It replaces one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Makes the connection. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when the URL is not one of an API, when credentials are missing,
    /// when the CA file cannot be read or holds no certificate, and when a header cannot be sent.
    pub fn build(self) -> Result<Connection> {
        let url = base_url(&self.url)?;
        let http = self.http_client()?;
        let headers = self.default_headers()?;
        let grant: Option<Box<dyn Grant>> = match (self.username, self.password) {
            (Some(username), Some(password)) => Some(Box::new(PasswordGrant::new(http.clone(), url.clone(), username, password))),
            (None, None) if self.token.is_some() => None,
            (Some(_), None) => return Err(wrong("there is a user name but no password; call `password`")),
            (None, Some(_)) => return Err(wrong("there is a password but no user name; call `username`")),
            (None, None) => return Err(wrong("there are no credentials; call `username` and `password`, or `token`")),
        };
        Ok(Connection { client: Client::new(http, url, headers, Session::new(grant, self.token)) })
    }

    fn http_client(&self) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("virt-sdk/", env!("CARGO_PKG_VERSION")))
            // A redirected request would lose its body, or carry the token to another server.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_danger_accept_invalid_certs(self.insecure);
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(ca) = &self.ca {
            builder = builder.tls_certs_only(certificates(ca)?);
        }
        builder.build().map_err(|error| wrong("the HTTP client cannot be set up").with_source(error))
    }

    fn default_headers(&self) -> Result<HeaderMap> {
        let xml = HeaderValue::from_static("application/xml");
        let version = (HeaderName::from_static("version"), HeaderValue::from_static("4"));
        let mut headers = HeaderMap::from_iter([(ACCEPT, xml.clone()), (CONTENT_TYPE, xml), version]);
        for (name, value) in &self.headers {
            match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => headers.insert(name, value),
                _ => {
                    return Err(wrong(format!("`{name}` is not a header, or its value has characters that no header can carry")));
                }
            };
        }
        Ok(headers)
    }
}

impl fmt::Debug for ConnectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionBuilder")
            .field("url", &self.url)
            .field("username", &self.username)
            .field("insecure", &self.insecure)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

fn base_url(text: &str) -> Result<Url> {
    const EXAMPLE: &str = "it looks like https://engine.example.com/ovirt-engine/api";
    let mut url = Url::parse(text).map_err(|error| wrong(format!("`{text}` is not the URL of an API: {error}; {EXAMPLE}")))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(wrong(format!("`{text}` is not the URL of an API; {EXAMPLE}")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("the URL holds a user name or a password; give them by `username` and `password`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(format!("the URL of an API has neither `?` nor `#`; {EXAMPLE}")));
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
