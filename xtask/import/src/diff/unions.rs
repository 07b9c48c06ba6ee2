//! Changes of unions.

use super::{Part, Recorder, Section, all_names};
use model::{Struct, Union};

pub(super) fn unions(recorder: &mut Recorder, item: &str, old: &Struct, new: &Struct) {
    let find = |item: &'_ Struct, by: &str| item.unions.iter().find(|union| union.discriminant == by).cloned();
    let names = |item: &Struct| -> Vec<String> { item.unions.iter().map(|union| union.discriminant.clone()).collect() };
    let (old_names, new_names) = (names(old), names(new));
    for by in all_names(old_names.iter(), new_names.iter()) {
        let what = format!("union by `{by}`");
        // Each union is a type of its own to programs.
        match (find(old, by), find(new, by)) {
            (Some(_), None) => recorder.add(Section::Removed, Part::Major, item, what),
            (None, Some(_)) => recorder.add(Section::Added, Part::Minor, item, what),
            (Some(old), Some(new)) => cases(recorder, item, &what, &old, &new),
            (None, None) => {}
        }
    }
    recorder.order(item, "unions", old_names.iter(), new_names.iter());
}

fn cases(recorder: &mut Recorder, item: &str, what: &str, old: &Union, new: &Union) {
    let values = |union: &Union| -> Vec<String> { union.cases.iter().map(|case| case.value.clone()).collect() };
    let (old_values, new_values) = (values(old), values(new));
    for value in all_names(old_values.iter(), new_values.iter()) {
        let members = |union: &Union| {
            let case = union.cases.iter().find(|case| case.value == *value)?;
            let shown = |(name, mandatory): &(String, bool)| format!("{name}{}", if *mandatory { " (mandatory)" } else { "" });
            Some(case.members.iter().map(shown).collect::<Vec<_>>().join(", "))
        };
        let case = format!("{what}: case `{value}`");
        match (members(old), members(new)) {
            (Some(_), None) => recorder.add(Section::Removed, Part::Major, item, case),
            (None, Some(_)) => recorder.add(Section::Added, Part::Minor, item, case),
            (Some(old), Some(new)) => recorder.value(Part::Major, item, &format!("{case}: members"), &old, &new),
            (None, None) => {}
        }
    }
    recorder.order(item, &format!("cases of {what}"), old_values.iter(), new_values.iter());
}
