use crate::core::table::Text;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// Identifier of a resource of one type: that of a library is not that of an item. The types have names in
/// [`ids`](super::ids).
///
/// ```
/// use virt_sdk::vsphere::ids::LibraryId;
///
/// let id = LibraryId::from("7d8b3a4c-6d9a-4f4b-8c3c-2b8f6d1f5e11");
/// assert_eq!(id.as_str(), "7d8b3a4c-6d9a-4f4b-8c3c-2b8f6d1f5e11");
/// ```
pub struct Id<R>(String, PhantomData<fn() -> R>);

impl<R> Id<R> {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<R> From<String> for Id<R> {
    fn from(text: String) -> Self {
        Self(text, PhantomData)
    }
}

impl<R> From<&str> for Id<R> {
    fn from(text: &str) -> Self {
        Self(text.to_owned(), PhantomData)
    }
}

impl<R> From<&String> for Id<R> {
    fn from(text: &String) -> Self {
        Self(text.clone(), PhantomData)
    }
}

impl<R> From<&Id<R>> for Id<R> {
    fn from(id: &Id<R>) -> Self {
        id.clone()
    }
}

impl<R> From<Id<R>> for String {
    fn from(id: Id<R>) -> Self {
        id.0
    }
}

impl<R: 'static> Text for Id<R> {
    fn from_text(text: &str) -> Self {
        text.into()
    }

    fn as_text(&self) -> &str {
        &self.0
    }
}

impl<R> Clone for Id<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<R> Default for Id<R> {
    /// The empty text, which identifies nothing.
    fn default() -> Self {
        Self(String::new(), PhantomData)
    }
}

impl<R> PartialEq for Id<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<R> Eq for Id<R> {}

impl<R> PartialOrd for Id<R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> Ord for Id<R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<R> Hash for Id<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<R> fmt::Debug for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R> fmt::Display for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<R> serde::Serialize for Id<R> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
