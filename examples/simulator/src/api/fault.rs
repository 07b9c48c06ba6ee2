//! Faults: what the engine answers to a request that it refuses.

use super::xml::Xml;

/// A refused request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// HTTP status.
    pub(crate) status: u16,
    /// Short reason; none where the engine answers with an empty body.
    pub(crate) reason: Option<&'static str>,
    /// What exactly went wrong.
    pub(crate) detail: Option<String>,
    /// Verbs that the path takes, for status 405.
    pub(crate) allow: Vec<&'static str>,
}

impl Fault {
    fn new(status: u16, reason: &'static str, detail: impl Into<String>) -> Self {
        Fault { status, reason: Some(reason), detail: Some(detail.into()), allow: Vec::new() }
    }

    /// 404 with an empty body: an unknown id or path.
    pub(crate) fn not_found() -> Self {
        Fault { status: 404, reason: None, detail: None, allow: Vec::new() }
    }

    /// 405 with the verbs that the path takes.
    pub(crate) fn wrong_verb(allow: Vec<&'static str>) -> Self {
        Fault { status: 405, reason: None, detail: None, allow }
    }

    /// 404 for an object that a request names and that does not exist.
    pub(crate) fn no_such(what: &str) -> Self {
        Fault::new(404, "Operation Failed", format!("Entity not found: {what}"))
    }

    /// 400 from the command that the request runs.
    pub(crate) fn refused(message: impl AsRef<str>) -> Self {
        Fault::new(400, "Operation Failed", format!("[{}]", message.as_ref()))
    }

    /// 409 from the command that the request runs.
    pub(crate) fn conflict(message: impl AsRef<str>) -> Self {
        Fault::new(409, "Operation Failed", format!("[{}]", message.as_ref()))
    }

    /// 500 from the command that the request runs.
    pub(crate) fn internal(message: impl AsRef<str>) -> Self {
        Fault::new(500, "Operation Failed", format!("[{}]", message.as_ref()))
    }

    /// 400 for a member that is needed and missing.
    pub(crate) fn incomplete(kind: &str, members: &[String], method: &str) -> Self {
        Fault::new(400, "Incomplete parameters", format!("{kind} [{}] required for {method}", members.join(", ")))
    }

    /// 400 for a body that cannot be read.
    pub(crate) fn syntax(service: &str, method: &str) -> Self {
        let detail = format!("For correct usage, see: /ovirt-engine/apidoc#services/{service}/methods/{method}");
        Fault::new(400, "Request syntactically incorrect.", detail)
    }

    /// 400 for a text that is not of the type of its member.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Fault::new(400, "Invalid value", detail)
    }

    /// 400 for a number that its member cannot hold.
    pub(crate) fn out_of_range(detail: impl Into<String>) -> Self {
        Fault::new(400, "Value out of range", detail)
    }

    /// 409 for a change of what cannot change.
    pub(crate) fn immutable(member: &str) -> Self {
        Fault::new(409, "Broken immutability constraint", format!("Immutable field(s): {member}"))
    }

    /// A fault with a reason and no detail.
    pub(crate) fn reason_only(status: u16, reason: &'static str) -> Self {
        Fault { status, reason: Some(reason), detail: None, allow: Vec::new() }
    }

    /// Writes the `fault` element, unless the answer has no body.
    pub(crate) fn write(&self, xml: &mut Xml) {
        let Some(reason) = self.reason else { return };
        xml.open("fault", &[]);
        if let Some(detail) = &self.detail {
            xml.leaf("detail", detail);
        }
        xml.leaf("reason", reason);
        xml.close("fault");
    }
}
