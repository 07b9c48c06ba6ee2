//! `content.library.item.updatesession.file`.

use super::update_session::find;
use super::{Operations, session_end};
use crate::vsphere::argument::Arguments;
use crate::vsphere::fault::{Fault, message};
use crate::vsphere::ovf::{self, Finding};
use crate::vsphere::record::{Members, Record, present};
use crate::vsphere::state::{Algorithm, Checksum, PullJob, SessionFile, Source, StoredFile, Transfer, UpdateSession, Vcenter};
use serde_json::{Value, json};

pub(super) const OPERATIONS: Operations =
    &[("add", add), ("get", get), ("list", list), ("remove", remove), ("validate", validate)];

/// Parameter that names the session.
const ID: &str = "update_session_id";

/// Schemes of sources that the server fetches from.
const SCHEMES: &[&str] = &["http", "https", "file", "ds"];

fn add(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now, spec) = (arguments.id(ID), vcenter.now(), arguments.spec("file_spec")?);
    let session = find(vcenter, id)?;
    session_end::check_active(&session.lease, id)?;
    if session.completing {
        return Err(Fault::not_allowed(format!("The session '{id}' is being completed.")));
    }
    let name = file_name(spec)?.to_owned();
    let item = session.lease.item.clone();
    let is_package = vcenter.item(&item)?.is_ovf();
    let is_signature = is_package && ovf::is_signature(&name);
    let address = vcenter.new_address(&name);
    let session = find(vcenter, id)?;
    if is_signature && session.files.iter().any(|(known, file)| ovf::is_descriptor(known) && file.status == Transfer::Ready) {
        return Err(Fault::not_allowed(format!("'{name}' must be added before the descriptor is uploaded.")));
    }
    let source = match spec.text("source_type") {
        Some("PUSH") => Source::Push(address),
        Some("PULL") => Source::Pull(endpoint(spec)?),
        _ => Source::None,
    };
    let mut file = SessionFile::new(source, is_signature || is_package && ovf::is_archive(&name));
    file.attempt = session.files.get(&name).map_or(0, |known| known.attempt + 1);
    file.size = size(spec)?;
    file.checksum = checksum(spec)?;
    let job = pull(id, &name, &mut file);
    session.removed.retain(|removed| *removed != name);
    let value = file.value(&name);
    session.files.insert(name, file);
    session.lease.touch(now);
    vcenter.pulls.extend(job);
    Ok(value)
}

/// What the server fetches for a file, if it does.
fn pull(session: &str, name: &str, file: &mut SessionFile) -> Option<PullJob> {
    let Source::Pull(endpoint) = &file.source else { return None };
    let text = |member: &str| endpoint.get(member).and_then(Value::as_str).map(str::to_owned);
    let (thumbprint, certificate) = (text("ssl_certificate_thumbprint"), text("ssl_certificate"));
    let uri = text("uri").unwrap_or_default();
    Some(PullJob { session: session.to_owned(), file: name.to_owned(), attempt: file.begin(), uri, thumbprint, certificate })
}

fn file_name(spec: &Record) -> Result<&str, Fault> {
    let name = spec.text("name").unwrap_or_default();
    if name.is_empty() || matches!(name, "." | "..") || name.contains(['/', '\\', '\0']) {
        return Err(Fault::invalid_argument(format!("'file_spec.name' is '{name}', which is no name for a file.")));
    }
    Ok(name)
}

fn endpoint(spec: &Record) -> Result<Value, Fault> {
    let endpoint = spec.get("source_endpoint").cloned().unwrap_or_default();
    let uri = endpoint.get("uri").and_then(Value::as_str).unwrap_or_default();
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    if !SCHEMES.contains(&scheme.as_str()) {
        let text = format!("'file_spec.source_endpoint.uri' is '{uri}'; its scheme must be one of {}.", SCHEMES.join(", "));
        return Err(Fault::invalid_argument(text));
    }
    Ok(endpoint)
}

fn size(spec: &Record) -> Result<Option<u64>, Fault> {
    let size = spec.number("size").map(u64::try_from).transpose();
    size.map_err(|_| Fault::invalid_argument("'file_spec.size' is negative."))
}

fn checksum(spec: &Record) -> Result<Option<Checksum>, Fault> {
    let Some(info) = spec.record("checksum_info") else { return Ok(None) };
    let name = info.text("algorithm").unwrap_or("SHA1");
    let unknown = || Fault::invalid_argument(format!("'file_spec.checksum_info.algorithm' is '{name}', which is not known."));
    let algorithm = Algorithm::named(name).ok_or_else(unknown)?;
    Ok(Some(Checksum { algorithm, digits: info.text("checksum").unwrap_or_default().to_lowercase() }))
}

