//! What differs on purpose, and what the SDK does not have.

use crate::folder::read;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The list in `differences.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Differences {
    /// What differs on purpose.
    #[serde(default, rename = "difference")]
    pub(crate) on_purpose: Vec<OnPurpose>,
    /// What is not run.
    #[serde(default)]
    not_applicable: Vec<NotApplicable>,
}

/// Records that differ on purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnPurpose {
    /// Their names; `*` stands for any characters.
    pub(crate) cases: Vec<String>,
    /// Why.
    pub(crate) reason: String,
    /// What differs, and what the SDK does instead; `*` stands for any characters.
    pub(crate) ours: BTreeMap<String, String>,
    /// What was recorded, where that matters.
    #[serde(default)]
    pub(crate) recorded: BTreeMap<String, String>,
}

/// Records that are not run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotApplicable {
    /// Their names; `*` stands for any characters.
    cases: Vec<String>,
    /// Why.
    reason: String,
}

impl Differences {
    /// Reads the list.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let list: Self = toml::from_str(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))?;
        let reasons = list.on_purpose.iter().map(|entry| &entry.reason);
        let mut reasons = reasons.chain(list.not_applicable.iter().map(|entry| &entry.reason));
        match reasons.any(|reason| reason.trim().is_empty()) {
            true => Err(format!("{}: an entry gives no reason", path.display())),
            false => Ok(list),
        }
    }

    /// Whether a record is not run.
    pub(crate) fn is_not_applicable(&self, id: &str) -> bool {
        self.not_applicable.iter().any(|entry| entry.cases.iter().any(|pattern| matches(pattern, id)))
    }
}

/// Whether a text is as a pattern wants it; white space counts as one blank.
pub(crate) fn resembles(pattern: &str, text: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    matches(&plain(pattern), &plain(text))
}

/// Whether a text is as a pattern wants it; `*` stands for any characters, also none.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text) in [("a", "a"), ("a*", "a"), ("a*c", "abc"), ("*", ""), ("a*b*c", "a1b2c"), ("*c", "abcc")] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*c", "ab"), ("", "a"), ("a*a", "a"), ("*b*", "ac")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        assert!(resembles("<a>\n  <b/>", "<a> <b/>\n"));
    }
}
