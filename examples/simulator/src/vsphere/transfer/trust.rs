//! Which certificates of other servers are good.

use crate::vsphere::ovf::certificates;
use crate::vsphere::state::Algorithm;
use std::sync::Arc;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// What decides about a certificate: one that must match, or authorities.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    /// SHA-256 or SHA-1 of the certificate, in any case, with or without colons.
    pub(super) thumbprint: Option<String>,
    /// The certificate in PEM form; the thumbprint does not count beside it.
    pub(super) certificate: Option<String>,
    /// Authorities, and other certificates, in PEM form.
    pub(super) trusted: Vec<String>,
}

impl Trust {
    /// Settings for a connection.
    ///
    /// # Errors
    ///
    /// That of the cryptography.
    pub(super) fn config(self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        for bytes in self.trusted.iter().flat_map(|text| certificates(text)) {
            // What cannot be an authority can still match by itself.
            let _ = roots.add(CertificateDer::from(bytes));
        }
        let authorities = match roots.is_empty() {
            true => None,
            false => {
                let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
                Some(builder.build().map_err(|error| Error::General(error.to_string()))?)
            }
        };
        let verifier = Verifier { trust: self, authorities, provider: Arc::clone(&provider) };
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
    }

    /// Whether a certificate is the one that is asked for; none where none is.
    fn matches(&self, bytes: &[u8]) -> Option<bool> {
        if let Some(text) = &self.certificate {
            return Some(certificates(text).iter().any(|known| known == bytes));
        }
        let wanted = self.thumbprint.as_ref()?.replace(':', "").to_ascii_lowercase();
        let known = [Algorithm::Sha256, Algorithm::Sha1].map(|algorithm| algorithm.of(bytes).digits);
        Some(known.contains(&wanted))
    }
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_kept = || self.trust.trusted.iter().flat_map(|text| certificates(text)).any(|known| known == end_entity.as_ref());
        match (self.trust.matches(end_entity), &self.authorities) {
            (Some(true), _) => Ok(ServerCertVerified::assertion()),
            (Some(false), _) => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
            (None, _) if is_kept() => Ok(ServerCertVerified::assertion()),
            (None, Some(authorities)) => {
                authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            (None, None) => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
