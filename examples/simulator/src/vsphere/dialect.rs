//! The two ways to say the same over HTTP.

use model::{Method, Route};

/// Dialect of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `/api`, of vSphere 7.0 U2 and later.
    Api,
    /// `/rest`, of vSphere 6.0 and later, deprecated.
    Rest,
}

impl Dialect {
    /// The dialect that a path belongs to.
    pub(crate) fn of(path: &str) -> Option<Self> {
        [Dialect::Api, Dialect::Rest]
            .into_iter()
            .find(|dialect| path.strip_prefix(dialect.prefix()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// What its paths start with.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Dialect::Api => "/api",
            Dialect::Rest => "/rest",
        }
    }

    /// The route of a method, if it has one in this dialect.
    pub(crate) fn route(self, method: &Method) -> Option<&Route> {
        match self {
            Dialect::Api => Some(&method.route),
            Dialect::Rest => method.legacy_route.as_ref(),
        }
    }
}
