//! Who may talk to the engine.

use crate::engine::new_id;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::collections::{HashMap, HashSet};

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
    tokens: HashSet<String>,
    /// Whether each is protected against forged requests.
    cookies: HashMap<String, bool>,
}

impl Sessions {
    /// No tokens yet.
    pub(crate) fn new(username: &str, password: &str) -> Self {
        Sessions { username: username.to_owned(), password: password.to_owned(), tokens: HashSet::new(), cookies: HashMap::new() }
    }

    /// Number of tokens.
    pub(crate) fn count(&self) -> usize {
        self.tokens.len()
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
        self.tokens.insert(token.clone());
        Ok(token)
    }

    /// Forgets a token; an unknown one is no error.
    pub(crate) fn sign_out(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// Says whether a request may go on.
    pub(crate) fn admit(&self, claim: Claim<'_>) -> Admission {
        if !claim.authorization.is_empty() {
            return if self.is_known(claim.authorization) { Admission::Granted } else { Admission::Unknown };
        }
        let pairs = claim.cookie.split(';').filter_map(|pair| pair.trim().split_once('='));
        let session = pairs.into_iter().find(|(name, _)| *name == "JSESSIONID").map(|(_, value)| value);
        match session.and_then(|session| self.cookies.get(session)) {
            None => Admission::Unknown,
            Some(true) if Some(claim.session) != session => Admission::Forged,
            Some(_) => Admission::Granted,
        }
    }

    /// Starts a session for which a cookie is enough, unless it is protected.
    pub(crate) fn open(&mut self, is_protected: bool) -> String {
        let cookie = secret();
        self.cookies.insert(cookie.clone(), is_protected);
        cookie
    }

    /// Whether the text of an `Authorization` header is good.
    fn is_known(&self, authorization: &str) -> bool {
        let Some((scheme, value)) = authorization.split_once(' ') else { return false };
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.tokens.contains(value.trim());
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
