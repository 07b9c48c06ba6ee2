//! Values of objects: texts, nested objects and lists, addressed by dotted paths of member names.

use std::collections::BTreeMap;

/// Value of one member.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Text of a primitive or an enum, in the form it has on the wire.
    Text(String),
    /// Nested object, or a reference that carries only an id.
    Object(Object),
    /// List of one of the above.
    List(Vec<Value>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Text(flag.to_string())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Text(number.to_string())
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Value::Object(object)
    }
}

impl From<Vec<Object>> for Value {
    fn from(objects: Vec<Object>) -> Self {
        Value::List(objects.into_iter().map(Value::Object).collect())
    }
}

impl Value {
    /// The object, where it is one.
    pub(crate) fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The text, where it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Object of the API: values by member name. `id` is a member like the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object(BTreeMap<String, Value>);

impl Object {
    /// A reference: an object that carries only an id.
    pub(crate) fn reference(id: &str) -> Self {
        Object::default().with("id", id)
    }

    /// The object with one more value.
    pub(crate) fn with(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.set(path, value);
        self
    }

    /// The id; empty where there is none.
    pub(crate) fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// The value at a dotted path.
    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        match path.split_once('.') {
            None => self.0.get(path),
            Some((head, rest)) => self.0.get(head)?.as_object()?.get(rest),
        }
    }

    /// The text at a dotted path.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.as_text()
    }

    /// The object at a dotted path.
    pub(crate) fn object(&self, path: &str) -> Option<&Object> {
        self.get(path)?.as_object()
    }

    /// The objects of the list at a dotted path; none where there is no list.
    pub(crate) fn objects(&self, path: &str) -> impl Iterator<Item = &Object> {
        let items = match self.get(path) {
            Some(Value::List(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().filter_map(Value::as_object)
    }

    /// The whole number at a dotted path.
    pub(crate) fn number(&self, path: &str) -> Option<u64> {
        self.text(path)?.parse().ok()
    }

    /// Whether the flag at a dotted path is set.
    pub(crate) fn flag(&self, path: &str) -> bool {
        self.text(path) == Some("true")
    }

    /// Whether the value at a dotted path refers to an object of that id, or lists one that does.
    pub(crate) fn refers_to(&self, path: &str, id: &str) -> bool {
        match self.get(path) {
            Some(Value::Object(object)) => object.id() == id,
            Some(Value::List(_)) => self.objects(path).any(|object| object.id() == id),
            _ => false,
        }
    }

    /// Stores a value at a dotted path, making the objects on the way.
    pub(crate) fn set(&mut self, path: &str, value: impl Into<Value>) {
        let value = value.into();
        match path.split_once('.') {
            None => {
                self.0.insert(path.to_owned(), value);
            }
            Some((head, rest)) => {
                let mut inner = match self.0.remove(head) {
                    Some(Value::Object(object)) => object,
                    _ => Object::default(),
                };
                inner.set(rest, value);
                self.0.insert(head.to_owned(), Value::Object(inner));
            }
        }
    }

    /// Stores a value at a dotted path unless there is one.
    pub(crate) fn provide(&mut self, path: &str, value: impl Into<Value>) {
        if self.get(path).is_none() {
            self.set(path, value);
        }
    }

    /// Takes the value of a member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Keeps the members that a test accepts.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&String, &mut Value) -> bool) {
        self.0.retain(keep);
    }

    /// Members and their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Members and their values, to change them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Value)> {
        self.0.iter_mut()
    }

    /// Takes over the values of another object: nested objects are merged, unless they are
    /// references, which are replaced like everything else.
    pub(crate) fn merge(&mut self, other: Object) {
        for (name, value) in other.0 {
            match (self.0.get_mut(&name), value) {
                (Some(Value::Object(mine)), Value::Object(theirs)) if theirs.get("id").is_none() => mine.merge(theirs),
                (_, value) => {
                    self.0.insert(name, value);
                }
            }
        }
    }
}
