use super::call::Resource;
use super::follow::{self, Followable};
use super::services::SystemService;
use super::sso::{Addresses, SingleSignOn};
use super::{answer, generated};
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::authority::{self, CaSource};
use crate::core::http::client::{Api, Client};
use crate::core::http::failure::late;
use crate::core::http::own_client;
use crate::core::http::reply::Asked;
use crate::core::http::session::{Session, ShownToken};
use crate::core::http::settings::{Settings, base_url, setters, shown_url, url, wrong};
use crate::core::http::transport::Transport;
use crate::core::http::wire::Shown;
use crate::core::pending::Pending;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A URL that is right.
const EXAMPLE: &str = "https://engine.example.com/ovirt-engine/api";

/// Where the authority of an engine is.
const CA: CaSource = CaSource {
    offer: "an engine offers its own at /ovirt-engine/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA",
    path: Some("/ovirt-engine/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA"),
};

/// How long a server may take to answer a test, when calls have no limit.
const TEST_LIMIT: Duration = Duration::from_secs(60);

static API: Api = Api {
    token_header: AUTHORIZATION,
    is_expiry: answer::is_expiry,
    refusal: answer::refusal,
    content_type: "application/xml",
    secrets: generated::secrets::SECRETS,
};

/// Connection to an engine.
///
/// Cheap to clone; clones share the session. It signs in on the first call, whatever the number of tasks that call, and
/// again when the engine no longer accepts the token. End it with [`close`](Self::close), which tells whether that
/// succeeded; dropping the last clone ends the session in the background, and never waits.
///
/// Chapters: [trust](crate::guide::trust), [sign-in](crate::guide::sign_in),
/// [errors and retries](crate::guide::errors_and_retries).
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
            sso_url: None,
            sso_revoke_url: None,
            sso_token_name: None,
            settings: Settings::default(),
        }
    }

    /// The service at the top of the tree.
    pub fn system_service(&self) -> SystemService {
        SystemService(Resource::root(self.client.clone()))
    }

    /// What requests are sent with.
    #[cfg(feature = "transfer")]
    pub(crate) fn client(&self) -> &Client {
        &self.client
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

    /// The client that this connection sends with, for requests that have no method here: it trusts whom the
    /// connection trusts, and goes through the same proxy. It shows no token, and has no time limit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] and others when the certificate of the authority is still to be
    /// [fetched](ConnectionBuilder::ca_fingerprint), and that fails.
    pub async fn http_client(&self) -> Result<reqwest::Client> {
        self.client.transport().client().await.cloned()
    }

    /// Finds out whether a server that works for the engine can be reached and is trusted, such as the one of the
    /// `transfer_url` or `proxy_url` of an image transfer. Any answer will do; no token is shown to it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when this is no URL of a server, [`ErrorKind::Connection`], [`ErrorKind::Timeout`] or
    /// [`ErrorKind::Tls`] when it cannot be reached, or is not trusted.
    pub async fn test_endpoint(&self, url: &str) -> Result<()> {
        // The path of an image transfer lets in whoever has it.
        let refused =
            || Error::new(ErrorKind::Request, "this is not the URL of a server; it looks like https://host.example.com:54322");
        let is_server = |url: &Url| url.has_host() && matches!(url.scheme(), "http" | "https");
        let mut url = Url::parse(url).ok().filter(is_server).ok_or_else(refused)?;
        url.set_path("/");
        url.set_query(None);
        let request = reqwest::Request::new(Method::OPTIONS, url.clone());
        let asked = Asked::new(Method::OPTIONS, url);
        let limit = self.client.timeout().unwrap_or(TEST_LIMIT);
        let answer = tokio::time::timeout(limit, self.client.transport().exchange(&asked, request, Shown::Nothing)).await;
        let late = |_| Err(Error::new(ErrorKind::Timeout, late(&asked.server())).in_call(&asked.call()));
        answer.unwrap_or_else(late).map(|_| ())
    }

    /// Asks an engine for the certificate of its authority, without trust: anybody in between may answer. Show its
    /// fingerprint to somebody who knows the right one, and pass that to
    /// [`ca_fingerprint`](ConnectionBuilder::ca_fingerprint).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when this is not the URL of an API, [`ErrorKind::Tls`] when the engine offers no
    /// certificate, and those of reaching it.
    pub async fn fetch_ca(url: &str) -> Result<CaCertificate> {
        let base = base_url(url, EXAMPLE)?;
        let offered = authority::fetch(own_client::builder(), &base, CA).await?;
        // One, whose fingerprint is told, and no other.
        let certificate = offered.first().ok_or_else(|| wrong("the engine offers no certificate"))?;
        Ok(CaCertificate {
            subject: certificate.subject.clone(),
            fingerprint: certificate.fingerprint.to_string(),
            validity: certificate.validity(),
            pem: certificate.pem().ok_or_else(|| wrong("the certificate cannot be written as text"))?,
        })
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

/// Certificate of the authority of an engine; [`Connection::fetch_ca`] gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaCertificate {
    /// Whose it is, such as `CN=engine.example.com.12345,O=example.com,C=US`.
    pub subject: String,
    /// SHA-256 of the certificate, as 32 pairs of hexadecimal digits with colons between them.
    pub fingerprint: String,
    /// First and last day, such as `2025-01-01 to 2035-01-01`.
    pub validity: String,
    /// The certificate in PEM.
    pub pem: String,
}

/// Sets up a [`Connection`].
#[must_use = "call `build` to get the connection"]
pub struct ConnectionBuilder {
    url: String,
    sso_url: Option<String>,
    sso_revoke_url: Option<String>,
    sso_token_name: Option<String>,
    settings: Settings,
}

setters!(
    ConnectionBuilder,
    "Default: no limit, but one minute to sign in.",
    "Name of the user with its profile, such as `admin@internal`, or `admin@ovirt@internalsso` on engines with Keycloak."
);

impl ConnectionBuilder {
    /// Fetches the certificate of the engine's authority when it is first needed, and trusts it if it has this
    /// fingerprint: its SHA-256 in hexadecimal digits, with or without colons, as
    /// [`Connection::fetch_ca`] or `openssl x509 -noout -fingerprint -sha256` shows it. It is then trusted beside those that
    /// were given.
    pub fn ca_fingerprint(mut self, sha256: impl Into<String>) -> Self {
        self.settings.trust.pin = Some(sha256.into());
        self
    }

    /// Where to sign in, if not at the engine's own service. It is used as it is, query included.
    pub fn sso_url(mut self, url: impl Into<String>) -> Self {
        self.sso_url = Some(url.into());
        self
    }

    /// Where to end the session, if not at the engine's own service. It is used as it is, query included.
    pub fn sso_revoke_url(mut self, url: impl Into<String>) -> Self {
        self.sso_revoke_url = Some(url.into());
        self
    }

    /// Member of the answer to a sign-in that holds the token. Default: `access_token`.
    pub fn sso_token_name(mut self, name: impl Into<String>) -> Self {
        self.sso_token_name = Some(name.into());
        self
    }

    /// Makes the connection. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when a URL is none, when credentials are missing or given twice, when a CA file
    /// cannot be read or holds no certificate, when a fingerprint is none, and when a header cannot be sent.
    pub fn build(mut self) -> Result<Connection> {
        let base = base_url(&self.url, EXAMPLE)?;
        let address = |text: Option<String>| {
            let example = "https://sso.example.com/ovirt-engine/sso/oauth/token";
            text.map(|text| url(&text, "a sign-on service", example)).transpose()
        };
        let addresses =
            Addresses { token: address(self.sso_url)?, revoke: address(self.sso_revoke_url)?, token_name: self.sso_token_name };
        let settings = &mut self.settings;
        let provider = settings.provider()?;
        let headers = settings.headers(default_headers())?;
        let transport = Arc::new(Transport::new(settings, base.clone(), CA)?);
        let sign_on = addresses.token.as_ref().unwrap_or(&base);
        let host = sign_on.host_str().unwrap_or_default().to_owned();
        let grant = SingleSignOn::new(transport.clone(), settings.retry.clone(), base.clone(), addresses);
        let shown = ShownToken { headers, authorize: bearer };
        let session = Session::new(Box::new(grant), provider, settings.token.take(), host, settings.timeout, shown)?;
        let client = Client::new(transport, base, settings.timeout, settings.retry.clone(), session, &API);
        Ok(Connection { client })
    }
}

impl fmt::Debug for ConnectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.debug(f.debug_struct("ConnectionBuilder").field("url", &shown_url(&self.url)))
    }
}

fn default_headers() -> HeaderMap {
    let xml = HeaderValue::from_static("application/xml");
    let version = (HeaderName::from_static("version"), HeaderValue::from_static("4"));
    HeaderMap::from_iter([(ACCEPT, xml.clone()), (CONTENT_TYPE, xml), version])
}

fn bearer(token: &SecretString) -> Result<(HeaderName, HeaderValue)> {
    let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
    Ok((AUTHORIZATION, value.map_err(|_| wrong("the token holds characters that no header can carry"))?))
}
