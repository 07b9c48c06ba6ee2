use std::fmt;

/// One file of a model.
#[derive(Clone, Debug)]
pub struct Document {
    /// Path as it shall appear in messages.
    pub path: String,
    /// Content.
    pub text: String,
}

/// Something wrong in a [`Document`], with what would be right.
///
/// Displays as `file:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Path of the document.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Fault {
    /// A fault at a byte offset of a document.
    pub(crate) fn at(document: &Document, offset: usize, message: impl Into<String>) -> Self {
        let before = document.text.get(..offset).unwrap_or(&document.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            path: document.path.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)
    }
}

impl std::error::Error for Fault {}
