//! A certificate authority of our own, and a certificate for this machine that it signed.

use crate::Error;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Names under which the simulator can be reached.
const NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// What the simulator proves itself with.
pub(crate) struct Identity {
    /// Certificate of the authority, in PEM.
    pub(crate) ca_pem: String,
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
        let ca_key = KeyPair::generate().map_err(certificate)?;
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca.distinguished_name.push(DnType::CommonName, "virt-simulator CA");
        let ca_certificate = ca.self_signed(&ca_key).map_err(certificate)?;
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate().map_err(certificate)?;
        let mut leaf =
            CertificateParams::new(NAMES.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).map_err(certificate)?;
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        let leaf = leaf.signed_by(&key, &issuer).map_err(certificate)?;

        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], private))
            .map_err(|source| Error::tls(source.to_string()))?;
        Ok(Identity { ca_pem: ca_certificate.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

fn certificate(source: rcgen::Error) -> Error {
    Error::tls(source.to_string())
}
