//! Who may talk to the engine.

use crate::clock::Clock;
use crate::engine::new_id;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why a password sign-in failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The name has no profile, or one that does not exist.
    Profile,
    /// Name or password are wrong.
    Credentials,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It goes on.
    Granted,
    /// It says nothing good about who sends it.
    Unknown,
    /// It belongs to a session that asks for more than a cookie.
    Forged,
}

/// What a request says about who sends it.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'a> {
    /// Header `Authorization`.
    pub(crate) authorization: &'a str,
    /// Header `Cookie`.
    pub(crate) cookie: &'a str,
    /// Header `JSESSIONID`.
    pub(crate) session: &'a str,
}

/// The only user, the tokens that were issued, and the sessions that cookies stand for.
pub(crate) struct Sessions {
    username: String,
    password: String,
    lifetime: Duration,
    clock: Arc<Clock>,
    /// When each was last used.
    tokens: HashMap<String, Instant>,
    cookies: HashMap<String, Cookie>,
    /// Everything secret that was given out, long after it is good for anything.
    given: Vec<String>,
}

/// Session that a cookie stands for.
struct Cookie {
    /// Whether it is protected against forged requests.
    is_protected: bool,
    last_use: Instant,
}

impl Sessions {
    /// No tokens yet. One that is not used for a lifetime expires, and so does a cookie.
    pub(crate) fn new(username: &str, password: &str, lifetime: Duration, clock: Arc<Clock>) -> Self {
        let (username, password) = (username.to_owned(), password.to_owned());
        Sessions { username, password, lifetime, clock, tokens: HashMap::new(), cookies: HashMap::new(), given: Vec::new() }
    }

    /// The password, and all tokens and cookies that were given out so far.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.given.iter().chain([&self.password]).cloned().collect()
    }

    /// Number of tokens.
    pub(crate) fn count(&mut self) -> usize {
        self.forget_idle();
        self.tokens.len()
    }

    fn forget_idle(&mut self) {
        let (now, lifetime) = (self.clock.now(), self.lifetime);
        let is_alive = |last_use: Instant| now.saturating_duration_since(last_use) < lifetime;
        self.tokens.retain(|_, last_use| is_alive(*last_use));
        self.cookies.retain(|_, cookie| is_alive(cookie.last_use));
    }

    /// Forgets all tokens and cookies.
    pub(crate) fn clear(&mut self) {
        self.tokens.clear();
        self.cookies.clear();
    }

    /// Issues a token for a name and a password.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub(crate) fn sign_in(&mut self, username: &str, password: &str) -> Result<String, Denied> {
        if profile(username) != profile(&self.username) {
            return Err(Denied::Profile);
        }
        if username != self.username || password != self.password {
            return Err(Denied::Credentials);
        }
        let token = secret();
        self.tokens.insert(token.clone(), self.clock.now());
        self.given.push(token.clone());
        Ok(token)
    }

    /// Forgets a token; an unknown one is no error.
    pub(crate) fn sign_out(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// Says whether a request may go on, which counts as use of its token or cookie.
    pub(crate) fn admit(&mut self, claim: Claim<'_>) -> Admission {
        self.forget_idle();
        if !claim.authorization.is_empty() {
            return if self.is_known(claim.authorization) { Admission::Granted } else { Admission::Unknown };
        }
        let pairs = claim.cookie.split(';').filter_map(|pair| pair.trim().split_once('='));
        let session = pairs.into_iter().find(|(name, _)| *name == "JSESSIONID").map(|(_, value)| value);
        match session.and_then(|session| self.cookies.get_mut(session)) {
            None => Admission::Unknown,
            Some(cookie) if cookie.is_protected && Some(claim.session) != session => Admission::Forged,
            Some(cookie) => {
                cookie.last_use = self.clock.now();
                Admission::Granted
            }
        }
    }

    /// Starts a session for which a cookie is enough, unless it is protected.
    pub(crate) fn open(&mut self, is_protected: bool) -> String {
        let cookie = secret();
        self.cookies.insert(cookie.clone(), Cookie { is_protected, last_use: self.clock.now() });
        self.given.push(cookie.clone());
        cookie
    }

    /// Whether the text of an `Authorization` header is good.
    fn is_known(&mut self, authorization: &str) -> bool {
        let Some((scheme, value)) = authorization.split_once(' ') else { return false };
        if scheme.eq_ignore_ascii_case("bearer") {
            let last_use = self.tokens.get_mut(value.trim());
            return last_use.map(|last_use| *last_use = self.clock.now()).is_some();
        }
        let decoded = BASE64_STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        scheme.eq_ignore_ascii_case("basic") && pair == Some((&self.username, &self.password))
    }
}

fn secret() -> String {
    new_id().replace('-', "") + &new_id().replace('-', "")
}

fn profile(username: &str) -> Option<&str> {
    username.rsplit_once('@').map(|(_, profile)| profile)
}
