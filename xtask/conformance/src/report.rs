//! What came of all records.

use crate::Part;
use crate::compare::{Check, Difference};
use crate::differences::{Differences, OnPurpose, matches, resembles};
use similar::{ChangeTag, TextDiff};
use std::fmt;

/// What came of all records: a table, and everything that differs without being listed.
#[derive(Debug)]
pub struct Report {
    rows: Vec<Row>,
    unexplained: Vec<(String, Vec<Difference>)>,
    /// Entries of the list that no longer hold.
    stale: Vec<String>,
}

/// Line of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    part: Part,
    records: usize,
    equal: usize,
    on_purpose: usize,
    not_applicable: usize,
    differing: usize,
}

impl Report {
    /// Judges the differences that were found by the list of those on purpose.
    pub(crate) fn new(checks: Vec<Check>, list: &Differences) -> Self {
        let stale = stale(&checks, list);
        let rows = Part::ALL.map(|part| Row { part, records: 0, equal: 0, on_purpose: 0, not_applicable: 0, differing: 0 });
        let mut report = Self { rows: rows.into(), unexplained: Vec::new(), stale };
        for check in checks {
            let Some(row) = report.rows.iter_mut().find(|row| check.id.starts_with(&format!("{}/", row.part.name()))) else {
                continue;
            };
            row.records += 1;
            if check.not_applicable {
                row.not_applicable += 1;
            } else if check.differences.is_empty() {
                row.equal += 1;
            } else {
                let entries: Vec<&OnPurpose> = entries(list, &check.id).collect();
                let unexplained: Vec<Difference> =
                    check.differences.into_iter().filter(|difference| !explained(&entries, difference)).collect();
                if unexplained.is_empty() {
                    row.on_purpose += 1;
                } else {
                    row.differing += 1;
                    report.unexplained.push((check.id, unexplained));
                }
            }
        }
        report
    }

    /// Whether everything is as recorded, or differs as listed.
    pub fn is_success(&self) -> bool {
        self.unexplained.is_empty() && self.stale.is_empty()
    }

    /// How many records of a part there were, whatever came of them.
    pub fn records(&self, part: Part) -> usize {
        self.rows.iter().filter(|row| row.part == part).map(|row| row.records).sum()
    }
}

fn entries<'a>(list: &'a Differences, id: &str) -> impl Iterator<Item = &'a OnPurpose> {
    list.on_purpose.iter().filter(move |entry| entry.cases.iter().any(|pattern| matches(pattern, id)))
}

fn explained(entries: &[&OnPurpose], difference: &Difference) -> bool {
    let resembles = |pattern: Option<&String>, text: &str| pattern.map(|pattern| resembles(pattern, text));
    entries.iter().any(|entry| {
        resembles(entry.ours.get(&difference.aspect), &difference.ours) == Some(true)
            && resembles(entry.recorded.get(&difference.aspect), &difference.recorded) != Some(false)
    })
}

/// What the list says that is not so. A record that is named must differ in each of the aspects; of those that a
/// pattern stands for, one must differ. What stands for no record here may stand for one in another folder.
fn stale(checks: &[Check], list: &Differences) -> Vec<String> {
    let mut stale = Vec::new();
    for entry in &list.on_purpose {
        for case in &entry.cases {
            let run: Vec<&Check> = checks.iter().filter(|check| !check.not_applicable && matches(case, &check.id)).collect();
            let differences = || run.iter().flat_map(|check| &check.differences);
            if run.is_empty() || case.contains('*') && differences().next().is_some() {
                continue;
            }
            for aspect in entry.ours.keys() {
                if !differences().any(|difference| difference.aspect == *aspect) {
                    stale.push(format!("{case}: `{aspect}` no longer differs; remove it from the list ({})", entry.reason));
                }
            }
        }
    }
    stale
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, differences) in &self.unexplained {
            writeln!(f, "{id}")?;
            for Difference { aspect, recorded, ours } in differences {
                writeln!(f, "  {aspect} (- recorded, + SDK)")?;
                write_diff(f, recorded, ours)?;
            }
            writeln!(f)?;
        }
        for entry in &self.stale {
            writeln!(f, "{entry}\n")?;
        }
        writeln!(f, "{:<20}{:>8}{:>8}{:>12}{:>16}{:>11}", "", "records", "equal", "on purpose", "not applicable", "differing")?;
        for row in &self.rows {
            let Row { part, records, equal, on_purpose, not_applicable, differing } = row;
            writeln!(f, "{:<20}{records:>8}{equal:>8}{on_purpose:>12}{not_applicable:>16}{differing:>11}", part.name())?;
        }
        Ok(())
    }
}

/// The lines that changed, with two around them.
fn write_diff(f: &mut fmt::Formatter<'_>, recorded: &str, ours: &str) -> fmt::Result {
    let diff = TextDiff::from_lines(recorded, ours);
    for (index, group) in diff.grouped_ops(2).iter().enumerate() {
        if index > 0 {
            writeln!(f, "    …")?;
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            writeln!(f, "    {sign} {}", change.value().trim_end_matches('\n'))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Differences {
        toml::from_str(text).expect("a list")
    }

    fn differing(id: &str, aspect: &str, ours: &str) -> Check {
        Check::run(id.to_owned(), vec![Difference::new(aspect, "recorded", ours)])
    }

    const LIST: &str = "[[difference]]\ncases = [\"cases/a*\"]\nreason = \"r\"\nours.value = \"x*\"\n";

    #[test]
    fn what_is_listed_is_on_purpose() {
        let report = Report::new(vec![differing("cases/a1", "value", "xyz")], &list(LIST));
        assert!(report.is_success(), "{report}");
        assert_eq!(report.records(Part::Cases), 1);
    }

    #[test]
    fn what_is_not_listed_fails() {
        for check in
            [differing("cases/b", "value", "xyz"), differing("cases/a1", "value", "yz"), differing("cases/a1", "code", "xyz")]
        {
            let report = Report::new(vec![check], &list(LIST));
            assert!(!report.is_success());
            let text = report.to_string();
            assert!(text.contains("- recorded") && text.contains("+ "), "{text}");
        }
    }

    #[test]
    fn what_is_listed_and_equal_fails() {
        let report = Report::new(vec![Check::run("cases/a1".to_owned(), Vec::new())], &list(LIST));
        assert!(!report.is_success());
        assert!(report.to_string().contains("no longer differs"), "{report}");
    }

    #[test]
    fn what_was_recorded_can_matter() {
        for (recorded, success) in [("rec*", true), ("other", false)] {
            let list = list(&format!("{LIST}recorded.value = \"{recorded}\"\n"));
            assert_eq!(Report::new(vec![differing("cases/a1", "value", "xyz")], &list).is_success(), success);
        }
    }

    #[test]
    fn a_record_that_is_named_must_differ_in_all_that_is_listed() {
        let list = list(&LIST.replace("a*", "a1").replace("ours.value = \"x*\"", "ours = { value = \"x*\", code = \"1\" }"));
        let report = Report::new(vec![differing("cases/a1", "value", "xyz")], &list);
        assert!(!report.is_success());
        assert!(report.to_string().contains("`code` no longer differs"), "{report}");
    }

    #[test]
    fn what_is_listed_and_not_there_is_fine() {
        let report = Report::new(vec![Check::run("cases/b".to_owned(), Vec::new())], &list(LIST));
        assert!(report.is_success());
    }
}
