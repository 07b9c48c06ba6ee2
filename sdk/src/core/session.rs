//! Tokens: fetched on first use, one at a time, renewed when refused, given back at the end.

use super::error::{Error, ErrorKind, Result};
use secrecy::SecretString;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(crate) type Token = Arc<SecretString>;

/// How an API gives out tokens and takes them back.
pub(crate) trait Grant: Send + Sync {
    fn sign_in(&self) -> BoxFuture<'_, Result<SecretString>>;
    fn sign_out(&self, token: Token) -> BoxFuture<'_, Result<()>>;
}

pub(crate) struct Session {
    /// `None` when the caller gave a token and nothing to get another one with.
    grant: Option<Box<dyn Grant>>,
    state: Mutex<State>,
    /// Apart from the state, which a sign-in that hangs keeps locked.
    closed: AtomicBool,
}

struct State {
    token: Option<Token>,
    /// Whether the token is ours to give back.
    ours: bool,
}

impl Session {
    pub(crate) fn new(grant: Option<Box<dyn Grant>>, token: Option<SecretString>) -> Self {
        let state = State { token: token.map(Arc::new), ours: false };
        Self { grant, state: Mutex::new(state), closed: AtomicBool::new(false) }
    }

    /// The token, fetched if there is none. Callers that come meanwhile wait for the same one.
    pub(crate) async fn token(&self) -> Result<Token> {
        let mut state = self.state.lock().await;
        if self.is_closed() {
            return Err(closed());
        }
        match (&state.token, &self.grant) {
            (Some(token), _) => Ok(token.clone()),
            (None, Some(grant)) => {
                let token = Arc::new(grant.sign_in().await?);
                if self.is_closed() {
                    // Nobody else will give it back.
                    grant.sign_out(token).await?;
                    return Err(closed());
                }
                state.token = Some(token.clone());
                state.ours = true;
                Ok(token)
            }
            (None, None) => Err(Error::new(ErrorKind::Configuration, "there is neither a token nor a user name and password")),
        }
    }

    /// A token other than the one that the server refused; `None` when there is no way to get one.
    pub(crate) async fn renew(&self, refused: &Token) -> Result<Option<Token>> {
        if self.grant.is_none() {
            return Ok(None);
        }
        {
            let mut state = self.state.lock().await;
            if state.token.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused)) {
                state.token = None;
            }
        }
        self.token().await.map(Some)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Gives back the token, unless it is the caller's, and lets no further call through.
    pub(crate) async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::SeqCst);
        let token = {
            let mut state = self.state.lock().await;
            let token = state.token.take();
            token.filter(|_| state.ours)
        };
        match (token, &self.grant) {
            (Some(token), Some(grant)) => grant.sign_out(token).await,
            _ => Ok(()),
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Request, "the connection was closed; build a new one")
}
