//! Answers of an engine: what a success holds, and what a failure means.

use super::conflicts::conflict;
use super::types::{self, Action};
use crate::core::error::{Error, ErrorKind, Fault, Result};
use crate::core::http::reply::Reply;
use crate::core::link::List;
use crate::core::table::{Record, Slot, Table, View};
use crate::core::xml::{self, Root, XmlError};
use reqwest::Url;

/// The object that was asked for.
pub(crate) fn object<T: Record + Default>(reply: &Reply) -> Result<T> {
    let mut object = T::default();
    match read(reply, &mut object)? {
        true => Ok(object),
        false => Err(reply.error(ErrorKind::Decode, "the answer is empty; an object was asked for")),
    }
}

/// The object that was added or changed. An engine that does the work later may answer without it:
/// then only the path is set, if the engine tells it.
pub(crate) fn accepted<T: Record + Default>(reply: &Reply) -> Result<T> {
    let mut object = T::default();
    if !read(reply, &mut object)?
        && let Some(Slot::Text(href)) = object.table().attribute("href").map(|index| object.slot(index))
    {
        *href = reply.header("location").map(path_of);
    }
    Ok(object)
}

/// The list that was asked for.
pub(crate) fn list<T: Record + Clone + Default>(reply: &Reply) -> Result<List<T>> {
    read_list(reply)?.ok_or_else(|| reply.error(ErrorKind::Decode, EMPTY_LIST))
}

/// What is said of an answer without a body: an engine with nothing to list sends an empty element.
pub(super) const EMPTY_LIST: &str = "the answer is empty; a list was asked for";

/// The objects that were added. An engine that does the work later may answer without them.
pub(crate) fn accepted_list<T: Record + Clone + Default>(reply: &Reply) -> Result<List<T>> {
    read_list(reply).map(Option::unwrap_or_default)
}

/// The list in the answer; `None` when the answer is empty.
fn read_list<T: Record + Clone + Default>(reply: &Reply) -> Result<Option<List<T>>> {
    let table = T::default().table();
    let Some(root) = success(reply)? else { return Ok(None) };
    expect(reply, &root, table.list_element)?;
    let mut list = Some(List::new());
    xml::read_list(root, table.element, &mut list).map_err(|error| malformed(reply, error))?;
    Ok(list)
}

/// Whether the answer is a list of objects with that table.
pub(crate) fn expect_list(reply: &Reply, table: &Table) -> Result<()> {
    success(reply)?.map_or(Ok(()), |root| expect(reply, &root, table.list_element))
}

/// Success, whatever the answer holds.
pub(crate) fn nothing(reply: &Reply) -> Result<()> {
    if reply.content_type() != "application/xml" {
        return Ok(());
    }
    success(reply).map(|_| ())
}

/// Success of an action that has no result.
pub(crate) fn done(reply: &Reply) -> Result<()> {
    action::<Action>(reply).map(|_| ())
}

/// An action that was carried out, with its result. A fault within is a failure whatever the status.
pub(crate) fn action<T: Record + Default>(reply: &Reply) -> Result<T> {
    let mut action = T::default();
    read(reply, &mut action)?;
    match object_member(&action, "fault") {
        Some(fault) => Err(failure(reply, Some(fault_of(fault)))),
        None => Ok(action),
    }
}

/// Reads the root element into the record; `false` when the answer is empty.
fn read(reply: &Reply, record: &mut dyn Record) -> Result<bool> {
    let Some(root) = success(reply)? else { return Ok(false) };
    expect(reply, &root, record.table().element)?;
    xml::read_record(root, record).map_err(|error| malformed(reply, error))?;
    Ok(true)
}

/// The root element of an answer with a status of success; `None` when there is no body.
fn success(reply: &Reply) -> Result<Option<Root<'_>>> {
    let root = xml::root(reply.text()?).map_err(|error| malformed(reply, error))?;
    match root {
        Some(root) if root.name() == "fault" => Err(refusal(reply)),
        root => Ok(root),
    }
}

