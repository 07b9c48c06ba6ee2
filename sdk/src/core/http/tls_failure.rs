//! Finds out why a certificate is not trusted, and says what to do.

use super::certificate::Certificate;
use super::trust::Trust;
use reqwest::Url;
use reqwest::tls::TlsInfo;
use std::time::Duration;

/// How long the look at the certificate may take: an error should not wait for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The certificate that a server shows, whoever it is. Nothing but that is asked of it.
pub(super) async fn presented(builder: reqwest::ClientBuilder, url: &Url) -> Option<Certificate> {
    let client =
        builder.tls_danger_accept_invalid_certs(true).tls_info(true).connect_timeout(PATIENCE).timeout(PATIENCE).build().ok()?;
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    let response = client.request(reqwest::Method::OPTIONS, root).send().await.ok()?;
    Certificate::read(response.extensions().get::<TlsInfo>()?.peer_certificate()?)
}

/// Words of causes that have nothing to do with who issued a certificate, for whom, and when.
const OTHER_CAUSES: &[&str] =
    &["purpose", "extended key usage", "md too weak", "key too small", "constraint", "revoked", "critical"];

/// What is wrong, and the fix. `cause` is what the library of TLS says, `offer` where the server's authority can be had.
pub(super) fn verdict(presented: &Certificate, trust: &Trust, host: &str, cause: &str, offer: &str) -> String {
    if OTHER_CAUSES.iter().any(|words| cause.to_ascii_lowercase().contains(words)) {
        return "its certificate is not one for servers, or not strong enough; have another one issued".to_owned();
    }
    let Certificate { issuer, .. } = presented;
    let anchors = trust.anchors();
    if presented.is_expired() {
        return format!(
            "its certificate has expired (valid {}); renew it on that server, and check the clock here",
            presented.validity()
        );
    }
    if presented.is_not_yet_valid() {
        return format!("its certificate is not valid yet (valid {}); check the clocks here and there", presented.validity());
    }
    if !presented.is_for(host) {
        let names = match presented.names.as_slice() {
            [] => "no host at all; have one issued that names it".to_owned(),
            names => format!("{}; use one of these in the URL", names.join(", ")),
        };
        return format!("its certificate is not for `{host}`, but for {names}");
    }
    if presented.is_self_signed() && presented.is_ca {
        return "its certificate signed itself as an authority, and cannot serve a host as well; have one issued for the server"
            .to_owned();
    }
    let is_issuer = |anchor: &Certificate| anchor.subject == *issuer;
    if let Some((origin, anchor)) = anchors.iter().find(|(_, anchor)| is_issuer(anchor) && anchor.is_expired()) {
        return format!(
            "`{}` ({origin}) has expired (valid {}); get the one that took its place: {offer}",
            anchor.subject,
            anchor.validity()
        );
    }
    if let Some((origin, _)) = anchors.iter().find(|(_, anchor)| anchor.fingerprint == presented.fingerprint) {
        return format!(
            "{origin} holds this very certificate, not that of the authority which issued it; give that of `{issuer}`: {offer}"
        );
    }
    if let Some((origin, anchor)) = anchors.iter().find(|(_, anchor)| is_issuer(anchor)) {
        return format!(
            "its certificate is not signed by the key of `{}` ({origin}), though it says so: the authority was made anew, or \
             somebody is in between; compare its fingerprint: {offer}",
            anchor.subject
        );
    }
    if presented.is_self_signed() {
        return "nobody but the server itself vouches for its certificate; if the fingerprint is right, give this certificate \
                with `ca_pem`, or have one issued by an authority"
            .to_owned();
    }
    let leaf = anchors.iter().find(|(_, anchor)| !anchor.is_ca).map(|(origin, anchor)| {
        format!("`{}` ({origin}) is the certificate of a server, which vouches for no other; ", anchor.subject)
    });
    // The authority that the server offers did not issue it: no use in pointing there.
    let offer = if trust.is_fetched() { String::new() } else { format!(": {offer}") };
    format!(
        "{}`{issuer}`, which issued its certificate, is not trusted; give the certificate of that authority with `ca_file` or \
         `ca_pem`{offer}; if it is itself issued by somebody trusted, have the server send its certificate along",
        leaf.unwrap_or_default()
    )
}
