//! Requests of operations, and their results as JSON.
//!
//! What is generic here is compiled for every operation: it is kept to the few lines that need the type.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::pin::Pin;
use virt_sdk::table_access::json;
use virt_sdk::vsphere::{Call, Dialect, Pending};
use virt_sdk::{Record, Result};

/// A request that was not sent yet, and the future of its result.
pub(crate) struct Prepared {
    pub(crate) call: Call,
    pub(crate) result: Pin<Box<dyn Future<Output = Result<Value>> + Send>>,
}

fn prepared<T: Send + 'static>(call: Call, pending: Pending<T>, show: fn(T) -> Result<Value>) -> Prepared {
    Prepared { call, result: Box::pin(async move { show(pending.await?) }) }
}

pub(crate) fn nothing(call: Call, pending: Pending<()>) -> Prepared {
    prepared(call, pending, |()| Ok(Value::Null))
}

/// A text, identifiers, or anything else that is JSON by itself.
pub(crate) fn value<T: serde::Serialize + Send + 'static>(call: Call, pending: Pending<T>) -> Prepared {
    prepared(call, pending, |value| Ok(serde_json::to_value(value).unwrap_or_default()))
}

pub(crate) fn object<T: Record>(call: Call, pending: Pending<T>) -> Prepared {
    prepared(call, pending, |object| json::write(&object, Dialect::Api))
}

pub(crate) fn objects<T: Record>(call: Call, pending: Pending<Vec<T>>) -> Prepared {
    prepared(call, pending, |objects| {
        objects.iter().map(|object| json::write(object, Dialect::Api)).collect::<Result<_>>().map(Value::Array)
    })
}

pub(crate) fn object_map<T: Record>(call: Call, pending: Pending<BTreeMap<String, T>>) -> Prepared {
    prepared(call, pending, |objects| {
        let entries = objects.iter().map(|(key, object)| Ok((key.clone(), json::write(object, Dialect::Api)?)));
        entries.collect::<Result<Map<_, _>>>().map(Value::Object)
    })
}
