use super::authority::{self, CaSource};
use super::settings::{Proxy, Settings, shown_url, wrong};
use super::trust::Trust;
use crate::core::error::Result;
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long a host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// An HTTP client that is made as the settings say: at once, or, where the authority to trust is still to be fetched,
/// when it is first needed.
pub(super) struct OwnClient {
    connect_timeout: Duration,
    proxy: Option<reqwest::Proxy>,
    is_direct: bool,
    trust: Trust,
    ready: OnceCell<Ready>,
}

struct Ready {
    client: reqwest::Client,
    /// With what was fetched.
    trust: Trust,
}

impl OwnClient {
    pub(super) fn new(settings: &Settings, trust: Trust) -> Result<Self> {
        let proxy = match &settings.proxy {
            Some(Proxy::Url(url)) => Some(proxy(url)?),
            Some(Proxy::None) | None => None,
        };
        let own = Self {
            connect_timeout: settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            proxy,
            is_direct: matches!(settings.proxy, Some(Proxy::None)),
            trust,
            ready: OnceCell::new(),
        };
        if own.trust.pin().is_none() {
            // Nobody else has set it yet.
            let _ = own.ready.set(own.build(own.trust.clone())?);
        }
        Ok(own)
    }

    /// The client; `base` and `source` are where the authority can be fetched.
    pub(super) async fn get(&self, base: &Url, source: CaSource) -> Result<&reqwest::Client> {
        if let Some(ready) = self.ready.get() {
            return Ok(&ready.client);
        }
        let make = self.ready.get_or_try_init(async || match self.trust.pin() {
            Some(pin) => self.build(authority::pinned(self.builder(), base, source, &self.trust, pin).await?),
            None => self.build(self.trust.clone()),
        });
        // Kept out of the future of every request, which is rarely this one.
        Ok(&Box::pin(make).await?.client)
    }

    /// Who is trusted, as far as it is known by now.
    pub(super) fn trust(&self) -> &Trust {
        self.ready.get().map_or(&self.trust, |ready| &ready.trust)
    }

    /// A client like this one, but for trust.
    pub(super) fn builder(&self) -> ClientBuilder {
        let builder = builder().connect_timeout(self.connect_timeout);
        match &self.proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            None if self.is_direct => builder.no_proxy(),
            None => builder,
        }
    }

    fn build(&self, trust: Trust) -> Result<Ready> {
        Ok(Ready { client: built(trust.apply(self.builder()))?, trust })
    }
}

/// What all clients have in common.
pub(crate) fn builder() -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("virt-sdk/", env!("CARGO_PKG_VERSION")))
        // A redirected request would lose its body, or carry the token to another server.
        .redirect(Policy::none())
}

pub(super) fn built(builder: ClientBuilder) -> Result<reqwest::Client> {
    builder.build().map_err(|error| wrong("the HTTP client cannot be set up").with_source(error))
}

fn proxy(url: &str) -> Result<reqwest::Proxy> {
    reqwest::Proxy::all(url).map_err(|error| {
        let message = format!("`{}` is not the URL of a proxy; it looks like http://proxy.example.com:3128", shown_url(url));
        wrong(message).with_source(error.without_url())
    })
}
