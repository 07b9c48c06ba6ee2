//! What a certificate says, as far as a person needs it to find out why it is not trusted.

use super::fingerprint::Fingerprint;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Decode, Document, EncodePem};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};

/// Certificates as they are: some authorities have serial numbers that the standard does not allow.
type Parsed = x509_cert::certificate::CertificateInner<x509_cert::certificate::Raw>;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
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
    der: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate in DER; `None` when it is none, or has something after it.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let certificate = Parsed::from_der(der).ok()?;
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
            fingerprint: Fingerprint::of(der),
            der: der.to_vec(),
        })
    }

    /// Reads the certificates of a text in PEM, whatever else stands there; how many begin, and those which can be read.
    pub(crate) fn read_all(pem: &str) -> (usize, Vec<Self>) {
        // Text within other documents is often indented.
        let text: String = pem.lines().flat_map(|line| [line.trim(), "\n"]).collect();
        let blocks = text.split(BEGIN).skip(1).map(|rest| rest.split_once(END).map_or(rest, |(block, _)| block));
        let read = |block: &str| {
            let block = format!("{BEGIN}{block}{END}\n");
            let (_, document) = Document::from_pem(&block).ok()?;
            Self::read(document.as_bytes())
        };
        (text.matches(BEGIN).count(), blocks.filter_map(read).collect())
    }

    /// The certificate as it was read: what is trusted is what was looked at.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as text.
    pub(crate) fn pem(&self) -> Option<String> {
        Parsed::from_der(&self.der).ok()?.to_pem(LineEnding::LF).ok()
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
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.names.iter().any(|name| name.parse() == Ok(address));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(name: &str) -> String {
        let key = rcgen::KeyPair::generate().expect("a key can be made");
        let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("it is a name");
        parameters.self_signed(&key).expect("it can be signed").pem()
    }

    #[test]
    fn what_is_trusted_is_what_was_looked_at() {
        let (good, evil) = (pem("good.example.com"), pem("evil.example.com"));
        let body = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().join("\n");
        // Some readers of PEM take the first line for a beginning, and what follows for one certificate.
        let crafted = format!("-----BEGIN CERTIFICATE-- ---\n{}\n{good}", body(&evil).trim_end_matches('='));
        for (text, begun) in [(good.clone(), 1), (crafted, 1), (format!("{good}{evil}"), 2), (good.replace('\n', "\n  "), 1)] {
            let (found, read) = Certificate::read_all(&text);
            assert_eq!((found, read.len()), (begun, begun), "{text}");
            assert_eq!(read[0].names, ["good.example.com"]);
            assert_eq!(Certificate::read(read[0].der()).map(|again| again.names), Some(read[0].names.clone()));
            assert!(Fingerprint::of(read[0].der()) == read[0].fingerprint);
        }
        let two = format!("-----BEGIN CERTIFICATE-----\n{}\n{}\n-----END CERTIFICATE-----\n", body(&evil), body(&good));
        assert_eq!(Certificate::read_all(&two).1.len(), 0, "one with something after it is none");
    }

    #[test]
    fn hosts_are_names_with_wildcards_or_addresses() {
        let (_, read) = Certificate::read_all(&pem("*.example.com"));
        for (host, is_for) in
            [("a.example.com", true), ("A.Example.COM", true), ("example.com", false), ("a.b.example.com", false)]
        {
            assert_eq!(read[0].is_for(host), is_for, "{host}");
        }
        let (_, read) = Certificate::read_all(&pem("::ffff:1.2.3.4"));
        assert!(read[0].is_for("[::ffff:102:304]") && !read[0].is_for("1.2.3.4"));
    }
}
