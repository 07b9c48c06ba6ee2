//! API sessions: who signed in, and until when that holds.

use super::clock::{later, written};
use super::fault::Fault;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, COOKIE};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// Header and cookie that carry the token of a session.
pub(crate) const SESSION: &str = "vmware-api-session-id";

/// Header with which a client of the older dialect does without the cookie.
const WITHOUT_COOKIE: &str = "vmware-use-header-authn";

/// The only user, and the sessions that are open.
pub(crate) struct Sessions {
    username: String,
    password: String,
    lifetime: Duration,
    open: HashMap<String, Session>,
    /// All tokens so far.
    given: Vec<String>,
}

struct Session {
    created: Timestamp,
    accessed: Timestamp,
}

impl Sessions {
    /// No sessions yet. `lifetime` is how long one may be idle.
    pub(crate) fn new(username: &str, password: &str, lifetime: Duration) -> Self {
        Sessions {
            username: username.to_owned(),
            password: password.to_owned(),
            lifetime,
            open: HashMap::new(),
            given: Vec::new(),
        }
    }

    /// The password, and all tokens so far.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.given.iter().chain([&self.password]).cloned().collect()
    }

    /// Name of the user.
    pub(crate) fn username(&self) -> &str {
        &self.username
    }

    /// Number of open sessions.
    pub(crate) fn count(&self) -> usize {
        self.open.len()
    }

    /// Ends all sessions.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }

    /// Ends the sessions that were idle for too long.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.open.retain(|_, session| later(session.accessed, self.lifetime) > now);
    }

    /// Opens a session for the credentials of a request. Returns its token.
    ///
    /// # Errors
    ///
    /// That they are missing or wrong.
    pub(crate) fn sign_in(&mut self, headers: &HeaderMap, now: Timestamp) -> Result<String, Fault> {
        let authorization = text(headers, AUTHORIZATION.as_str()).unwrap_or_default();
        let (scheme, value) = authorization.split_once(' ').unwrap_or_default();
        let decoded = BASE64_STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        if !scheme.eq_ignore_ascii_case("basic") || pair != Some((&self.username, &self.password)) {
            return Err(Fault::unauthenticated());
        }
        let token = uuid::Uuid::new_v4().simple().to_string();
        self.open.insert(token.clone(), Session { created: now, accessed: now });
        self.given.push(token.clone());
        Ok(token)
    }

    /// The session of a request, which counts as used. A cookie counts only where `takes_cookie` says so.
    ///
    /// # Errors
    ///
    /// That the request names none, or one that is not open.
    pub(crate) fn admit(&mut self, headers: &HeaderMap, takes_cookie: bool, now: Timestamp) -> Result<String, Fault> {
        let token = text(headers, SESSION).or_else(|| if takes_cookie { cookie(headers) } else { None });
        let token = token.ok_or_else(Fault::unauthenticated)?;
        let session = self.open.get_mut(token).ok_or_else(Fault::unauthenticated)?;
        session.accessed = now;
        Ok(token.to_owned())
    }

    /// What is known about a session.
    ///
    /// # Errors
    ///
    /// That it is not open.
    pub(crate) fn info(&self, token: &str) -> Result<Value, Fault> {
        let session = self.open.get(token).ok_or_else(Fault::unauthenticated)?;
        Ok(json!({
            "user": self.username,
            "created_time": written(session.created),
            "last_accessed_time": written(session.accessed),
        }))
    }

    /// Ends a session.
    pub(crate) fn sign_out(&mut self, token: &str) {
        self.open.remove(token);
    }
}

/// Whether the answer to a sign-in sets the cookie.
pub(crate) fn wants_cookie(headers: &HeaderMap) -> bool {
    text(headers, WITHOUT_COOKIE).is_none_or(|value| !value.eq_ignore_ascii_case("true"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION).map(|(_, value)| value)
}
