//! Answers of a server: what a success holds.

use super::Dialect;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::reply::Reply;
use crate::core::json::{self, JsonError};
use crate::core::table::{Record, Text};
use serde_json::Value;
use std::collections::BTreeMap;

/// A success, and the value in it.
#[doc(hidden)]
pub struct Answer {
    reply: Reply,
    /// `None` when the answer has no body.
    value: Option<Value>,
}

/// Looks into an answer with a status of success.
pub(super) fn success(reply: Reply, dialect: Dialect) -> Result<Answer> {
    if reply.body.is_empty() {
        return Ok(Answer { reply, value: None });
    }
    let mut value: Value = serde_json::from_slice(&reply.body).map_err(|error| not_json(&reply, error))?;
    // The older dialect puts results into a `value`.
    if dialect == Dialect::Rest
        && let Some(inner) = value.get_mut("value")
    {
        value = inner.take();
    }
    Ok(Answer { reply, value: Some(value) })
}

pub(super) fn not_json(reply: &Reply, error: serde_json::Error) -> Error {
    let message = match reply.content_type().as_str() {
        // Some servers call JSON plain text.
        "application/json" | "text/plain" | "" => format!("the answer cannot be read: {error}"),
        other => format!(
            "the answer is {other} instead of JSON; check that the URL is that of a vCenter, such as https://vcenter.example.com, \
             and that it is up"
        ),
    };
    reply.error(ErrorKind::Decode, message).with_source(error)
}

/// There is no result.
pub(crate) fn nothing(_: &Answer) -> Result<()> {
    Ok(())
}

/// The object that was asked for.
pub(crate) fn object<T: Record + Default>(answer: &Answer) -> Result<T> {
    let mut object = T::default();
    json::read(value(answer)?, &mut object).map_err(|error| unreadable(answer, &error))?;
    Ok(object)
}

/// The objects that were asked for.
pub(crate) fn objects<T: Record + Default>(answer: &Answer) -> Result<Vec<T>> {
    let mut objects = Some(Vec::new());
    json::read_items(value(answer)?, &mut objects).map_err(|error| unreadable(answer, &error))?;
    Ok(objects.unwrap_or_default())
}

/// The objects that were asked for, by key.
pub(crate) fn object_map<T: Record + Default>(answer: &Answer) -> Result<BTreeMap<String, T>> {
    let mut objects = BTreeMap::new();
    let read = json::each_entry(value(answer)?, |key, value| {
        let mut object = T::default();
        json::read(value, &mut object)?;
        objects.insert(key.to_owned(), object);
        Ok(())
    });
    read.map_err(|error| unreadable(answer, &error))?;
    Ok(objects)
}

/// The text or identifier that was asked for.
pub(crate) fn text<T: Text>(answer: &Answer) -> Result<T> {
    json::text(value(answer)?).map(T::from_text).map_err(|error| unreadable(answer, &error))
}

/// The texts or identifiers that were asked for.
pub(crate) fn texts<T: Text>(answer: &Answer) -> Result<Vec<T>> {
    let mut texts = Vec::new();
    let read = json::each(value(answer)?, |item| json::text(item).map(|text| texts.push(T::from_text(text))));
    read.map_err(|error| unreadable(answer, &error))?;
    Ok(texts)
}

fn value(answer: &Answer) -> Result<&Value> {
    answer.value.as_ref().ok_or_else(|| answer.reply.error(ErrorKind::Decode, "the answer is empty; a result was asked for"))
}

fn unreadable(answer: &Answer, error: &JsonError) -> Error {
    answer.reply.error(ErrorKind::Decode, format!("the answer cannot be read: {error}"))
}
