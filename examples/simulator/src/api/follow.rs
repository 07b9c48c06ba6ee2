//! The `follow` parameter: dotted paths of links to inline.

use std::collections::BTreeMap;

/// Links to inline, and for each the links to inline in what it leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Follow(BTreeMap<String, Follow>);

impl Follow {
    /// Reads a comma-separated list of dotted paths.
    pub(crate) fn read(text: &str) -> Self {
        let mut top = Follow::default();
        for path in text.split(',').map(str::trim).filter(|path| !path.is_empty()) {
            let mut level = &mut top;
            for name in path.split('.') {
                level = level.0.entry(plain(name)).or_default();
            }
        }
        top
    }

    /// What to inline in what a link leads to; nothing where the link is not followed.
    pub(crate) fn below(&self, name: &str) -> Option<&Follow> {
        self.0.get(&plain(name))
    }

    /// Names of the links to follow, without underscores.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Name as it is compared: in lower case, without underscores.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}
