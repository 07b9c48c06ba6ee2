//! Previews of update sessions: whether a package is signed, and what is to be said about that.

use super::certificate::{self, Signature};
use super::{is_archive, is_certificate, is_descriptor};
use crate::vsphere::fault::message;
use crate::vsphere::record::present;
use crate::vsphere::state::{SessionFile, Transfer, UpdateSession, Vcenter};
use serde_json::{Value, json};

/// The preview of a session, as the API has it.
pub(crate) fn preview(vcenter: &Vcenter, session: &UpdateSession) -> Value {
    let is_package = vcenter.items.get(&session.lease.item).is_some_and(|item| item.is_ovf());
    let is_metadata = |(name, _): &(&String, &SessionFile)| is_descriptor(name) || is_certificate(name) || is_archive(name);
    let mut metadata = session.files.iter().filter(is_metadata).peekable();
    if !is_package || metadata.peek().is_none() {
        let state = if session.completing { "NOT_APPLICABLE" } else { "UNAVAILABLE" };
        return json!({ "state": state });
    }
    if metadata.any(|(_, file)| file.status != Transfer::Ready) || !session.preview_seen {
        return json!({ "state": "PREPARING" });
    }
    let signature = signature(vcenter, session);
    let warnings: Vec<Value> = signature.iter().flat_map(|signature| &signature.warnings).map(|(kind, text)| {
        json!({ "type": kind, "message": message("warning", text, &[]), "ignored": is_ignored(session, kind) })
    }).collect();
    present(json!({
        "state": "AVAILABLE",
        "certificate_info": signature.as_ref().map(|signature| json!({
            "issuer": signature.issuer,
            "subject": signature.subject,
            "self_signed": signature.self_signed,
            "x509": signature.chain.first().cloned().unwrap_or_default(),
        })),
        "warnings": warnings,
        "cert_chain": signature.as_ref().map(|signature| &signature.chain),
    }))
}

/// What is said about the warnings of a session that are not ignored, if there are any.
pub(crate) fn open_warnings(vcenter: &Vcenter, session: &UpdateSession) -> Option<Value> {
    let signature = signature(vcenter, session)?;
    let open: Vec<&str> = signature.warnings.iter().map(|(kind, _)| *kind).filter(|kind| !is_ignored(session, kind)).collect();
    if open.is_empty() {
        return None;
    }
    let args: Vec<String> = open.iter().map(|kind| (*kind).to_owned()).collect();
    Some(message("warnings", &format!("There are warnings that are not ignored: {}.", open.join(", ")), &args))
}

fn is_ignored(session: &UpdateSession, kind: &str) -> bool {
    session.warning_behavior.iter().any(|(known, ignored)| known == kind && *ignored)
}

fn signature(vcenter: &Vcenter, session: &UpdateSession) -> Option<Signature> {
    vcenter.items.get(&session.lease.item).filter(|item| item.is_ovf())?;
    let (_, file) = session.files.iter().find(|(name, _)| is_certificate(name))?;
    let text = file.content.as_ref()?.text()?;
    Some(certificate::read(&text, &vcenter.certificates, vcenter.now()))
}
