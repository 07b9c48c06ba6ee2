//! What changed between two models, and which part of the version it raises.

mod errors;
mod markdown;
mod routes;
mod services;
mod types;
mod unions;

use model::{Model, Notes};

/// Part of a version that a change raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Programs cannot tell: descriptions, versions, order.
    Patch,
    /// Programs still build and do the same: additions and deprecations.
    Minor,
    /// Programs may no longer build, or do something else.
    Major,
}

/// Kind of a change, in the order in which they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// It is gone.
    Removed,
    /// It is not as it was.
    Changed,
    /// It is deprecated now.
    Deprecated,
    /// It was not there.
    Added,
    /// Its description changed.
    Described,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Kind of the change.
    pub section: Section,
    /// Part of the version that it raises.
    pub part: Part,
    /// Type or service that it is in, such as ``struct `vm` ``.
    pub item: String,
    /// What of it, and how; empty for the whole of it.
    pub what: String,
}

/// All changes between two models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// Name and version of the older model.
    pub old: String,
    /// Name and version of the newer model.
    pub new: String,
    /// Changes, types before services, each by name.
    pub changes: Vec<Change>,
}

impl Diff {
    /// The part of the version that the changes raise; `None` if there are none.
    pub fn part(&self) -> Option<Part> {
        self.changes.iter().map(|change| change.part).max()
    }
}

/// Compares two models. What an heir has from its base is told of the base alone.
pub fn compare(old: &Model, new: &Model) -> Diff {
    let mut recorder = Recorder::default();
    let model = "model";
    recorder.value(Part::Major, model, "name", &old.name, &new.name);
    recorder.value(Part::Patch, model, "version", &old.version, &new.version);
    recorder.value(Part::Major, model, "root service", &old.root, &new.root);
    let namespace = |model: &Model| model.namespace.clone().unwrap_or_default();
    recorder.value(Part::Major, model, "namespace", &namespace(old), &namespace(new));
    if old.doc != new.doc {
        recorder.add(Section::Described, Part::Patch, model, "");
    }
    types::enums(&mut recorder, old, new);
    types::structs(&mut recorder, old, new);
    errors::errors(&mut recorder, old, new);
    services::services(&mut recorder, old, new);
    let name = |model: &Model| format!("{} {}", model.name, model.version);
    Diff { old: name(old), new: name(new), changes: recorder.changes }
}

#[derive(Default)]
struct Recorder {
    changes: Vec<Change>,
}

impl Recorder {
    fn add(&mut self, section: Section, part: Part, item: &str, what: impl Into<String>) {
        self.changes.push(Change { section, part, item: item.to_owned(), what: what.into() });
    }

    /// A value that differs, such as a type.
    fn value(&mut self, part: Part, item: &str, what: &str, old: &str, new: &str) {
        if old != new {
            let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { format!("`{text}`") };
            self.add(Section::Changed, part, item, format!("{what} is {}, was {}", shown(new), shown(old)));
        }
    }

    /// A mark that is set or not.
    fn flag(&mut self, part: Part, item: &str, what: &str, old: bool, new: bool) {
        if old != new {
            self.add(Section::Changed, part, item, format!("{what} {}", if new { "from now on" } else { "no longer" }));
        }
    }

    /// Description and versions of the item, or of `what` in it.
    fn notes(&mut self, item: &str, what: &str, old: &Notes, new: &Notes) {
        let space = if what.is_empty() { "" } else { " " };
        let text = |notes: &Notes| notes.deprecated.as_ref().map(|d| d.since.clone().unwrap_or_else(|| "true".to_owned()));
        match (text(old), text(new)) {
            (None, Some(since)) if since == "true" => self.add(Section::Deprecated, Part::Minor, item, what),
            (None, Some(since)) => self.add(Section::Deprecated, Part::Minor, item, format!("{what}{space}since {since}")),
            (Some(_), None) => {
                self.add(Section::Changed, Part::Patch, item, format!("{what}{space}is no longer deprecated"));
            }
            (old, new) => {
                let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
                self.value(Part::Patch, item, &format!("{what}{space}deprecation"), &old, &new);
            }
        }
        let since = |notes: &Notes| notes.since.clone().unwrap_or_default();
        self.value(Part::Patch, item, &format!("{what}{space}`since`"), &since(old), &since(new));
        let removed = |notes: &Notes| notes.removed.clone().unwrap_or_default();
        self.value(Part::Patch, item, &format!("{what}{space}`removed`"), &removed(old), &removed(new));
        if old.doc != new.doc {
            self.add(Section::Described, Part::Patch, item, what);
        }
    }

    /// The order of what both have.
    fn order<'n>(
        &mut self,
        item: &str,
        what: &str,
        old: impl Iterator<Item = &'n String> + Clone,
        new: impl Iterator<Item = &'n String> + Clone,
    ) {
        let both: Vec<&String> = old.clone().filter(|name| new.clone().any(|other| other == *name)).collect();
        if !new.filter(|name| both.contains(name)).eq(both.iter().copied()) {
            self.add(Section::Changed, Part::Patch, item, format!("order of {what}"));
        }
    }
}

/// Names of either, each once.
fn all_names<'n>(old: impl Iterator<Item = &'n String>, new: impl Iterator<Item = &'n String>) -> Vec<&'n String> {
    let mut names: Vec<&String> = old.collect();
    for name in new {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
