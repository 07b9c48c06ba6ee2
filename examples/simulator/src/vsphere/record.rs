//! Reading members of JSON objects by name.

use serde_json::{Map, Value};

/// Object with named members, as the handlers of operations see it.
pub(crate) type Record = Map<String, Value>;

/// Members of a [`Record`], by their type. What is absent, null or of another type is none.
pub(crate) trait Members {
    /// A text, identifier, enum value or time.
    fn text(&self, name: &str) -> Option<&str>;
    /// A truth value.
    fn flag(&self, name: &str) -> Option<bool>;
    /// A whole number.
    fn number(&self, name: &str) -> Option<i64>;
    /// A structure or map.
    fn record(&self, name: &str) -> Option<&Record>;
    /// A list or set.
    fn list(&self, name: &str) -> Option<&[Value]>;
}

impl Members for Record {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    fn record(&self, name: &str) -> Option<&Record> {
        self.get(name).and_then(Value::as_object)
    }

    fn list(&self, name: &str) -> Option<&[Value]> {
        self.get(name).and_then(Value::as_array).map(Vec::as_slice)
    }
}

/// A JSON object without the members that are null, which on the wire are absent.
pub(crate) fn present(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect::<Record>().into(),
        other => other,
    }
}

/// A length or size as JSON numbers of the API hold it.
pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
