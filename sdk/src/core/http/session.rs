//! Tokens: fetched on first use, one sign-in at a time, renewed when refused, given back at the end.

use super::credentials::{Credentials, DynProvider, SignIn};
use super::settings::wrong;
use crate::core::error::{Error, ErrorKind, Result};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A token, and the headers of every request that shows it: they are made once, not for each request.
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    pub(crate) headers: HeaderMap,
}

/// Why a server does not take a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It does not know it: there is no session any more.
    Unknown,
    /// It says that the grant has expired. The session may go on for all that.
    Expired,
}

/// How a token is shown.
pub(crate) struct ShownToken {
    /// The headers of all requests, but for the one that shows it.
    pub(crate) headers: HeaderMap,
    /// Makes that one.
    pub(crate) authorize: fn(&SecretString) -> Result<(HeaderName, HeaderValue)>,
}

/// How long a sign-in may take when calls have no limit.
pub(crate) const SIGN_IN_LIMIT: Duration = Duration::from_secs(60);

/// More than any sign-in takes, and little enough to be added to a time.
const LONGEST_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long the end of a session may take.
const SIGN_OUT_LIMIT: Duration = Duration::from_secs(10);

/// How an API gives out tokens and takes them back.
pub(crate) trait Grant: Send + Sync {
    /// The token that credentials are good for.
    fn sign_in(&self, credentials: Credentials, deadline: Instant) -> BoxFuture<'_, Result<SecretString>>;
    fn sign_out(&self, token: Arc<Token>) -> BoxFuture<'_, Result<()>>;
}

/// The tokens of one connection. Dropping it ends the session in the background, if there is a runtime to do so.
pub(crate) struct Session(Arc<Shared>);

struct Shared {
    grant: Box<dyn Grant>,
    /// `None` when the caller gave a token and nothing to get another one with.
    provider: Option<Arc<dyn DynProvider>>,
    /// Where credentials are for.
    host: String,
    limit: Duration,
    shown: ShownToken,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    /// Whether the token is ours to give back.
    is_ours: bool,
    /// The sign-in that is under way: whoever needs a token meanwhile waits for this one, failure included.
    flight: Option<Flight>,
    is_closed: bool,
    /// Where the first sign-in ran, and the end of the session can.
    runtime: Option<Handle>,
    /// What became of a session that was signed in while it was closed.
    ended: Option<Result<()>>,
}

type Flight = watch::Receiver<Option<Result<Arc<Token>>>>;

impl Session {
    pub(crate) fn new(
        grant: Box<dyn Grant>,
        provider: Option<Arc<dyn DynProvider>>,
        token: Option<SecretString>,
        host: String,
        timeout: Option<Duration>,
        shown: ShownToken,
    ) -> Result<Self> {
        let limit = timeout.unwrap_or(SIGN_IN_LIMIT);
        let shared = Shared { grant, provider, host, limit, shown, state: Mutex::default() };
        let token = token.map(|token| shared.token(token)).transpose()?;
        shared.state().token = token;
        Ok(Self(Arc::new(shared)))
    }

    /// The token, fetched if there is none. Callers that come meanwhile wait for the same one.
    pub(crate) async fn token(&self) -> Result<Arc<Token>> {
        let mut flight = {
            let mut state = self.0.state();
            match (&state.token, &state.flight) {
                _ if state.is_closed => return Err(closed()),
                (Some(token), _) => return Ok(token.clone()),
                // One whose runtime is gone will not end.
                (None, Some(flight)) if flight.has_changed().is_ok() => flight.clone(),
                _ => self.0.start(&mut state)?,
            }
        };
        match flight.wait_for(Option::is_some).await.map(|result| result.clone()) {
            Ok(Some(result)) => result,
            _ => Err(Error::new(
                ErrorKind::Connection,
                "the sign-in was cut off: its runtime has ended, or what provides credentials panicked",
            )),
        }
    }

    /// A token other than the one that the server refused; `None` when there is no way to get one.
    pub(crate) async fn renew(&self, refused: &Arc<Token>, why: Refused) -> Result<Option<Arc<Token>>> {
        if self.0.provider.is_none() {
            return Ok(None);
        }
        self.forget(refused, why);
        self.token().await.map(Some)
    }

    /// Uses a token that the server refused no more. The next call gets another one, if there is a way to.
    pub(crate) fn forget(&self, refused: &Arc<Token>, why: Refused) {
        if self.0.provider.is_none() {
            return;
        }
        let old = {
            let mut state = self.0.state();
            let is_current = state.token.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused));
            let is_ours = state.is_ours;
            if is_current { state.token.take().filter(|_| is_ours) } else { None }
        };
        if let (Some(token), Refused::Expired) = (old, why) {
            self.0.end_in_background(token);
        }
    }

    /// Gives back the token, unless it is the caller's, and lets no further call through. `server` is for messages. What
    /// was begun goes on where nobody waits for it any more.
    pub(crate) async fn close(&self, server: &str) -> Result<()> {
        let (token, flight) = self.0.end();
        let end = async {
            if let Some(mut flight) = flight {
                // It gives back the token by itself, as it finds the session closed, and is gone then.
                while flight.changed().await.is_ok() {}
                return self.0.state().ended.take().unwrap_or(Ok(()));
            }
            match token.and_then(|token| self.0.end_in_background(token)) {
                Some(end) => end.await.unwrap_or(Ok(())),
                None => Ok(()),
            }
        };
        tokio::time::timeout(SIGN_OUT_LIMIT, end).await.unwrap_or_else(|_| Err(not_ended(server)))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let (Some(token), _) = self.0.end() {
            self.0.end_in_background(token);
        }
    }
}

