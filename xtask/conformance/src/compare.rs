//! Comparison of outcomes.

use crate::canonical;
use crate::rows::Failure;
use serde_json::Value;
use virt_sdk::{Error, ErrorKind};

/// One thing that is not as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What differs, such as `query`.
    pub(crate) aspect: String,
    /// What was recorded.
    pub(crate) recorded: String,
    /// What the SDK did.
    pub(crate) ours: String,
}

impl Difference {
    /// A difference.
    pub(crate) fn new(aspect: &str, recorded: impl Into<String>, ours: impl Into<String>) -> Self {
        Self { aspect: aspect.to_owned(), recorded: recorded.into(), ours: ours.into() }
    }

    /// A record that cannot be run.
    pub(crate) fn malformed(problem: impl Into<String>) -> Self {
        Self::new("record", "", problem)
    }
}

/// What came of a record.
#[derive(Debug)]
pub(crate) struct Check {
    /// Part and name, such as `cases/link-list`.
    pub(crate) id: String,
    /// Why it was not run, if it was not.
    pub(crate) not_applicable: bool,
    /// What is not as recorded.
    pub(crate) differences: Vec<Difference>,
}

impl Check {
    /// A record that was run.
    pub(crate) fn run(id: String, differences: Vec<Difference>) -> Self {
        Self { id, not_applicable: false, differences }
    }

    /// A record that was not run.
    pub(crate) fn not_applicable(id: String) -> Self {
        Self { id, not_applicable: true, differences: Vec::new() }
    }
}

/// Compares texts.
pub(crate) fn texts(aspect: &str, recorded: &str, ours: &str) -> Option<Difference> {
    (recorded != ours).then(|| Difference::new(aspect, recorded, ours))
}

/// Compares values.
pub(crate) fn values(aspect: &str, recorded: &Value, ours: &Value) -> Option<Difference> {
    let (recorded, ours) = (canonical::normal(recorded), canonical::normal(ours));
    (recorded != ours).then(|| Difference::new(aspect, pretty(&recorded), pretty(&ours)))
}

/// Compares what a call came to.
pub(crate) fn outcomes(recorded: (Option<&Value>, Option<&Failure>), ours: &Result<Value, Error>) -> Vec<Difference> {
    match (recorded, ours) {
        ((_, Some(failure)), Err(error)) => errors(failure, error),
        ((_, Some(failure)), Ok(value)) => vec![Difference::new("result", describe_failure(failure), pretty(value))],
        ((Some(value), None), Ok(ours)) => values("result", value, ours).into_iter().collect(),
        ((Some(value), None), Err(error)) => {
            vec![Difference::new("result", pretty(&canonical::normal(value)), describe(error))]
        }
        ((None, None), _) => vec![Difference::malformed("the record has neither a result nor an error")],
    }
}

/// Compares errors: class, status, explanation.
fn errors(recorded: &Failure, ours: &Error) -> Vec<Difference> {
    let mut differences = Vec::new();
    if !class_of(&recorded.class).contains(&ours.kind()) {
        differences.push(Difference::new("class", &recorded.class, format!("{:?}", ours.kind())));
    }
    let code = |code: Option<u16>| code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    differences.extend(texts("code", &code(recorded.code), &code(ours.status())));
    let member = |name: &str| recorded.fault.as_ref().and_then(|fault| fault.get(name)).and_then(Value::as_str);
    let fault = ours.fault();
    let recorded_fault = recorded.fault.as_ref().filter(|fault| !fault.is_null());
    let recorded_fault = recorded_fault.map_or_else(|| "none".to_owned(), |_| fault_text(member("reason"), member("detail")));
    let ours = fault.map_or_else(|| "none".to_owned(), |fault| fault_text(fault.reason.as_deref(), fault.detail.as_deref()));
    differences.extend(texts("fault", &recorded_fault, &ours));
    differences
}

/// Checks that an error has the kind that the status of an API's answer stands for. The recorded client does not
/// have all kinds, so that its own tell too little.
pub(crate) fn kind_of_status(error: &Error) -> Option<Difference> {
    let kind = match error.status()? {
        401 => ErrorKind::Authentication,
        403 => ErrorKind::Authorization,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        _ => return None,
    };
    (kind != error.kind()).then(|| Difference::new("kind for the status", format!("{kind:?}"), describe(error)))
}

fn fault_text(reason: Option<&str>, detail: Option<&str>) -> String {
    format!("reason {reason:?}, detail {detail:?}")
}

/// Kinds of error that a class of the recorded client stands for.
fn class_of(class: &str) -> &'static [ErrorKind] {
    use ErrorKind as Kind;
    match class {
        "AuthError" => &[Kind::Authentication, Kind::Authorization],
        "NotFoundError" => &[Kind::NotFound],
        "ConnectionError" => &[Kind::Connection, Kind::Tls],
        "TimeoutError" => &[Kind::Timeout],
        _ => &[Kind::Configuration, Kind::Request, Kind::Conflict, Kind::Fault, Kind::Decode],
    }
}

/// An error in few words.
pub(crate) fn describe(error: &Error) -> String {
    match error.status() {
        Some(status) => format!("error {:?}, status {status}", error.kind()),
        None => format!("error {:?}", error.kind()),
    }
}

fn describe_failure(failure: &Failure) -> String {
    format!("error {}: {}", failure.class, failure.message)
}

/// A value over several lines.
pub(crate) fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn failure(value: Value) -> Failure {
        serde_json::from_value(value).expect("a failure")
    }

    #[test]
    fn a_result_in_place_of_an_error_is_a_difference_and_the_reverse() {
        let error =
            || virt_sdk::table_access::xml::read("<vm", &mut virt_sdk::ovirt::types::Vm::new()).expect_err("it is cut off");
        let recorded = failure(json!({ "class": "Error", "message": "m", "code": null, "fault": null }));
        assert_eq!(outcomes((None, Some(&recorded)), &Err(error())), []);
        assert_eq!(outcomes((None, Some(&recorded)), &Ok(json!(1))), [Difference::new("result", "error Error: m", "1")]);
        assert_eq!(outcomes((Some(&json!(1)), None), &Err(error())), [Difference::new("result", "1", "error Decode")]);
        assert_eq!(outcomes((Some(&json!(1)), None), &Ok(json!(1))), []);
    }

    #[test]
    fn errors_are_compared_by_class_code_and_fault() {
        let ours = virt_sdk::table_access::xml::read("<vm", &mut virt_sdk::ovirt::types::Vm::new()).expect_err("it is cut off");
        let recorded = failure(json!({ "class": "NotFoundError", "code": 404, "fault": { "reason": "r" } }));
        let aspects: Vec<String> = errors(&recorded, &ours).into_iter().map(|difference| difference.aspect).collect();
        assert_eq!(aspects, ["class", "code", "fault"]);
    }
}
