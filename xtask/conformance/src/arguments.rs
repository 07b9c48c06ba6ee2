//! Arguments of a call by name.

use crate::{fill, folder};
use serde_json::{Map, Value};
use virt_sdk::ovirt::Call;
use virt_sdk::table_access::Text;
use virt_sdk::{List, Record};

/// Arguments that a call takes one after the other. What is wrong with them is told by
/// [`finish`](Self::finish), after the call was made and before it is sent.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    values: Map<String, Value>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    problems: Vec<String>,
}

impl Arguments {
    /// Arguments by their name on the wire.
    pub(crate) fn new(values: Map<String, Value>) -> Self {
        Self { values, ..Self::default() }
    }

    /// Adds an argument.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Adds a header for this call alone.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Adds a query parameter for this call alone.
    pub(crate) fn query(&mut self, name: &str, value: &str) {
        self.query.push((name.to_owned(), value.to_owned()));
    }

    /// Sets headers and query parameters that are not arguments.
    pub(crate) fn prepare(&mut self, call: &mut Call) {
        for (name, value) in self.headers.drain(..) {
            call.set_header(&name, value);
        }
        for (name, value) in self.query.drain(..) {
            call.set_query(&name, value);
        }
    }

    /// A truth value.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.take(name, Value::as_bool)
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, name: &str) -> Option<i64> {
        self.take(name, Value::as_i64)
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, |value| value.as_str().map(str::to_owned))
    }

    /// A value of an enum.
    pub(crate) fn enumeration<E: Text>(&mut self, name: &str) -> Option<E> {
        self.take(name, |value| fill::enumeration(value).map(E::from_text))
    }

    /// An object.
    pub(crate) fn object<T: Record + Default>(&mut self, name: &str) -> Option<T> {
        let value = self.values.remove(name)?;
        let mut object = T::default();
        self.note(name, fill::record(&value, &mut object));
        Some(object)
    }

    /// A list of objects.
    pub(crate) fn objects<T: Record + Clone + Default>(&mut self, name: &str) -> Option<List<T>> {
        let value = self.values.remove(name)?;
        let mut list = Some(List::new());
        self.note(name, fill::list(&value, &mut list));
        list
    }

    fn take<T>(&mut self, name: &str, convert: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.values.remove(name)?;
        let converted = convert(&value);
        if converted.is_none() {
            self.problems.push(format!("the argument `{name}` cannot be `{}`", folder::excerpt(&value)));
        }
        converted
    }

    fn note(&mut self, name: &str, result: Result<(), String>) {
        self.problems.extend(result.err().map(|error| format!("the argument `{name}`: {error}")));
    }

    /// Fails when an argument was not of its type, or was not taken.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        self.problems.extend(self.values.keys().map(|name| format!("the method takes no argument `{name}`")));
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems.join("; ")) }
    }
}
