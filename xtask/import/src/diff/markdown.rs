//! Changes as Markdown, for the changelog.

use super::{Change, Diff, Part, Section};
use std::fmt::Write;

const SECTIONS: &[(Section, &str)] = &[
    (Section::Removed, "Removed"),
    (Section::Changed, "Changed"),
    (Section::Deprecated, "Deprecated"),
    (Section::Added, "Added"),
    (Section::Described, "Described anew"),
];

impl Diff {
    /// The changes as Markdown: the part of the version with the reason, then a section for each kind.
    pub fn markdown(&self) -> String {
        let mut out = format!("## {} → {}\n\n", self.old, self.new);
        let Some(part) = self.part() else { return out + "Nothing changed.\n" };
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "This raises the **{}** version: {}.", name(part), self.reason(part));
        for (section, title) in SECTIONS {
            let mut changes = self.changes.iter().filter(|change| change.section == *section).peekable();
            if changes.peek().is_some() {
                let _ = writeln!(out, "\n### {title}\n");
            }
            while let Some(change) = changes.next() {
                let mut whats = vec![change.what.as_str()];
                while let Some(next) = changes.next_if(|next| next.item == change.item) {
                    whats.push(&next.what);
                }
                let _ = writeln!(out, "- {}", lines(&change.item, &whats));
            }
        }
        out
    }

    /// The first change that raises that part, and how many more there are.
    fn reason(&self, part: Part) -> String {
        let mut changes = self.changes.iter().filter(|change| change.part == part);
        let first = changes.next().map(sentence).unwrap_or_default();
        match changes.count() {
            0 => first,
            more => format!("{first}, and {more} more"),
        }
    }
}

fn sentence(change: &Change) -> String {
    let verb = SECTIONS.iter().find(|(section, _)| *section == change.section).map_or("", |(_, title)| title).to_lowercase();
    format!("{verb}: {}", lines(&change.item, &[&change.what]))
}

/// An item with what changed of it: on its line if that is one thing, else below.
fn lines(item: &str, whats: &[&str]) -> String {
    match whats {
        [] | [""] => item.to_owned(),
        [what] => format!("{item}: {what}"),
        _ => whats.iter().fold(item.to_owned(), |mut text, what| {
            let _ = write!(text, "\n  - {}", if what.is_empty() { "itself" } else { what });
            text
        }),
    }
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Patch => "patch",
        Part::Minor => "minor",
        Part::Major => "major",
    }
}