/// The files as seen in a session: those of the item that stay, and those that were added.
fn seen(vcenter: &Vcenter, session: &UpdateSession) -> Vec<(String, Value)> {
    let stored = vcenter.items.get(&session.lease.item).map(|item| &item.files);
    let stays = |name: &str| !session.removed.iter().any(|removed| removed == name) && !session.files.contains_key(name);
    let kept = stored.into_iter().flatten().filter(|(name, _)| stays(name));
    let kept = kept.map(|(name, file)| (name.clone(), unchanged(name, file)));
    let mut all: Vec<(String, Value)> = kept.collect();
    all.extend(session.files.iter().map(|(name, file)| (name.clone(), file.value(name))));
    for finding in ovf::check(vcenter, session) {
        // A descriptor adds the files that it refers to.
        if let Finding::Missing(name) = finding {
            all.push((name.clone(), SessionFile::new(Source::None, false).value(&name)));
        }
    }
    all
}

fn unchanged(name: &str, file: &StoredFile) -> Value {
    present(json!({
        "name": name,
        "source_type": "NONE",
        "size": file.size(),
        "checksum_info": file.checksum.as_ref().map(Checksum::value),
        "bytes_transferred": file.size(),
        "status": "READY",
        "keep_in_storage": true,
    }))
}

fn list(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let session = find(vcenter, arguments.id(ID))?.clone();
    Ok(seen(vcenter, &session).into_iter().map(|(_, value)| value).collect())
}

fn get(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, name) = (arguments.id(ID), arguments.id("file_name"));
    let session = find(vcenter, id)?.clone();
    let found = seen(vcenter, &session).into_iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value).ok_or_else(|| no_file(id, name))
}

fn no_file(session: &str, name: &str) -> Fault {
    Fault::invalid_argument(format!("There is no file '{name}' in the session '{session}'."))
}

fn remove(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, name, now) = (arguments.id(ID), arguments.id("file_name"), vcenter.now());
    let session = find(vcenter, id)?;
    session_end::check_active(&session.lease, id)?;
    let item = session.lease.item.clone();
    let was_added = session.files.shift_remove(name).is_some();
    let is_stored = vcenter.items.get(&item).is_some_and(|item| item.files.contains_key(name));
    let session = find(vcenter, id)?;
    if (!was_added && !is_stored) || session.removed.iter().any(|removed| removed == name) {
        return Err(no_file(id, name));
    }
    if is_stored {
        session.removed.push(name.to_owned());
    }
    session.lease.touch(now);
    Ok(Value::Null)
}

fn validate(vcenter: &mut Vcenter, arguments: &Arguments) -> Result<Value, Fault> {
    let (id, now) = (arguments.id(ID), vcenter.now());
    let session = find(vcenter, id)?;
    session_end::check_active(&session.lease, id)?;
    session.lease.touch(now);
    let session = session.clone();
    let is_open = |file: &SessionFile| {
        matches!(file.source, Source::Push(_)) && matches!(file.status, Transfer::Waiting | Transfer::Transferring)
    };
    if let Some((name, _)) = session.files.iter().find(|(_, file)| is_open(file)) {
        return Err(Fault::not_allowed(format!("The file '{name}' was not uploaded yet.")));
    }
    let mut missing = Vec::new();
    let mut invalid: Vec<Value> = Vec::new();
    for (name, file) in session.files.iter().filter(|(_, file)| file.status == Transfer::Error) {
        invalid.push(json!({ "name": name, "error_message": file.error }));
    }
    for finding in ovf::check(vcenter, &session) {
        match finding {
            Finding::Missing(name) => missing.push(name),
            Finding::Invalid(name, text) => {
                invalid.push(json!({ "name": name, "error_message": message("invalid", &text, &[name]) }));
            }
        }
    }
    let waiting = session.files.iter().filter(|(_, file)| matches!(file.source, Source::None) && file.content.is_none());
    missing.extend(waiting.map(|(name, _)| name.clone()).filter(|name| !missing.contains(name)).collect::<Vec<_>>());
    Ok(json!({
        "has_errors": !missing.is_empty() || !invalid.is_empty(),
        "missing_files": missing,
        "invalid_files": invalid,
    }))
}
