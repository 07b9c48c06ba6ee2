use crate::core::json::Form;
use std::fmt;
use std::sync::OnceLock;

/// Which of its two forms a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Paths below `/api`: vSphere 7.0 U2 and later.
    Api,
    /// Paths below `/rest`: vSphere 6.0 and later, deprecated.
    Rest,
}

impl Dialect {
    /// How maps are written.
    pub(crate) fn form(self) -> Form {
        match self {
            Dialect::Api => Form::Plain,
            Dialect::Rest => Form::Entries,
        }
    }
}

impl fmt::Display for Dialect {
    /// `/api` or `/rest`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Api => "/api",
            Dialect::Rest => "/rest",
        })
    }
}

/// The dialect of a session, which may become known only when it signs in.
#[derive(Debug, Default)]
pub(super) struct Spoken(OnceLock<Dialect>);

impl Spoken {
    pub(super) fn new(dialect: Option<Dialect>) -> Self {
        Self(dialect.map(OnceLock::from).unwrap_or_default())
    }

    pub(super) fn get(&self) -> Option<Dialect> {
        self.0.get().copied()
    }

    /// Notes which one the server speaks; what was known before stays.
    pub(super) fn found(&self, dialect: Dialect) -> Dialect {
        *self.0.get_or_init(|| dialect)
    }
}
