//! What a certificate says, as far as a person needs it to find out why it is not trusted.

use super::fingerprint::Fingerprint;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use x509_cert::der::{Decode, DecodePem, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};

pub(super) const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A certificate in words.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// Distinguished name, such as `CN=engine.example.com,O=example.com`.
    pub(crate) subject: String,
    pub(crate) issuer: String,
    not_before: Duration,
    not_after: Duration,
    /// Hosts that it is for: names and addresses.
    pub(crate) names: Vec<String>,
    /// Whether it may sign others.
    pub(crate) is_ca: bool,
    pub(crate) fingerprint: Fingerprint,
}

impl Certificate {
    /// Reads a certificate in DER; `None` when it is none.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        Self::of(&x509_cert::Certificate::from_der(der).ok()?)
    }

    /// Reads all certificates in a text, whatever else stands there.
    pub(crate) fn read_all(pem: &str) -> Vec<Self> {
        Self::blocks(pem).filter_map(|block| Self::of(&x509_cert::Certificate::from_pem(block).ok()?)).collect()
    }

    /// The certificates in a text, each in PEM.
    pub(crate) fn blocks(pem: &str) -> impl Iterator<Item = String> {
        let blocks = pem.split(BEGIN).skip(1).filter_map(|rest| rest.split_once(END));
        blocks.map(|(block, _)| format!("{BEGIN}{block}{END}\n"))
    }

    fn of(certificate: &x509_cert::Certificate) -> Option<Self> {
        let fields = certificate.tbs_certificate();
        let names = match fields.get_extension::<SubjectAltName>() {
            Ok(Some((_, names))) => names.0.iter().filter_map(name).collect(),
            _ => Vec::new(),
        };
        let is_ca = matches!(fields.get_extension::<BasicConstraints>(), Ok(Some((_, constraints))) if constraints.ca);
        Some(Self {
            subject: fields.subject().to_string(),
            issuer: fields.issuer().to_string(),
            not_before: fields.validity().not_before.to_unix_duration(),
            not_after: fields.validity().not_after.to_unix_duration(),
            names,
            is_ca,
            fingerprint: Fingerprint::of(&certificate.to_der().ok()?),
        })
    }

    pub(crate) fn is_expired(&self) -> bool {
        now() > self.not_after
    }

    pub(crate) fn is_not_yet_valid(&self) -> bool {
        now() < self.not_before
    }

    /// Whether it is for that host, which is a name or an address.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        self.names.iter().map(|name| name.to_ascii_lowercase()).any(|name| match name.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest == domain),
            None => name == host,
        })
    }

    /// First and last day, such as `2025-01-01 to 2030-01-01`.
    pub(crate) fn validity(&self) -> String {
        format!("{} to {}", day(self.not_before), day(self.not_after))
    }

    pub(crate) fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, issuer, fingerprint, .. } = self;
        let hosts = if self.names.is_empty() { "no host".to_owned() } else { self.names.join(", ") };
        write!(f, "`{subject}`, issued by `{issuer}`, valid {}, for {hosts}, SHA-256 {fingerprint}", self.validity())
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(octets) => {
            let octets = octets.as_bytes();
            let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn day(since_epoch: Duration) -> String {
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    let day = jiff::Timestamp::from_second(seconds).map(|time| jiff::tz::TimeZone::UTC.to_datetime(time).date().to_string());
    day.unwrap_or_else(|_| "a day beyond all calendars".to_owned())
}