impl Shared {
    fn token(&self, secret: SecretString) -> Result<Arc<Token>> {
        let mut headers = self.shown.headers.clone();
        let (name, mut value) = (self.shown.authorize)(&secret)?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(Arc::new(Token { secret, headers }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets no further call through. What is left to end: a token of ours, or a sign-in.
    fn end(&self) -> (Option<Arc<Token>>, Option<Flight>) {
        let mut state = self.state();
        state.is_closed = true;
        let is_ours = state.is_ours;
        (state.token.take().filter(|_| is_ours), state.flight.take())
    }

    /// Starts a sign-in. It goes on when its caller is gone: an answer that nobody waits for would be a session that
    /// nobody ends.
    fn start(self: &Arc<Self>, state: &mut State) -> Result<Flight> {
        let Some(provider) = self.provider.clone() else {
            return Err(wrong("there is neither a token nor credentials"));
        };
        let runtime = Handle::try_current().map_err(|error| wrong("calls need a tokio runtime").with_source(error))?;
        state.runtime = Some(runtime.clone());
        let (sender, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        let shared = self.clone();
        let sign_in = async move {
            let deadline = Instant::now() + shared.limit.min(LONGEST_LIMIT);
            let result = match tokio::time::timeout_at(deadline, shared.sign_in(&*provider, deadline)).await {
                Ok(result) => result,
                Err(_) => Err(Error::new(
                    ErrorKind::Timeout,
                    format!("the sign-in at {} did not end in time; check that the server is well", shared.host),
                )),
            };
            let (result, superfluous) = shared.landed(result);
            sender.send_replace(Some(result));
            if let Some(token) = superfluous {
                let ended = shared.sign_out(token).await;
                shared.state().ended = Some(ended);
            }
        };
        runtime.spawn(tracing::Instrument::in_current_span(sign_in));
        Ok(flight)
    }

    /// A token, and whether it is ours to give back.
    async fn sign_in(&self, provider: &dyn DynProvider, deadline: Instant) -> Result<(SecretString, bool)> {
        let credentials = provider.provide(SignIn { host: self.host.clone() }).await.map_err(|error| {
            let message = format!("there are no credentials for {}: {error}; see to what provides them", self.host);
            Error::new(ErrorKind::Authentication, message).with_source(error)
        })?;
        match credentials {
            Credentials::Token { token } => Ok((token, false)),
            credentials => Ok((self.grant.sign_in(credentials, deadline).await?, true)),
        }
    }

    /// Keeps the token that a sign-in brought. Where the session was closed meanwhile, it is to be given back.
    fn landed(&self, result: Result<(SecretString, bool)>) -> (Result<Arc<Token>>, Option<Arc<Token>>) {
        let mut state = self.state();
        state.flight = None;
        match result.and_then(|(token, is_ours)| Ok((self.token(token)?, is_ours))) {
            Ok((token, is_ours)) if state.is_closed => (Err(closed()), Some(token).filter(|_| is_ours)),
            Ok((token, is_ours)) => {
                state.token = Some(token.clone());
                state.is_ours = is_ours;
                (Ok(token), None)
            }
            Err(error) => (Err(error), None),
        }
    }

    async fn sign_out(&self, token: Arc<Token>) -> Result<()> {
        let ended = tokio::time::timeout(SIGN_OUT_LIMIT, self.grant.sign_out(token)).await;
        ended.unwrap_or_else(|_| Err(not_ended(&self.host)))
    }

    /// Gives back a token, whether anybody waits for it or not; `None` when there is no runtime to do so.
    fn end_in_background(self: &Arc<Self>, token: Arc<Token>) -> Option<JoinHandle<Result<()>>> {
        let runtime = Handle::try_current().ok().or_else(|| self.state().runtime.clone())?;
        let shared = self.clone();
        Some(runtime.spawn(async move {
            let ended = shared.sign_out(token).await;
            ended.inspect_err(|error| tracing::debug!(%error, "a session was not ended; it ends by itself after a while"))
        }))
    }
}

fn not_ended(server: &str) -> Error {
    let message = format!("{server} did not end the session in time; it ends by itself after a while");
    Error::new(ErrorKind::Timeout, message)
}

fn closed() -> Error {
    Error::new(ErrorKind::Request, "the connection was closed; build a new one")
}
