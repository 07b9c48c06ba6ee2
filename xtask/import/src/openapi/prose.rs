//! What published descriptions say in sentences that always read the same.

use model::{Deprecated, Use};

/// A description on one line, which is how everything here takes it.
pub(super) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands between two texts, for each time that the first one stands there.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<(usize, &'t str)> {
    let starts = text.match_indices(start).map(|(at, found)| (at, at + found.len()));
    starts.filter_map(|(at, from)| text.get(from..)?.split_once(end).map(|(inner, _)| (at, inner))).collect()
}

/// Whether the word before a place is one of these.
fn follows(text: &str, at: usize, nouns: &[&str]) -> bool {
    let before = text.get(..at).unwrap_or_default().trim_end();
    before.rsplit(' ').next().is_some_and(|word| nouns.contains(&word))
}

const VERSION: &str = "__vSphere API ";

/// The version that added one of these: "This operation was added in __vSphere API 9.0.0.0__."
pub(super) fn added<'t>(text: &'t str, nouns: &[&str]) -> Option<&'t str> {
    let all = between(text, &format!(" was added in {VERSION}"), "__");
    all.into_iter().find(|(at, _)| follows(text, *at, nouns)).map(|(_, version)| version)
}

/// Whether, and since when, one of these is deprecated: "This property is deprecated as of __vSphere API 8.0__
/// and removed in __vSphere API 9.0__." With the version that removed it.
pub(super) fn deprecated<'t>(text: &'t str, nouns: &[&str]) -> (Option<Deprecated>, Option<&'t str>) {
    let start = format!(" is deprecated as of {VERSION}");
    let Some((at, version)) = between(text, &start, "__").into_iter().find(|(at, _)| follows(text, *at, nouns)) else {
        return (None, None);
    };
    let rest = text.get(at + start.len() + version.len() + "__".len()..).unwrap_or_default();
    let removed = rest.strip_prefix(" and removed in ").and_then(|rest| rest.strip_prefix(VERSION)?.split_once("__"));
    (Some(Deprecated { since: Some(version.to_owned()) }), removed.map(|(version, _)| version))
}

/// What of a value is an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The value itself, or its items.
    Item,
    /// The keys of a map.
    Key,
    /// The values of a map.
    Value,
}

/// Types of the resources that a value identifies: "The parameter must be an identifier for the resource
/// type: `com.vmware.content.Library`."
pub(super) fn resources(text: &str) -> Vec<(Part, &str)> {
    let sentence = |at: usize| text.get(..at).unwrap_or_default().rsplit(". ").next().unwrap_or_default().to_lowercase();
    let part = |at: usize| match sentence(at) {
        sentence if sentence.contains("the key in the") => Part::Key,
        sentence if sentence.contains("the value in the") => Part::Value,
        _ => Part::Item,
    };
    let all = between(text, " for the resource type: `", "`");
    all.into_iter().map(|(at, resource)| (part(at), resource)).collect()
}

/// The enum whose values a text may be: "For more information see: *Cis.Task.Status*."
pub(super) fn enumeration(text: &str) -> Option<&str> {
    between(text, "For more information see: *", "*").first().map(|(_, name)| *name)
}

/// Names between asterisks, separated by commas and `or`.
fn starred(mut text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    while let Some((name, rest)) = text.strip_prefix('*').and_then(|rest| rest.split_once('*')) {
        names.push(name);
        text = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        text = text.strip_prefix("or ").unwrap_or(text);
    }
    names
}

fn last(name: &str) -> &str {
    name.rsplit(['.', '#']).next().unwrap_or(name)
}

/// The member, and its values, with which alone another one is there: "it is only relevant when the value of
/// type is one of *A.Type.X* or *A.Type.Y*."
pub(super) fn relevance(text: &str) -> Option<(String, Vec<String>)> {
    let (_, rest) = text.split_once("only relevant when the value of ")?;
    let (by, rest) = rest.split_once(" is ")?;
    let values = starred(rest.strip_prefix("one of ").unwrap_or(rest));
    let by = last(by.trim_matches('*')).to_owned();
    (!values.is_empty() && !by.contains(' ')).then(|| (by, values.into_iter().map(|value| last(value).to_owned()).collect()))
}

const USES: &[(&str, Use)] = &[
    ("must be provided for the ", Use::Required),
    ("is optional for the ", Use::Optional),
    ("is optional in the ", Use::Optional),
    ("is not used for the ", Use::Unused),
    ("will always be present in the ", Use::Present),
];

/// What a member means to which operation: "It is optional for the `create` and `update` operations."
pub(super) fn uses(text: &str) -> Vec<(String, Use)> {
    let mut found: Vec<(usize, &str, Use)> = Vec::new();
    for (phrase, used) in USES {
        for (at, operations) in between(text, phrase, " operation") {
            // Only if this is about the very next operations.
            let names = operations.split('`').skip(1).step_by(2);
            let plain = operations.split('`').step_by(2).all(|words| !words.contains(['.', ',', ';']));
            found.extend(names.filter(|_| plain).map(|name| (at, name, *used)));
        }
    }
    found.sort_by_key(|(at, ..)| *at);
    let mut uses: Vec<(String, Use)> = Vec::new();
    for (_, operation, used) in found {
        uses.retain(|(other, _)| other != operation);
        uses.push((operation.to_owned(), used));
    }
    uses
}

