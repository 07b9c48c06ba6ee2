//! What requests say about the publishing of libraries.

use crate::vsphere::fault::Fault;
use crate::vsphere::record::{Members, Record};
use crate::vsphere::state::Publishing;

/// The only name that subscribers may use.
const USER: &str = "vcsp";

/// How a new library is published.
///
/// # Errors
///
/// That its description is bad.
pub(super) fn create(info: &Record) -> Result<Publishing, Fault> {
    let published = info.flag("published").ok_or_else(|| missing("published"))?;
    let method = info.text("authentication_method").ok_or_else(|| missing("authentication_method"))?;
    check_user(info)?;
    let password = if method == "BASIC" { Some(password(info)?) } else { None };
    Ok(Publishing {
        known: true,
        published,
        user_name: password.is_some().then(|| USER.to_owned()),
        password,
        persists_json: info.flag("persist_json_enabled").unwrap_or_default(),
    })
}

/// How a library is published after a change.
///
/// # Errors
///
/// That the change is bad, or the current password does not come with it where it must.
pub(super) fn update(current: &Publishing, info: &Record) -> Result<Publishing, Fault> {
    check_user(info)?;
    let published = info.flag("published").unwrap_or(current.published);
    let is_basic = match info.text("authentication_method") {
        Some(method) => method == "BASIC",
        None => current.password.is_some(),
    };
    let given = info.text("password");
    let protects_less = !is_basic || (current.published && !published) || given.is_some();
    if current.password.is_some() && protects_less && info.text("current_password") != current.password.as_deref() {
        return Err(Fault::invalid_argument("'publish_info.current_password' is not the current password."));
    }
    let password = match (is_basic, given, &current.password) {
        (false, _, _) => None,
        (true, None, Some(password)) => Some(password.clone()),
        (true, _, _) => Some(password(info)?),
    };
    Ok(Publishing {
        known: true,
        published,
        user_name: password.is_some().then(|| USER.to_owned()),
        password,
        persists_json: info.flag("persist_json_enabled").unwrap_or(current.persists_json),
    })
}

fn password(info: &Record) -> Result<String, Fault> {
    let password = info.text("password").filter(|password| !password.is_empty());
    password.map(str::to_owned).ok_or_else(|| missing("password"))
}

fn check_user(info: &Record) -> Result<(), Fault> {
    match info.text("user_name") {
        None | Some(USER) => Ok(()),
        Some(other) => Err(Fault::invalid_argument(format!("'publish_info.user_name' is '{other}'; it can only be '{USER}'."))),
    }
}

fn missing(name: &str) -> Fault {
    Fault::invalid_argument(format!("'publish_info.{name}' is missing."))
}
