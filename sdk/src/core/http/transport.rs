//! Sends single requests, and says why one did not arrive.

use super::authority::CaSource;
use super::failure::{self, is_about_certificate};
use super::own_client::OwnClient;
use super::reply::{Asked, Opened, Reply};
use super::retry::{Attempts, Retry};
use super::settings::{Settings, wrong};
use super::span;
use super::tls_failure;
use super::wire::{self, Shown};
use crate::core::error::{Error, Result};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::Instant;
use tracing::Instrument;

/// Way to the servers of a connection: its API, its sign-on, and what moves data for it. All are trusted alike.
pub(crate) struct Transport {
    client: Client,
    /// The API.
    base: Url,
    ca: CaSource,
    /// Whether a server ever answered.
    has_answered: AtomicBool,
}

/// On which terms a request about a session is sent.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) retry: &'a Retry,
    pub(crate) deadline: Option<Instant>,
    /// What it carries, which no error may show.
    pub(crate) secret: &'a SecretString,
}

enum Client {
    Given(reqwest::Client),
    Own(Box<OwnClient>),
}

impl Transport {
    /// # Errors
    ///
    /// `Configuration` for settings that are wrong or contradict each other.
    pub(crate) fn new(settings: &Settings, base: Url, ca: CaSource) -> Result<Self> {
        let trust = settings.trust.read()?;
        let client = match &settings.http_client {
            Some(_) if settings.trust.is_set() => {
                return Err(wrong("`http_client` trusts whom it was built to trust; give the certificates to it instead"));
            }
            Some(client) => Client::Given(client.clone()),
            None => Client::Own(Box::new(OwnClient::new(settings, trust)?)),
        };
        if settings.trust.insecure {
            let server = server(&base);
            tracing::warn!(%server, "certificates are not checked: whoever is in between can read and change everything, the password too");
        }
        let is_local = base.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        if base.scheme() == "http" && !is_local {
            let server = server(&base);
            tracing::warn!(%server, "nothing is encrypted: whoever is in between can read and change everything, the password too");
        }
        Ok(Self { client, base, ca, has_answered: AtomicBool::new(false) })
    }

    /// Whether a server ever answered.
    pub(crate) fn has_answered(&self) -> bool {
        self.has_answered.load(Ordering::Relaxed)
    }

    /// The client, for requests that this crate has no name for.
    pub(crate) async fn client(&self) -> Result<&reqwest::Client> {
        match &self.client {
            Client::Given(client) => Ok(client),
            Client::Own(client) => client.get(&self.base, self.ca).await,
        }
    }

    /// Sends a request; `asked` names it in messages.
    pub(crate) async fn exchange(&self, asked: &Arc<Asked>, request: reqwest::Request, shown: Shown) -> Result<Opened> {
        let client = self.client().await.map_err(|error| error.in_call(&asked.call()))?;
        wire::request(asked, &request, shown);
        match client.execute(request).await {
            Ok(response) => {
                self.has_answered.store(true, Ordering::Relaxed);
                wire::response(asked, &response);
                Ok(Opened::new(asked.clone(), response, shown))
            }
            Err(error) => {
                let error = failure::of(error, &asked.server());
                // Kept out of the future of every request, which is rarely this one.
                let error = if is_about_certificate(&error) { Box::pin(self.explained(error, &asked.url)).await } else { error };
                Err(error.in_call(&asked.call()))
            }
        }
    }

    /// Sends a request about a session, again where that may help, as one span. `make` makes it, `read` what is wanted of the
    /// answer.
    pub(crate) async fn ask<T>(
        &self,
        terms: Terms<'_>,
        asked: &Arc<Asked>,
        make: impl Fn() -> reqwest::Request,
        read: impl Fn(&Reply) -> Result<T>,
    ) -> Result<T> {
        let attempts = async {
            let mut attempts = Attempts::new(terms.retry, &asked.method, terms.deadline);
            loop {
                let reply = match self.exchange(asked, make(), Shown::Nothing).await {
                    Ok(opened) => opened.read().await,
                    Err(error) => Err(error),
                };
                let result = reply.and_then(|reply| {
                    span::answered(reply.status);
                    read(&reply)
                });
                match result {
                    Ok(value) => return Ok(value),
                    Err(error) => {
                        let error = error.without(terms.secret.expose_secret());
                        attempts.failed(error, self.has_answered()).await.inspect_err(span::failed)?;
                    }
                }
                span::resent(attempts.made());
            }
        };
        attempts.instrument(span::request(asked, asked.url.path())).await
    }

    /// An error about a certificate with what was presented, who is trusted, and what to do.
    async fn explained(&self, error: Error, url: &Url) -> Error {
        let server = server(url);
        let Client::Own(client) = &self.client else {
            let message = format!("{}; trusted is whom `http_client` trusts: give the certificates to it", error.message());
            return error.with_message(message);
        };
        let (trust, offer) = (client.trust(), self.ca.offer);
        let message = match tls_failure::presented(client.builder(), url).await {
            Some(presented) => {
                let cause = error.message();
                let verdict = tls_failure::verdict(&presented, trust, url.host_str().unwrap_or_default(), cause, offer);
                format!("{server} is not trusted: {verdict}. It presented {presented}. Trusted: {trust}. The cause: {cause}")
            }
            None => format!("{}; {offer}. Trusted: {trust}", error.message()),
        };
        error.with_message(message)
    }
}

/// Host and port, for messages.
pub(crate) fn server(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
