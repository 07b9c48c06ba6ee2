//! Arguments of recorded calls, typed.

use super::plain;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use virt_sdk::Record;
use virt_sdk::table_access::{Text, json};

/// Arguments by name. What is asked for and not there is made up where `made_up` says so.
pub(crate) struct Arguments<'a> {
    values: &'a Map<String, Value>,
    made_up: bool,
    used: BTreeSet<String>,
    problems: Vec<String>,
}

impl<'a> Arguments<'a> {
    pub(crate) fn new(values: &'a Map<String, Value>) -> Self {
        Self { values, made_up: false, used: BTreeSet::new(), problems: Vec::new() }
    }

    /// Some value for whatever is asked for.
    pub(crate) fn made_up(none: &'a Map<String, Value>) -> Self {
        Self { made_up: true, ..Self::new(none) }
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.get(name, Value::Bool(true), Value::as_bool)
    }

    pub(crate) fn integer(&mut self, name: &str) -> Option<i64> {
        self.get(name, Value::from(1), Value::as_i64)
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.get(name, Value::from("x"), |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn enumeration<E: Text>(&mut self, name: &str) -> Option<E> {
        self.text(name).map(|text| E::from_text(&text))
    }

    pub(crate) fn object<T: Record + Default>(&mut self, name: &str) -> Option<T> {
        let value = self.get(name, Value::Object(Map::new()), |value| Some(plain(value)))?;
        self.filled(name, &value)
    }

    pub(crate) fn objects<T: Record + Default>(&mut self, name: &str) -> Option<Vec<T>> {
        let values = self.get(name, Value::Array(Vec::new()), |value| value.as_array().cloned())?;
        values.iter().map(|value| self.filled(name, &plain(value))).collect()
    }

    /// That all arguments were used, and none was wrong.
    pub(crate) fn finish(self) -> Result<(), String> {
        let left = self.values.iter().filter(|(name, value)| !value.is_null() && !self.used.contains(*name));
        let mut problems = self.problems;
        problems.extend(left.map(|(name, _)| format!("the operation takes no argument `{name}`")));
        if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
    }

    fn get<T>(&mut self, name: &str, otherwise: Value, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = match self.values.get(name).filter(|value| !value.is_null()) {
            Some(value) => value,
            None if self.made_up => return read(&otherwise),
            None => return None,
        };
        self.used.insert(name.to_owned());
        let read = read(value);
        if read.is_none() {
            self.problems.push(format!("the argument `{name}` is of another type"));
        }
        read
    }

    fn filled<T: Record + Default>(&mut self, name: &str, value: &Value) -> Option<T> {
        let mut object = T::default();
        match json::read(value, &mut object) {
            Ok(()) => Some(object),
            Err(error) => {
                self.problems.push(format!("the argument `{name}`: {error}"));
                None
            }
        }
    }
}
