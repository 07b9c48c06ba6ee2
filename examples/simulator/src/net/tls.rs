//! A certificate authority of our own, and certificates for this machine that it signed.

use super::Certificate;
use crate::Error;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Who signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

impl Authority {
    /// A new authority that signs itself.
    ///
    /// # Errors
    ///
    /// That of the cryptography.
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(failed)?;
        let parameters = Authority::parameters(name);
        let certificate = parameters.self_signed(&key).map_err(failed)?;
        Ok(Authority { issuer: Issuer::new(parameters, key), certificate })
    }

    /// A new authority below this one.
    fn below(&self, name: &str) -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(failed)?;
        let parameters = Authority::parameters(name);
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Authority { issuer: Issuer::new(parameters, key), certificate })
    }

    fn parameters(name: &str) -> CertificateParams {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters
    }

    /// Its certificate, in PEM.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }
}

/// What the simulator proves itself with.
pub(crate) struct Identity {
    /// Certificate at the end of the chain, in PEM: of whoever is to be trusted for it to count.
    pub(crate) ca_pem: String,
    /// The certificate itself, in PEM.
    pub(crate) certificate_pem: String,
    /// Side of the server in a handshake.
    pub(crate) acceptor: TlsAcceptor,
}

impl Identity {
    /// A new authority and a new certificate.
    ///
    /// # Errors
    ///
    /// That of the cryptography.
    pub(crate) fn new() -> Result<Self, Error> {
        Identity::of(Certificate::Good, &Authority::new("virt-simulator CA")?)
    }

    /// A new certificate of some kind, signed by an authority as far as the kind lets it.
    ///
    /// # Errors
    ///
    /// That of the cryptography.
    pub(crate) fn of(kind: Certificate, authority: &Authority) -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(failed)?;
        let leaf = leaf(kind)?;
        let signed = |by: &Authority| leaf.signed_by(&key, &by.issuer).map_err(failed);
        let between = || authority.below("virt-simulator intermediate CA");
        let mut rest = Vec::new();
        let mut ca_pem = authority.pem();
        let certificate = match kind {
            Certificate::SelfSigned | Certificate::SelfSignedCa => {
                let certificate = leaf.self_signed(&key).map_err(failed)?;
                ca_pem = certificate.pem();
                certificate
            }
            Certificate::OtherCa => {
                let other = Authority::new("virt-simulator other CA")?;
                ca_pem = other.pem();
                signed(&other)?
            }
            Certificate::Intermediate => {
                let between = between()?;
                rest.push(between.certificate.der().clone());
                signed(&between)?
            }
            Certificate::MissingIntermediate => signed(&between()?)?,
            _ => signed(authority)?,
        };
        let chain = std::iter::once(certificate.der().clone()).chain(rest).collect();
        Ok(Identity { ca_pem, certificate_pem: certificate.pem(), acceptor: acceptor(chain, &key)? })
    }
}

fn leaf(kind: Certificate) -> Result<CertificateParams, Error> {
    let mut leaf = CertificateParams::new(kind.names()).map_err(failed)?;
    leaf.distinguished_name.push(DnType::CommonName, "localhost");
    match kind {
        Certificate::SelfSigned => leaf.is_ca = IsCa::ExplicitNoCa,
        Certificate::SelfSignedCa => leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        _ => {}
    }
    if let Some((first, last)) = kind.years() {
        leaf.not_before = rcgen::date_time_ymd(first, 1, 1);
        leaf.not_after = rcgen::date_time_ymd(last, 1, 1);
    }
    Ok(leaf)
}

fn acceptor(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Result<TlsAcceptor, Error> {
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|source| Error::tls(source.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn failed(source: rcgen::Error) -> Error {
    Error::tls(source.to_string())
}
