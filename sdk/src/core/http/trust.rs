//! Whom to trust: one setting for the API, the hosts that move images, and proxies.

use super::certificate::Certificate;
use super::fingerprint::Fingerprint;
use super::settings::wrong;
use crate::core::error::Result;
use reqwest::ClientBuilder;
use std::fmt;
use std::path::PathBuf;

/// How a PEM text begins.
const PEM: &str = "-----BEGIN";

/// What a builder was told of trust.
#[derive(Default)]
pub(crate) struct TrustSettings {
    pub(crate) authorities: Vec<Authorities>,
    /// Whether the certificates of the system count; if nothing is said, when none are given.
    pub(crate) system: Option<bool>,
    pub(crate) insecure: bool,
    /// Fingerprint, as given, of the authority to fetch from the server.
    pub(crate) pin: Option<String>,
}

/// Certificates of authorities, in PEM.
pub(crate) enum Authorities {
    File(PathBuf),
    Pem(Vec<u8>),
}

/// Whom to trust, read and checked.
#[derive(Clone)]
pub(crate) struct Trust {
    roots: Vec<reqwest::Certificate>,
    /// The same for people, each with where it is from.
    anchors: Vec<(String, Certificate)>,
    system: bool,
    insecure: bool,
    pin: Option<Fingerprint>,
    /// Whether the authority that the server offers is among them.
    is_fetched: bool,
}

impl TrustSettings {
    /// Whether anything was said.
    pub(crate) fn is_set(&self) -> bool {
        !self.authorities.is_empty() || self.system.is_some() || self.insecure || self.pin.is_some()
    }

    /// # Errors
    ///
    /// `Configuration` when a file cannot be read or holds no certificate, and when the fingerprint is none.
    pub(crate) fn read(&self) -> Result<Trust> {
        let pin = self.pin.as_deref().map(|text| {
            Fingerprint::parse(text).ok_or_else(|| {
                wrong(format!(
                    "`{text}` is not the SHA-256 fingerprint of a certificate; it has 64 hexadecimal digits, as \
                     `openssl x509 -noout -fingerprint -sha256 -in ca.pem` prints them"
                ))
            })
        });
        let is_alone = self.authorities.is_empty() && pin.is_none();
        if is_alone && self.system == Some(false) && !self.insecure {
            return Err(wrong(
                "nobody is trusted: `system_ca(false)`, and no authority is given; give one with `ca_file` or `ca_pem`",
            ));
        }
        let mut trust = Trust {
            roots: Vec::new(),
            anchors: Vec::new(),
            system: self.system.unwrap_or(is_alone),
            insecure: self.insecure,
            pin: pin.transpose()?,
            is_fetched: false,
        };
        for authorities in &self.authorities {
            let (pem, origin) = authorities.read()?;
            trust.add(&pem, &origin)?;
        }
        Ok(trust)
    }
}

impl Authorities {
    /// The text, and where it is from.
    fn read(&self) -> Result<(Vec<u8>, String)> {
        match self {
            Authorities::File(path) if path.to_string_lossy().trim_start().starts_with(PEM) => {
                Err(wrong("`ca_file` was given the text of a certificate where the path of a file is wanted; use `ca_pem`"))
            }
            Authorities::File(path) => {
                let origin = format!("the CA file {}", path.display());
                let pem = std::fs::read(path);
                Ok((pem.map_err(|error| wrong(format!("{origin} cannot be read: {error}")).with_source(error))?, origin))
            }
            Authorities::Pem(pem) => match std::str::from_utf8(pem) {
                Ok(text) if !text.contains(PEM) && is_path(text) => Err(wrong(
                    "`ca_pem` was given what looks like a path where the text of a certificate is wanted; use `ca_file`",
                )),
                _ => Ok((pem.clone(), "the CA text".to_owned())),
            },
        }
    }
}

fn is_path(text: &str) -> bool {
    let text = text.trim();
    let has_ending = [".pem", ".crt", ".cer"].iter().any(|ending| text.ends_with(ending));
    !text.contains('\n') && (has_ending || text.contains(['/', '\\']))
}

impl Trust {
    /// The fingerprint of the authority that is still to be fetched.
    pub(crate) fn pin(&self) -> Option<Fingerprint> {
        self.pin.filter(|_| !self.insecure)
    }

    /// Whether the authority that the server offers is among them.
    pub(crate) fn is_fetched(&self) -> bool {
        self.is_fetched
    }

    /// The authorities given, each with where it is from.
    pub(crate) fn anchors(&self) -> &[(String, Certificate)] {
        &self.anchors
    }

    /// Adds all authorities of a text in PEM.
    fn add(&mut self, pem: &[u8], origin: &str) -> Result<()> {
        let text = String::from_utf8_lossy(pem);
        let (begun, read) = Certificate::read_all(&text);
        if begun > read.len() {
            return Err(wrong(format!(
                "{origin} has {begun} certificates, of which {} can be read; replace those that are cut off or damaged",
                read.len()
            )));
        }
        if read.is_empty() {
            let found =
                if text.contains("PRIVATE KEY-----") { ", but a private key, which should not leave its host" } else { "" };
            return Err(wrong(format!(
                "{origin} holds no certificate in PEM{found}; it must have a part between `-----BEGIN CERTIFICATE-----` and \
                 `-----END CERTIFICATE-----`"
            )));
        }
        read.into_iter().try_for_each(|certificate| self.add_one(certificate, origin))
    }

    fn add_one(&mut self, certificate: Certificate, origin: &str) -> Result<()> {
        let root = reqwest::Certificate::from_der(certificate.der());
        self.roots.push(root.map_err(|error| wrong(format!("{origin} cannot be trusted")).with_source(error))?);
        self.anchors.push((origin.to_owned(), certificate));
        Ok(())
    }

    /// This trust with the one authority of those that has the fingerprint; `None` when none has it.
    pub(crate) fn with_pinned(mut self, offered: Vec<Certificate>, pin: Fingerprint) -> Option<Self> {
        let pinned = offered.into_iter().find(|certificate| certificate.fingerprint == pin)?;
        self.pin = None;
        self.is_fetched = true;
        self.add_one(pinned, "fetched from the server").ok()?;
        Some(self)
    }

    /// Makes a client trust so.
    pub(crate) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        let builder = builder.tls_danger_accept_invalid_certs(self.insecure);
        match (self.roots.is_empty(), self.system) {
            (true, _) => builder,
            (false, true) => builder.tls_certs_merge(self.roots.iter().cloned()),
            (false, false) => builder.tls_certs_only(self.roots.iter().cloned()),
        }
    }
}

impl fmt::Display for Trust {
    /// Who is trusted, for messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = self.anchors.iter().map(|(origin, anchor)| format!("`{}` ({origin})", anchor.subject));
        let system = self.system.then(|| "the authorities of the system".to_owned());
        f.write_str(&given.chain(system).collect::<Vec<_>>().join(", "))
    }
}
