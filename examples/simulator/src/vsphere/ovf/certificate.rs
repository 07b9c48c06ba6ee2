//! Certificates that packages are signed with.

use crate::vsphere::state::Algorithm;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use indexmap::IndexMap;
use jiff::Timestamp;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

/// Types of warnings, by what they say.
const WARNINGS: &[(&str, &str)] = &[
    ("SELF_SIGNED_CERTIFICATE", "The certificate is self-signed."),
    ("EXPIRED_CERTIFICATE", "The certificate has expired."),
    ("NOT_YET_VALID_CERTIFICATE", "The certificate is not valid yet."),
    ("UNTRUSTED_CERTIFICATE", "The certificate was issued by an authority that is not trusted."),
];

/// What a `.cert` file says about who signed a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) self_signed: bool,
    /// Certificates in base64, that of the signer first.
    pub(super) chain: Vec<String>,
    /// Types of warnings, and their texts.
    pub(super) warnings: Vec<(&'static str, &'static str)>,
}

/// The bytes of all certificates in a text in PEM form.
pub(crate) fn certificates(text: &str) -> Vec<Vec<u8>> {
    let blocks = Pem::iter_from_buffer(text.as_bytes()).filter_map(Result::ok);
    let certificates = blocks.filter(|block| block.label == "CERTIFICATE").map(|block| block.contents);
    certificates.filter(|bytes| X509Certificate::from_der(bytes).is_ok()).collect()
}

/// Reads a `.cert` file. `trusted` are certificates in PEM form.
///
/// A file without a certificate raises the warnings whose names stand in it, or, if there are none,
/// that of a self-signed certificate: so tests need no real one.
pub(super) fn read(text: &str, trusted: &IndexMap<String, String>, now: Timestamp) -> Signature {
    let chain = certificates(text);
    let parsed = chain.first().and_then(|bytes| X509Certificate::from_der(bytes).ok());
    let Some((_, certificate)) = parsed else { return pretended(text) };
    let self_signed = certificate.issuer() == certificate.subject();
    let is_known = |bytes: &Vec<u8>| trusted.contains_key(&Algorithm::Sha256.of(bytes).digits);
    let is_trusted = chain.iter().any(is_known) || issuers(trusted).any(|bytes| is_issuer(&bytes, &certificate));
    let (from, to) = (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
    let raised = [self_signed && !is_trusted, now.as_second() > to, now.as_second() < from, !self_signed && !is_trusted];
    Signature {
        issuer: slashed(certificate.issuer()),
        subject: slashed(certificate.subject()),
        self_signed,
        chain: chain.iter().map(|bytes| BASE64_STANDARD.encode(bytes)).collect(),
        warnings: WARNINGS.iter().zip(raised).filter(|(_, raised)| *raised).map(|(warning, _)| *warning).collect(),
    }
}

fn issuers(trusted: &IndexMap<String, String>) -> impl Iterator<Item = Vec<u8>> {
    trusted.values().flat_map(|text| certificates(text))
}

/// Whether a certificate names another one as its issuer, which is enough here.
fn is_issuer(bytes: &[u8], certificate: &X509Certificate<'_>) -> bool {
    let Ok((_, issuer)) = X509Certificate::from_der(bytes) else { return false };
    issuer.subject() == certificate.issuer()
}

fn pretended(text: &str) -> Signature {
    let mut warnings: Vec<_> = WARNINGS.iter().copied().filter(|(kind, _)| text.contains(kind)).collect();
    if warnings.is_empty() {
        warnings.extend(WARNINGS.first().copied());
    }
    let name = "/CN=virt-simulator".to_owned();
    Signature { issuer: name.clone(), subject: name, self_signed: true, chain: vec![BASE64_STANDARD.encode(text)], warnings }
}

/// A name such as `/C=US/O=Example`.
fn slashed(name: &X509Name<'_>) -> String {
    name.to_string().split(", ").map(|part| format!("/{part}")).collect()
}
