//! Values of parameters in the query of a request.

use super::record::Record;
use model::{Model, Place, Type};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Pairs of a query, and which of them were looked at.
pub(crate) struct Query<'a> {
    model: &'a Model,
    pairs: &'a [(String, String)],
    used: HashSet<String>,
}

impl<'a> Query<'a> {
    /// A query of which nothing was looked at.
    pub(crate) fn new(model: &'a Model, pairs: &'a [(String, String)]) -> Self {
        Query { model, pairs, used: HashSet::new() }
    }

    /// Marks a key as looked at.
    pub(crate) fn use_up(&mut self, key: &str) {
        self.used.insert(key.to_owned());
    }

    /// The value of a type under a key. The members of a struct stand there by themselves: after the key
    /// and a dot, or by their names where the key is empty. Lists repeat the key, or
    /// number it; lists of structs repeat the keys of their members.
    pub(crate) fn take(&mut self, ty: &Type, key: &str) -> Option<Value> {
        match ty {
            Type::Struct(name) => self.members(name, key),
            Type::List(item) | Type::Set(item) => self.list(item, key),
            _ => {
                let text = self.texts(key).into_iter().next()?;
                Some(scalar(ty, text))
            }
        }
    }

    /// A key that nobody looked at.
    pub(crate) fn left_over(&self) -> Option<String> {
        self.pairs.iter().map(|(key, _)| key).find(|key| !self.used.contains(*key)).cloned()
    }

    fn members(&mut self, name: &str, key: &str) -> Option<Value> {
        let model = self.model;
        let known = model.structs.get(name)?;
        let mut record = Record::new();
        for member in &known.members {
            let Place::Element { tag, .. } = &member.place else { continue };
            let key = if key.is_empty() { tag.clone() } else { format!("{key}.{tag}") };
            if let Some(value) = self.take(&member.ty, &key) {
                record.insert(tag.clone(), value);
            }
        }
        if record.is_empty() { None } else { Some(Value::Object(record)) }
    }

    fn list(&mut self, item: &Type, key: &str) -> Option<Value> {
        let repeated = self.texts(key);
        if !repeated.is_empty() {
            return Some(repeated.into_iter().map(|text| scalar(item, text)).collect());
        }
        let numbers: BTreeMap<u32, String> = self.pairs.iter().filter_map(|(written, _)| number(written, key)).collect();
        let mut items: Vec<Value> = numbers.into_values().filter_map(|key| self.take(item, &key)).collect();
        if let (Type::Struct(name), true) = (item, items.is_empty()) {
            items = self.columns(name, key);
        }
        if items.is_empty() { None } else { Some(Value::Array(items)) }
    }

    /// Structs whose members each repeat their key: the first of each make the first struct.
    fn columns(&mut self, name: &str, key: &str) -> Vec<Value> {
        let model = self.model;
        let mut items: Vec<Record> = Vec::new();
        for member in model.structs.get(name).into_iter().flat_map(|known| &known.members) {
            let Place::Element { tag, .. } = &member.place else { continue };
            for (index, text) in self.texts(&format!("{key}.{tag}")).into_iter().enumerate() {
                if items.len() <= index {
                    items.push(Record::new());
                }
                if let Some(item) = items.get_mut(index) {
                    item.insert(tag.clone(), scalar(&member.ty, text));
                }
            }
        }
        items.into_iter().map(Value::Object).collect()
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let found: Vec<String> = self.pairs.iter().filter(|(known, _)| known == key).map(|(_, text)| text.clone()).collect();
        if !found.is_empty() {
            self.use_up(key);
        }
        found
    }
}

/// The number after a key and a dot, and both together.
fn number(written: &str, key: &str) -> Option<(u32, String)> {
    let digits = written.strip_prefix(key)?.strip_prefix('.')?.split('.').next()?;
    let number = digits.parse().ok()?;
    Some((number, format!("{key}.{digits}")))
}

/// A text as JSON of a type; what does not fit stays a text, for the check to refuse.
fn scalar(ty: &Type, text: String) -> Value {
    let parsed = match ty {
        Type::Boolean => text.parse().ok().map(Value::Bool),
        Type::Integer => text.parse::<i64>().ok().map(Value::from),
        Type::Decimal => text.parse::<f64>().ok().map(Value::from),
        Type::Struct(_) | Type::Dynamic(_) | Type::Opaque => serde_json::from_str(&text).ok(),
        _ => None,
    };
    parsed.unwrap_or(Value::String(text))
}
