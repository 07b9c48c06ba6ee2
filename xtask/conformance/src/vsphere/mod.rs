//! Records of the vSphere API: the request of each operation in both dialects, and how answers read.

pub(crate) mod arguments;
#[rustfmt::skip]
#[allow(deprecated, clippy::all)]
#[path = "../generated/vsphere_calls.rs"]
mod calls;
pub(crate) mod outcome;
pub(crate) mod requests;
pub(crate) mod responses;

use serde_json::Value;
use virt_sdk::vsphere::Dialect;

/// The dialects, by their names in records of requests and of responses.
const DIALECTS: [(Dialect, &str, &str); 2] = [(Dialect::Api, "expect_api", "api"), (Dialect::Rest, "expect_legacy", "rest")];

/// A value of a record as plain JSON: `{"$map": [[key, value], …]}` becomes an object.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$map").and_then(Value::as_array) {
            Some(entries) => {
                let entries = entries.iter().filter_map(|entry| {
                    let entry = entry.as_array()?;
                    Some((entry.first()?.as_str()?.to_owned(), plain(entry.get(1)?)))
                });
                Value::Object(entries.collect())
            }
            None => {
                let members = members.iter().filter(|(_, value)| !value.is_null());
                Value::Object(members.map(|(name, value)| (name.clone(), plain(value))).collect())
            }
        },
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        other => other.clone(),
    }
}
