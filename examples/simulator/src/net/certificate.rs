//! Certificates as servers have them: good, and wrong in the ways that clients have to notice.

/// What a listener of a simulated engine proves itself with.
///
/// Each is for `localhost`, `127.0.0.1` and `::1`, and signed by the CA of the simulator
/// ([`Simulator::ca_pem`](crate::Simulator::ca_pem)), as far as its name does not say otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificate {
    /// Nothing is wrong with it.
    #[default]
    Good,
    /// Its time is over, since the year 2001.
    Expired,
    /// Its time begins with the year 2100.
    NotYetValid,
    /// It is for `engine.invalid`.
    WrongName,
    /// Signed by itself, and no CA.
    SelfSigned,
    /// Signed by itself, and a CA, as `openssl req -x509` makes it. Some clients take a CA for no certificate of a
    /// server, also where they trust it.
    SelfSignedCa,
    /// Signed by another CA than the one that the engine offers, such as that of a company.
    OtherCa,
    /// Signed by an intermediate CA, whose certificate the listener sends along.
    Intermediate,
    /// Signed by an intermediate CA, whose certificate the listener forgets to send.
    MissingIntermediate,
}

impl Certificate {
    /// Names that it is for.
    pub(super) fn names(self) -> Vec<String> {
        let names: &[&str] = match self {
            Certificate::WrongName => &["engine.invalid"],
            _ => &["localhost", "127.0.0.1", "::1"],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Years at whose beginnings its time begins and ends, where that is not all time.
    pub(super) fn years(self) -> Option<(i32, i32)> {
        match self {
            Certificate::Expired => Some((2000, 2001)),
            Certificate::NotYetValid => Some((2100, 2101)),
            _ => None,
        }
    }
}
