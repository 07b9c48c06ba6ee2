//! `content.trusted_certificates`.

use super::Operations;
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::ovf;
use crate::vsphere::record::Members;
use crate::vsphere::state::{Algorithm, Vcenter};
use serde_json::{Value, json};

pub(super) const OPERATIONS: Operations = &[("create", create), ("delete", delete), ("get", get), ("list", list)];

fn create(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let text = arguments.spec("spec")?.text("cert_text").unwrap_or_default();
    let [certificate] = ovf::certificates(text).try_into().map_err(|found: Vec<Vec<u8>>| {
        let text = format!("'spec.cert_text' holds {} certificates in PEM form; it must be one.", found.len());
        Fault::invalid_argument(text)
    })?;
    let id = Algorithm::Sha256.of(&certificate).digits;
    vcenter.certificates.entry(id.clone()).or_insert_with(|| text.to_owned());
    Ok(Value::String(id))
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("certificate");
    let text = vcenter.certificates.get(id).ok_or_else(|| Fault::not_found("trusted certificate", id))?;
    Ok(json!({ "cert_text": text }))
}

fn list(vcenter: &mut Vcenter, _: &Arguments) -> Result<Value, Fault> {
    let all = vcenter.certificates.iter();
    let summaries: Value = all.map(|(id, text)| json!({ "certificate": id, "cert_text": text })).collect();
    Ok(json!({ "certificates": summaries }))
}

fn delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let id = arguments.id("certificate");
    match vcenter.certificates.shift_remove(id) {
        Some(_) => Ok(Value::Null),
        None => Err(Fault::not_found("trusted certificate", id)),
    }
}
