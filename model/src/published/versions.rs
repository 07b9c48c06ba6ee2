//! Versions of items: `since` and `deprecated`.

use super::{Annotation, Description, Remarks};
use crate::fault::Fault;
use crate::ir::{Deprecated, Notes};
use std::cmp::Ordering;

/// Whether a text is a version such as `4.2.1`, and nothing else.
pub fn is_version(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

/// The version that a text starts with.
pub fn leading_version(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.get(..end).map(|version| version.trim_end_matches('.')).filter(|version| is_version(version))
}

/// Orders versions by their numbers.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let numbers = |text: &str| text.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect::<Vec<u64>>();
    numbers(a).cmp(&numbers(b))
}

/// The versions of an item, with `doc` as its description.
pub(super) fn notes(remarks: &Remarks, doc: String, description: &Description, faults: &mut Vec<Fault>) -> Notes {
    let mut single = |name: &str| -> Option<Annotation> {
        let mut all = remarks.named(name);
        let first = all.next()?;
        if let Some(second) = all.next() {
            let message = format!("a second `{name}` of one item, which can have one; correct it in the fixups of the import");
            faults.push(description.fault(second.name.at, message));
        }
        Some(first.clone())
    };
    let (since, deprecated) = (single("since"), single("deprecated"));
    let mut version = |annotation: &Annotation| match annotation.values.as_slice() {
        [value] if is_version(value.trim()) => Some(value.trim().to_owned()),
        values => {
            let message = format!(
                "`{}` has the value `{}`; it must be one version such as `4.2.1`: correct it in the fixups of the import",
                annotation.name.text,
                values.join("`, `")
            );
            faults.push(description.fault(annotation.name.at, message));
            None
        }
    };
    let since = since.and_then(|annotation| version(&annotation));
    let deprecated =
        deprecated.map(|annotation| Deprecated { since: if annotation.values.is_empty() { None } else { version(&annotation) } });
    Notes { doc, since, deprecated, removed: None }
}

/// Text of the source on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_prose() {
        assert_eq!(leading_version("4.5.1 Some text."), Some("4.5.1"));
        assert_eq!(leading_version(" 4.2. Then"), Some("4.2"));
        assert_eq!(leading_version("10 Apr"), Some("10"));
        assert_eq!(leading_version("in 4.2"), None);
        assert_eq!(leading_version(""), None);
        assert!(!is_version("4..2") && !is_version("") && is_version("4"));
        assert_eq!(compare("4.10", "4.9.1"), Ordering::Greater);
        assert_eq!(compare("4.2", "4.2.0"), Ordering::Less);
    }
}