/// Errors that one answer may stand for: "***Vapi.Std.Errors.NotFound*** if …"
pub(super) fn errors(text: &str) -> Vec<&str> {
    // What is no name stands between the end of one and the start of the next.
    text.split("***").skip(1).step_by(2).collect()
}

/// A privilege, and the parameter or member that tells the resource on which one must have it.
pub(super) type Privilege<'t> = (&'t str, Option<String>);

/// What one must be allowed to: "Operation execution requires `System.Read`.", "The resource `X` referenced by the
/// parameter y requires `Z`."
pub(super) fn privileges(text: &str) -> Vec<Privilege<'_>> {
    let mut privileges = Vec::new();
    let Some((_, text)) = text.split_once("Returns an authorization error") else { return privileges };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(" requires `") {
        let on = ["referenced by the parameter ", "referenced by the property "];
        let on = on.iter().find_map(|start| before.rsplit_once(start)).map(|(_, on)| on.trim_matches('*').replace('#', "."));
        rest = after;
        while let Some((name, after)) = rest.split_once('`') {
            privileges.push((name, on.clone()));
            rest = after;
            let next = after.strip_prefix(',').unwrap_or(after).trim_start();
            match next.strip_prefix("and ").unwrap_or(next).strip_prefix('`') {
                Some(next) => rest = next,
                None => break,
            }
        }
    }
    privileges
}

/// For each value of an enum, what is said of it: "- `SHA256`: … This constant was added in …"
pub(super) fn of_value<'t>(text: &'t str, value: &str) -> &'t str {
    let Some((_, rest)) = text.split_once(&format!("- `{value}`:")) else { return "" };
    rest.split_once(" - `").map_or(rest, |(own, _)| own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_thing_meant() {
        let text = "A state. - `ON`: On. This constant was added in __vSphere API 7.0__. This enumeration was added in \
                    __vSphere API 6.7.2__. This enumeration is deprecated as of __vSphere API 8.0__ and removed in __vSphere API 9.0__. Bye.";
        assert_eq!((added(text, &["enumeration"]), added(text, &["constant"])), (Some("6.7.2"), Some("7.0")));
        assert_eq!(added(text, &["schema"]), None);
        let since = Deprecated { since: Some("8.0".to_owned()) };
        assert_eq!(deprecated(text, &["enumeration"]), (Some(since), Some("9.0")));
        assert_eq!(deprecated(text, &["constant"]), (None, None));
        assert_eq!(added(of_value("- `OFF`: Off. - `ON`: On.", "OFF"), &["constant"]), None);
        assert_eq!(added(of_value(text, "ON"), &["constant"]), Some("7.0"));
    }

    #[test]
    fn resources_are_those_of_items_keys_or_values() {
        let both = "Shares. The key in the property map must be an identifier for the resource type: `com.vmware.A`. The value in the \
                    property map must be an identifier for the resource type: `B`.";
        assert_eq!(resources(both), [(Part::Key, "com.vmware.A"), (Part::Value, "B")]);
        assert_eq!(resources("The response will contain identifiers for the resource type: `B`."), [(Part::Item, "B")]);
        assert_eq!(resources("an identifier for one of these resource types: `A` or `B`."), []);
        assert_eq!(enumeration("One. For more information see: *A.B.C*. Two."), Some("A.B.C"));
    }

    #[test]
    fn unions_are_told_by_one_value_or_several() {
        let told = |by: &str, values: &[&str]| Some((by.to_owned(), values.iter().map(|value| (*value).to_owned()).collect()));
        let start = "This property is optional and it is only relevant when the value of";
        assert_eq!(relevance(&format!("{start} state is *A.State.ON*.")), told("state", &["ON"]));
        assert_eq!(relevance(&format!("{start} *A.state* is one of *S.X*, *S.Y*, or *S.Z*.")), told("state", &["X", "Y", "Z"]));
        assert_eq!(relevance(&format!("{start} Info#state is one of *S.X* or *S.Y*.")), told("state", &["X", "Y"]));
        assert_eq!(relevance(&format!("{start} it is true.")), None);
    }

    #[test]
    fn uses_of_several_operations_are_told_in_one_sentence() {
        let text = "This property must be provided for the `create` operation. It will always be present in the response of the \
                    `get` or `list` operations. It is optional for the `update` operation. Absent `null` is fine, and an operation too.";
        let told = [("create", Use::Required), ("get", Use::Present), ("list", Use::Present), ("update", Use::Optional)];
        assert_eq!(uses(text), told.map(|(operation, used)| (operation.to_owned(), used)));
        assert_eq!(uses("It is optional for the user. The `get` operation"), []);
    }

    #[test]
    fn privileges_are_on_the_system_a_parameter_or_a_member() {
        let text = "Reads. Returns an authorization error if you do not have all of the privileges described as follows: \
                    - Operation execution requires `System.Read`. - The resource `R` referenced by the parameter libraryId requires \
                    `A.B` and `C`. - The resource `R` referenced by the property *X.Spec.id* requires `D`.";
        let on = |text: &str| Some(text.to_owned());
        assert_eq!(
            privileges(text),
            [("System.Read", None), ("A.B", on("libraryId")), ("C", on("libraryId")), ("D", on("X.Spec.id"))]
        );
        assert_eq!(errors("***A.B*** if x. ***A.C***: if y."), ["A.B", "A.C"]);
    }
}
