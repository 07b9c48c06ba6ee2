//! Parameters of a request: its query, its matrix parameters, and the headers that count as such.

use std::collections::BTreeMap;

/// Parameters by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options(BTreeMap<String, String>);

impl Options {
    /// Reads a query, then the matrix parameters of the last path segment; the query wins.
    pub(crate) fn read(query: &str, matrix: &str) -> Self {
        Options::form(query, &matrix.replace(';', "&"))
    }

    /// Reads a query, then a form; the query wins.
    pub(crate) fn form(query: &str, form: &str) -> Self {
        let mut found = BTreeMap::new();
        for source in [query, form] {
            for (name, value) in form_urlencoded::parse(source.as_bytes()) {
                found.entry(name.into_owned()).or_insert_with(|| value.into_owned());
            }
        }
        Options(found)
    }

    /// The text of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A flag; a text that is no truth value counts as absent.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name)?.to_ascii_lowercase().as_str() {
            "" | "t" | "true" | "y" | "yes" | "1" => Some(true),
            "f" | "false" | "n" | "no" | "0" => Some(false),
            _ => None,
        }
    }

    /// A whole number; a text that is none counts as absent.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }
}
