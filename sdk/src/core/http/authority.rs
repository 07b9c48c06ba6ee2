//! The certificate of the authority that a server offers.

use super::certificate::Certificate;
use super::failure;
use super::fingerprint::Fingerprint;
use super::own_client::built;
use super::reply::{Asked, Opened};
use super::settings::wrong;
use super::transport::server;
use super::trust::Trust;
use super::wire::Shown;
use crate::core::error::{Error, ErrorKind, Result};
use reqwest::{ClientBuilder, Method, Url};
use std::time::Duration;

/// How long it may take to come.
const TIMEOUT: Duration = Duration::from_secs(30);

/// More than any certificate has, in bytes.
const LARGEST: usize = 1 << 20;

/// Where a kind of server offers it.
#[derive(Clone, Copy)]
pub(crate) struct CaSource {
    /// Where it can be had, for messages.
    pub(crate) offer: &'static str,
    /// Path and query, if it can be fetched in PEM.
    pub(crate) path: Option<&'static str>,
}

impl CaSource {
    /// Of servers whose client was made elsewhere.
    #[cfg(feature = "transfer")]
    pub(crate) const NONE: Self = Self { offer: "give its authority to the client", path: None };
}

/// The certificates that a server offers. Nobody vouches for them: a fingerprint must.
pub(crate) async fn fetch(builder: ClientBuilder, base: &Url, source: CaSource) -> Result<Vec<Certificate>> {
    let path = source.path.ok_or_else(|| wrong("this kind of server offers no certificate that can be fetched"))?;
    let server = server(base);
    let client = built(builder.tls_danger_accept_invalid_certs(true).timeout(TIMEOUT))?;
    let url = base.join(path).map_err(|error| wrong(format!("`{path}` is not a path: {error}")))?;
    let asked = Asked::new(Method::GET, url.clone());
    let response = client.get(url).send().await.map_err(|error| failure::of(error, &server).in_call(&asked.call()))?;
    let mut opened = Opened::new(asked, response, Shown::Nothing);
    let body = opened.peek(LARGEST).await;
    let (_, offered) = Certificate::read_all(&String::from_utf8_lossy(&body));
    if opened.status() == 200 && !offered.is_empty() {
        return Ok(offered);
    }
    if let status @ (429 | 502..=504) = opened.status() {
        let message = format!("{server} is not ready (status {status}); try again later");
        return Err(opened.error(ErrorKind::Fault, message));
    }
    let message = format!(
        "{server} offers no certificate of an authority there; get it from its administrator, and give it with `ca_file`"
    );
    Err(opened.error(ErrorKind::Tls, message))
}

/// A trust with the authority that the server offers added to it, if that has the fingerprint.
pub(crate) async fn pinned(
    builder: ClientBuilder,
    base: &Url,
    source: CaSource,
    trust: &Trust,
    pin: Fingerprint,
) -> Result<Trust> {
    let offered = fetch(builder, base, source).await?;
    let names: Vec<String> = offered.iter().map(ToString::to_string).collect();
    trust.clone().with_pinned(offered, pin).ok_or_else(|| {
        let message = format!(
            "{} offers no authority with the pinned fingerprint {pin}, but {}; ask its administrator for the right fingerprint: either \
             the authority was made anew, or somebody is in between",
            server(base),
            names.join(" and ")
        );
        Error::new(ErrorKind::Tls, message)
    })
}