fn expect(reply: &Reply, root: &Root<'_>, element: &str) -> Result<()> {
    if root.name() == element {
        return Ok(());
    }
    Err(reply.error(ErrorKind::Decode, format!("the answer is `<{}>` instead of `<{element}>`; {URL_HINT}", root.name())))
}

const URL_HINT: &str =
    "check that the URL of the connection is that of an engine's API, such as https://engine.example.com/ovirt-engine/api";

fn malformed(reply: &Reply, error: XmlError) -> Error {
    let content_type = reply.content_type();
    let message = match content_type.as_str() {
        "application/xml" | "text/xml" | "" => format!("the answer cannot be read: {error}"),
        _ => format!("the answer is {content_type} instead of XML; {URL_HINT}"),
    };
    reply.error(ErrorKind::Decode, message).with_source(error)
}

/// The explanation in a failure, alone or within an action; `None` when it is not XML.
fn fault(reply: &Reply) -> Option<Fault> {
    let root = xml::root(std::str::from_utf8(&reply.body).ok()?).ok()??;
    match root.name() {
        "fault" => {
            let mut fault = types::Fault::default();
            xml::read_record(root, &mut fault).ok()?;
            Some(fault_of(&fault))
        }
        "action" => {
            let mut action = Action::default();
            xml::read_record(root, &mut action).ok()?;
            object_member(&action, "fault").map(fault_of)
        }
        _ => None,
    }
}

fn fault_of(record: &dyn Record) -> Fault {
    let text = |name| match member(record, name) {
        Some(View::Text(text)) => text.clone(),
        _ => None,
    };
    Fault { reason: text("reason"), detail: text("detail") }
}

fn object_member<'a>(record: &'a dyn Record, name: &str) -> Option<&'a dyn Record> {
    match member(record, name)? {
        View::Object(object) => object.record(),
        _ => None,
    }
}

fn member<'a>(record: &'a dyn Record, name: &str) -> Option<View<'a>> {
    record.table().fields.iter().position(|field| field.name == name).map(|index| record.view(index))
}

/// The error that a failure means, with the explanation in it.
pub(crate) fn refusal(reply: &Reply) -> Error {
    failure(reply, fault(reply))
}

/// Whether a page says that the session has expired, as engines do to clients that were signed in for long.
pub(super) fn is_expiry(page: &[u8]) -> bool {
    page.windows(EXPIRED.len()).any(|window| window == EXPIRED)
}

const EXPIRED: &[u8] = b"invalid_grant";

/// The error that a failure means. The status decides; the explanation goes along.
fn failure(reply: &Reply, fault: Option<Fault>) -> Error {
    let has_expired = fault.is_none() && is_expiry(&reply.body);
    let (kind, otherwise) = match if has_expired { 401 } else { reply.status } {
        401 => (ErrorKind::Authentication, "the engine does not accept the token"),
        403 => (ErrorKind::Authorization, "the user may not do this; give it a role that may"),
        404 => (ErrorKind::NotFound, "there is no such object; check the identifiers in the path, and the URL of the connection"),
        409 => (ErrorKind::Conflict, "the object is not in a state that allows this; wait until it is"),
        300..=399 => (ErrorKind::Fault, "the engine sends elsewhere, which is not followed; give the URL that it leads to"),
        502..=504 => (ErrorKind::Fault, "the engine is not ready; try again later"),
        _ => (ErrorKind::Fault, "the engine refused or failed without saying why; look for the correlation id in its log"),
    };
    let message = fault.as_ref().map_or_else(|| otherwise.to_owned(), Fault::to_string);
    let detail = fault.as_ref().and_then(|fault| fault.detail.as_deref());
    let conflict = detail.filter(|_| kind == ErrorKind::Conflict).and_then(conflict);
    reply.error(kind, message).with_conflict(conflict).with_fault(fault)
}

/// The path of a URL; a path as it is.
fn path_of(location: &str) -> String {
    Url::parse(location).map_or_else(|_| location.to_owned(), |url| url.path().to_owned())
}
