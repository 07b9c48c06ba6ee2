//! `cis.session`: the API session itself. Signing in is done where requests are admitted.

use super::Operations;
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::Fault;
use crate::vsphere::state::Vcenter;
use serde_json::Value;

pub(super) const OPERATIONS: Operations = &[("create", create), ("delete", delete), ("get", get)];

fn create(_: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    Ok(Value::String(arguments.session.clone()))
}

fn delete(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    vcenter.sessions.sign_out(&arguments.session);
    Ok(Value::Null)
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    vcenter.sessions.info(&arguments.session)
}
